"""Variables in values: what is filled in, what is not, and what is told."""

import pytest

from procman.adapters import yaml_reader
from procman.core.document import Mapping, Node, Scalar, core_value
from procman.core.source import Source, Span
from procman.core.variables import env_file_names, fill
from tests.support.manifests import codes, load, service


def document(text: str) -> Node:
    """Return the located document in `text`."""
    node, findings = yaml_reader.read(Source("m", text), "m")
    assert node is not None
    assert findings == []
    return node


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${A}", "one"),
        ("x${A}y${A}", "xoneyone"),
        ("$A $ {A} $", "$A $ {A} $"),
        ("$${A}", "${A}"),
        ("${B:-two}", "two"),
        ("${B:-}", ""),
        ("${A:-two}", "one"),
        ("${EMPTY}", ""),
        ("${EMPTY:-two}", "two"),
        ("${B:-${A}", "${A"),
        ("${RECURSIVE}", "${A}"),
    ],
)
def test_only_references_are_filled_in(text: str, filled: str) -> None:
    """``${NAME}`` and ``${NAME:-default}`` stand for values, ``$${`` for ``${``; nothing is filled in twice."""
    node, findings, _ = fill(document(f"k: '{text}'"), "m", {"A": "one", "EMPTY": "", "RECURSIVE": "${A}"})
    assert isinstance(node, Mapping)
    assert findings == []
    assert isinstance(node.entries[0].value, Scalar)
    assert node.entries[0].value.text == filled


@pytest.mark.parametrize(
    ("text", "code", "columns"),
    [
        ("a ${NO}", "PM008", (6, 11)),
        ("'${NO}'", "PM008", (5, 10)),
        ("${NO", "PM010", (4, 8)),
        ("${1}", "PM010", (4, 8)),
    ],
)
def test_what_cannot_be_filled_in_is_told_at_its_own_place(text: str, code: str, columns: tuple[int, int]) -> None:
    """The finding points at the reference inside the value."""
    _, (finding,), _ = fill(document(f"k: {text}"), "m", {})
    assert (code, Span(1, columns[0], 1, columns[1])) == (finding.code, finding.span)


def test_a_filled_value_is_read_anew() -> None:
    """A number may come from a variable, also where YAML asks for quotes."""
    node, _, _ = fill(document("{a: '${N}', b: 5}"), "m", {"N": "3"})
    assert isinstance(node, Mapping)
    assert [core_value(e.value) for e in node.entries if isinstance(e.value, Scalar)] == [3, 5]


def test_used_records_what_was_looked_up() -> None:
    """Only variables that were there are recorded, not defaults and not what nothing asked for."""
    _, _, used = fill(document("{a: '${N}', b: '${M:-2}'}"), "m", {"N": "3", "O": "4"})
    assert used == {"N": "3"}


def test_keys_are_not_filled_in() -> None:
    """A key is what it says."""
    node, _, _ = fill(document("'${N}': 1"), "m", {"N": "3"})
    assert isinstance(node, Mapping)
    assert node.entries[0].key == "${N}"


def test_a_value_that_could_not_be_filled_in_is_told_once() -> None:
    """The checker does not add that ``${NO}`` is no size."""
    assert codes(service("memory: ${NO}\nenv: ${NO}\nready: ${NO}")) == ["PM008"] * 3


def test_the_checker_takes_filled_values() -> None:
    """Ports, counts and client ids may all come from the environment."""
    manifest, findings, _ = load(service("listen: 127.0.0.1:${P}\ninstances: ${N}\nuser: ${N}"), {"P": "80", "N": "3"})
    assert findings == ()
    assert manifest is not None
    api = manifest.services[0]
    assert (str(api.listen), api.instances.low, api.user) == ("127.0.0.1:80", 3, "3")


def test_env_files_are_known_before_the_manifest_is_filled() -> None:
    """The names come in order, each once, and filled in from the environment alone."""
    text = "services: {a: {env_file: x}, b: {env_file: '${E}'}, c: {env_file: x}, d: 1, e: {env_file: [x]}}"
    assert env_file_names(document(text), {"E": "y"}) == ["x", "y"]
    assert env_file_names(document("services: 5"), {}) == []
