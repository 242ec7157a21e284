"""Examples of a rule in one YAML file: documents headed ``--- # bad: words`` or ``--- # good: words``.

Lines ``# ram: 2G``, ``# profile: NAME``, ``# scale: NAME=2``, ``# env: NAME=value``, ``# host: {JSON}`` in an example
say what else is known; without ``# host`` nothing is asked of a host. ``# also: CODE`` names a finding that cannot be
avoided. `version` and `project` are put in front.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from procman.cli.report import render_findings
from procman.core.budget import budget_for
from procman.core.diagnostics import Finding, by_place
from procman.core.facts import Facts
from procman.core.machine import named
from procman.core.manifest import Manifest, with_profile, with_scale
from procman.core.plan import make_plan
from procman.core.quantity import parse_size
from procman.rules import engine
from procman.rules.base import Context
from procman.workflow.load import Loaded, load_text
from tests.support.judging import HERE

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Case:
    """One example. `settings` are its ``# name: value`` lines."""

    bad: bool
    words: str
    text: str
    settings: dict[str, str]


def cases(text: str) -> Iterator[Case]:
    """Yield the examples in `text`."""
    for part in re.split(r"^--- # ", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        kind, _, words = head.partition(": ")
        assert kind in ("bad", "good"), head
        settings = dict(re.findall(r"^# (ram|profile|scale|host|env|also): (.+)$", body, re.MULTILINE))
        yield Case(kind == "bad", words, f"version: 1\nproject: p\n{body}", settings)


def found(case: Case) -> tuple[tuple[Finding, ...], Loaded]:
    """Return every finding of the reader and of all rules on `case`."""
    name, _, value = case.settings.get("env", "").partition("=")
    shell = {name: value} if name else {}
    loaded = load_text(case.text.encode(), "procman.yaml", "/srv/procman.yaml", lambda _: {}, shell)
    if loaded.manifest is None:
        return by_place(list(loaded.findings)), loaded
    manifest = _chosen(loaded.manifest, case.settings)
    plan = None
    if "ram" in case.settings:
        machine = named(parse_size(case.settings["ram"]), "--ram")
        plan = make_plan(manifest, budget_for(machine, manifest.budget))
    facts = _facts(manifest, case.settings["host"]) if "host" in case.settings else None
    return by_place([*loaded.findings, *engine.run(Context(manifest, facts, plan))]), loaded


def report(case: Case) -> str:
    """Return what people see of `case`, without colour."""
    findings, loaded = found(case)
    return render_findings(findings, [loaded.source], width=WIDTH)


def _chosen(manifest: Manifest, settings: dict[str, str]) -> Manifest:
    if "profile" in settings:
        manifest = with_profile(manifest, settings["profile"])
    if "scale" in settings:
        name, _, count = settings["scale"].partition("=")
        manifest = with_scale(manifest, {name: int(count)})
    return manifest


def _facts(manifest: Manifest, text: str) -> Facts:
    said: dict[str, Any] = json.loads(text)
    services = said.pop("services", {})
    for known in services.values():
        known["variables"] = tuple(map(tuple, known.get("variables", ())))
    return Facts({s.name: replace(HERE, **services.get(s.name, {})) for s in manifest.services}, **said)
