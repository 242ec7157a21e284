"""Hours of the plugin's work, in seconds: nothing that it keeps grows with time."""

from __future__ import annotations

from collections import Counter

import pytest

from procman.adapters.state import State
from procman.core import limits
from procman.core.lifecycle import Alive, Policy
from procman.core.limits import Limit, Limits
from procman.core.manifest import Address, Ready, Restart
from procman.workflow.history import recorded
from tests.support import fast_clock
from tests.support.fast_clock import Told
from tests.support.supervised import ANSWERS, Lab, Unit, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

HOURS = 1.0
PATIENCE = 110.0
MIB = 1 << 20
LONG = 100_000
WEB = """
import socket
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok")
    connection.close()
"""


def units() -> list[Unit]:
    """Return one of each: over its limit for ever, probed, failing, done, and what waits or is given up."""
    once = Restart(policy=Policy.ON_FAILURE)
    fails = Restart(max=2, delay=1.0, retry=300.0)
    probed = Alive("/", interval=30.0, timeout=float(LONG), failures=3)
    where = [Address("127.0.0.1", free_port()) for _ in range(2)]
    return [
        Unit("hot-0", ANSWERS, where[0], ready=Ready(None, float(LONG)), stopwaitsecs=LONG),
        Unit("web-0", WEB, where[1], alive=probed, ready=Ready(None, float(LONG)), stopwaitsecs=LONG),
        Unit("loop-0", "raise SystemExit(3)", restart=fails),
        Unit("once-0", "raise SystemExit(0)", restart=once),
        *(Unit(f"free-{i}", depends="once=completed", stopwaitsecs=LONG) for i in range(3)),
    ]


def write_limits(lab: Lab) -> None:
    """Write the limits: hot is always over, free may shrink to one."""
    services = {
        "hot": Limit(3 * MIB, None, singleton=False, listens=True),
        "free": Limit(100 * MIB, 200 * MIB, singleton=False, listens=False, least=1, weight=1),
    }
    (lab.state / limits.FILE).write_text(limits.to_text(Limits(services, shed=True)), encoding="utf-8")


def lived(lab: Lab, hours: float, patience: float) -> list[Told]:
    """Wait until so many hours of supervisord's time have passed, and return what it had meanwhile."""
    wait_until(lambda: _hours(lab) >= hours, patience, f"{hours} hours have passed", 0.2)
    return fast_clock.told(lab.state)


def _hours(lab: Lab) -> float:
    rows = fast_clock.told(lab.state)
    return rows[-1].seconds / 3600 if rows else 0.0


def test_hours_of_work_leave_nothing_behind() -> None:
    """Replacements, probes, restarts, second tries, shedding and a full journal: as much is kept after as before."""
    with Lab(units(), plugin=fast_clock.source(every=HOURS * 3600 / 20)) as lab:
        write_limits(lab)
        rows = lived(lab, HOURS, PATIENCE)
        seen = Counter(event.event for event in recorded(State(str(lab.state))))
        for event in ("replaced", "failed", "start", "exit", "memory-pressure", "memory-restored", "completed"):
            assert seen[event], f"no {event} in {seen}"
        half = len(rows) // 2
        before, after = (min(row.blocks for row in part) for part in (rows[2:half], rows[half:]))
        assert after - before < 600, rows
