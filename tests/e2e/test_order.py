"""Order of services from the command line: oneshots first, dependents last to start and first to stop."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.support.projects import PATIENCE, Project, Text, ended, project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

NOTES = """
import os, signal, sys, time
name = os.environ["PROCMAN_SERVICE"]
def note(word):
    with open("notes", "a") as file:
        file.write(f"{word} {name}\\n")
def end(*_):
    note("end")
    sys.exit()
signal.signal(signal.SIGTERM, end)
note("begin")
"""
SERVES = f"{NOTES}while True: signal.pause()"
MIGRATES = f"{NOTES}time.sleep(0.3); note('end'); sys.exit(int(os.path.exists('broken')))"


def service(script: str, **changes: object) -> Text:
    """A service of one process."""
    command = [sys.executable, "-S", "-c", script]
    return {"kind": "scalable", "command": command, "memory": "20M", "stop": {"timeout": "5s"}, **changes}


def migration() -> Text:
    """A oneshot that is tried once."""
    return service(MIGRATES, oneshot=True, restart={"max": 0})


@pytest.fixture(name="chain")
def _chain() -> Iterator[Project]:
    """An API that waits for a migration, which waits for a database; written in the wrong order."""
    with project() as made:
        api = service(SERVES, depends_on={"migrate": "completed", "db": "started"})
        services = {"api": api, "migrate": {**migration(), "depends_on": {"db": "started"}}, "db": service(SERVES)}
        made.write(services)
        yield made


def notes(shop: Project) -> list[str]:
    """What the services have noted, in order."""
    path = shop.folder / "notes"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def forget(shop: Project) -> None:
    """Begin new notes."""
    (shop.folder / "notes").unlink()


STARTS = ["begin db", "begin migrate", "end migrate", "begin api"]


def test_up_and_down_keep_the_order(chain: Project) -> None:
    """`up` starts each after what it depends on, and waits for the oneshot; `down` ends dependents first."""
    done = chain.up()
    assert notes(chain) == STARTS
    assert chain.states() == {"api-0": "running", "migrate-0": "completed", "db-0": "running"}
    assert done.out.index("db-0") < done.out.index("migrate-0") < done.out.index("api-0")
    pids = chain.pids()
    assert "nothing to change: 3 unchanged" in chain.up().said
    assert chain.pids() == pids
    assert notes(chain) == STARTS, "a second up runs no migration again"
    forget(chain)
    ended(chain.run("down"), 0)
    assert notes(chain) == ["end api", "end db"]


def test_stop_start_and_restart_keep_the_order(chain: Project) -> None:
    """`stop` ends dependents first, `start` brings them in order, `restart` of the oneshot runs it again."""
    chain.up()
    forget(chain)
    ended(chain.run("stop"), 0)
    assert notes(chain) == ["end api", "end db"]
    forget(chain)
    ended(chain.run("start"), 0)
    assert notes(chain) == STARTS
    forget(chain)
    ended(chain.run("restart", "migrate"), 0)
    assert notes(chain) == ["begin migrate", "end migrate"]
    forget(chain)
    ended(chain.run("restart"), 0)
    assert [n for n in notes(chain) if n.startswith("begin")] == ["begin db", "begin migrate", "begin api"]


def test_a_failed_migration_is_said_and_brings_nothing_up(chain: Project) -> None:
    """`up` fails with the oneshot's reason, the API was never started, and nothing is left."""
    (chain.folder / "broken").touch()
    done = chain.up(code=1)
    assert "migrate-0" in done.err
    assert "exit status 1" in done.err
    assert "begin api" not in notes(chain)
    assert chain.processes() == []


def test_start_of_one_that_waits_for_a_stopped_one_says_so(chain: Project) -> None:
    """An API whose database was stopped by the operator does not wait for ever."""
    chain.up()
    ended(chain.run("stop", "db", "api"), 0)
    done = ended(chain.run("start", "api"), 1)
    assert "api-0 waits for db to be started, but db-0 is stopped" in done.err


def test_a_manager_started_from_the_file_keeps_the_order(chain: Project) -> None:
    """In the foreground, and after SIGHUP, supervisord itself keeps the order, and ends in it."""
    log = chain.folder / "log"
    with log.open("w", encoding="utf-8") as sink:
        process = chain.popen("up", "--foreground", stdout=sink, stderr=sink)
    try:
        wait_until(lambda: "is ready" in log.read_text(encoding="utf-8"), PATIENCE, "it is ready")
        assert notes(chain) == STARTS
        forget(chain)
        os.kill(chain.manager(), signal.SIGHUP)
        expected = ["end api", "end db", *STARTS]
        wait_until(lambda: notes(chain) == expected, PATIENCE, "it ended and began in order")
        forget(chain)
        process.terminate()
        assert process.wait(PATIENCE) == 0
        assert notes(chain) == ["end api", "end db"]
    finally:
        process.kill()
        process.wait()


def test_a_cycle_is_refused(chain: Project) -> None:
    """Services that wait for each other are an error, with the way round."""
    chain.write({"a": service(SERVES, depends_on={"b": "started"}), "b": service(SERVES, depends_on={"a": "started"})})
    done = chain.up(code=1)
    assert "PM207 dependency-cycle 'a' waits for 'b' waits for 'a'" in done.said
