"""The report of the plugin inside supervisord, a document of JSON, as values. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

from procman.core.observed import Capped, Job, Observed, ObservedUnit

SCHEMA_VERSION = 1


def observed(report: Mapping[str, object]) -> Observed:
    """Return the report as a value; ValueError, KeyError, TypeError or AttributeError when it is not understood."""
    if report["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"it is of version {report['schema_version']}")
    units, groups, placement = report["units"], _table(report.get("cgroup")), _table(report.get("placement"))
    if not isinstance(units, list):
        raise TypeError("no list of units")
    return Observed(
        manager_pid=_whole(report["pid"]),
        state=str(report["state"]),
        seen_at=_number(report["now"]),
        units=tuple(_unit(item) for item in units),
        manager_start=_whole(report["start_time_ticks"]),
        passive=report["passive"] is True,
        adopts=report.get("adopts") is True,
        cgroup=_whole_or_none(groups.get("version")),
        cgroup_reason=_words(groups.get("reason")),
        placement=_words(placement.get("method")),
        placement_reason=_words(placement.get("reason")),
        ended=_texts(report.get("ended", [])),
    )


def _unit(item: Mapping[str, object]) -> ObservedUnit:
    return ObservedUnit(
        unit=str(item["unit"]),
        statename=str(item["statename"]),
        pid=_whole_or_none(item.get("pid")),
        started=_number_or_none(item.get("started")),
        stopped=_number_or_none(item.get("stopped")),
        restarts=_whole(item["restarts"]),
        spec=str(item["spec"]),
        exit=_words(item.get("exit")),
        reason=_words(item.get("reason")),
        held=_words(item.get("held")),
        autostart=item["autostart"] is True,
        slot_inode=_whole_or_none(item.get("slot_inode")),
        memory_peak=_whole_or_none(item.get("memory_peak")),
        memory_usual=_whole_or_none(item.get("memory_usual")),
        memory_samples=_whole(item.get("memory_samples", 0)),
        completed=item.get("completed") is True,
        waits=_words(item.get("waits")),
        blocked=_words(item.get("blocked")),
        retry_at=_number_or_none(item.get("retry_at")),
        memory=_capped(item.get("memory")),
        ready=item.get("ready") is True,
        awaits=_words(item.get("awaits")),
        queued=_whole(item.get("queued", 0)),
        job=_job(item.get("job")),
    )


def _table(item: object) -> dict[str, object]:
    return item if isinstance(item, dict) else {}


def _capped(item: object) -> Capped:
    if not isinstance(item, dict):
        return Capped()
    return Capped(
        soft=_whole_or_none(item.get("soft")),
        hard=_whole_or_none(item.get("hard")),
        near=item.get("near") is True,
        replaced=_whole(item.get("replaced", 0)),
        often=item.get("often") is True,
        by=_words(item.get("by")),
        shed=item.get("shed") is True,
    )


def _job(item: object) -> Job | None:
    if not isinstance(item, dict):
        return None
    return Job(_whole(item["number"]), str(item["phase"]), str(item["reason"]), _words(item["why"]))


def _whole(value: object) -> int:
    if isinstance(value, int):
        return value
    raise TypeError(f"{value!r} is no whole number")


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(map(str, value))
    raise TypeError(f"{value!r} is no list")


def _whole_or_none(value: object) -> int | None:
    return None if value is None else _whole(value)


def _number(value: object) -> float:
    if isinstance(value, int | float):
        return float(value)
    raise TypeError(f"{value!r} is no number")


def _number_or_none(value: object) -> float | None:
    return None if value is None else _number(value)


def _words(value: object) -> str | None:
    return None if value is None else str(value)
