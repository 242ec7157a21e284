"""What `status` says of guards: what is on record of the consumers as they were applied, and whether it still holds."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from procman.adapters import state as states
from procman.adapters.state import State
from procman.core.applied import Applied
from procman.core.proofs import KEY, LIFETIME, Proof, Proofs
from procman.workflow.guards import verified
from procman.workflow.load import load_applied

CONSUMES = {"broker": "mqtt://h", "topics": ["a/+"], "client_id": "c"}
DEDUP = {"database": "d.db", "table": "t", "key": ["a"]}
MQTT = {"kind": "scalable", "command": "sleep 9", "memory": "40M", "consumes": {**CONSUMES, "dedup": DEDUP}}
TEXT = json.dumps({"version": 1, "project": "p", "services": {"mqtt": MQTT, "api": {**MQTT, "consumes": CONSUMES}}})
APPLIED = Applied("p", "/srv/procman.yaml", TEXT, (), (), None, (), (), (), 1, 2)


def found(folder: Path, *, age: float = 60.0, base: str = "/srv", service: str = "mqtt") -> list[tuple[str, bool]]:
    """Return service and validity of what is told of one proof that is `age` seconds old."""
    state = State(str(folder))
    manifest = load_applied(APPLIED).manifest
    assert manifest is not None
    (of,) = [s for s in manifest.services if s.name == "mqtt"]
    proof = Proof(service, KEY, Proofs(base=base).wording(of), time.time() - age, "SQLite", "seen")
    states.write_proofs(state, Proofs((proof,)))
    told = verified(state, APPLIED)
    assert [v.expires for v in told] == [v.proof.at + LIFETIME for v in told]
    return [(v.proof.service, v.valid) for v in told]


@pytest.mark.parametrize(("age", "valid"), [(60.0, True), (LIFETIME + 60, False), (-600.0, False)])
def test_what_is_on_record_is_told_with_its_end(tmp_path: Path, age: float, valid: bool) -> None:
    """What has expired stays on the list, and does not count; the same for one from a future clock."""
    assert found(tmp_path, age=age) == [("mqtt", valid)]


def test_what_was_verified_of_another_wording_is_not_told(tmp_path: Path) -> None:
    """The database of another checkout, and a proof under the name of a consumer that stores elsewhere."""
    assert found(tmp_path, base="/other") == []
    assert found(tmp_path, service="api") == []
    assert found(tmp_path, service="gone") == []


def test_without_a_record_or_a_manifest_nothing_is_told(tmp_path: Path) -> None:
    """No `verify` yet, a damaged record, and a manifest that this version cannot read."""
    assert verified(State(str(tmp_path)), APPLIED) == ()
    assert found(tmp_path) == [("mqtt", True)]
    assert verified(State(str(tmp_path)), replace(APPLIED, text=":")) == ()
    (tmp_path / "verified.json").write_text("{", encoding="utf-8")
    assert verified(State(str(tmp_path)), APPLIED) == ()
