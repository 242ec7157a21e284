"""Stock supervisord without what it never needs: ``python -m procman.runtime.supervisord -c FILE``. Adds nothing.

The standard library loads encryption and compression wherever it finds them (`http.client`, `shutil`, `xmlrpc.client`),
5 MiB of a process that stays. Each of those imports is guarded where it stands, for a Python that was built without.
A plain ``supervisord -c FILE`` does the same on the same file, and is that much larger.

And without what the shell that started it ignored or blocked: a manager that cannot hear SIGTERM or SIGCHLD ends
nothing, and sees no end.
"""

import signal
import sys

from procman.runtime import parent

UNUSED = ("_bz2", "_hashlib", "_lzma", "_ssl", "bz2", "gzip", "lzma", "ssl", "zlib")
"""No TLS and no compression on a unix socket; hashes come from Python's own."""


PYTHONS = (signal.SIGPIPE, signal.SIGXFSZ)
"""What Python itself ignores, so that a write fails instead of ending the process."""


def main() -> None:
    """Be supervisord, with the arguments of this process."""
    parent.restore_signals(kept=PYTHONS)
    for name in UNUSED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # None: `import` of it is an ImportError
    from supervisor import supervisord  # noqa: PLC0415 - only now

    sys.argv[0] = "supervisord"
    supervisord.main()


if __name__ == "__main__":
    main()
