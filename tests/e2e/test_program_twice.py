"""Two projects that run one program, which neither says the topics of."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from procman.runtime import lockfiles
from tests.support.projects import Project, Text, ended

pytestmark = pytest.mark.slow

WAITS = "import time\nwhile True: time.sleep(1)\n"


def job(*words: str, **keys: object) -> Text:
    """A singleton without `consumes`."""
    return {"kind": "singleton", "command": [sys.executable, *words], "memory": "30M", **keys}


@pytest.fixture(name="script")
def _script(shop: Project) -> Path:
    """A program in the folder of the first project, which runs it. Its name is its lock's: no other test has it."""
    shop.name = f"p{uuid.uuid4().hex[:12]}"
    path = shop.folder / "job.py"
    path.write_text(WAITS)
    shop.write({"job": job("job.py")})
    shop.up()
    return path


def test_the_second_project_is_refused_and_told_who_runs_it(shop: Project, script: Path) -> None:
    """75 and nothing of it runs, whether it calls the script by its path or has the folder as its directory."""
    pid = shop.pids()["job-0"]
    other = shop.beside("bakery")
    for same in (job(str(script)), job("job.py", directory=str(shop.folder))):
        other.write({"reader": same})
        ended(other.run("up"), 75, "reader-0", f"the program {script}", f"pid {pid} ", "an argument of its own")
        assert other.managers() == shop.managers()


def test_what_tells_two_services_apart_lets_both_run(shop: Project, script: Path) -> None:
    """An argument, a variable, a copy; and in one project its manifest says that they are two."""
    other = shop.beside("bakery")
    (other.folder / "job.py").write_text(WAITS)
    other.write(
        {
            "argument": job(str(script), "--topic=b"),
            "variable": job(str(script), env={"TOPIC": "b"}),
            "copy": job("job.py"),
            "twin": job("job.py"),
        }
    )
    other.up()
    assert set(other.pids()) == {"argument-0", "variable-0", "copy-0", "twin-0"}
    assert {row["guard"] for row in other.status()["instances"]} == {"lock"}


@contextmanager
def of_before(shop: Project) -> Iterator[None]:
    """What runs now has neither deed nor lock file, as one that an older version started, or that lost them."""
    for path in (
        *shop.deeds(),
        *shop.locks.glob("f.*"),
        *Path(lockfiles.DIRECTORY, "service").glob(f"f.{shop.name}%2Fjob"),
    ):
        path.unlink()
    yield


def test_doctor_and_up_see_it_under_another_manager_without_any_lock(shop: Project, script: Path) -> None:
    """FAIL, with project, pid and the command that ends it there; `--takeover` leaves alone what would come back."""
    pid = shop.pids()["job-0"]
    other = shop.beside("bakery")
    other.write({"reader": job(str(script))})
    with of_before(shop):
        stop = f"procman stop job --file {shop.file}"
        for takeover in ((), ("--takeover",)):
            ended(other.run("up", *takeover), 75, f"pid {pid} ", f"procman, project {shop.name}", stop)
        checks = ended(other.run("doctor", "--json"), 1).json()["checks"]
        found = next(check for check in checks if check["name"] == "strays")
        assert (found["verdict"], f"pid {pid} " in found["evidence"], stop in found["help"]) == ("FAIL", True, True)
        assert shop.pids() == {"job-0": pid}
    ended(shop.run("doctor"), 1, "PASS    job strays", "does not hold its lock")


def test_another_projects_consumer_is_a_stray_by_what_it_consumes(shop: Project) -> None:
    """Other scripts, one topic, no lock: `doctor` of the second project fails, and of the first tells nothing."""
    shop.write({"mqtt": shop.mqtt()})
    shop.up()
    other = shop.beside("bakery")
    (other.folder / "job.py").write_text(WAITS)
    other.write({"reader": job("job.py", **shop.only("shop/1/data"))})
    with of_before(shop):
        ended(other.run("doctor"), 1, "FAIL    reader strays", f"pid {shop.pids()['mqtt-0']} ")
    other.write({"reader": job("job.py", **shop.only("shop/1/other"))})
    ended(other.run("doctor"), 1, "PASS    reader strays")
