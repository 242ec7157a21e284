"""The last steps of whatever procman starts: another user, its directory, every default of signals, exec."""

import errno
import posix

from procman.runtime import parent
from procman.runtime.exits import CONFIG, NOT_EXECUTABLE, NOT_FOUND, Refused, printable

LISTENING = 3
"""The first descriptor that a service is handed, by the convention of socket activation."""


def user(name: str) -> None:
    """Become the user `name`, with its groups; Refused when that cannot be."""
    import pwd  # noqa: PLC0415 - rarely needed

    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise Refused(CONFIG, f"there is no user '{printable(name)}'; create it, or correct `user`") from None
    if posix.getresuid() == (entry.pw_uid,) * 3:
        return
    if posix.geteuid() != 0:
        raise Refused(CONFIG, f"only root can start it as '{printable(name)}'; run procman as root, or drop `user`")
    posix.initgroups(name, entry.pw_gid)
    posix.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    posix.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)


def inside(directory: str) -> None:
    """Enter `directory`; Refused when that cannot be."""
    try:
        posix.chdir(octets(directory))
    except OSError as error:
        reason = f"cannot enter its directory {printable(directory)}: {error.strerror}"
        raise Refused(CONFIG, f"{reason}; create it, or correct `directory`") from None


def command(words: list[str], variables: dict[str, str]) -> None:
    """Become the program `words`; Refused when it cannot be executed."""
    argv = [octets(word) for word in words]
    env = {octets(name): octets(value) for name, value in variables.items()}
    parent.restore_signals()
    try:
        posix.execve(argv[0], argv, env)
    except OSError as error:
        raise _not_started(printable(argv[0]), error) from None


def octets(text: str) -> bytes:
    """Return `text` as the kernel has it."""
    return text.encode("utf-8", "surrogateescape")


def _not_started(name: str, error: OSError) -> Refused:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Refused(
            NOT_FOUND, f"there is no command {name}, or not the interpreter its first line names; correct `command`"
        )
    if error.errno == errno.ENOEXEC:
        return Refused(NOT_EXECUTABLE, f"{name} is no program; give it a first line such as #!/bin/sh")
    return Refused(NOT_EXECUTABLE, f"cannot execute {name}: {error.strerror}; see its permissions: ls -l {name}")
