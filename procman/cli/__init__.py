"""The command line: one click command per file, and the output forms. Errors become words and exit codes here only."""

from __future__ import annotations

MANY = 100_000
"""Objects made between two looks of the garbage collector: a command makes fewer and drops next to none."""


def main() -> None:
    """Run the command line and end with the documented code."""
    import gc
    import os
    import sys

    gc.set_threshold(MANY, 50, 100)
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
