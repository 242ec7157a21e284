"""The keys of readiness: part of the one table of the manifest's keys (see `keys`)."""

from __future__ import annotations

from procman.core import measures, scalars
from procman.core.kinds import Field, Record, Values
from procman.core.shapes import ScalarOrMapping

READY_HTTP = Field(
    "http",
    scalars.text("a path", "a path that begins with /, such as /health", r"^/[^\s\u0000]*$"),
    "A path that answers with 200 to 399 when it is ready; left out: it accepts connections.",
    examples=("/health",),
)
READY_NOTIFY = Field(
    "notify",
    scalars.boolean(),
    "It says READY=1 to NOTIFY_SOCKET (sd_notify), instead of being seen to accept.",
    default=False,
)
READY_TIMEOUT = Field("timeout", measures.time(), "How long an instance may take to become ready.", default="10s")

READY = Field(
    "ready",
    ScalarOrMapping(
        scalars.word("notify", "notify, or a mapping with http, notify and timeout", Values({"notify": True})),
        Record((READY_HTTP, READY_NOTIFY, READY_TIMEOUT)),
        lambda parts: parts,
    ),
    "When an instance counts as ready: a mapping, or notify.",
    examples=({"http": "/health"}, "notify"),
)
