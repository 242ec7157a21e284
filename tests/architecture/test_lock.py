"""pyproject.toml, uv.lock and requirements/ say the same, checked without a network; `make lock` mends it."""

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.repository import ROOT

PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?P<rest>(?:.*\\\n)*.*)", re.MULTILINE)
OURS = "procman-supervisor"
HASH = re.compile(r"sha256:[0-9a-f]{64}")

Pins = dict[tuple[str, str], frozenset[str]]


@pytest.mark.parametrize("group", ["run", "dev", "shell", "lock"])
def test_requirements_are_what_the_lock_holds(group: str) -> None:
    """Each exported file pins exactly the packages, versions and hashes that uv.lock gives its group."""
    exported = _exported((ROOT / f"requirements/{group}.txt").read_text(encoding="utf-8"))
    assert exported == _locked(_read("uv.lock"), group), "run `make lock`"


def test_the_lock_was_made_from_this_pyproject() -> None:
    """uv.lock records the very dependencies, extras and groups that pyproject.toml asks for."""
    project = _read("pyproject.toml")
    recorded = _packages(_read("uv.lock"))[OURS]["metadata"]
    wanted = {_key(text) for text in project["project"]["dependencies"]}
    for extra, texts in project["project"]["optional-dependencies"].items():
        wanted |= {(*_key(text), extra) for text in texts}
    assert {_recorded_key(entry) for entry in recorded["requires-dist"]} == wanted, "run `make lock`"
    groups = {name: _group(project, name) for name in project["dependency-groups"]}
    assert {
        name: {_recorded_key(entry) for entry in entries} for name, entries in recorded["requires-dev"].items()
    } == groups, "run `make lock`"


@pytest.mark.parametrize("group", ["run", "dev", "shell", "lock"])
def test_every_requirement_carries_a_hash(group: str) -> None:
    """No line of a requirement file lets pip choose: each is one version with at least one sha256."""
    text = (ROOT / f"requirements/{group}.txt").read_text(encoding="utf-8")
    logical = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    assert [line for line in logical if "==" not in line or not HASH.search(line)] == []


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / name).read_text(encoding="utf-8"))


def _packages(lock: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {package["name"]: package for package in lock["package"]}


def _exported(text: str) -> Pins:
    return {(pin["name"], pin["version"]): frozenset(HASH.findall(pin["rest"])) for pin in PIN.finditer(text)}


def _locked(lock: dict[str, Any], group: str) -> Pins:
    """The packages that a group reaches, over every edge of the lock's graph."""
    packages = _packages(lock)
    todo = list(packages[OURS]["dev-dependencies"][group])
    seen: set[tuple[str, str]] = set()
    while todo:
        edge = todo.pop()
        for extra in ("", *edge.get("extra", ())):
            if (edge["name"], extra) not in seen:
                seen.add((edge["name"], extra))
                package = packages[edge["name"]]
                todo += package["optional-dependencies"][extra] if extra else package.get("dependencies", [])
    return {(name, packages[name]["version"]): _hashes(packages[name]) for name, _ in seen if name != OURS}


def _hashes(package: dict[str, Any]) -> frozenset[str]:
    files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
    return frozenset(file["hash"] for file in files)


def _group(project: dict[str, Any], name: str) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for entry in project["dependency-groups"][name]:
        found |= _group(project, entry["include-group"]) if isinstance(entry, dict) else {_key(entry)}
    return found


def _key(text: str) -> tuple[str, ...]:
    wanted = Requirement(text)
    return canonicalize_name(wanted.name), *sorted(wanted.extras), _specifier(str(wanted.specifier))


def _recorded_key(entry: dict[str, Any]) -> tuple[str, ...]:
    extra = re.findall(r"extra == '([^']+)'", entry.get("marker", ""))
    return entry["name"], *sorted(entry.get("extras", ())), _specifier(entry.get("specifier", "")), *extra


def _specifier(text: str) -> str:
    return ",".join(sorted(text.replace(" ", "").split(",")))
