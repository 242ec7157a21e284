"""The command line: one click command per file, and the output forms. Errors become words and exit codes here only."""

from __future__ import annotations

MANY = 100_000
"""Objects made between two looks of the garbage collector: a command makes fewer and drops next to none."""


def _stand_in(number: int, name: str) -> None:
    """Open nothing in place of a stream that was closed before us: else the next file, a lock, takes its number."""
    import os
    import sys

    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing != number:
        os.dup2(nothing, number)
        os.close(nothing)
    setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115 - for as long as we run


def main() -> None:
    """Run the command line and end with the documented code."""
    import gc
    import os
    import sys

    gc.set_threshold(MANY, 50, 100)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _stand_in(number, name)
    try:
        from procman.cli.door import run
        from procman.cli.told import listen

        listen()
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # so early that there is no door yet
        code = 130
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # what read it has gone
            code = code or 1
    # Taking every module apart again, only to end, would be a tenth of a short command.
    os._exit(code)
