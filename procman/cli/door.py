"""The one door for errors: whatever goes wrong becomes words on stderr and a documented exit code."""

from __future__ import annotations

import errno
import os
import sys
from itertools import pairwise

from procman.cli.console import talk
from procman.core.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, ProcmanError

EXIT_WRONG_USE_DETAILED = 64
"""Wrong use under ``--detailed-exitcode``, where 2 means changes."""


def run(arguments: list[str]) -> int:
    """Run the command in `arguments` and return its exit code."""
    if sys.platform != "linux":
        print("procman: works on Linux only: it leans on flock, /proc and prctl", file=sys.stderr)
        return EXIT_USAGE
    try:
        from procman.cli.group import group

        code = group.main(arguments, prog_name="procman", standalone_mode=False)
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - the border: a user never sees a traceback unasked
        code = _explain(error, arguments)
    except KeyboardInterrupt as request:
        code = _interrupted(request)
    return code if isinstance(code, int) else EXIT_OK


def _explain(error: Exception, arguments: list[str]) -> int:
    """Say what went wrong and return its exit code."""
    import click

    wrong_use = EXIT_WRONG_USE_DETAILED if "--detailed-exitcode" in arguments else EXIT_USAGE
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.Abort():
            return _interrupted(error.__cause__)
        case click.ClickException():
            error.show()
            return wrong_use
        case BrokenPipeError():
            return _reader_gone()
        case ProcmanError():
            _say(error)
            code = wrong_use if error.exit_code == EXIT_USAGE else error.exit_code
            if _wants_json(arguments):
                _say_json(error, code)
            return code
        case _:
            return _internal(error)


def _interrupted(request: BaseException | None) -> int:
    from procman.cli.told import Told, end

    talk("procman: interrupted")
    if isinstance(request, Told):
        end(request.number)
    return EXIT_INTERRUPTED


def _say(error: ProcmanError) -> None:
    from procman.cli.findings import show_refusal

    show_refusal(error)
    talk(f"procman: {error.message}")
    for line in error.help.splitlines():
        talk(f"  {line}")


def _wants_json(arguments: list[str]) -> bool:
    return bool({"--json", "--format=json"} & set(arguments)) or ("--format", "json") in pairwise(arguments)


def _say_json(error: ProcmanError, code: int) -> None:
    """Write the error as a document, too: who asked for JSON reads it whatever the exit code."""
    import json

    said = {"code": code, "message": error.message, "help": error.help}
    print(json.dumps({"schema_version": 1, "error": said}, indent=2))


def _reader_gone() -> int:
    """End quietly when what reads our output has gone, as ``| head`` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_FAILED


def _internal(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:
        talk(f"procman: cannot write the output: {error.strerror}")  # a file of ours has its own words
        talk("  make room where it goes, then run the command again")
        return EXIT_FAILED
    if os.environ.get("PROCMAN_DEBUG"):
        raise error
    print(f"procman: internal error: {type(error).__name__}: {error}", file=sys.stderr)
    print("  this is a fault of procman; run it again with PROCMAN_DEBUG=1 and report what it says", file=sys.stderr)
    return EXIT_FAILED
