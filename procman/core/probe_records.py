"""The records of a spec file that say how an instance is asked: what the plugin reads, and a Spec is read back from.

What is usual has no record: an instance that was started before a new key was known is not replaced for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from procman.core.lifecycle import GOOD, Alive, Ready, Statuses
from procman.core.places import Address, from_record, record

Rows = list[tuple[str, str]]
MANY = ("ready", "ready-exec", "alive", "alive-exec")
"""Records that may come more than once."""


def ready_rows(ready: Ready | None) -> Rows:
    """Return the kinds of probe with their arguments, in the order in which they are asked, and their times."""
    if ready is None:
        return []
    usual = Ready()
    times = (ready.attempt, ready.interval or 0.0, ready.successes, ready.start_period)
    rows = [
        *_asked("ready", ready.kinds, ready),
        ("ready-timeout", repr(ready.timeout)),
    ]
    if times != (usual.attempt, 0.0, usual.successes, usual.start_period):
        rows.append(("ready-times", " ".join(map(repr, times))))
    return rows


def alive_rows(alive: Alive | None) -> Rows:
    """Return the kinds of liveness probe with their arguments, and how often they are asked."""
    if alive is None:
        return []
    times = f"{alive.interval!r} {alive.timeout!r} {alive.failures} {alive.start_period!r}"
    return [*_asked("alive", alive.kinds, alive), ("alive-times", times)]


def ready_of(one: Mapping[str, str], many: Mapping[str, list[str]]) -> Ready | None:
    """Return what `ready_rows` wrote."""
    if "ready-timeout" not in one:
        return None
    known = _known(many["ready"])
    attempt, interval, successes, start = one.get("ready-times", "2.0 0.0 1 0.0").split(" ")
    return Ready(
        known.get("http"),
        float(one["ready-timeout"]),
        "notify" in known,
        "ipc" in known,
        _tcp(known),
        tuple(many["ready-exec"]),
        known.get("log"),
        _statuses(one.get("ready-status")),
        one.get("ready-body"),
        float(attempt),
        float(interval) or None,
        int(successes),
        float(start),
    )


def alive_of(one: Mapping[str, str], many: Mapping[str, list[str]]) -> Alive | None:
    """Return what `alive_rows` wrote."""
    if "alive-times" not in one:
        return None
    known = _known(many["alive"])
    interval, timeout, failures, start = one["alive-times"].split(" ")
    return Alive(
        known.get("http"),
        _tcp(known),
        "notify" in known,
        float(interval),
        float(timeout),
        int(failures),
        float(start),
        tuple(many["alive-exec"]),
        _statuses(one.get("alive-status")),
        one.get("alive-body"),
    )


def _asked(name: str, kinds: Iterable[str], probe: Ready | Alive) -> Rows:
    place = record(probe.tcp) if isinstance(probe.tcp, Address) else ""
    log = probe.log if isinstance(probe, Ready) else None
    arguments = {"tcp": place, "http": probe.http or "", "log": log or ""}
    rows = [(name, f"{kind} {arguments.get(kind, '')}") for kind in kinds]
    rows += [(f"{name}-exec", word) for word in probe.command]
    if probe.status != GOOD:
        rows.append((f"{name}-status", " ".join(f"{low}-{high}" for low, high in probe.status)))
    if probe.body is not None:
        rows.append((f"{name}-body", probe.body))
    return rows


def _known(probes: Iterable[str]) -> dict[str, str]:
    return {kind: argument for kind, _, argument in (probe.partition(" ") for probe in probes)}


def _tcp(known: Mapping[str, str]) -> Address | bool:
    place = from_record(known["tcp"]) if known.get("tcp") else None
    return place if isinstance(place, Address) else "tcp" in known


def _statuses(text: str | None) -> Statuses:
    if text is None:
        return GOOD
    pairs = (part.partition("-")[::2] for part in text.split(" "))
    return tuple((int(low), int(high)) for low, high in pairs)
