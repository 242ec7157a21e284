"""`init --consumer`: what it writes is whole, good and runs, and nothing that was there is touched."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgresql import Postgresql, postgresql
from tests.support.projects import Done, ended
from tests.support.rows import Database, PostgresqlRows, SqliteRows
from tests.support.tiwater import EXACT, Lab, Publisher, mosquitto, node_example, readings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

COMMANDS = {"python": (sys.executable, "consumer.py"), "node": ("node", "mqtt-consumer.js")}


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Postgresql]:
    with postgresql() as server:
        yield server


def procman(folder: Path, *args: str) -> Done:
    """Run `procman` in `folder`."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PROCMAN_HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "procman", *args],
        cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return Done(args, done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("language", COMMANDS)
def test_what_is_written_runs(tmp_path: Path, language: str, kind: str, request: pytest.FixtureRequest) -> None:
    """The manifest has no finding, and the files alone make 100 rows of 100 messages."""
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")  # which must not reach its files
    modules = str(node_example() / "node_modules") if language == "node" else ""
    ended(procman(tmp_path, "init", "--consumer", language, "--database", kind, "--to", "ingest"), 0, "it needs: ")
    ended(procman(tmp_path, "validate", "ingest/procman.yaml", "--fail-on", "hint"), 0)
    database: Database = SqliteRows(tmp_path / "run" / "tiwater.db")
    if kind == "postgresql":
        server: Postgresql = request.getfixturevalue("server")
        server.execute("DROP TABLE IF EXISTS readings, dead_letters")
        database = PostgresqlRows(server.url)
    lab = Lab(tmp_path, tmp_path / "ingest", COMMANDS[language], database)
    published = readings(100)
    with mosquitto(tmp_path, lab.port), lab.consumer(NODE_PATH=modules) as consumer, Publisher(lab.port) as publisher:
        consumer.wait_for("subscribed", timeout=60)
        publisher.publish(published.values())
        lab.wait_for_rows(100)
        assert consumer.stop() == 0
    assert lab.compare(published) == EXACT


def test_it_writes_over_nothing_unasked(tmp_path: Path) -> None:
    """One file that is there, and nothing at all is written; with --force it is replaced."""
    (tmp_path / "consumer").mkdir()
    mine = tmp_path / "consumer" / "readings.py"
    mine.write_text("mine", encoding="utf-8")
    ended(procman(tmp_path, "init", "--consumer", "python"), 1, "there already in consumer", "readings.py", "--to")
    assert [mine] == list(mine.parent.iterdir())
    assert mine.read_text(encoding="utf-8") == "mine"
    ended(procman(tmp_path, "init", "--consumer", "python", "--force"), 0, "readings.py")
    assert mine.read_text(encoding="utf-8") != "mine"


def test_package_json_that_is_there_is_kept(tmp_path: Path) -> None:
    """It belongs to more than the consumer: nothing changes it, --force included, and it is no reason to refuse."""
    mine = tmp_path / "package.json"
    mine.write_text('{"name": "mine"}', encoding="utf-8")
    done = ended(procman(tmp_path, "init", "--consumer", "node", "--to", ".", "--json"), 0, "stays as it is")
    assert "./package.json" not in json.loads(done.out)["written"]
    ended(procman(tmp_path, "init", "--consumer", "node", "--to", ".", "--force"), 0, "stays as it is", "mqtt@5")
    assert mine.read_text(encoding="utf-8") == '{"name": "mine"}'


def test_folder_of_modules_is_refused(tmp_path: Path) -> None:
    """Where package.json makes modules of all scripts these would not start: nothing is written, --force or not."""
    mine = tmp_path / "package.json"
    mine.write_text('{"type": "module"}', encoding="utf-8")
    for more in ((), ("--force",)):
        ended(procman(tmp_path, "init", "--consumer", "node", "--to", ".", *more), 1, "modules", "--to")
    assert [mine] == list(tmp_path.iterdir())


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    """The manifest is shown, the files are named."""
    done = ended(procman(tmp_path, "init", "--consumer", "node", "--dry-run"), 0, "would write mqtt-consumer.js")
    assert "command: ${NODE:-node} mqtt-consumer.js" in done.out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [("--consumer", "ruby"), ("--database", "sqlite"), ("--to", "x"), (".", "--consumer", "node", "--file", "x.yaml")],
)
def test_wrong_use_is_told(tmp_path: Path, words: tuple[str, ...]) -> None:
    """An unknown language, and options that do not go together, end with 2."""
    ended(procman(tmp_path, "init", *words), 2)
    assert list(tmp_path.iterdir()) == []
