"""A command that is told to end half way: what ran before runs again, whoever told it and whoever still reads."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import pytest

from procman.runtime import procfs
from tests.support.projects import PATIENCE, Project, ended, service
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

SLOW = {"start": {"time": "30s"}}
ENDINGS = [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP)]


@contextmanager
def half_way(project: Project, words: str) -> Iterator["subprocess.Popen[str]"]:
    """Run an `up` that needs half a minute, as far as the line that holds `words`."""
    with project.popen("up", stdout=subprocess.DEVNULL) as process:
        assert process.stderr is not None
        try:
            assert any(words in line for line in iter(process.stderr.readline, "")), words
            yield process
        finally:
            process.kill()


def colour(project: Project) -> dict[str, str]:
    """Ask until both instances have answered, and return what each says it is."""
    found: dict[str, str] = {}

    def both() -> bool:
        with urlopen(f"http://127.0.0.1:{project.port}/") as answer:
            who = json.load(answer)
        found[who["instance"]] = who["colour"]
        return len(found) == 2

    wait_until(both, PATIENCE, "both instances answer")
    return found


def green(project: Project) -> None:
    """Write a version that takes half a minute to count as started."""
    project.write({"api": project.api(env={"COLOUR": "green"}, **SLOW), "mqtt": project.mqtt()})


def _beside(project: Project) -> bool:
    """Tell whether three web servers run: both instances, and the new version of one."""
    return sum(b"web.py" in (procfs.read(f"/proc/{pid}/cmdline") or b"") for pid in project.processes()) == 3


@pytest.mark.parametrize(("number", "code"), ENDINGS)
def test_a_replacement_that_is_interrupted_is_undone(running: Project, number: signal.Signals, code: int) -> None:
    """Ctrl-C, a service manager's SIGTERM or a terminal that closes: the former version runs, no sibling is touched."""
    before = running.pids()
    green(running)
    with half_way(running, "api-0: replacing") as process:
        wait_until(lambda: _beside(running), PATIENCE, "the new one runs beside it")
        process.send_signal(number)
        assert process.wait(PATIENCE) == code
    assert running.pids() == before
    assert colour(running) == {"0": "blue", "1": "blue"}
    running.write()
    ended(running.run("up"), 0, "nothing to change: 3 unchanged")


@pytest.mark.parametrize(("number", "code"), ENDINGS)
def test_a_first_start_that_is_interrupted_leaves_nothing(shop: Project, number: signal.Signals, code: int) -> None:
    """When the first `up` is told to end, no process is left and the project was never started."""
    green(shop)
    with half_way(shop, "starting supervisord") as process:
        wait_until(shop.managers, PATIENCE, "supervisord runs")
        process.send_signal(number)
        assert process.wait(PATIENCE) == code
    assert shop.processes() == []
    shop.status_code(4)


def test_a_terminal_that_closes_says_so_twice(running: Project) -> None:
    """A second SIGHUP does not stop what the first has begun to bring back."""
    green(running)
    with half_way(running, "api-0: replacing") as process:
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        assert any("interrupted; bringing back" in line for line in iter(process.stderr.readline, ""))
        process.send_signal(signal.SIGHUP)
        assert process.wait(PATIENCE) == -signal.SIGHUP
    assert colour(running) == {"0": "blue", "1": "blue"}


def test_what_is_brought_back_needs_no_reader(running: Project) -> None:
    """Ctrl-C also ends the reader of `procman up 2>&1 | tee log`; the former version is brought back all the same."""
    green(running)
    with half_way(running, "api-0: replacing") as process:
        assert process.stderr is not None
        process.stderr.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    assert colour(running) == {"0": "blue", "1": "blue"}


def test_a_stop_that_is_interrupted_is_forgotten(shop: Project) -> None:
    """Ctrl-C while an instance takes its time to end: it is wanted again, and runs again."""
    shop.write({"worker": {"kind": "scalable", "command": service("deaf"), "memory": "20M", "stop": {"timeout": "3s"}}})
    shop.up()
    with shop.popen("stop", "worker", stdout=subprocess.DEVNULL) as process:
        shop.reach({"worker-0": "stopping"})
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    document = shop.reach({"worker-0": "running"})
    assert document["instances"][0]["wanted"] is True
    shop.status_code(0)


def test_status_tells_of_an_up_that_was_killed(running: Project) -> None:
    """Half a change is not as wanted, though all is ready: `status` ends with 3 until `up` has finished it."""
    before = running.pids()
    running.write({"api": running.api(env={"COLOUR": "green"}), "mqtt": running.mqtt()})
    with half_way(running, "api-0: replacing") as process:
        process.kill()
    wait_until(lambda: running.pids().get("api-0") not in (None, before["api-0"]), PATIENCE, "the new one took over")
    running.reach({"api-0": "ready", "api-1": "ready"})
    assert colour(running) == {"0": "green", "1": "blue"}
    ended(running.run("status"), 3, "was cut short; procman up finishes it")
    assert running.status(3)["unfinished"] is True
    ended(running.run("restart", "mqtt"), 0)
    ended(running.run("status"), 3, "was cut short")
    running.up()
    assert colour(running) == {"0": "green", "1": "green"}
    assert running.status()["unfinished"] is False


def test_up_goes_on_when_its_reader_has_gone(running: Project) -> None:
    """`procman up 2>&1 | grep -m1 replacing` finishes what it began, and ends with 0."""
    running.write({"api": running.api(env={"COLOUR": "green"}), "mqtt": running.mqtt()})
    with half_way(running, "api-0: replacing") as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.wait(PATIENCE) == 0
    assert colour(running) == {"0": "green", "1": "green"}


def test_nohup_is_respected(running: Project) -> None:
    """Under nohup a SIGHUP changes nothing."""
    running.write({"api": running.api(env={"COLOUR": "green"}), "mqtt": running.mqtt()})
    words = ["nohup", sys.executable, "-m", "procman", "up"]
    given = {"cwd": running.folder, "env": running.environment(), "text": True, "stdin": subprocess.DEVNULL}
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **given) as process:  # type: ignore[call-overload]
        assert any("replacing" in line for line in iter(process.stderr.readline, ""))
        process.send_signal(signal.SIGHUP)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said
