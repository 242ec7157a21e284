"""The same consumer outside procman: found, named, never joined, and ended only when that is asked for."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import projects
from tests.support.projects import PATIENCE, Project, ended, service
from tests.support.tiwater import need
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _own_scripts(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let these projects run copies of the scripts: to tests beside them, what starts here would be a stray too."""
    monkeypatch.setattr(projects, "SERVICES", shutil.copytree(projects.SERVICES, shop.folder / "services"))
    shop.write()


@contextmanager
def outside(shop: Project, command: Sequence[str], **options: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that procman did not start."""
    env = {"PATH": os.environ["PATH"], "MARKS": str(shop.marks)}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def test_up_does_not_join_a_stray(shop: Project) -> None:
    """75, with its pid, user, start, origin and the command that ends it; nothing of the project runs."""
    with outside(shop, service("consumer")) as stray:
        done = ended(shop.run("up"), 75, f"pid {stray.pid} (", "consumer.py", "user ", "since 20", f"kill {stray.pid}")
        assert f"(pid {os.getpid()})" in done.err
        assert stray.poll() is None
        assert shop.processes() == []


def test_takeover_ends_the_stray_first(shop: Project) -> None:
    """It is ended politely, and only then does the project's own start."""
    with outside(shop, service("consumer")) as stray:
        wait_until(shop.marks.exists, PATIENCE, "it has started")
        ended(shop.run("up", "--takeover"), 0, f"ending pid {stray.pid}")
        assert stray.wait(10) == 0
    marks = [line.split() for line in shop.marks.read_text().splitlines()]
    assert [word for word, _ in marks] == ["start", "end", "start"]


def test_takeover_is_firm_with_the_deaf(shop: Project) -> None:
    """What ignores SIGTERM is killed after the time its own stop has."""
    shop.write({"mqtt": shop.mqtt(command=service("deaf"), stop={"timeout": "1s"})})
    with outside(shop, service("deaf")) as stray:
        ended(shop.run("up", "--takeover"), 0)
        assert stray.wait(10) == -9


@pytest.mark.parametrize(
    "words",
    [
        ["tail", "-f"],
        ["python3", "-c", "import time; time.sleep(300)"],
        ["deaf"],
    ],
    ids=["tail", "an argument of -c", "an argument of another script"],
)
def test_who_only_names_the_script_is_no_stray(shop: Project, words: list[str]) -> None:
    """An editor, `tail -f` or another script with the path among its arguments is left alone."""
    command = [*(service("deaf") if words == ["deaf"] else words), str(projects.SERVICES / "consumer.py")]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    with outside(shop, command) as other:
        ended(shop.run("up"), 0)
        assert other.poll() is None


def test_a_relative_path_is_the_same_script(shop: Project) -> None:
    """`cd services; python consumer.py` is found however the path is written, and by another python of the kind."""
    words = service("consumer")
    with outside(shop, [*words[:-1], "consumer.py"], cwd=projects.SERVICES) as stray:
        ended(shop.run("up"), 75, f"pid {stray.pid} (")


def test_status_and_doctor_tell_of_a_stray(shop: Project) -> None:
    """One line in `status`, a FAIL in `doctor` with its evidence and help; PASS when it is gone."""
    ended(shop.run("up"), 0)
    clean = ended(shop.run("doctor", "--json"), 1).json()
    assert {check["name"] for check in clean["checks"] if check["verdict"] != "PASS"} == {"broker"}  # nobody's name
    with outside(shop, service("consumer")) as stray:
        ended(shop.run("status"), 0, f"mqtt runs outside procman too: pid {stray.pid}")
        assert shop.status()["strays"][0]["pid"] == stray.pid
        checks = {c["name"]: c for c in ended(shop.run("doctor", "--json"), 1).json()["checks"]}
        assert (checks["strays"]["verdict"], checks["strays"]["service"]) == ("FAIL", "mqtt")
        assert f"pid {stray.pid} " in checks["strays"]["evidence"]
        assert f"kill {stray.pid}" in checks["strays"]["help"]


@pytest.mark.parametrize("lost", ["lock", "deed", "both"])
def test_doctor_says_when_a_consumer_has_lost_its_lock(shop: Project, lost: str) -> None:
    """With a file of its lock deleted `doctor` fails and `status` says what is left; a restart mends it."""
    ended(shop.run("up"), 0)
    assert _guard(shop) == "lock"
    files = {"lock": [*shop.locks.glob("f.*")], "deed": shop.deeds(), "both": [*shop.locks.glob("f.*"), *shop.deeds()]}
    for path in files[lost]:
        path.unlink()
    assert _guard(shop) == "cookie"
    ended(shop.run("doctor"), 1, "does not hold its lock", "procman restart mqtt")
    other = shop.beside("bakery")
    other.write({"reader": other.mqtt()})
    ended(other.run("up"), 75)
    assert shop.consumers() == [shop.pids()["mqtt-0"]]
    ended(shop.run("restart", "mqtt"), 0)
    assert _guard(shop) == "lock"
    assert "does not hold its lock" not in ended(shop.run("doctor"), 1, "FAIL    mqtt broker").out


def test_a_stray_under_tmux_is_said_to_be(shop: Project) -> None:
    """The chain of parents says how it was started."""
    need("tmux", "tmux")
    socket = str(shop.folder / "tmux")
    tmux = ["tmux", "-S", socket]
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", "HOME": str(shop.folder), "MARKS": str(shop.marks)}
    subprocess.run([*tmux, "new-session", "-d", " ".join(service("consumer"))], env=env, check=True)
    try:
        wait_until(shop.marks.exists, PATIENCE, "it has started")
        ended(shop.run("up"), 75, "started by tmux (pid ")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def test_protections_are_named(shop: Project) -> None:
    """`status --json` says what the kernel lends here; supervisord adopts orphans."""
    ended(shop.run("up"), 0)
    manager = shop.status()["manager"]
    protections = manager["protections"]
    assert protections == {
        "lock": True,
        "death_signal": True,
        "process_group": True,
        "subreaper": True,
        "cgroup": manager["cgroup"]["version"] is not None,
    }
    assert bool(manager["cgroup"]["reason"]) != protections["cgroup"]
    assert Path(f"/proc/{shop.manager()}").exists()


def _guard(shop: Project) -> object:
    rows = [i for i in shop.status()["instances"] if i["service"] == "mqtt"]
    return rows[0]["guard"]
