"""What goes wrong outside a manifest: one small tree whose classes carry the exit code.

Faults of a manifest are values (see `diagnostics`); these are for a broken environment and wrong use. Caught in
`procman.cli` only.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_DEGRADED = 3
EXIT_NOT_RUNNING = 4
EXIT_HELD = 75
EXIT_INTERRUPTED = 130


class ProcmanError(Exception):
    """Something could not be done: a message that names verb and object, and the next step in `help`."""

    exit_code = EXIT_FAILED

    def __init__(self, message: str, help: str = "") -> None:  # noqa: A002 - the word users see
        super().__init__(message)
        self.message = message
        self.help = help


class Failed(ProcmanError):
    """The work was refused or failed; what ran before still runs."""


class WrongUse(ProcmanError):
    """The command cannot be carried out as it was asked: a missing file, an unknown name, a bad option."""

    exit_code = EXIT_USAGE


class NotRunning(ProcmanError):
    """The project's manager cannot be reached."""

    exit_code = EXIT_NOT_RUNNING


class Held(ProcmanError):
    """A lock is held elsewhere, or another checkout owns the project: starting would make two."""

    exit_code = EXIT_HELD
