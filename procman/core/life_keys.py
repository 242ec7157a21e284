"""The part of the table of keys (`core.keys`) that speaks of a service's life: start, end, restart, order, logs."""

from __future__ import annotations

import re

from procman.core import measures, scalars
from procman.core.kinds import Field, Record
from procman.core.shapes import ListOf, NameRule, Table

LETTERS = "a lower-case letter, then lower-case letters, digits and '-', at most 32 characters"
SIZE, TIME = measures.size(), measures.time()
_TIME_OR_NEVER = scalars.or_word(measures.time(some=True), "never")


def _service_name_fault(name: str) -> str | None:
    if re.fullmatch("[a-z][a-z0-9-]*-[0-9]+", name):
        return f"'{name[:40]}' would read as an instance of '{name.rpartition('-')[0][:40]}'"
    return "a name that begins with 'x-' would read as an extension" if name.startswith("x-") else None


SERVICE_NAME = NameRule(
    "service name",
    f"{LETTERS}; no number at the end after '-'",
    r"(?!x-)(?!.*-[0-9]+$)[a-z][a-z0-9-]{0,31}",
    _service_name_fault,
)
START_TIME = Field(
    "time",
    TIME,
    "How long a new process must stay up to count as started: in whole seconds, rounded up, at least one.",
    default="1s",
)
STOP_TIMEOUT = Field("timeout", TIME, "How long an instance may take to end before it is killed.", default="10s")
STOP_SIGNAL = Field(
    "signal",
    scalars.choice("a signal", "TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"),
    "What asks an instance to end.",
    default="TERM",
)
RESTART_MAX = Field(
    "max", scalars.whole(0, 100), "More failures than this within the window end in 'failed'.", default=5
)
RESTART_WITHIN = Field("within", measures.time(some=True), "The window in which failures are counted.", default="60s")
RESTART_DELAY = Field("delay", TIME, "The pause before a restart, from the second failure on.", default="1s")
RESTART_POLICY = Field(
    "policy",
    scalars.choice("a restart policy", "always", "on-failure", "never"),
    "always: whatever it ended with; on-failure: unless it ended with success; never.",
    default="always",
)
BACKOFF_FACTOR = Field("factor", scalars.whole(1, 10), "Each pause is so many times the one before.", default=2)
BACKOFF_MAX = Field("max", TIME, "The longest pause; never shorter than `delay`.", default="1m")
BACKOFF = Field("backoff", Record((BACKOFF_FACTOR, BACKOFF_MAX)), "How pauses grow, from the third failure on.")
RESTART_RETRY = Field(
    "retry",
    _TIME_OR_NEVER,
    "What is 'failed' is tried once more after this pause, and again.",
    default="5m",
    examples=("1m", "never"),
)
SUCCESS_CODES = Field(
    "success_codes",
    ListOf("exit code", scalars.whole(0, 255)),
    "The exit codes of success, for on-failure and never.",
    default=[0],
)
LOGS_SIZE = Field("size", SIZE, "A log file is rotated at this size.", default="10M")
LOGS_KEEP = Field("keep", scalars.whole(0, 100), "How many older log files stay.", default=3)

START = Field("start", Record((START_TIME,)), "When a new process counts as started.")
STOP = Field("stop", Record((STOP_TIMEOUT, STOP_SIGNAL)), "How an instance is ended.")
RESTART = Field(
    "restart",
    Record((RESTART_POLICY, RESTART_MAX, RESTART_WITHIN, RESTART_DELAY, BACKOFF, RESTART_RETRY, SUCCESS_CODES)),
    "Whether an instance that ends is started again, and how often it may fail.",
)
LOGS = Field("logs", Record((LOGS_SIZE, LOGS_KEEP)), "How much is kept of what an instance writes.")

ONESHOT = Field(
    "oneshot", scalars.boolean(), "It runs to its end once, such as a migration: 'completed' is its aim.", default=False
)
DEPENDS_ON = Field(
    "depends_on",
    Table(SERVICE_NAME, scalars.choice("how far it must have come", "started", "ready", "completed")),
    "Services that must be started, ready or completed before this one is started; they are stopped after it.",
    examples=({"migrate": "completed"},),
)
