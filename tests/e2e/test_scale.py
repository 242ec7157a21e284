"""Another number of instances, by the same rules and budget, without touching a sibling."""

import json
import subprocess

import pytest

from procman.core.rolling import QUIET_SECONDS
from tests.support.projects import Project, ended, supervisor

pytestmark = pytest.mark.slow

BLOCK = """\
# what runs on this host
version: 1
project: shop
budget: {{ram: 1G, reserve: 256M}}
services:
  api:   # the HTTP side
    kind: scalable
    command: {command}
    instances: 2   # two by day
    memory: 40M
    listen: 127.0.0.1:{port}
    stop: {{timeout: 5s}}
# the end
"""

FLOW = """\
version: 1
project: shop
budget: {{ram: 1G, reserve: 256M}}
services:
  api: {{kind: scalable, command: {command}, memory: 40M, listen: "127.0.0.1:{port}"}} # one line
"""


def test_scaling_up_keeps_the_siblings(running: Project) -> None:
    """`scale api=4` starts two more and nobody else gets a new pid."""
    before = running.pids()
    ended(running.run("scale", "api=4"), 0)
    after = running.pids()
    assert set(after) == {"api-0", "api-1", "api-2", "api-3", "mqtt-0"}
    assert before.items() <= after.items()
    assert set(running.states().values()) == {"ready", "running"}


def test_scaling_down_keeps_the_others(running: Project) -> None:
    """`scale api=1` ends the highest instance alone."""
    before = running.pids()
    ended(running.run("scale", "api=1"), 0)
    assert running.pids() == {u: pid for u, pid in before.items() if u != "api-1"}


def test_an_instance_stays_until_no_handshake_can_be_under_way(running: Project) -> None:
    """Told to retire, it is stopped after its queue was empty for a while: its listener ends with it."""
    ended(running.run("scale", "api=1"), 0)
    lines = (running.state / "events.log").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row.get("unit") == "api-1"]
    retiring, stopping = (next(r["at"] for r in rows if r["event"] == name) for name in ("retiring", "stopping"))
    assert stopping - retiring >= QUIET_SECONDS


def test_a_singleton_is_not_scaled(running: Project) -> None:
    """`scale mqtt=2` is refused with PM201 and exit code 1, and nothing changes."""
    before = running.pids()
    ended(running.run("scale", "mqtt=2"), 1, "PM201", "singleton")
    assert running.pids() == before
    assert running.status()["scaled"] == {}


def test_scale_asks_the_budget(running: Project) -> None:
    """`scale` beyond the budget is refused with PM101 and exit code 1, and nothing changes."""
    before = running.pids()
    ended(running.run("scale", "api=30"), 1, "PM101")
    assert running.pids() == before
    assert running.status()["scaled"] == {}


def test_an_override_is_shown_and_ends_with_the_next_up(running: Project) -> None:
    """`status` and `plan` show what was scaled; `up` returns to the manifest, says so, and keeps the others' pids."""
    before = running.pids()
    ended(running.run("scale", "api=3"), 0)
    assert running.status()["scaled"] == {"api": 3}
    ended(running.run("status"), 0, "api scaled to 3")
    ended(running.run("up"), 0, "back to the manifest: api was scaled")
    assert running.pids() == before
    assert running.status()["scaled"] == {}


def test_keep_scale_keeps_the_override(running: Project) -> None:
    """`up --keep-scale` changes nothing of what `scale` set."""
    ended(running.run("scale", "api=3"), 0)
    before = running.pids()
    ended(running.run("up", "--keep-scale"), 0)
    assert running.pids() == before
    assert running.status()["scaled"] == {"api": 3}


def test_a_restart_keeps_the_override(running: Project) -> None:
    """After scaling twice the last count holds, and `restart` keeps it."""
    ended(running.run("scale", "api=3"), 0)
    ended(running.run("scale", "api=1"), 0)
    ended(running.run("restart", "api"), 0)
    assert set(running.pids()) == {"api-0", "mqtt-0"}


def test_the_manifests_own_count_is_no_override(running: Project) -> None:
    """What runs already is said to, and back at the manifest's count nothing is called scaled any more."""
    before = running.pids()
    ended(running.run("scale", "api=2"), 0, "nothing to change")
    ended(running.run("scale", "api=3"), 0)
    assert running.status()["scaled"] == {"api": 3}
    ended(running.run("scale", "api=2"), 0)
    assert running.status()["scaled"] == {}
    assert running.pids() == before


def test_an_update_after_scaling_changes_nothing(running: Project) -> None:
    """`supervisorctl update` on the rendered file after `scale` restarts, adds and removes nothing."""
    for count in ("api=3", "api=1"):
        ended(running.run("scale", count), 0)
        before = running.pids()
        control = [*supervisor("supervisorctl"), "-c", str(running.conf), "update"]
        done = subprocess.run(control, capture_output=True, text=True, check=False, timeout=20)
        assert (done.returncode, done.stdout.strip()) == (0, "")
        assert running.pids() == before


@pytest.mark.parametrize(
    ("text", "was", "becomes"),
    [
        (BLOCK, "instances: 2   # two by day", "instances: 3   # two by day"),
        (FLOW, "kind: scalable,", "kind: scalable, instances: 3,"),
    ],
    ids=["block", "flow"],
)
def test_a_count_is_written_into_the_file(running: Project, text: str, was: str, becomes: str) -> None:
    """`scale --write` changes the number in the manifest and not one other character; the next `up` keeps it."""
    words = ", ".join(f'"{word}"' for word in running.api()["command"])
    written = text.format(command=f"[{words}]", port=running.port)
    running.file.write_text(written, encoding="utf-8")
    ended(running.run("up"), 0)
    ended(running.run("scale", "api=3", "--write"), 0)
    assert running.file.read_text(encoding="utf-8") == written.replace(was, becomes)
    ended(running.run("up", "--dry-run"), 0, "nothing to change: 3 unchanged")


def test_a_refused_count_is_not_written(running: Project) -> None:
    """`scale --write` that is refused leaves the manifest as it is."""
    before = running.file.read_bytes()
    ended(running.run("scale", "api=30", "--write"), 1)
    assert running.file.read_bytes() == before


def test_scale_needs_a_running_project(shop: Project) -> None:
    """Without a manager `scale`, `start` and `restart` end with 4."""
    for command in (("scale", "api=2"), ("start",), ("restart", "api")):
        ended(shop.run(*command), 4)
