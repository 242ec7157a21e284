"""The command line: one click command per file, and the output forms. Errors become words and exit codes here only."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit with the documented code."""
    import sys

    from procman.cli.door import run

    sys.exit(run(sys.argv[1:]))
