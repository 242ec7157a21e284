"""The door to a project's history: the lines of its journal, and a line of ours in it. Decides nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

from procman.adapters import files
from procman.adapters.state import State
from procman.runtime.journal import OLDER, Journal


def lines(state: State, until: int | None = None) -> Iterator[str]:
    """Yield every line, the older file first (of the newest its first `until` bytes). Failed when it cannot be read."""
    older, newest = (files.read_if_there(path) or b"" for path in (state.events + OLDER, state.events))
    for part in (older, newest if until is None else newest[:until]):
        yield from (line.decode("utf-8", "replace") for line in part.splitlines())


def note_command(state: State, command: str, units: list[str]) -> None:
    """Note that an operator's command is about to change `units`."""
    Journal(state.folder).note("command", command=command, by=_operator(), pid=os.getpid(), units=units)


def note_check(state: State, unit: str, name: str, verdict: str, evidence: str) -> None:
    """Note that a check of `verify --watch` says something else than before."""
    Journal(state.folder).note("verify", unit, check=name, verdict=verdict, evidence=evidence)


def _operator() -> str:
    """Return who runs us, and who logged in when that is another: sudo keeps the login's own user."""
    user = _name(os.geteuid())
    login = files.read_if_there("/proc/self/loginuid") or b""
    number = int(login) if login.strip().isdigit() else -1
    return user if number in (-1, 0xFFFFFFFF, os.geteuid()) else f"{user}, logged in as {_name(number)}"


def _name(user: int) -> str:
    import pwd  # noqa: PLC0415 - a command that changes nothing need not know

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
