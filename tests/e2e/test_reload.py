"""Instances are replaced one after another while clients ask without a pause, and not one request fails."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.asking import Load, get
from tests.support.projects import PATIENCE, Project, Text, ended, service, supervisor
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def steady(shop: Project, *arguments: str, **changes: object) -> Text:
    """The API of servers that drain."""
    return shop.api(command=service("steady", *arguments), **changes)


def write(shop: Project, *arguments: str, **changes: object) -> None:
    """Write a manifest with nothing but such an API."""
    shop.write({"api": steady(shop, *arguments, **changes)})


def update(shop: Project) -> str:
    """Run `supervisorctl update` on the rendered file and return what it says."""
    command = [*supervisor("supervisorctl"), "-c", str(shop.conf), "update"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_reload_replaces_everything_and_loses_nothing(shop: Project) -> None:
    """`reload` gives each instance another pid, and every request is answered; the file needs no update afterwards."""
    write(shop)
    shop.up()
    before = shop.pids()
    with Load(shop.port) as load:
        for _ in range(2):
            done = ended(shop.run("reload"), 0)
            load.more()
            for unit in before:
                steps = [line for line in done.said.splitlines() if line.startswith(f"  {unit}: ")]
                for step, words in zip(steps, ("the new one starts", "has the traffic", "replaced after"), strict=True):
                    assert words in step
    after = shop.pids()
    assert not load.failures
    assert set(before) == set(after) == {"api-0", "api-1"}
    assert not set(before.values()) & set(after.values())
    assert set(shop.states().values()) == {"ready"}
    assert update(shop) == ""
    assert shop.pids() == after
    assert set(after.values()) == {p for p in shop.processes() if p != shop.manager()}


def test_reload_of_one_instance_leaves_the_other(shop: Project) -> None:
    """`reload api-1` replaces that one; `--parallel 2` replaces both, side by side."""
    write(shop)
    shop.up()
    before = shop.pids()
    ended(shop.run("reload", "api-1"), 0)
    between = shop.pids()
    assert (between["api-0"], between["api-1"] == before["api-1"]) == (before["api-0"], False)
    ended(shop.run("reload", "--parallel", "2"), 0)
    assert not set(between.values()) & set(shop.pids().values())


def test_a_new_version_goes_the_same_way(shop: Project) -> None:
    """`up` with another environment replaces each instance beside the old one: no request fails, no update is left."""
    write(shop)
    shop.up()
    with Load(shop.port) as load:
        write(shop, env={"COLOUR": "green"})
        ended(shop.run("up"), 0, "replaced after")
        load.more()
    assert not load.failures
    assert get(shop.port)["colour"] == "green"
    assert update(shop) == ""
    assert set(shop.states().values()) == {"ready"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("die",), "steady: no database"), (("health=503",), "GET /health: HTTP 503"), (("deaf",), "does not wait for")],
    ids=["dies", "unhealthy", "deaf"],
)
def test_a_bad_version_never_takes_over(shop: Project, arguments: tuple[str, ...], words: str) -> None:
    """A replacement that dies, is not healthy or never listens: 1, with its last words, and the old ones serve on."""
    ready = {"http": "/health", "timeout": "1s"}
    write(shop, ready=ready)
    shop.up()
    before = shop.pids()
    with Load(shop.port) as load:
        write(shop, *arguments, ready=ready)
        ended(shop.run("up"), 1, "api-0 was not replaced", "goes on serving; not tried: api-1", words)
        load.more()
    assert not load.failures
    assert shop.pids() == before
    assert set(shop.states().values()) == {"ready"}
    assert update(shop) == ""


def test_a_reload_that_fails_keeps_what_it_has(shop: Project) -> None:
    """When the program has gone bad on disk, `reload` stops at the first instance: it and the rest keep their pids."""
    script = shop.folder / "app.py"
    script.write_text(Path(service("steady")[3]).read_text(encoding="utf-8"), encoding="utf-8")
    command = [*service("steady")[:3], str(script)]
    shop.write({"api": shop.api(command=command)})
    shop.up()
    before = shop.pids()
    script.write_text("raise SystemExit('no such module')", encoding="utf-8")
    done = ended(shop.run("reload"), 1, "no such module", "not tried: api-1")
    assert "Traceback" not in done.said
    assert shop.pids() == before
    assert get(shop.port)["pid"] in before.values()


def test_every_replacement_that_fails_is_told(shop: Project) -> None:
    """Two at a time that both go bad are both told, each with its last words."""
    flag = shop.folder / "bad"
    script = f"if [ -e {flag} ]; then echo $INSTANCE is bad; exit 3; fi; exec {' '.join(service('steady'))}"
    shop.write({"api": shop.api(command=["/bin/sh", "-c", script])})
    shop.up()
    before = shop.pids()
    flag.touch()
    words = [said.format(n) for n in (0, 1) for said in ("api-{} was not replaced", "the last lines of api-{}")]
    ended(shop.run("reload", "--parallel", "2"), 1, "processes go on", *words)
    assert shop.pids() == before


def test_without_room_in_the_budget_it_is_replaced_in_place(shop: Project) -> None:
    """A budget without room for a third instance: the socket stays, requests wait in it, and none is lost."""
    write(shop, memory="300M")
    shop.up()
    before = shop.pids()
    with Load(shop.port) as load:
        ended(shop.run("reload"), 0, "the budget has", "replacing in place")
        load.more()
    assert not load.failures
    assert not set(before.values()) & set(shop.pids().values())


def test_a_singleton_is_stopped_before_it_is_started(shop: Project) -> None:
    """`reload` of the consumer never has two of it: the marks of its start and end do not overlap."""
    shop.write({"mqtt": shop.mqtt()})
    shop.up()
    for _ in range(2):
        ended(shop.run("reload", "mqtt"), 0)
    assert len(shop.consumers()) == 1
    words = [line.split()[0] for line in shop.marks.read_text(encoding="utf-8").splitlines()]
    assert words == ["start", "end", "start", "end", "start"]


def test_reload_needs_a_manager_and_a_known_name(shop: Project) -> None:
    """Without a manager `reload` ends with 4; a name that is not there, and no number, with 2."""
    ended(shop.run("reload"), 4)
    write(shop)
    shop.up()
    ended(shop.run("reload", "apo"), 2, "there is no service or instance 'apo'")
    ended(shop.run("reload", "--parallel", "0"), 2)


def test_an_interrupted_reload_leaves_whole_instances(shop: Project) -> None:
    """Ctrl-C in the middle: what is not ready yet is called off, every instance runs once, nothing is lost."""
    write(shop, "slow=0.5")
    shop.up()
    with Load(shop.port) as load, shop.popen("reload") as process:
        wait_until(lambda: "~" in _names(shop), PATIENCE, "a replacement runs")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
        load.more()
    assert not load.failures
    assert len(shop.processes()) == 3
    assert set(shop.states().values()) == {"ready"}


def test_sighup_and_kill_in_the_middle_of_a_reload(shop: Project) -> None:
    """After SIGHUP, and after SIGKILL of supervisord, while a replacement starts, `up` brings exactly two instances."""
    write(shop, "slow=0.5")
    shop.up()
    for act in (signal.SIGHUP, signal.SIGKILL):
        with shop.popen("reload") as process:
            wait_until(lambda: "~" in _names(shop), PATIENCE, "a replacement runs")
            os.kill(shop.manager(), act)
            process.communicate(timeout=90)
        ended(shop.run("up"), 0)
        assert set(shop.states().values()) == {"ready"}
        assert len(shop.processes()) == 3


def _names(shop: Project) -> str:
    log = (shop.state / "logs" / "supervisord.log").read_text(encoding="utf-8")
    return "".join(line for line in log.splitlines()[-6:] if "spawned" in line)


def test_a_consumer_that_another_project_has_taken_is_not_reloaded(shop: Project) -> None:
    """It has failed for good, and another project took its topics: `reload` ends with 75 and names who has them."""
    shop.write({"mqtt": shop.mqtt(restart={"policy": "never"})})
    shop.up()
    os.kill(shop.pids()["mqtt-0"], signal.SIGKILL)
    shop.reach({"mqtt-0": "failed"})
    other = shop.beside("bakery")
    other.write({"reader": other.mqtt()})
    ended(other.run("up"), 0)
    holder = other.pids()["reader-0"]
    ended(shop.run("reload"), 75, "mqtt-0", str(holder), "bakery reader-0")
    assert (shop.consumers(), other.consumers()) == ([], [holder])
    ended(other.run("down"), 0)
    ended(shop.run("reload"), 0)
    assert shop.states() == {"mqtt-0": "running"}
