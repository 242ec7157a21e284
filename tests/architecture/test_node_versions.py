"""The example for node, what `init --consumer` writes and the pages name the same versions."""

import json

import pytest

from procman.core import consumer_kit
from procman.core.consumer_kit import DATABASES
from tests.architecture.repository import ROOT

EXAMPLE = ROOT / "examples" / "tiwater-node"


def _package(name: str = "package.json") -> dict[str, dict[str, str]]:
    document: dict[str, dict[str, str]] = json.loads((EXAMPLE / name).read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("database", DATABASES)
def test_what_init_writes_is_what_the_example_was_tested_with(database: str) -> None:
    """Its package.json asks for the same node and for packages of the example, in the same versions."""
    sheet = consumer_kit.package("node", database)
    assert sheet is not None
    written, example = json.loads(sheet.content), _package()
    assert written["engines"] == example["engines"]
    assert written["dependencies"].items() <= example["dependencies"].items()
    for name, wanted in written["dependencies"].items():
        assert f" {name}@{wanted.lstrip('^').partition('.')[0]}" in consumer_kit.kit("node", database).needs


def test_every_package_of_the_example_belongs_to_a_database() -> None:
    """What the example depends on is what the consumers for all databases together ask for."""
    asked = {name for database in DATABASES for name, _ in consumer_kit.kit("node", database).packages}
    assert asked == set(_package()["dependencies"])


def test_pages_name_the_oldest_node() -> None:
    """The example's page and that of the consumers say the version that its package.json asks for."""
    oldest = f"node {_package()['engines']['node'].removeprefix('>=')} or later"
    assert oldest in (ROOT / "docs" / "consumers.md").read_text(encoding="utf-8")
    assert oldest.replace(" or ", " and ") in (EXAMPLE / "README.md").read_text(encoding="utf-8")
