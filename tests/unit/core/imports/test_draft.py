"""Drafts: names that a manifest takes, and text that reads back as what was meant."""

from hypothesis import example, given
from hypothesis import strategies as st

from procman.adapters import yaml_reader
from procman.core import life_keys
from procman.core.document import Mapping, Scalar
from procman.core.imports import yaml_text
from procman.core.imports.draft import Draft, Entry, Sketch, literal, project_name, service_name
from procman.core.manifest import Kind
from procman.core.source import MARK, Source
from procman.core.variables import fill
from tests.support.manifests import load

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def test_names_become_names_of_the_manifest() -> None:
    """Case, blanks and numbers at the end go; a name that is taken gets a letter."""
    assert service_name("My API") == "my-api"
    assert service_name("worker-2") == "worker2"
    assert service_name("2 fast") == "app-2-fast"
    assert service_name("x-ray") == "app-x-ray"
    assert service_name("データ") == "app"
    assert service_name("api", ("api", "api-b")) == "api-c"
    assert project_name("@acme/Shop Site") == "acme-shop-site"


@given(TEXT, st.lists(TEXT, max_size=30))
def test_any_name_is_one_that_the_table_of_keys_takes(text: str, others: list[str]) -> None:
    """Whatever the text, the name is allowed and new."""
    taken: list[str] = []
    for each in (text, *others, text):
        name = service_name(each, taken)
        assert life_keys.SERVICE_NAME.fault(name) is None
        assert name not in taken
        taken.append(name)


@given(TEXT.map(lambda t: t.replace("\0", "")), TEXT)
@example("@", "")
def test_any_text_reads_back_as_it_was(value: str, words: str) -> None:
    """A value survives writing, reading and filling, wherever it stands; comments stay comments."""
    entries = (
        Entry("command", (literal(value), "x")),
        Entry("env", {"A": literal(value)}, words),
        Entry("start", {"time": literal(value)}, words),
    )
    sketch = Sketch("shop", (Draft("api", Kind.SINGLETON, entries, (words,), (words,)),), (words,))
    source = yaml_reader.decode(yaml_text.text(sketch).encode(), "x")
    assert isinstance(source, Source)
    document, findings = yaml_reader.read(source, "x")
    assert not findings
    assert isinstance(document, Mapping)
    filled, missing, _ = fill(document, "x", {})
    assert not missing
    assert isinstance(filled, Mapping)
    api = filled.get("services").get("api")  # type: ignore[union-attr]
    assert isinstance(api, Mapping)
    command, env, start = api.get("command"), api.get("env"), api.get("start")
    found = [command.items[0], env.get("A"), start.get("time")]  # type: ignore[union-attr]
    assert [each.text for each in found if isinstance(each, Scalar)] == [value] * 3
    assert api.get("kind") is not None


def test_what_a_comment_repeats_cannot_speak_to_procman() -> None:
    """A name of another file that looks like a suppression suppresses nothing."""
    (line,) = yaml_text.comment("x # procman: ignore[PM503] because\nkind: scalable")
    assert MARK not in line
    assert "\n" not in line


def test_values_that_only_look_like_numbers_are_quoted_where_text_is_wanted() -> None:
    """A directory called 2024 stays text; the value of a variable is text in any case."""
    entries = (Entry("command", "node x.js"), Entry("env", {"N": "1", "E": ""}), Entry("directory", "2024"))
    text = yaml_text.text(Sketch("shop", (Draft("api", Kind.SINGLETON, entries),)))
    assert 'directory: "2024"' in text
    assert "N: 1" in text
    assert 'E: ""' in text
    assert load(text)[1] == ()
