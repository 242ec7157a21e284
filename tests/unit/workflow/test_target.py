"""What a command wants to be true: its instances, the record of them, and what is left exactly as it runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procman.core.applied import Applied, AppliedService
from procman.core.budget import budget_for
from procman.core.diagnostics import Finding, Severity
from procman.core.diff import Action, Do, Running, Wanted, diff
from procman.core.facts import Facts
from procman.core.machine import named
from procman.core.manifest import Ready, with_profile, with_scale
from procman.core.plan import make_plan
from procman.core.quantity import GIB, MIB
from procman.core.source import Span
from procman.workflow.apply import _still_unfinished
from procman.workflow.decide import Approved
from procman.workflow.load import load_text
from procman.workflow.preview import Before
from procman.workflow.target import Target, as_it_was, narrowed, target_for, untouched
from tests.support.judging import HERE
from tests.support.values import spec

TEXT = """
version: 1
project: shop
profiles: {small: {services: {api: {instances: 1}}}}
services:
  api: {kind: scalable, command: node x.js, instances: 3, memory: 40M, listen: "127.0.0.1:3000", ready: {http: /h}}
  job: {kind: scalable, command: /bin/job, instances: {min: 2, max: 4}, memory: 10M, weight: 3, ready: {exec: check}}
  mqtt: {kind: singleton, command: ./mqtt, memory: {limit: 30M, hard: 31M}}
"""
RECORD = Applied("shop", "/x", "", (), (), None, (), (), (), 0, 0)


def approved(profile: str | None = None, scale: dict[str, int] | None = None) -> Approved:
    """Return the approved decision on TEXT, on a machine of 2 GiB."""
    loaded = load_text(TEXT.encode(), "procman.yaml", "/srv/procman.yaml", lambda _: {}, {})
    assert loaded.findings == ()
    manifest = loaded.manifest
    assert manifest is not None
    manifest = with_profile(manifest, profile) if profile else manifest
    manifest = with_scale(manifest, scale) if scale else manifest
    plan = make_plan(manifest, budget_for(named(2 * GIB, "test"), manifest.budget))
    known = {s.name: replace(HERE, executable=f"/opt/{s.name}") for s in manifest.services}
    known["job"] = replace(known["job"], probes=(("ready", "/opt/check"),))
    return Approved(loaded, manifest, plan, Facts(known))


def running(unit: str, **known: object) -> Running:
    """Return an instance that runs."""
    service, _, number = unit.rpartition("-")
    wanted = spec(service, int(number))
    made = Running(unit, service, int(number), alive=True, state="running", spec=wanted, memory=7, hard=9)
    return replace(made, **known)  # type: ignore[arg-type]


def test_the_record_says_what_looking_back_needs() -> None:
    """Kinds, counts, limits, whether it is probed, and the fewest that will do under pressure."""
    record = target_for(approved(), "/state").applied
    assert record.services == (
        AppliedService("api", "scalable", 3, 40 * MIB, probed=True, hard=60 * MIB),
        AppliedService("job", "scalable", 4, 10 * MIB, probed=True, hard=15 * MIB, least=2, weight=3),
        AppliedService("mqtt", "singleton", 1, 30 * MIB, probed=False, hard=31 * MIB),
    )
    assert (record.project, record.path, record.text) == ("shop", "/srv/procman.yaml", TEXT)
    assert (record.required, record.forced, record.shed, record.unfinished) == (190 * MIB, False, False, False)


def test_the_record_says_where_programs_were_found() -> None:
    """Words without a path alone, those of the probes too: another PATH finds others."""
    record = target_for(approved(), "/state").applied
    assert record.programs == (("api", (("node", "/opt/api"),)), ("job", (("check", "/opt/check"),)), ("mqtt", ()))


def test_the_record_says_what_was_chosen_and_shown() -> None:
    """The profile, what `scale` has set beyond it, that it was forced, and the findings."""
    finding = Finding("PM999", "n", Severity.WARNING, "m", "procman.yaml", Span(1, 1, 1, 1), "w", "h")
    made = replace(approved("small", {"api": 2}), warnings=(finding,))
    record = target_for(made, "/state", forced=True).applied
    assert (record.profile, record.scaled, record.forced) == ("small", (("api", 2),), True)
    assert record.shown == (("PM999", "m"),)
    assert target_for(approved("small", {"api": 1}), "/state").applied.scaled == ()


def test_what_the_operator_stopped_stays_down() -> None:
    """It is wanted and does not run; what is not wanted any more is forgotten."""
    target = target_for(approved(), "/state", ("job-1", "api-7", "mqtt-0"))
    assert target.applied.stopped == ("job-1", "mqtt-0")
    assert [w.spec.unit for w in target.wanted if not w.run] == ["job-1", "mqtt-0"]
    assert {(w.spec.service, w.memory, w.hard) for w in target.wanted} == {
        ("api", 40 * MIB, 60 * MIB),
        ("job", 10 * MIB, 15 * MIB),
        ("mqtt", 30 * MIB, 31 * MIB),
    }


def test_what_must_become_ready_is_what_runs_within_the_scope() -> None:
    """Each with the probe of its service; all of them, those of a command, or those that are named."""
    target = target_for(approved(), "/state", ("api-1",))
    probe = Ready(http="/h")
    found = [(a.unit, a.ready) for a in target.awaited() if a.unit != "mqtt-0" and a.unit.startswith("api")]
    assert found == [("api-0", probe), ("api-2", probe)]
    assert [a.unit for a in target.awaited({"mqtt-0", "api-1"})] == ["mqtt-0"]
    assert target.awaited({"mqtt-0"})[0].ready is None
    scoped = replace(target, scope=frozenset({"api-0"}))
    assert [a.unit for a in scoped.awaited()] == ["api-0"]
    assert [a.unit for a in scoped.awaited({"api-2"})] == ["api-2"]
    assert (target.want("api-2") is target.wanted[2], target.want("nobody-0")) == (True, None)


def test_what_ran_is_wanted_again_as_it_was() -> None:
    """By the spec it was started from, down if it was down; what cannot be read cannot be brought back."""
    target = as_it_was("shop", (running("a-0"), running("b-0", alive=False), running("c-0", spec=None)), RECORD)
    assert target == Target("shop", (Wanted(spec("a"), True, 7, 9), Wanted(spec("b"), False, 7, 9)), RECORD)


def test_everything_outside_is_left_alone() -> None:
    """An action outside is none, and says so; what was kept keeps its reason."""
    actions = (
        Action("api", 0, Do.REPLACE, "changed"),
        Action("api", 1, Do.STOP, "not wanted"),
        Action("web", 0, Do.KEEP, "unchanged"),
    )
    assert narrowed(actions, {"api-0"}) == (
        actions[0],
        Action("api", 1, Do.KEEP, "not asked for"),
        actions[2],
    )


@pytest.mark.parametrize(
    ("units", "scope", "todo"),
    [
        ({"api-0", "api-1"}, {"api-0", "api-1"}, {"api-0": "replace", "api-1": "replace", "web-0": "keep"}),
        ({"api-0"}, {"api-0", "api-1"}, {"api-0": "replace", "api-1": "keep", "web-0": "keep"}),
        (set(), {"api-0"}, {"api-0": "keep", "api-1": "keep", "web-0": "keep"}),
        (set(), {"web-0"}, {"api-0": "keep", "api-1": "keep", "web-0": "stop"}),
    ],
)
def test_a_command_touches_what_it_is_about_and_nothing_else(
    units: set[str], scope: set[str], todo: dict[str, str]
) -> None:
    """`units` become as wanted, what else runs stays by its own spec, and only within the scope something ends."""
    now = tuple(running(unit) for unit in ("api-0", "api-1", "web-0"))
    new = tuple(Wanted(replace(spec("api", n), argv=("/bin/new",)), memory=7, hard=9) for n in (0, 1))
    found = untouched(Target("shop", new, RECORD), now, units, scope)
    assert found.scope == frozenset(scope)
    assert todo == {a.unit: a.do.value for a in diff(found.wanted, now)}


def test_what_stays_hears_of_its_new_siblings() -> None:
    """Its spec is that which runs, but for the count: a later restart must know it."""
    new = (Wanted(spec("api", 0, instances=5)), Wanted(spec("api", 1, instances=5)))
    found = untouched(Target("shop", new, RECORD), (running("api-0"),), {"api-1"}, {"api-1"})
    assert [w.spec.instances for w in found.wanted] == [5, 5]
    unread = untouched(Target("shop", new, RECORD), (running("api-0", spec=None),), {"api-1"}, {"api-1"})
    assert unread.wanted == new


@pytest.mark.parametrize(
    ("scope", "record", "unfinished"),
    [
        (frozenset({"api-0"}), replace(RECORD, unfinished=True), True),
        (None, replace(RECORD, unfinished=True), False),
        (frozenset({"api-0"}), RECORD, False),
        (frozenset({"api-0"}), None, False),
    ],
)
def test_what_was_cut_short_stays_so_for_a_command_on_a_part(
    scope: frozenset[str] | None, record: Applied | None, unfinished: bool
) -> None:
    """`restart api` does not finish what an `up` that was killed had begun; the next `up` does."""
    target = Target("shop", (), RECORD, scope=scope)
    assert unfinished == _still_unfinished(target, Before(None, (), record))
