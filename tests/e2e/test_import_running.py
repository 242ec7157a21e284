"""Beside the real PM2: what it runs and saves becomes the manifest of its file, and the consumer moves over alone."""

import json
import os
import shutil
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from procman.core.imports.pm2_app import as_text, instances
from procman.core.imports.pm2_fields import field_of
from tests.support.pm2 import PATIENCE, Pm2, installed, pm2
from tests.support.projects import SERVICES, Done, Project, ended, project
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # the first test may install PM2

ECOSYSTEM = """
module.exports = {
  apps: [
    { name: 'api', script: './api.js', exec_mode: 'cluster', instances: 2, max_memory_restart: '200M',
      kill_timeout: 3000, node_args: '--no-warnings', args: ['--name', 'two words'],
      env: { PORT: 34567, O: { a: [1] }, N: null, B: true, F: 1.5 }, env_production: { NODE_ENV: 'production' } },
    { name: 'mqtt', script: 'mqtt.js', cwd: 'in', max_restarts: 7, watch: false },
    { name: 'line', script: 'sleep 4711' },
  ],
}
"""


@pytest.fixture(name="shop")
def _shop() -> Iterator[Project]:
    """A project under a name that no other test has: without `consumes` the lock of a singleton is on its name."""
    with project() as made:
        made.name = f"shop-{uuid.uuid4().hex[:8]}"
        (made.folder / "package.json").write_text(json.dumps({"name": made.name}), encoding="utf-8")
        made.file.unlink()
        yield made


@pytest.fixture(name="other")
def _other(shop: Project) -> Iterator[Pm2]:
    """The real PM2 beside it."""
    with pm2(shop.home.parent / "pm2", shop.folder) as made:
        yield made


def run(shop: Project, other: Pm2, *args: str) -> Done:
    """Run procman where it finds that PM2."""
    return shop.run(*args, env=shop.environment(PATH=other.path, PM2_HOME=str(other.home)))


def services(text: str) -> dict[str, dict[str, object]]:
    """Return the services of a manifest, without what only a file can say."""
    found: dict[str, dict[str, object]] = yaml.safe_load(text)["services"]
    return found


def test_what_runs_and_what_is_saved_are_the_file(shop: Project, other: Pm2) -> None:
    """Its list and its dump give the services that the file gives; nothing of the shell is there; --check agrees."""
    (shop.folder / "in").mkdir()
    (shop.folder / "api.js").write_text("setInterval(() => {}, 1000)\n", encoding="utf-8")
    (shop.folder / "in" / "mqtt.js").write_text("setInterval(() => {}, 1000)\n", encoding="utf-8")
    (shop.folder / "ecosystem.config.js").write_text(ECOSYSTEM, encoding="utf-8")
    other.run("start", "ecosystem.config.js", "--env", "production", SHELL="/bin/sh", npm_config_token="secret")
    other.online(4)
    other.run("save")
    wrote = run(shop, other, "import", "pm2", "--env", "production", "--write", "procman.yaml")
    ended(wrote, 0, "not supported" if "not supported" in wrote.err else "mapped as they are")
    file = services(shop.file.read_text(encoding="utf-8"))
    running = ended(run(shop, other, "import", "pm2", "--running"), 0, "variables of it were left out")
    assert file == services(running.out)
    saved = run(shop, other, "import", "pm2", str(other.home / "dump.pm2"))
    assert services(ended(saved, 0).out) == file
    assert "secret" not in running.said + saved.said
    ended(run(shop, other, "import", "--check"), 0, "the manifest is what PM2 runs")
    _differ(shop, other)


def _differ(shop: Project, other: Pm2) -> None:
    """What is changed on either side is told, with 1 and without a value of a variable."""
    other.run("scale", "api", "3")
    other.run("delete", "line")
    text = shop.file.read_text(encoding="utf-8")
    shop.file.write_text(
        text.replace("200M", "300M").replace("NODE_ENV: production", "NODE_ENV: hidden"), encoding="utf-8"
    )
    done = ended(run(shop, other, "import", "--check", "--file", "procman.yaml"), 1)
    told = {tuple(line.split()[:2]) for line in done.out.splitlines()}
    assert told == {
        ("service", "what"),
        ("api", "instances"),
        ("api", "memory"),
        ("api", "env.NODE_ENV"),
        ("line", "service"),
    }
    assert "hidden" not in done.said
    document = ended(run(shop, other, "import", "pm2", "--check", "--json"), 1).json()
    assert {"service": "api", "what": "instances", "manifest": "2", "pm2": "3 online"} in document["differences"]


def test_counts_are_read_as_pm2_reads_them(shop: Project, other: Pm2) -> None:
    """PM2 starts as many as procman says that it does; 0 and less count from the number of CPUs."""
    (shop.folder / "a.js").write_text("setInterval(() => {}, 1000)\n", encoding="utf-8")
    values: tuple[object, ...] = ("max", 0, -1, "2", "two", 1.9, "1 or so")
    apps = [{"name": f"a{i}", "script": "a.js", "exec_mode": "fork", "instances": v} for i, v in enumerate(values)]
    (shop.folder / "ecosystem.json").write_text(json.dumps(apps), encoding="utf-8")
    other.run("start", "ecosystem.json")
    cpus, started = os.cpu_count() or 1, Counter(each["name"] for each in other.processes())
    counts = [instances(value) for value in values]
    assert [started[f"a{i}"] for i in range(len(values))] == [n if n > 0 else max(1, cpus + n) for n in counts]


def test_every_field_of_pm2s_own_schema_is_in_the_table() -> None:
    """Each key, each alias and each type that this PM2 knows is known here, so that none is called unknown."""
    schema = json.loads((installed().parent / "pm2" / "lib" / "API" / "schema.json").read_text(encoding="utf-8"))
    for key, told in schema.items():
        name = "env_NAME" if key.startswith("^env_") else key
        aliases = told.get("alias", [])
        known = field_of("env_x" if key.startswith("^env_") else key)
        assert known is not None, key
        assert known.name == name
        for alias in [aliases] if isinstance(aliases, str) else aliases:
            assert field_of(alias) is known, alias
        types = {told["type"]} if isinstance(told["type"], str) else set(told["type"])
        assert types - {"string"} <= set(known.types) | {"object"}, key


def test_variables_are_the_text_that_pm2_makes_of_them(shop: Project, other: Pm2) -> None:
    """What a process finds in its environment under PM2 is what the manifest gives it."""
    (shop.folder / "a.js").write_text("setInterval(() => {}, 1000)\n", encoding="utf-8")
    env = {
        "O": {"a": [1, None]},
        "L": [1, "x"],
        "N": None,
        "T": True,
        "I": 3,
        "F": 0.1,
        "BIG": 123456789012,
        "S": "a b",
    }
    (shop.folder / "ecosystem.json").write_text(json.dumps([{"script": "a.js", "env": env}]), encoding="utf-8")
    other.run("start", "ecosystem.json")
    (pid,) = other.pids()
    text = Path(f"/proc/{pid}/environ").read_bytes().decode()
    seen = dict(item.partition("=")[::2] for item in text.split("\0") if item)
    assert {name: seen[name] for name in env} == {name: as_text(value) for name, value in env.items()}


def test_the_consumer_moves_over_without_a_moment_of_two(shop: Project, other: Pm2) -> None:
    """The steps of docs/pm2.md, and those that people take in their place: there is never a second consumer."""
    witness = shop.folder / "log"
    (shop.folder / "detector").write_text("", encoding="utf-8")
    app = {
        "name": "mqtt",
        "script": str(SERVICES / "witness.py"),
        "interpreter": sys.executable,
        "node_args": "-S -I",
        "args": [str(shop.folder)],
        "max_memory_restart": "100M",
    }
    (shop.folder / "ecosystem.json").write_text(json.dumps({"apps": [app]}), encoding="utf-8")
    other.run("start", "ecosystem.json")
    other.online(1)
    wait_until(witness.exists, PATIENCE, "the consumer consumes")
    other.run("save")
    before = shutil.copy(other.home / "dump.pm2", shop.folder / "pm2-before.json")
    ended(run(shop, other, "import", "pm2", "--write", "procman.yaml"), 0, "mqtt (singleton)")
    ended(run(shop, other, "import", "--check"), 0)
    pids = other.pids()
    ended(run(shop, other, "up"), 75, "runs outside procman already", "PM2 (pid", "pm2 delete 0")
    ended(run(shop, other, "up", "--takeover"), 75, "is kept running by PM2", "pm2 delete 0")
    assert other.pids() == pids
    other.run("delete", "all")
    ended(run(shop, other, "up"), 0)
    wait_until(lambda: len(_words(witness)) == 2, PATIENCE, "procman's consumer consumes")
    other.run("save", "--force")
    ended(run(shop, other, "doctor"), 0)
    ended(run(shop, other, "import", "--check"), 1, "not in PM2's list")
    ended(run(shop, other, "down"), 0)
    shutil.copy(before, other.home / "dump.pm2")
    other.run("resurrect")
    other.online(1)
    wait_until(lambda: len(_words(witness)) == 4, PATIENCE, "PM2's consumer consumes again")
    assert _words(witness) == ["alone", "alone", "end", "alone"]
    other.run("scale", "mqtt", "2")  # negative control: the witness sees two
    wait_until(lambda: "OVERLAP" in _words(witness), PATIENCE, "a second consumer is seen")


def _words(log: Path) -> list[str]:
    return [line.split()[0] for line in log.read_text(encoding="utf-8").splitlines()]
