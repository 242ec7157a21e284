"""The first promise under force: never a second consumer on this host, whatever is killed or started by hand."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from procman.adapters.supervisor_rpc import Client
from tests.support.projects import PATIENCE, Project, Text, alive, ended, service, supervisor
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

FORMS: dict[str, Text] = {
    "plain": {"command": service("consumer")},
    "sh -c": {"command": " ".join([*service("consumer"), "& wait"]), "shell": True},
    "npm run": {"command": [*service("wrapper", "plain"), *service("consumer")]},
}


@pytest.mark.parametrize("form", FORMS)
def test_up_after_a_killed_manager_leaves_one_consumer(shop: Project, form: str) -> None:
    """After kill -9 of supervisord, `up` gives one consumer, a whole cluster and no orphan, however it is wrapped."""
    api = shop.api(command=[*service("wrapper", "setsid"), *service("talker", "0")]) | {"listen": None}
    del api["listen"]
    shop.write({"web": shop.api(), "api": api, "mqtt": shop.mqtt(**FORMS[form])})
    ended(shop.run("up"), 0)
    (first,) = shop.consumers()
    old = set(shop.processes())
    os.kill(shop.manager(), signal.SIGKILL)
    wait_until(lambda: not shop.managers(), PATIENCE, "supervisord is gone")
    shop.status_code(4)
    ended(shop.run("up"), 0)
    (second,) = shop.consumers()
    assert second != first
    assert not [pid for pid in old if alive(pid)]
    assert set(shop.pids()) == {"web-0", "web-1", "api-0", "api-1", "mqtt-0"}
    assert shop.managers() == [shop.manager()]


def test_what_a_dead_manager_left_is_told_and_stopped(shop: Project) -> None:
    """A consumer that outlived its manager is named by `status` and `doctor`, and ended by `stop`, not passed over."""
    shop.write({"mqtt": shop.mqtt(**FORMS["npm run"])})
    ended(shop.run("up"), 0)
    (orphan,) = shop.consumers()
    os.kill(shop.manager(), signal.SIGKILL)
    wait_until(lambda: not shop.managers() and len(shop.processes()) == 1, PATIENCE, "only the grandchild is left")
    ended(shop.run("status"), 4, "ended without procman down", f"pid {orphan} (", "still runs")
    document = ended(shop.run("status", "--json"), 4).json()
    assert document["manager"]["died"] is True
    assert [row["pid"] for row in document["left_behind"]] == [orphan]
    ended(shop.run("doctor"), 1, f"a dead manager left behind: pid {orphan} (")
    ended(shop.run("stop", "mqtt"), 0, f"ended pid {orphan} (", "the manager is gone")
    assert shop.consumers() == []
    ended(shop.run("down"), 0)
    assert ended(shop.run("status", "--json"), 4).json()["manager"]["died"] is False


def test_another_home_is_refused(running: Project) -> None:
    """`up` of the same manifest under another PROCMAN_HOME ends with 75 and names the holder; the first runs on."""
    before = running.pids()
    other = running.beside(home=running.folder.parent / "h2")
    other.write({"mqtt": running.mqtt()})
    ended(other.run("up"), 75, str(before["mqtt-0"]), str(running.state))
    assert running.pids() == before
    assert running.consumers() == [before["mqtt-0"]]
    assert other.processes() == []


@pytest.mark.parametrize("topic", ["shop/kitchen/data", "shop/#", "$share/group/shop/+/data"])
def test_an_overlapping_filter_is_refused(running: Project, topic: str) -> None:
    """Another project that consumes an overlapping filter on the same broker is refused with 75."""
    before = running.pids()
    other = running.beside("bakery")
    consumes = {"broker": f"mqtt://other-user:pw@{running.scope.upper()}", "topics": [topic], "client_id": "bakery"}
    other.write({"reader": running.mqtt(consumes=consumes)})
    ended(other.run("up"), 75, "reader-0", str(before["mqtt-0"]))
    assert running.pids() == before
    assert other.run("status").code == 4


def test_another_filter_is_none_of_its_business(running: Project) -> None:
    """A consumer of other topics on the same broker runs beside the first."""
    other = running.beside("bakery")
    consumes = {"broker": f"mqtt://{running.scope}", "topics": ["bakery/#"], "client_id": "bakery"}
    other.write({"reader": running.mqtt(consumes=consumes)})
    ended(other.run("up"), 0)
    ended(other.run("down"), 0)
    assert running.consumers() == [running.pids()["mqtt-0"]]


def test_another_checkout_is_told_where_the_first_is(running: Project) -> None:
    """Another folder with the same project name is refused with 75 and told the path of the first."""
    before = running.pids()
    other = running.beside()
    other.write({"api": running.api()})
    for command in ("up", "status", "down", "stop"):
        ended(other.run(command), 75, str(running.file))
    assert running.pids() == before


def test_the_lock_is_free_after_down(shop: Project) -> None:
    """What was refused while the first ran starts after its `down`."""
    other = shop.beside("bakery")
    other.write({"reader": shop.mqtt()})
    ended(shop.run("up"), 0)
    ended(other.run("up"), 75)
    ended(shop.run("down"), 0)
    ended(other.run("up"), 0)
    assert shop.consumers() == [other.pids()["reader-0"]]


@pytest.mark.parametrize("plugin", [True, False], ids=["with the plugin", "bare"])
def test_a_second_supervisord_starts_no_second_consumer(running: Project, plugin: bool) -> None:
    """On a copy of the rendered file a second supervisord is refused the consumer with 75, and rests."""
    before = running.pids()
    folder = running.folder / f"copy{plugin}"
    folder.mkdir()
    with _supervisord(_copied(running, folder, plugin=plugin), running) as log:
        wait_until(lambda: "exit status 75" in log(), PATIENCE, f"the launcher is refused:\n{log()}")
        assert running.consumers() == [before["mqtt-0"]]
        _wait_until_it_rests(log, folder if plugin else None)
        assert running.consumers() == [before["mqtt-0"]]
    assert running.pids() == before


def test_a_rendered_folder_runs_under_bare_supervisord(shop: Project) -> None:
    """`supervisord -c` on what `render --to` wrote runs the project, holds the lock, and so `up` is refused."""
    folder = shop.home / "r"
    ended(shop.run("render", "--to", str(folder)), 0, "supervisord.conf")
    with _supervisord(folder / "supervisord.conf", shop):
        wait_until(shop.consumers, PATIENCE, "the consumer runs")
        wait_until(lambda: _accepting(shop), PATIENCE, "the API answers")
        ended(shop.run("up"), 75, "mqtt-0 is not started")
        assert len(shop.consumers()) == 1
    wait_until(lambda: not shop.consumers(), PATIENCE, "the consumer ended with its supervisord")
    ended(shop.run("up"), 0)


def _accepting(shop: Project) -> bool:
    probe = subprocess.run(
        [sys.executable, "-c", f"import urllib.request as u; u.urlopen('http://127.0.0.1:{shop.port}/', timeout=2)"],
        capture_output=True,
        check=False,
    )
    return probe.returncode == 0


def _wait_until_it_rests(log: "Log", plugin: Path | None) -> None:
    """See that refused starts do not follow each other for ever: parked at once, or ever slower without the plugin."""
    if plugin is not None:
        client = Client(str(plugin / "sock"))
        wait_until(lambda: {u.statename for u in client.status().units} == {"FATAL"}, PATIENCE, "all are parked")
        assert log().count("exited: mqtt-0 (exit status 75") == 1
        assert all(unit.held for unit in client.status().units)
        return
    began = time.monotonic()
    wait_until(lambda: log().count("exited: mqtt-0 (exit status 75") >= 3, PATIENCE, "it was tried three times")
    assert time.monotonic() - began > 1.5


def _copied(shop: Project, folder: Path, *, plugin: bool) -> Path:
    """Copy the rendered file so that a second supervisord of one's own runs on it; without the plugin: a bare one."""
    text = shop.conf.read_text(encoding="utf-8")
    for option in ("logfile", "pidfile", "file"):
        text = re.sub(rf"(?m)^({option} = ){re.escape(str(shop.state))}", rf"\g<1>{folder}", text)
    if not plugin:
        text = re.sub(r"(?ms)^\[rpcinterface:procman\].*?^$", "", text)
    (folder / "logs").mkdir()
    copy = folder / "supervisord.conf"
    copy.write_text(text, encoding="utf-8")
    return copy


@contextmanager
def _supervisord(conf: Path, shop: Project) -> Iterator["Log"]:
    log = Log(conf.parent / "logs" / "supervisord.log")
    process = subprocess.Popen(
        [*supervisor("supervisord"), "-c", str(conf)],
        env=shop.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    try:
        yield log
    finally:
        process.terminate()
        process.wait(PATIENCE)


class Log:
    """A log file, read whole each time it is called."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> str:
        """Return what it holds."""
        return self._path.read_text(encoding="utf-8") if self._path.exists() else ""
