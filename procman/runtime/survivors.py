"""What an earlier start left behind: told apart from what somebody runs now, and ended.

A process that procman started says so in its environment, and so do its children: `npm run` leaves `node` behind
without the lock, `sh -c` leaves a child with it.
"""

import posix
import time

from procman.runtime import procfs
from procman.runtime.exits import HELD, Refused, printable
from procman.runtime.parent import kill
from procman.runtime.pauses import rest

TYPE_CHECKING = False  # that of `typing` costs as much as everything else here
if TYPE_CHECKING:
    from procman.runtime.wanted import Wanted

WITHIN = 5.0
POLL = 0.002

SURVIVOR = "survivor"
OWN = "own"
ANOTHER = "another"
UNKNOWN = "unknown"


class Identity:
    """One instance, as its processes are marked. `manager`: empty when none runs; `wanted`: None for a scalable one."""

    __slots__ = ("cookie", "manager", "state", "unit", "wanted")

    def __init__(self, state: bytes, unit: bytes, manager: bytes, wanted: "Wanted | None" = None) -> None:
        self.state = state
        self.unit = unit
        self.manager = manager
        self.wanted = wanted
        self.cookie = wanted.cookie.encode("utf-8", "surrogateescape") if wanted else b""

    def is_unit(self, environment: bytes) -> bool:
        """Tell whether a process with this `procfs.environ` is of this very instance."""
        return (
            b"\0PROCMAN_UNIT=" + self.unit + b"\0" in environment
            and b"\0PROCMAN_STATE=" + self.state + b"\0" in environment
        )

    def is_consumer(self, environment: bytes) -> bool:
        """Tell whether a process with this `procfs.environ` consumes the same."""
        return self.cookie != b"" and b"\0PROCMAN_COOKIE=" + self.cookie + b"\0" in environment

    def meets(self, environment: bytes) -> bool:
        """Tell whether a process with this `procfs.environ` consumes some of the same, under whatever name."""
        if self.wanted is None or b"\0PROCMAN_COOKIE=" not in environment:
            return False
        return self.is_consumer(environment) or self.wanted.meets(environment)


def relation(pid: int, environment: bytes, me: Identity) -> str:
    """Return what `pid` is to `me`: SURVIVOR (to be ended), OWN (my manager runs it), ANOTHER or UNKNOWN."""
    manager = procfs.value(environment, b"PROCMAN_MANAGER")
    if manager is None or not procfs.is_identity(manager):
        return UNKNOWN
    if manager == me.manager:
        stray = me.is_unit(environment) and not procfs.managed(pid, int(manager.partition(b".")[0]))
        return SURVIVOR if stray else OWN
    if not procfs.shares_pids(pid):
        return UNKNOWN
    if procfs.lives(manager) or not (me.is_unit(environment) or me.is_consumer(environment)):
        return ANOTHER
    return SURVIVOR


def clear(me: Identity) -> list[str]:
    """End every process an earlier start of `me` left behind, and return who they were.

    For a singleton this is called with its lock held: nobody else should then consume the same. Who does has lost the
    lock: it closed it, or the lock file was deleted. Refused when that one belongs to a live manager, when it is
    another project's, and when something does not die.
    """
    deadline = time.monotonic() + WITHIN
    ended: dict[int, str] = {}
    while found := _to_end(me, ended):
        if time.monotonic() > deadline:
            left = ", ".join(f"{pid} ({procfs.words(pid)})" for pid in found)
            raise Refused(HELD, f"survivors did not die: {left}; see what blocks them (ps -l), then start it again")
        for pid in found:
            ended.setdefault(pid, procfs.words(pid))
            kill(pid)
        rest(POLL)
    return [f"{pid} ({name})" for pid, name in ended.items()]


def _to_end(me: Identity, ended: dict[int, str]) -> list[int]:
    """Return what is to be ended, and what was sent its end but is not gone: it loses much of itself first."""
    found = [pid for pid, environment in _marked(me) if pid in ended or _must_end(pid, environment, me)]
    return found or [pid for pid in ended if procfs.identity(pid) is not None]


def _marked(me: Identity) -> list[tuple[int, bytes]]:
    """Return the processes that carry the marks of `me`, with their environment, read once.

    A process that vanishes or cannot be read is passed over: only root starts a service as another user (`user:`), and
    root can read them all, so what we may not read is not ours. Nor is a program that hides from its own user.
    Those we descend from are no survivors: a shell of the service, say, in which somebody starts it by hand.
    """
    found = []
    for pid in procfs.pids():
        environment = procfs.environ(pid)
        if b"\0PROCMAN_STATE=" in environment and (me.is_unit(environment) or me.meets(environment)):
            found.append((pid, environment))
    kin = procfs.ancestors(posix.getpid()) if found else set()
    return [(pid, environment) for pid, environment in found if pid not in kin]


def _must_end(pid: int, environment: bytes, me: Identity) -> bool:
    manager = procfs.value(environment, b"PROCMAN_MANAGER") or b"?"
    if me.is_consumer(environment) and (manager == me.manager or _was_left(pid, manager)):
        return True
    answer = relation(pid, environment, me)
    if answer == ANOTHER and procfs.is_identity(manager) and not procfs.lives(manager):
        raise Refused(HELD, f"pid {pid} ({procfs.words(pid)}) of another project consumes the same; end it: kill {pid}")
    if answer in (ANOTHER, UNKNOWN):
        by = "another manager" if answer == ANOTHER else "a manager that cannot be seen, in a container perhaps"
        number = printable(manager.partition(b".")[0])
        raise Refused(HELD, f"pid {pid} ({procfs.words(pid)}) runs it for {by} (pid {number}); stop it there first")
    return answer == SURVIVOR


def _was_left(pid: int, manager: bytes) -> bool:
    """Tell whether `pid` is no service of `manager` any more, dead or alive: what a wrapper left behind, say."""
    if not procfs.is_identity(manager) or not procfs.shares_pids(pid):
        return False
    return not procfs.lives(manager) or not procfs.managed(pid, int(manager.partition(b".")[0]))
