"""The note of sessions that are to be ended: what stays in it, and what must not be ended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from procman.adapters import state as states
from procman.adapters.state import State
from procman.core.applied import Applied, AppliedService
from procman.workflow import leaving
from tests.support.tiwater import free_port, mosquitto

MANIFEST = """
version: 1
project: shop
services:
  mqtt:
    {{kind: scalable, command: a, instances: 3, memory: 9M,
      consumes: {{broker: "mqtt://127.0.0.1:{port}", topics: [a/b], client_id: c, share: g,
                 dedup: {{database: x.db, table: t, key: k}}}}}}
"""


def _applied(folder: Path, port: int, instances: int) -> Applied:
    text = MANIFEST.format(port=port)
    services = (AppliedService("mqtt", "scalable", instances, 9, probed=False),)
    return Applied("shop", str(folder / "procman.yaml"), text, (), (), None, (), (), services, 9, 9)


def test_what_cannot_be_ended_stays_noted(tmp_path: Path) -> None:
    """With the broker away both members stay noted and it is said; with it there they are ended, and the file goes."""
    state, port, said = State(str(tmp_path)), free_port(), list[str]()
    three, one = _applied(tmp_path, port, 3), _applied(tmp_path, port, 1)
    leaving.owe(state, three, one)
    leaving.end_sessions(state, one, lambda unit, words: said.append(f"{unit}: {words}"))
    assert [o.client_id for o in states.read_owed(state)] == ["c-1", "c-2"]
    assert "the next procman up or scale tries again" in said[0]
    assert (Path(state.owed).stat().st_mode & 0o777) == 0o600
    with mosquitto(tmp_path, port):
        leaving.end_sessions(state, one, lambda *_: None)
    assert not Path(state.owed).exists()


def test_session_of_a_member_that_runs_again_is_not_ended(tmp_path: Path) -> None:
    """Noted, and then wanted again: the note goes and the broker is not asked, or a live member would be ousted."""
    state, port = State(str(tmp_path)), free_port()
    three = _applied(tmp_path, port, 3)
    leaving.owe(state, three, replace(three, services=()))
    leaving.end_sessions(state, _applied(tmp_path, port, 2), lambda *_: None)
    assert [o.client_id for o in states.read_owed(state)] == ["c-2"]
