"""The keys of liveness: part of the one table of the manifest's keys (see `keys`)."""

from __future__ import annotations

from procman.core import measures, probe_keys, scalars
from procman.core.kinds import Field, Record, Values
from procman.core.lifecycle import Alive

_TIME, _SOME = measures.time(), measures.time(some=True)

HTTP = probe_keys.http("A path that answers with 200 to 399 while it is well; a mapping says with what.")
TCP = probe_keys.tcp("It accepts a connection: true on its first address, or on one that it opens by itself.")
EXEC = probe_keys.command("A command, run as the service, that ends with 0 while it is well.")
NOTIFY = Field("notify", scalars.boolean(), "It says WATCHDOG=1 to NOTIFY_SOCKET in every interval.", default=False)
INTERVAL = Field("interval", _SOME, "The pause between two looks.", default="10s")
TIMEOUT = Field("timeout", _SOME, "How long an answer may take.", default="2s")
FAILURES = Field("failures", scalars.whole(1, 100), "So many looks in a row must fail before it is ended.", default=3)
START_PERIOD = Field("start_period", _TIME, "How long after it was ready nothing is asked.", default="0s")

ALIVE = Field(
    "alive",
    Record((HTTP, TCP, EXEC, NOTIFY, INTERVAL, TIMEOUT, FAILURES, START_PERIOD)),
    "How it is told that a ready instance still works; else it is ended and started again as after a failure.",
)


def alive(read: Values) -> Alive:
    """Return what was written under ``alive``."""
    usual, http = Alive(), read.get(HTTP)

    def time(key: Field[float], default: float) -> float:
        found = read.get(key)
        return default if found is None else found

    return Alive(
        probe_keys.path(http),
        read.get(TCP) or False,
        read.get(NOTIFY) or False,
        time(INTERVAL, usual.interval),
        time(TIMEOUT, usual.timeout),
        read.get(FAILURES) or usual.failures,
        time(START_PERIOD, usual.start_period),
        read.get(EXEC) or (),
        (http.get(probe_keys.STATUS) if http else None) or usual.status,
        http.get(probe_keys.BODY) if http else None,
    )
