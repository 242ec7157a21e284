"""What an earlier start left behind: told apart from what somebody runs now, and ended.

A process that procman started says so in its environment, and so do its children: `npm run` leaves `node` behind
without the lock, `sh -c` leaves a child with it.
"""

import posix
import time

from procman.runtime import proc
from procman.runtime.exits import HELD, Refused
from procman.runtime.parent import kill

WITHIN = 5.0
POLL = 0.002

SURVIVOR = "survivor"
OWN = "own"
ANOTHER = "another"
UNKNOWN = "unknown"


class Identity:
    """One instance, as its processes are marked. `cookie` is empty for a scalable one, `manager` when none runs."""

    __slots__ = ("cookie", "manager", "state", "unit")

    def __init__(self, state: bytes, unit: bytes, cookie: bytes, manager: bytes) -> None:
        self.state = state
        self.unit = unit
        self.cookie = cookie
        self.manager = manager

    def is_unit(self, environment: bytes) -> bool:
        """Tell whether a process with this `proc.environ` is of this very instance."""
        return (
            b"\0PROCMAN_UNIT=" + self.unit + b"\0" in environment
            and b"\0PROCMAN_STATE=" + self.state + b"\0" in environment
        )

    def is_consumer(self, environment: bytes) -> bool:
        """Tell whether a process with this `proc.environ` consumes the same."""
        return self.cookie != b"" and b"\0PROCMAN_COOKIE=" + self.cookie + b"\0" in environment


def relation(pid: int, environment: bytes, me: Identity) -> str:
    """Return what `pid` is to `me`: SURVIVOR (to be ended), OWN (my manager runs it), ANOTHER or UNKNOWN."""
    manager = proc.value(environment, b"PROCMAN_MANAGER")
    if manager is None or not proc.is_identity(manager):
        return UNKNOWN
    if manager == me.manager:
        stray = me.is_unit(environment) and not proc.managed(pid, int(manager.partition(b".")[0]))
        return SURVIVOR if stray else OWN
    if not proc.shares_pids(pid):
        return UNKNOWN
    if proc.lives(manager) or not (me.is_unit(environment) or me.is_consumer(environment)):
        return ANOTHER
    return SURVIVOR


def clear(me: Identity) -> list[str]:
    """End every process an earlier start of `me` left behind, and return who they were.

    For a singleton this is called with its lock held: nobody else may then carry its cookie, whoever started it.
    Refused when another manager runs this instance, and when something does not die.
    """
    deadline = time.monotonic() + WITHIN
    ended: dict[int, str] = {}
    kin: set[int] = set()
    while found := _find(me):
        kin = kin or proc.ancestors(posix.getpid())
        found = [pid for pid in found if pid not in kin]  # a shell of the service that starts it by hand
        if not found:
            break
        if time.monotonic() > deadline:
            raise Refused(HELD, f"survivors did not die: {_list(ended)}; look at them with ps -l, then start it again")
        for pid in found:
            ended.setdefault(pid, proc.words(pid))
            kill(pid)
        time.sleep(POLL)
    return [f"{pid} ({name})" for pid, name in ended.items()]


def _find(me: Identity) -> list[int]:
    """Return the survivors of `me`; Refused when one is run by another.

    A process that vanishes or cannot be read is passed over: only root starts a service as another user (`user:`), and
    root can read them all, so what we may not read is not ours. Nor is a program that hides from its own user.
    """
    found = []
    myself = posix.getpid()
    for pid in proc.pids():
        environment = proc.environ(pid)
        if b"\0PROCMAN_STATE=" not in environment or pid == myself:
            continue
        if me.is_consumer(environment):
            if not proc.shares_pids(pid) and proc.value(environment, b"PROCMAN_MANAGER") != me.manager:
                raise _runs_elsewhere(pid, "in a container")
            found.append(pid)
        elif me.is_unit(environment):
            is_to_me = relation(pid, environment, me)
            if is_to_me in (ANOTHER, UNKNOWN):
                raise _runs_elsewhere(pid, "by another manager" if is_to_me == ANOTHER else "by nobody knows whom")
            if is_to_me == SURVIVOR:
                found.append(pid)
    return found


def _runs_elsewhere(pid: int, how: str) -> Refused:
    manager = proc.value(proc.environ(pid), b"PROCMAN_MANAGER") or b"?"
    number = manager.partition(b".")[0].decode("ascii", "replace")
    return Refused(
        HELD, f"pid {pid} ({proc.words(pid)}) already runs it, started {how} (pid {number}); stop it there first"
    )


def _list(ended: dict[int, str]) -> str:
    return ", ".join(f"{pid} ({name})" for pid, name in ended.items())
