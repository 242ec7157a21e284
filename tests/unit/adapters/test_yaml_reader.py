"""The door to YAML: what is read, what is refused, and that neither takes long."""

import re

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st

from procman.adapters import yaml_reader
from procman.core.diagnostics import Finding
from procman.core.document import Mapping, Node, Scalar, Sequence, core_value
from procman.core.source import Source, Span
from procman.core.text import USUAL
from tests.support.counting import calls
from tests.support.manifests import GOOD, load


def read(text: str) -> tuple[Node | None, list[Finding]]:
    """Return what the reader makes of `text`."""
    return yaml_reader.read(Source("m", text), "m")


def value(text: str) -> object:
    """Return the core value of the one scalar in `text`."""
    node, _ = read(f"key: {text}\n")
    assert isinstance(node, Mapping)
    scalar = node.get("key")
    assert isinstance(scalar, Scalar)
    return core_value(scalar)


@pytest.mark.parametrize(
    "text", ["on", "no", "yes", "off", "0600", "12:30", "22:22", "1_000", "400M", "2024-01-01", "=", "0b1"]
)
def test_text_of_yaml_1_2_stays_text(text: str) -> None:
    """What YAML 1.1 takes for booleans, octals, base 60 and dates is text."""
    assert value(text) == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [("true", True), ("False", False), ("~", None), ("", None), ("12", 12), ("-3", -3), ("0x1F", 31), ("0o17", 15),
    ("1.5", 1.5), ("1e3", 1000.0), (".inf", float("inf")), ("'12'", "12"), ('"true"', "true")],
)  # fmt: skip
def test_core_schema_scalars(text: str, meant: object) -> None:
    """Plain scalars are read by the core schema, quoted ones are text."""
    assert value(text) == meant
    assert type(value(text)) is type(meant)


def test_every_value_and_key_keeps_its_place() -> None:
    """Lines and columns count from 1 in characters, and the end is exclusive."""
    node, _ = read("é: [x, 'yy']\n")
    assert isinstance(node, Mapping)
    entry = node.entries[0]
    assert entry.key_span == Span(1, 1, 1, 2)
    assert isinstance(entry.value, Sequence)
    assert [item.span for item in entry.value.items] == [Span(1, 5, 1, 6), Span(1, 8, 1, 12)]


@pytest.mark.parametrize(
    ("text", "said", "place"),
    [
        ("a:\n\tb: 1\n", "a tab in the indentation", (2, 1)),
        ("a:\n  kind scalable\n  b: 1\n", "this line has no ': ' behind its key", (2, 3)),
        ("a:\n  kind:scalable\n  b: 1\n", "this line has no ': ' behind its key", (2, 3)),
        ("a:\n  b: 1\n   c: 2\n", "a second ': ' in one line, or a key in the wrong column", (3, 5)),
        ("a: b: c\n", "a second ': ' in one line, or a key in the wrong column", (1, 5)),
        ('x: 1\na: "b\n', "a quote is opened and never closed", (2, 4)),
        ("a: !!str 5\n", "the tag 'tag:yaml.org,2002:str' is not allowed", (1, 4)),
        ("a: ! 5\n", "the tag '!' is not allowed", (1, 4)),
        ("a: *b\n", "the alias '*b' stands for nothing", (1, 4)),
        ("a: &a [*a]\n", "the alias '*a' holds itself", (1, 8)),
        ("a: 1\n---\nb: 1\n", "a second document begins here", (2, 1)),
        ("? [a]\n: 1\n", "a key is text, not a list or mapping", (1, 3)),
        ("a: {<<: 5}\n", "<< takes a mapping, or a list of mappings", (1, 9)),
        ("a: 1\nb: 2\na: 3\n", "the key 'a' is written twice", (3, 1)),
        ("a: {<<: {b: 1}, <<: {c: 1}}\n", "the key '<<' is written twice", (1, 17)),
    ],
)
def test_what_is_no_yaml_is_told_with_its_place(text: str, said: str, place: tuple[int, int]) -> None:
    """One finding says what is wrong, in words, and where."""
    (finding,) = read(text)[1]
    assert (said, place) == (finding.message, (finding.span.line, finding.span.column))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{" * 100_000,
        "- " * 100_000,
        "{a: " * 50_000,
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(12)),
        "a0: &a0 [" * 1 + "[" * 20 + "]" * 21 + "\nb: " + "[" * 20 + "*a0" + "]" * 20,
        "- x\n" * 100_000,
    ],
    ids=["brackets", "braces", "lists", "mappings", "bomb", "tower of aliases", "long list"],
)
def test_hostile_documents_are_refused_quickly(text: str) -> None:
    """Deep nesting, alias bombs and floods end at a limit, long before memory or the stack do."""
    read("a: 1")  # what is loaded once is not counted
    seen: list[tuple[object, list[str]]] = []

    def refused() -> None:
        node, findings = read(text)
        seen.append((node, [f.code for f in findings]))

    calls(refused, 20 * USUAL.values)
    assert seen == [(None, ["PM001"])]


def test_merge_keys_yield_to_what_is_written_beside_them() -> None:
    """``<<`` adds the keys of mappings, the first mapping winning, and keys of one's own win over all."""
    node, findings = read("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 0}\n")
    assert findings == []
    assert isinstance(node, Mapping)
    merged = node.get("c")
    assert isinstance(merged, Mapping)
    assert {e.key: e.value.text for e in merged.entries if isinstance(e.value, Scalar)} == {
        "x": "0",
        "y": "1",
        "z": "2",
    }
    assert merged.get("z") == node.entries[1].value.entries[1].value  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["", "# only words\n", "---\n", "---\n...\n"])
def test_an_empty_manifest_is_a_finding(text: str) -> None:
    """Nothing at all is PM007, not an empty project."""
    assert [f.code for f in read(text)[1]] == ["PM007"]


@pytest.mark.parametrize(
    "text", ['a: "\\ud800"', 'a: "\\UFFFFFFFF"', "%YAML 1." + "9" * 5000 + "\n---\na: 1", "a: b: c", "a: [1"]
)
def test_the_parser_without_libyaml_refuses_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where libyaml is missing, the pure parser's own exceptions are findings too."""
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    node, findings = read(text)
    assert (node, ["PM001"]) == (None, [f.code for f in findings])


@given(st.binary(max_size=300))
def test_any_bytes_give_findings_or_a_manifest(data: bytes) -> None:
    """No bytes raise anything: what cannot be a manifest is at least one finding."""
    manifest, findings, _ = load(data)
    assert manifest is not None or findings


@given(st.text(alphabet="ab:-[]{}&*!<>|'\"%@?# ,\n\t$0x\\~.", max_size=80))
def test_any_yaml_like_text_gives_findings_or_a_manifest(text: str) -> None:
    """The same for text made of the characters that mean something in YAML."""
    manifest, findings, _ = load(text)
    assert manifest is not None or findings


CUTS = st.tuples(
    st.integers(0, len(GOOD)),
    st.integers(0, 20),
    st.sampled_from(["", ":", "- ", "[", "}", "'", "&a ", "*a", "#", "é"]),
)


@given(CUTS)
@example((309, 10, "}"))  # a value left out of {min: }
@example((803, 18, ""))  # an empty value as the last of the file
def test_with_and_without_libyaml_the_same_is_read(cut: tuple[int, int, str]) -> None:
    """The pure parser makes the same tree, with the same places, and refuses the same, but for a colon without a space.

    libyaml takes ``a:{b: 1}`` inside braces for a key and refuses it outside; PyYAML takes both for text.
    """
    text = GOOD[: cut[0]] + cut[2] + GOOD[cut[0] + cut[1] :]
    assume(not re.search(r":[^\s/0-9]", text))
    fast, faults = read(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "__with_libyaml__", False)
        slow, same = read(text)
    assert fast == slow
    assert [f.code for f in faults] == [f.code for f in same]
