"""What to change after deaths for memory: a limit that is too low and a leak are told apart by what is usual. Pure."""

from __future__ import annotations

from procman.core.deaths import Cause, Death
from procman.core.measured import margined
from procman.core.quantity import format_time, short_size
from procman.core.values import dataclass

TIGHT_PERCENT = 75
LOOP = 3
_FOR_MEMORY = (Cause.MEMORY, Cause.HARD, Cause.KERNEL)


@dataclass(frozen=True, slots=True)
class Means:
    """What a service has: its limit and the hard one, how many instances, and what is planned of what may be used.

    `usual`: the median that was measured of its instances, None when nothing was. Bytes.
    """

    limit: int | None
    instances: int
    required: int
    usable: int
    usual: int | None = None


def advice(deaths: tuple[Death, ...], means: Means) -> tuple[str, ...]:
    """Return what would help, one sentence each; nothing when nothing is wrong."""
    said = []
    for_memory = [d for d in deaths if d.cause in _FOR_MEMORY]
    if for_memory:
        said.append(_for_memory(for_memory, means))
    if any(d.cause is Cause.KERNEL for d in deaths):
        said.append("the machine ran out of memory: give every service a memory limit, and see procman plan")
    if any(d.cause is Cause.HEAP for d in deaths):
        said.append("its heap is too small: give it a larger one under a limit a third above that, or find the leak")
    crashes = [d for d in deaths if d.cause is Cause.CRASH]
    if len(crashes) >= LOOP:
        said.append(f"it crashed {len(crashes)} times: its last lines above say why; procman logs shows more")
    if any(d.overdue for d in deaths):
        said.append("it does not end in its stop time: raise stop.timeout, or let it end on its stop signal")
    return tuple(said)


def _for_memory(deaths: list[Death], means: Means) -> str:
    peaks = sorted(d.peak for d in deaths if d.peak is not None)
    if means.limit is None or not peaks:
        return "give it a memory limit: procman plan --measured proposes one"
    peak = peaks[len(peaks) // 2]
    head = f"limit {short_size(means.limit)}, usual peak {_mib(peak)}"
    usual = means.usual
    if usual is not None and usual * 100 < means.limit * TIGHT_PERCENT:
        times = [d.uptime for d in deaths if d.uptime is not None]
        grew = f" within {format_time(sorted(times)[len(times) // 2])}" if times else ""
        return f"{head}, but usually {_mib(usual)}: it grew{grew}, as a leak does; a higher limit only delays it"
    wanted = margined(max(peak, means.limit))
    needs = means.required + (wanted - means.limit) * means.instances
    fits = "fits" if needs <= means.usable else "does not fit"
    return f"{head}: raise to {short_size(wanted)}; {fits} ({_mib(needs)} of {_mib(means.usable)})"


def _mib(size: int) -> str:
    return f"{size >> 20}M"
