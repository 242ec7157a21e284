"""One project's state directory: where its files lie, its record, and the lock that lets one command change it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from procman.adapters import files
from procman.core.errors import Failed, WrongUse
from procman.core.values import dataclass

if TYPE_CHECKING:
    from procman.core.applied import Applied
    from procman.core.owed import Owed
    from procman.core.proofs import Proof, Proofs

SOCKET_PATH_LIMIT = 107
"""Bytes of a unix socket's path (unix(7): 108 with the final NUL)."""

LONGEST_NAME = len("/store.4194304")


@dataclass(frozen=True, slots=True)
class State:
    """The state directory of one project; `folder` is absolute. Nothing is made until it is written to."""

    folder: str

    @property
    def conf(self) -> str:
        """The rendered supervisord file."""
        return f"{self.folder}/supervisord.conf"

    @property
    def socket(self) -> str:
        """The manager's control socket."""
        return f"{self.folder}/sock"

    @property
    def specs(self) -> str:
        """The folder of the spec files."""
        return f"{self.folder}/specs"

    @property
    def logs(self) -> str:
        """The folder of the log files."""
        return f"{self.folder}/logs"

    @property
    def record(self) -> str:
        """The record of the last applied plan."""
        return f"{self.folder}/applied.json"

    @property
    def events(self) -> str:
        """The journal of what the manager did and saw."""
        return f"{self.folder}/events.log"

    @property
    def proofs(self) -> str:
        """What was verified of the project's consumers."""
        return f"{self.folder}/verified.json"

    @property
    def owed(self) -> str:
        """The sessions at brokers that are still to be ended."""
        return f"{self.folder}/sessions.json"

    def log(self, unit: str) -> str:
        """The log file of one instance, or of ``supervisord``."""
        return f"{self.logs}/{unit}.log"


def home(environment: Mapping[str, str]) -> str:
    """Return the folder that holds every project's state, by the environment of the one who runs procman."""
    if environment.get("PROCMAN_HOME"):
        return os.path.abspath(environment["PROCMAN_HOME"])  # noqa: PTH100
    if os.geteuid() == 0:
        return "/var/lib/procman"
    base = environment.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):  # noqa: PTH117 - its specification: a relative path is ignored
        base = os.path.expanduser("~/.local/state")  # noqa: PTH111
    return os.path.join(base, "procman")  # noqa: PTH118


def state_for(project: str, environment: Mapping[str, str]) -> State:
    """Return the state of `project`; WrongUse when its path is too long for a socket, or cannot stand in an ini."""
    return checked(f"{home(environment)}/{project}")


def checked(folder: str) -> State:
    """Return the State in `folder`; WrongUse when its path is too long for a socket, or cannot stand in an ini."""
    size = len(os.fsencode(folder)) + LONGEST_NAME
    if size > SOCKET_PATH_LIMIT:
        raise WrongUse(
            f"the state directory {folder} is {size - SOCKET_PATH_LIMIT} bytes too long for a unix socket",
            "set PROCMAN_HOME to a shorter path",
        )
    if not folder.isprintable() or folder != folder.strip() or any(c in folder for c in ";#\"'\\"):
        raise WrongUse(
            f"the state directory {folder!r} has characters that a supervisord file cannot hold",
            "set PROCMAN_HOME to a path without quotes, backslashes, ';', '#', control characters and a last space",
        )
    return State(folder)


def prepare(state: State) -> None:
    """Make the state directory and its folders, 0700. Failed when that cannot be done."""
    for folder in (state.folder, state.specs, state.logs):
        files.make_folder(folder)


def read_record(state: State) -> Applied | None:
    """Return the record of the last applied plan, or None. Failed when it is there but not readable."""
    data = files.read_if_there(state.record)
    if data is None:
        return None
    from procman.core.applied import from_json  # noqa: PLC0415 - it loads json, and a first plan has no record

    try:
        return from_json(data)
    except ValueError as error:
        raise Failed(
            f"the record {state.record} cannot be used: {error}",
            "move it away; a running project then keeps running until the next `procman up`",
        ) from error


def write_record(state: State, applied: Applied) -> None:
    """Write the record whole."""
    from procman.core.applied import to_json  # noqa: PLC0415 - same

    files.write_whole(state.record, to_json(applied))


def read_proofs(state: State) -> tuple[Proof, ...]:
    """Return what was verified; nothing when there is no record, or one that cannot be used."""
    try:
        data = files.read_if_there(state.proofs)
    except Failed:
        return ()
    if data is None:
        return ()
    from procman.core import proofs  # noqa: PLC0415 - few projects have any

    return proofs.from_json(data)


def write_proofs(state: State, proofs: Proofs) -> None:
    """Write what was verified, whole."""
    from procman.core.proofs import to_json  # noqa: PLC0415 - same

    files.write_whole(state.proofs, to_json(proofs.found))


def read_owed(state: State) -> tuple[Owed, ...]:
    """Return the sessions that are to be ended; Failed when the note is there but not readable."""
    data = files.read_if_there(state.owed)
    if data is None:
        return ()
    from procman.core.owed import from_json  # noqa: PLC0415 - few projects owe any

    try:
        return from_json(data)
    except ValueError as error:
        raise Failed(f"the note {state.owed} cannot be used: {error}", "move it away") from error


def write_owed(state: State, owed: tuple[Owed, ...]) -> None:
    """Write them whole; with none there is no file."""
    if not owed:
        files.remove(state.owed)
        return
    from procman.core.owed import to_json  # noqa: PLC0415 - same

    files.write_whole(state.owed, to_json(owed))


@contextlib.contextmanager
def exclusive(state: State, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the project's command lock; `on_wait` is called once when another command has it."""
    path = f"{state.folder}/lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Failed(f"cannot open {path}: {error.strerror}", "check its owner and permissions") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
