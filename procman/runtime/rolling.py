"""Replaces and retires instances: sees what there is, asks `core.rolling` what follows, and does it. Never waits.

One job per unit; each is independent of the others, so a job that has begun is finished whatever becomes of the
command that asked for it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from supervisor.states import ProcessStates

from procman.core import rolling as rules
from procman.runtime import anew, inside, outputs, spares, specfile
from procman.runtime.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from procman.runtime.inside import Group, GroupConfig, Process, Supervisord
    from procman.runtime.job import Rooms

POLL = 0.02
TURN_SECONDS = 0.1
"""Of a hundred units that are made anew some are left for the next turn: the manager has to answer meanwhile."""


class Rolling:
    """The jobs of one supervisord; they end with a SIGHUP, which starts every process anew."""

    def __init__(self, supervisord: Callable[[], Supervisord], rooms: Rooms) -> None:
        self._supervisord = supervisord
        self._rooms = rooms
        self._jobs: dict[str, Job] = {}
        self._number = 0
        self._planned = False

    def replace(self, unit: str, reason: str, *, in_place: bool = False, config: GroupConfig | None = None) -> int:
        """Replace the running process of `unit`, and return the number of the job; 0 when one is under way already.

        For a unit that listens on held sockets the replacement comes first and the old process goes when that is ready;
        with `in_place`, and for everything else, the old process is stopped first and connections wait in the held
        socket. Returns at once. `reason` goes to the log and to `status`; `config` is what the replacement is made
        from, by default what runs now. It does not ask whether there is memory for two: who calls it must.
        LookupError: there is no such unit.
        """
        group = self._group(unit)
        beside = not in_place and self._may_be_two(unit)
        return self._begin(unit, rules.BESIDE if beside else rules.IN_PLACE, reason, config or group.config)

    def renew(self, configs: Sequence[GroupConfig], reason: str) -> None:
        """Stop the units of `configs` all at once, and make each anew from its config as soon as it is down.

        Of those that hold locks none begins before all of them are down: what is consumed may have moved among them.
        Returns at once. Units with a job under way are left alone.
        """
        free = [config for config in configs if not self.busy(config.name)]
        alone = anew.alone(self._supervisord(), free)
        for config in free:
            self._begin(config.name, rules.ANEW, reason, config)
            self._jobs[config.name].peers = alone if config.name in alone else set()

    def retire(self, unit: str, reason: str) -> int:
        """Stop `unit` after new connections have left it and its queue is empty; returns at once, see `replace`."""
        return self._begin(unit, rules.RETIRE, reason, self._group(unit).config)

    def call_off(self, unit: str) -> bool:
        """Let a replacement of `unit` that is not ready yet fail; the old process serves on. Tell whether one was."""
        job = self._jobs.get(unit)
        if job is None or job.phase not in (rules.WARMING, rules.STARTING):
            return False
        job.off = "was called off"
        self.poke()
        return True

    def busy(self, unit: str) -> bool:
        """Tell whether a job for `unit` is under way."""
        job = self._jobs.get(unit)
        return job is not None and not rules.over(job.phase)

    def leaves(self, unit: str) -> bool:
        """Tell whether `unit` is to get no new connections because it is being retired."""
        job = self._jobs.get(unit)
        return job is not None and job.phase in (rules.EMPTYING, rules.ENDING)

    def job(self, unit: str) -> Job | None:
        """Return the last job for `unit`, or None."""
        return self._jobs.get(unit)

    def forget_all_but(self, units: set[str]) -> None:
        """Drop the jobs of other units."""
        self._jobs = {unit: job for unit, job in self._jobs.items() if unit in units}

    def end(self) -> None:
        """Drop every job: supervisord stops, or has made all its processes anew."""
        self._jobs.clear()

    def poke(self) -> None:
        """Look at the jobs soon: something has changed."""
        if any(not rules.over(job.phase) for job in self._jobs.values()) and not self._planned:
            self._planned = True
            self._rooms.call(0, self._turn)

    def _begin(self, unit: str, way: str, reason: str, config: GroupConfig) -> int:
        if self.busy(unit):
            return 0
        self._number += 1
        job = self._jobs[unit] = Job(self._number, way, reason, config)
        self._rooms.log(f"{unit}: {_WORDS[way]}: {reason}")
        self._take(unit, job, rules.first(way))
        self.poke()
        return job.number

    def _turn(self) -> None:
        self._planned = False
        began = time.monotonic()
        for unit, job in list(self._jobs.items()):
            if not rules.over(job.phase):
                self._follow(unit, job)
                if time.monotonic() - began > TURN_SECONDS:
                    self.poke()
                    return
        if any(not rules.over(job.phase) for job in self._jobs.values()):
            self._planned = True
            self._rooms.call(POLL, self._turn)

    def _follow(self, unit: str, job: Job) -> None:
        if unit not in self._supervisord().process_groups:
            job.phase, job.why = rules.FAILED, "it was removed meanwhile"
            return
        step = rules.follow(job.phase, self._seen(unit, job))
        if step.phase != job.phase or step.act:
            self._take(unit, job, step)

    def _take(self, unit: str, job: Job, step: rules.Step) -> None:
        """Do what `step` says; a job that cannot go on has failed, and what serves goes on serving."""
        before = job.phase
        if step.phase != before:
            job.phase, job.since = step.phase, time.monotonic()
            job.quiet = job.since
        job.why = step.why or job.why
        try:
            self._act(unit, job, step.act)
        except (LookupError, OSError) as error:
            job.phase, job.why = rules.FAILED, str(error)
        if job.phase == rules.FAILED:
            self._rooms.log(f"{unit}: not replaced: {job.why}")
        if job.phase != before:
            job.tell(unit, self._rooms.note)
        self._rooms.serve(unit)

    def _act(self, unit: str, job: Job, act: str | None) -> None:
        group = self._group(unit)
        main, spare = spares.main_of(group), spares.of(group)
        if act == rules.START_SPARE:
            spares.forget(group)
            outputs.share(main.config.stdout_logfile if main is not None else None)
            job.spare = spares.add(group, job.config).config.name
        elif act == rules.SWAP:
            spares.swap(group, job.config)
            self._rooms.swapped(unit)
            spares.stop(main)
        elif act == rules.STOP_SPARE:
            spares.stop(spare)
        elif act == rules.FORGET_SPARE:
            self._forget(group)
        elif act == rules.STOP:
            spares.stop(main)
        elif act == rules.RENEW:
            anew.make(self._supervisord(), job.config)
            self._jobs[unit] = job  # with its unit it was forgotten, too
            self._rooms.call(0, lambda: None)  # the next turn of the loop starts it
        elif act == rules.START and main is not None:
            main.spawn()

    def _forget(self, group: Group) -> None:
        main, spare = spares.main_of(group), spares.of(group)
        if spare is not None:
            self._rooms.readiness.end(spare)
        spares.forget(group)
        if main is not None:
            self._rooms.listeners.settle(group.config.name, specfile.of(main.config.command).places)
        self._rooms.restarts.forget(group.config.name + inside.SPARE)

    def _seen(self, unit: str, job: Job) -> rules.Seen:
        group = self._group(unit)
        main, spare = spares.main_of(group), spares.of(group)
        new = spare if job.phase == rules.WARMING else main
        now = time.monotonic()
        if self._rooms.listeners.queued(unit):
            job.quiet = now
        return rules.Seen(
            main=(main is not None and not spares.is_down(main)) or any(map(self._is_parting, job.peers)),
            spare=spare is not None and not spares.is_down(spare),
            ready=new is not None and new.state == ProcessStates.RUNNING and self._rooms.readiness.ready(new),
            hopeless=job.off or self._hopeless(new),
            seconds=now - job.since,
            quiet=now - job.quiet,
        )

    def _hopeless(self, process: Process | None) -> str | None:
        if process is None:
            return "it is gone"
        if process.state in (*spares.DOWN, ProcessStates.BACKOFF):
            record = self._rooms.restarts.record(process.config.name)
            return f"ended: {record.given_up or record.refused or record.exit or process.spawnerr or 'no reason known'}"
        return self._rooms.readiness.late(process)

    def _may_be_two(self, unit: str) -> bool:
        main = spares.main_of(self._group(unit))
        return (
            main is not None
            and main.state in (ProcessStates.STARTING, ProcessStates.RUNNING)
            and not specfile.of(main.config.command).alone
            and bool(self._rooms.listeners.sockets(unit))
        )

    def _is_parting(self, unit: str) -> bool:
        """Tell whether `unit` is to be made anew and is not down yet."""
        group = self._supervisord().process_groups.get(unit)
        main = spares.main_of(group) if group else None
        return main is not None and not spares.is_down(main) and self._jobs[unit].phase == rules.PARTING

    def _group(self, unit: str) -> Group:
        return self._supervisord().process_groups[unit]


_WORDS = {
    rules.BESIDE: "replacing",
    rules.IN_PLACE: "replacing in place",
    rules.ANEW: "making anew",
    rules.RETIRE: "retiring",
}
