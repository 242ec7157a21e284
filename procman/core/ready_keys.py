"""The keys of readiness: part of the one table of the manifest's keys (see `keys`)."""

from __future__ import annotations

import re

from procman.core import measures, probe_keys, scalars
from procman.core.document import Scalar
from procman.core.kinds import Fault, Field, Record, ScalarKind, Values
from procman.core.lifecycle import Ready
from procman.core.shapes import ScalarOrMapping
from procman.core.words import shown

_SOME = measures.time(some=True)
_LINE = r"[^\u0000\n\r]{1,256}"


def _line(scalar: Scalar) -> str:
    if not re.fullmatch(_LINE, scalar.text):
        raise Fault("a line of the log cannot contain this")
    if not scalar.text.strip("*"):
        raise Fault(f"{shown(scalar.text)} stands in every line", "write a text that only comes when it is ready")
    return scalar.text


HTTP = probe_keys.http("A path that answers with 200 to 399 when it is ready; a mapping says with what.")
TCP = probe_keys.tcp("It accepts a connection: true on each of its addresses, or on one that it opens by itself.")
EXEC = probe_keys.command("A command, run as the service, that ends with 0 when it is ready.")
LOG = Field(
    "log",
    ScalarKind(
        "a text",
        "a text of 1 to 256 characters, with * for anything in between",
        _line,
        {"type": ["string", "number", "boolean"], "pattern": f"^{_LINE}$"},
    ),
    "A text that a line of its output contains since this start; * stands for anything in between.",
    examples=("Listening on *:3000",),
)
NOTIFY = Field(
    "notify",
    scalars.boolean(),
    "It says READY=1 to NOTIFY_SOCKET (sd_notify), instead of being seen to accept.",
    default=False,
)
IPC = Field(
    "ipc", scalars.boolean(), "node: it calls process.send('ready'), instead of being seen to accept.", default=False
)
TIMEOUT = Field("timeout", measures.time(), "How long an instance may take to become ready.", default="10s")
ATTEMPT = Field("attempt", _SOME, "How long one answer may take: http, tcp, exec.", default="2s")
INTERVAL = Field(
    "interval",
    _SOME,
    "The pause between two looks: http, tcp, exec; left out: 10 ms, growing to 250 ms; with exec or successes 1 s.",
    examples=("5s",),
)
SUCCESSES = Field(
    "successes", scalars.whole(1, 100), "So many looks in a row must succeed: http, tcp, exec.", default=1
)
START_PERIOD = Field("start_period", measures.time(), "Time to come up, before timeout begins.", default="0s")

READY = Field(
    "ready",
    ScalarOrMapping(
        scalars.words({word: Values({word: True}) for word in ("notify", "ipc", "tcp")}, "notify, ipc or tcp"),
        Record((HTTP, TCP, EXEC, LOG, NOTIFY, IPC, TIMEOUT, ATTEMPT, INTERVAL, SUCCESSES, START_PERIOD)),
        lambda parts: parts,
    ),
    "When an instance counts as ready: each kind in a mapping must say so, or notify, ipc or tcp alone.",
    examples=({"http": "/health"}, "notify", {"exec": "pg_isready -q", "interval": "2s"}),
)


def ready(read: Values) -> Ready:
    """Return what was written under ``ready``."""
    usual, http = Ready(), read.get(HTTP)
    timeout, start = read.get(TIMEOUT), read.get(START_PERIOD)
    return Ready(
        probe_keys.path(http),
        usual.timeout if timeout is None else timeout,
        read.get(NOTIFY) or False,
        read.get(IPC) or False,
        read.get(TCP) or False,
        read.get(EXEC) or (),
        read.get(LOG),
        (http.get(probe_keys.STATUS) if http else None) or usual.status,
        http.get(probe_keys.BODY) if http else None,
        read.get(ATTEMPT) or usual.attempt,
        read.get(INTERVAL),
        read.get(SUCCESSES) or usual.successes,
        start or 0.0,
    )
