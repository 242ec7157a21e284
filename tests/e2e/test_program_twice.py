"""Two projects that run one program, which neither says the topics of."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.projects import Project, Text, ended

pytestmark = pytest.mark.slow

WAITS = "import time\nwhile True: time.sleep(1)\n"


def job(*words: str, **keys: object) -> Text:
    """A singleton without `consumes`."""
    return {"kind": "singleton", "command": [sys.executable, *words], "memory": "30M", **keys}


@pytest.fixture(name="script")
def _script(shop: Project) -> Path:
    """A program in the folder of the first project, which runs it."""
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
