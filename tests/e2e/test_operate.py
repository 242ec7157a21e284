"""start, stop and restart: of services and of single instances, and of nothing else."""

import os
import signal

import pytest

from tests.support.projects import Project, ended

pytestmark = pytest.mark.slow


def test_a_stopped_instance_stays_stopped(running: Project) -> None:
    """`stop api-1` ends that instance; `status` calls it as wanted (0); nothing but `start` brings it back."""
    before = running.pids()
    ended(running.run("stop", "api-1"), 0)
    assert running.pids() == {u: pid for u, pid in before.items() if u != "api-1"}
    document = running.status(0)
    row = next(i for i in document["instances"] if (i["service"], i["instance"]) == ("api", 1))
    assert (row["state"], row["wanted"], row["pid"]) == ("stopped", False, None)
    ended(running.run("scale", "api=3"), 0)
    assert "api-1" not in running.pids()
    ended(running.run("start", "api-1"), 0)
    assert before.items() - {("api-1", before["api-1"])} <= running.pids().items()
    assert running.states()["api-1"] == "ready"


def test_a_service_is_stopped_and_started(running: Project) -> None:
    """`stop mqtt` and `start mqtt` end and start the consumer alone."""
    before = running.pids()
    ended(running.run("stop", "mqtt"), 0)
    assert running.consumers() == []
    assert running.states(0)["mqtt-0"] == "stopped"
    ended(running.run("start", "mqtt"), 0)
    after = running.pids()
    assert after["mqtt-0"] != before["mqtt-0"]
    assert (after["api-0"], after["api-1"]) == (before["api-0"], before["api-1"])


def test_up_starts_what_was_stopped(running: Project) -> None:
    """`up` makes the project what the manifest says, so a stopped service runs again."""
    ended(running.run("stop"), 0)
    assert running.pids() == {}
    running.status_code(0)
    ended(running.run("up"), 0)
    assert set(running.states().values()) == {"ready", "running"}


def test_stop_again_is_nothing_to_do(running: Project) -> None:
    """Stopping what is stopped ends with 0 and touches nobody."""
    ended(running.run("stop", "api-0"), 0)
    before = running.pids()
    ended(running.run("stop", "api-0"), 0)
    assert running.pids() == before


def test_stop_without_a_project_is_nothing_to_do(shop: Project) -> None:
    """When nothing runs, `stop` ends with 0, before the first `up` and after `down`."""
    ended(shop.run("stop"), 0)
    ended(shop.run("up"), 0)
    ended(shop.run("down"), 0)
    ended(shop.run("stop", "api"), 0)


def test_an_instance_is_restarted_alone(running: Project) -> None:
    """`restart api-1` gives that instance a new pid and no other."""
    before = running.pids()
    ended(running.run("restart", "api-1"), 0, "restart was asked for")
    after = running.pids()
    assert {u for u in after if after[u] != before[u]} == {"api-1"}


def test_a_service_is_restarted(running: Project) -> None:
    """`restart api` renews every instance of the service and not the consumer."""
    before = running.pids()
    ended(running.run("restart", "api"), 0)
    after = running.pids()
    assert {u for u in after if after[u] != before[u]} == {"api-0", "api-1"}


def test_restart_starts_what_was_stopped(running: Project) -> None:
    """`restart` of a stopped service starts it, and the operator's stop is over."""
    ended(running.run("stop", "mqtt"), 0)
    ended(running.run("restart", "mqtt"), 0)
    assert running.states()["mqtt-0"] == "running"


def test_start_takes_nothing_from_an_edited_file(running: Project) -> None:
    """`start` and `restart` go by what was applied; an edited manifest waits for `up`."""
    before = running.pids()
    running.write({"api": running.api(env={"COLOUR": "green"}, instances=5), "mqtt": running.mqtt()})
    ended(running.run("stop", "api-0"), 0)
    ended(running.run("start", "api-0"), 0)
    after = running.pids()
    assert set(after) == set(before)
    assert {u for u in after if after[u] != before[u]} == {"api-0"}


@pytest.mark.parametrize("command", ["start", "stop", "restart", "logs"])
def test_an_unknown_name_is_wrong_use(running: Project, command: str) -> None:
    """A name that is neither service nor instance ends with 2 and says which are known."""
    before = running.pids()
    ended(running.run(command, "apii"), 2, "'apii'", "api", "mqtt")
    assert running.pids() == before


def test_start_does_not_wait_for_the_pause_of_what_failed(shop: Project) -> None:
    """A failure whose next start is far away ends `restart` at once, and `start` starts it now."""
    bad = shop.folder / "bad"
    command = ["/bin/sh", "-c", f"test -e {bad} && exit 3; exec sleep 86400"]
    patient = {"max": 9, "within": "10m", "delay": "5m"}
    shop.write({"job": {"kind": "scalable", "command": command, "memory": "9M", "restart": patient}})
    ended(shop.run("up"), 0)
    bad.touch()
    ended(shop.run("restart"), 1, "exit status 3", "; its next start is ", "no process is to be brought back")
    row = shop.status(3)["instances"][0]
    assert row["state"] == "backoff"
    assert "exit status 3; starts again in " in row["reason"]
    bad.unlink()
    done = ended(shop.run("start", "job"), 0, "waited for its next start", "job-0: ready after")
    assert "stopping" not in done.said
    ended(shop.run("start", "job"), 0, "nothing to change")


def test_what_pauses_starts_without_what_it_once_waited_for(shop: Project) -> None:
    """Only a first start is held: `start` of what has run, and pauses, does not wait for a service that was stopped."""
    bad = shop.folder / "bad"
    idle = {"kind": "scalable", "command": ["/bin/sleep", "86400"], "memory": "4M"}
    command = ["/bin/sh", "-c", f"test -e {bad} && exit 3; exec sleep 86400"]
    patient = {"max": 9, "within": "10m", "delay": "5m"}
    job = {**idle, "command": command, "restart": patient, "depends_on": {"base": "started"}}
    shop.write({"base": idle, "job": job})
    ended(shop.run("up"), 0)
    bad.touch()
    ended(shop.run("restart", "job"), 1, "exit status 3")
    ended(shop.run("stop", "base"), 0)
    bad.unlink()
    ended(shop.run("start", "job"), 0, "job-0: ready after")
    assert shop.states(0) == {"base-0": "stopped", "job-0": "running"}


def test_status_of_names_speaks_of_those_alone(shop: Project) -> None:
    """A service or an instance: its rows, its limits and its exit code; an unknown name is told with those known."""
    idle = {"kind": "scalable", "command": ["/bin/sleep", "86400"], "memory": "4M", "instances": 2}
    shop.write({"good": idle, "bad": {**idle, "restart": {"policy": "never"}}})
    ended(shop.run("up"), 0)
    os.kill(shop.pids()["bad-1"], signal.SIGKILL)
    shop.reach({"bad-1": "failed"})
    done = ended(shop.run("status", "good"), 0, "good-0", "good-1", "limits 8 MiB")
    assert "bad" not in done.said
    ended(shop.run("status", "bad-0"), 0, "limits 4 MiB")
    rows = ended(shop.run("status", "bad", "good-1", "--json"), 3).json()["instances"]
    assert [(row["service"], row["instance"]) for row in rows] == [("good", 1), ("bad", 0), ("bad", 1)]
    ended(shop.run("status", "nosuch"), 2, "there is no service or instance 'nosuch'", "known: good, bad, good-0")
