"""How a launch ends without becoming the service: the exit codes, and the one exception that carries them."""

HELD = 75
"""The lock is another's, or that cannot be known (sysexits.h EX_TEMPFAIL). The plugin parks the unit."""

GONE = 76
"""The manager died while it started this instance, or somebody else answers in its place."""

CONFIG = 78
"""The spec file is missing, damaged, or asks for what this launch cannot give (sysexits.h EX_CONFIG)."""

NOT_EXECUTABLE = 126
NOT_FOUND = 127
"""As a shell says it about a command."""


class Refused(Exception):
    """The launch ends with `code`; `reason` names the cause and the next step, in one line."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def printable(text: bytes | str) -> str:
    """Return `text` fit for one line of a log, whatever bytes a process or a file put into it."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return "".join(c if c.isprintable() and not "\ud800" <= c <= "\udfff" else "?" for c in text)
