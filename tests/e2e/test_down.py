"""`down` ends whole trees, says what it had to kill, and leaves nothing: no process, no socket, no lock."""

import os
import shlex
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from procman.runtime import procfs
from tests.support.projects import PATIENCE, Project, alive, ended, service
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def test_down_kills_what_ignores_the_request(shop: Project) -> None:
    """A service that ignores SIGTERM is killed after its stop time, and `down` says so."""
    deaf = {"kind": "scalable", "command": service("deaf"), "memory": "20M", "stop": {"timeout": "1s"}}
    shop.write({"deaf": deaf, "mqtt": shop.mqtt()})
    ended(shop.run("up"), 0)
    before = [*shop.pids().values(), shop.manager()]
    ended(shop.run("down"), 0, "deaf-0 did not end in its time and was killed")
    assert [pid for pid in before if alive(pid)] == []


def test_down_says_when_nothing_had_to_be_killed(shop: Project) -> None:
    """When every service ends as asked `down` says that, although one of them was killed and restarted before."""
    ended(shop.run("up"), 0)
    before = shop.pids()["mqtt-0"]
    os.kill(before, signal.SIGKILL)
    shop.renewed("mqtt-0", before)
    shop.reach({"mqtt-0": "running"})
    ended(shop.run("down"), 0, "nothing had to be killed")


def test_down_joins_a_manager_that_is_ending(shop: Project) -> None:
    """While supervisord ends already, on a request of its own, `down` waits for it and ends with 0."""
    deaf = {"kind": "scalable", "command": service("deaf"), "memory": "20M", "stop": {"timeout": "2s"}}
    shop.write({"deaf": deaf})
    ended(shop.run("up"), 0)
    manager = shop.manager()
    os.kill(manager, signal.SIGTERM)
    ended(shop.run("down"), 0)
    assert not alive(manager)
    shop.status_code(4)


def test_down_ends_a_grandchild_that_left_its_tree(shop: Project) -> None:
    """A child in a session of its own survives supervisord's signals to the group; after `down` it is gone."""
    worker = {"kind": "scalable", "command": [*service("wrapper", "setsid"), *service("consumer")], "memory": "20M",
              "env": {"MARKS": str(shop.marks)}}  # fmt: skip
    shop.write({"worker": worker})
    ended(shop.run("up"), 0)
    (grandchild,) = shop.consumers()
    assert os.getsid(grandchild) == grandchild
    done = ended(shop.run("down"), 0, f"ended pid {grandchild} (", "left behind by its service")
    assert "nothing had to be killed" not in done.said
    assert not alive(grandchild)
    assert shop.processes() == []


def test_what_outlives_its_shell_is_killed_after_the_time_to_stop(shop: Project) -> None:
    """What a shell runs and does not end with its group gets its time, and is gone when `down` ends, which says so."""
    deaf = {"kind": "scalable", "command": f"{shlex.join(service('deaf'))}; exit $?", "shell": True}
    shop.write({"deaf": {**deaf, "memory": "20M", "stop": {"timeout": "2s"}}})
    ended(shop.run("up"), 0)
    shell = shop.pids()["deaf-0"]
    wait_until(lambda: procfs.children(shell), PATIENCE, "the shell has started it")
    (child,) = procfs.children(shell)
    began = time.monotonic()
    ended(shop.run("down"), 0, "deaf-0 did not end in its time and was killed")
    assert time.monotonic() - began >= 2
    assert not alive(child)


def test_down_names_what_hides_from_it(shop: Project, tmp_path: Path) -> None:
    """A process that forked twice, closed its descriptors and wiped its environment is ended, and named."""
    (tmp_path / "detector").touch()
    hidden = " ".join(service("witness", str(tmp_path), "leave", "setsid", "leave", "close", "wipe"))
    shop.write({"mqtt": {**shop.mqtt(), "command": f"{hidden} & exec sleep 1000", "shell": True}})
    ended(shop.run("up"), 0)
    wait_until((tmp_path / "log").exists, PATIENCE, "it consumes")
    witness = int((tmp_path / "log").read_text(encoding="ascii").split()[1])
    ended(shop.run("down"), 0, f"ended pid {witness} (", "left behind by its service")
    assert not alive(witness)


def test_what_hides_from_a_dead_manager_is_found_by_its_control_group(shop: Project, tmp_path: Path) -> None:
    """After `kill -9` on supervisord nothing marks it and nobody adopts it: `up` ends it before it starts another."""
    (tmp_path / "detector").touch()
    hidden = " ".join(service("witness", str(tmp_path), "leave", "setsid", "leave", "close", "wipe"))
    shop.write({"mqtt": {**shop.mqtt(), "command": f"{hidden} & exec sleep 1000", "shell": True}})
    ended(shop.run("up"), 0)
    if not shop.status()["manager"]["protections"]["cgroup"]:
        ended(shop.run("down"), 0)
        pytest.skip("control groups for memory cannot be made here")
    wait_until((tmp_path / "log").exists, PATIENCE, "it consumes")
    witness = int((tmp_path / "log").read_text(encoding="ascii").split()[1])
    manager = shop.manager()
    os.kill(manager, signal.SIGKILL)
    wait_until(lambda: not alive(manager), PATIENCE, "supervisord is dead")
    assert alive(witness)
    ended(shop.run("up"), 0)
    assert not alive(witness)
    wait_until(
        lambda: (tmp_path / "log").read_text(encoding="ascii").count("alone") == 2, PATIENCE, "the next consumes"
    )
    ended(shop.run("down"), 0)


def test_down_that_is_interrupted_goes_on_without_the_command(shop: Project) -> None:
    """Ctrl-C while a service takes its time: supervisord ends by itself, `status` shows it, `up` waits for it."""
    deaf = {"kind": "scalable", "command": service("deaf"), "memory": "20M", "stop": {"timeout": "4s"}}
    shop.write({"deaf": deaf})
    ended(shop.run("up"), 0)
    before = shop.manager()
    with shop.popen("down") as process:
        shop.reach({"deaf-0": "stopping"})
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 130
    assert "supervisord goes on and ends by itself" in said
    assert shop.status(3)["instances"][0]["state"] == "stopping"
    ended(shop.run("up"), 0, f"waiting for supervisord (pid {before}) to end")
    assert not alive(before)
    shop.status_code(0)


def test_down_leaves_no_socket_and_no_lock(shop: Project) -> None:
    """After `down` the state directory holds no socket, the address is free and so is the consumer's lock."""
    ended(shop.run("up"), 0)
    ended(shop.run("down"), 0)
    assert [p for p in shop.state.rglob("*") if p.is_socket()] == []
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", shop.port))
    held = [path for path in _locks(shop) if _is_locked(path)]
    assert _locks(shop)
    assert held == []


def test_down_after_a_killed_manager_ends_what_survived(shop: Project) -> None:
    """When supervisord was killed, `down` still ends what it left behind, and `up` works after."""
    shop.write({"mqtt": shop.mqtt(command=[*service("wrapper", "plain"), *service("consumer")])})
    ended(shop.run("up"), 0)
    (child,) = shop.consumers()
    os.kill(shop.manager(), signal.SIGKILL)
    ended(shop.run("down"), 0, f"ended pid {child}")
    assert shop.processes() == []
    ended(shop.run("up"), 0)


def _locks(shop: Project) -> list[str]:
    return [str(path) for path in (*shop.locks.iterdir(), *shop.deeds())]


def _is_locked(path: str) -> bool:
    return subprocess.run(["flock", "--nonblock", path, "true"], check=False).returncode != 0
