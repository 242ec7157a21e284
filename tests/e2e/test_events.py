"""`events`: the history of a real project, also when it is down and its manifest is gone."""

import json
import os
import signal
from itertools import islice

import pytest

from tests.support.projects import PATIENCE, Project, ended

pytestmark = pytest.mark.slow


def happened(shop: Project, *args: str) -> list[tuple[str, str | None]]:
    """Return name and instance of each event."""
    document = ended(shop.run("events", "--json", "--lines", "1000", *args), 0).json()
    assert document["schema_version"] == 1
    return [(event["event"], event["unit"]) for event in document["events"]]


def test_everything_a_project_goes_through_is_told(shop: Project) -> None:
    """A start, a death, a command and the end are there; afterwards too, without manager and manifest."""
    ended(shop.run("events"), 0, "no events: the project was never started")
    shop.up()
    pid = shop.pids()["api-0"]
    os.kill(pid, signal.SIGKILL)
    shop.renewed("api-0", pid)
    shop.reach({"api-0": "ready"})
    ended(shop.run("stop", "mqtt"), 0)
    ended(shop.run("events", "mqtt"), 0, "procman stop by", "stopping", "code 0", "as asked")
    ended(shop.run("events", "nosuch"), 2, "there is no service or instance 'nosuch'")
    ended(shop.run("down"), 0)
    shop.file.rename(shop.file.with_suffix(".gone"))
    told = happened(shop)
    assert [e for e, unit in told if unit is None][:2] == ["command", "manager-start"]
    assert ("ready", "api-0") in told
    assert [e for e, unit in told if unit == "api-0" and e != "ready"][:6] == [
        "start",
        "running",
        "exit",
        "restart-planned",
        "start",
        "running",
    ]
    assert {unit for _, unit in happened(shop, "mqtt-0")} == {None, "mqtt-0"}
    assert [event for event, _ in told][-1] == "manager-stop"
    assert (shop.state / "events.log").stat().st_mode & 0o777 == 0o600


def test_following_shows_what_happens_next(running: Project) -> None:
    """`events -f --json` prints an event a line as it is noted, and ends on SIGINT with 130."""
    env = running.environment(PYTHONUNBUFFERED="1")
    follow = running.popen("events", "api-1", "-f", "--json", "--lines", "1", env=env)
    try:
        assert follow.stdout is not None
        first = json.loads(next(follow.stdout))
        os.kill(running.pids()["api-1"], signal.SIGKILL)
        more = [json.loads(line) for line in islice(follow.stdout, 3)]
        follow.send_signal(signal.SIGINT)
        _, err = follow.communicate(timeout=PATIENCE)
    finally:
        follow.kill()
        follow.communicate()
    assert first["event"] in ("running", "ready")
    assert [event["event"] for event in more] == ["exit", "restart-planned", "start"]
    assert more[0]["signal"] == signal.SIGKILL
    assert (follow.returncode, "Traceback" in err) == (130, False)
