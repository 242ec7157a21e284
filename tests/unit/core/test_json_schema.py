"""The JSON Schema: fresh on disk, valid itself, and of one mind with the checker."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from procman.core.json_schema import schema
from tests.support.manifests import GOOD, codes, load

jsonschema = pytest.importorskip("jsonschema")

FILE = Path(__file__).parents[3] / "docs" / "schema" / "procman.schema.json"

# Much like GOOD, as JSON, which is YAML too. Any: what is mutated has no fixed shape.
BASE: dict[str, Any] = {
    "version": 1,
    "project": "tiwater",
    "budget": {"ram": "auto", "reserve": "25%"},
    "profiles": {"stable": {"ram": "2G", "services": {"api": {"instances": 1, "memory": "500M"}}}},
    "defaults": {"stop": {"timeout": "20s"}, "logs": {"size": "5M", "keep": 2}},
    "services": {
        "api": {
            "kind": "scalable",
            "command": "node src/index.js",
            "instances": {"min": 1, "max": 4},
            "memory": "400M",
            "listen": "127.0.0.1:3000",
            "ready": {"http": "/health", "timeout": "5s"},
            "env": {"NODE_ENV": "production"},
            "env_file": ".env",
            "user": "app",
            "stop": {"signal": "INT"},
        },
        "mqtt": {
            "kind": "singleton",
            "command": ["node", "x.js"],
            "restart": {"max": 3, "within": "1m", "delay": "500ms"},
            "start": {"time": "2s"},
            "consumes": {
                "broker": "mqtt://127.0.0.1:1883",
                "topics": ["tiwater/+/data"],
                "client_id": "c",
                "qos": 1,
                "session": "persistent",
                "share": "g",
                "dedup": {"database": "run/t.db", "table": "readings", "key": ["timestamp", "device"]},
            },
        },
    },
}
VALUES: list[Any] = [
    "x", "", " ", 0, 1, 2, 256, 257, -1, True, False, None, 1.5, "400M", "0.5G", "400", "400MB", "25%", "90%", "91%",
    "10s", "5", "0s", "0.000m", "0.001s", "00.010s", ["", "a"],
    "auto", "22:22", "127.0.0.1:80", "127.0.0.1:65536", "localhost:80", "[::1]:80", ":80", "a b", "/health", "/a b",
    "node x", [], {},
    ["a"], [1], ["a", ""], [["a"]], {"min": 1}, {"max": 300}, {"min": "1"}, {"a": 1}, {"A": "b"}, {"A": 1},
    {"A": None}, {"A": []},
    {"PROCMAN_X": "1"}, {"1": "x"}, "TERM", "SIGTERM", "singleton", "scalable", "mqtt://h", "http://h",
    "mqtt://u:p@h:1883/x",
    "mqtt://h:0", "mqtt://", ["a/#"], ["a/#/b"], ["#"], ["+/+"], ["a+"], ["$share/g/a"], ["$share//a"], ["$share/g"],
    ["/"], ["a//b"],
    ["a#"], ["$SYS/#"], "1x", "a" * 33, "a-1", "é", {"x-a": 1}, {"http": "/"}, {"time": "1s"}, {"timeout": 5},
    {"x": {"memory": "1G"}}, "clean", "g/h", "a+b", "postgresql://u@h/d", ["a", "b"], {"database": "d"},
]  # fmt: skip
NAMES = [
    "a",
    "b-1",
    "x-y",
    "Api",
    "a b",
    "a" * 33,
    "memory",
    "kind",
    "ram",
    "zzz",
    "services",
    "A_B",
    "LISTEN_X",
    "web-api",
]


def test_the_file_is_fresh() -> None:
    """What editors fetch is what the table says. Renew it with: procman schema > docs/schema/procman.schema.json."""
    assert json.loads(FILE.read_text(encoding="utf-8")) == schema()


def test_the_schema_is_a_schema() -> None:
    """It passes the meta-schema of draft 2020-12."""
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_example_and_default_passes_its_own_schema() -> None:
    """What an editor offers is never marked as wrong."""
    tried = 0
    for shape in _shapes(schema()):
        examples = [*shape.get("examples", ()), *([shape["default"]] if "default" in shape else [])]
        whole = {**shape, "$defs": schema()["$defs"]}
        for example in examples:
            tried += 1
            assert jsonschema.Draft202012Validator(whole).is_valid(example), (shape["title"], example)
    assert tried > 50


def test_a_variable_may_stand_for_every_single_value() -> None:
    """No editor marks ``${NAME}`` where procman would fill it in."""
    document = copy.deepcopy(BASE)
    for holder, key in list(_slots(document)):
        if not isinstance(holder[key], dict | list):
            holder[key] = "${NAME:-x}"
    assert jsonschema.Draft202012Validator(schema()).is_valid(document)


@pytest.mark.parametrize("seed", range(8))
def test_schema_and_checker_agree(seed: int) -> None:
    """On thousands of mutated manifests, both accept or both refuse."""
    chance = random.Random(seed)  # noqa: S311 - the same mutations on every run
    validator = jsonschema.Draft202012Validator(schema())
    refused = 0
    for _ in range(400):
        document = _mutated(chance)
        # A schema cannot know which services there are for a profile to name.
        found = [f for f in load(json.dumps(document))[1] if "there is no service" not in f.message]
        checker, editor = [f.code for f in found], validator.is_valid(document)
        assert (not checker) == editor, (checker, json.dumps(document))
        refused += not editor
    assert 100 < refused < 395


def _mutated(chance: random.Random) -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(BASE)
    for _ in range(chance.randint(1, 2)):
        holder, key = chance.choice(list(_slots(document)))
        what = chance.random()
        if what < 0.2:
            del holder[key]
        elif what < 0.4 and isinstance(holder, dict):
            holder[chance.choice(NAMES)] = copy.deepcopy(chance.choice(VALUES))
        else:
            holder[key] = copy.deepcopy(chance.choice(VALUES))
    return document


def _slots(value: object) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _slots(inner)


def _shapes(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "title" in value and isinstance(value.get("description"), str):
            yield value
        for inner in value.values():
            yield from _shapes(inner)


def test_the_base_of_the_mutations_is_good() -> None:
    """Both accept what the mutations start from, so a refusal is theirs."""
    assert codes(json.dumps(BASE)) == codes(GOOD) == []
