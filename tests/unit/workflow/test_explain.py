"""What `explain` and `rules` say."""

from __future__ import annotations

import json

import pytest

from procman.cli.door import run
from procman.core.codes import CODES
from procman.core.errors import Failed
from procman.rules.index import RULES
from procman.workflow.explain import page, pages


def test_every_code_has_a_page() -> None:
    """Rules and codes of syntax alike, each once, by code."""
    expected = sorted([*CODES, *(rule.CODE for rule in RULES)])
    assert expected == [one.code for one in pages()]
    assert all(one.title.endswith(".") and one.why.endswith(".") for one in pages())


@pytest.mark.parametrize("word", ["PM301", "pm301", "ready-missing", "Ready-Missing"])
def test_a_page_is_found_by_code_and_name(word: str) -> None:
    """In any case of letters."""
    assert page(word).code == "PM301"


@pytest.mark.parametrize(
    ("word", "help_text"),
    [
        ("ready-mising", "did you mean 'ready-missing'?"),
        ("PM999", "procman rules lists all codes"),
        ("zzz", "procman rules lists all names"),
    ],
)
def test_an_unknown_word_is_met_with_what_was_meant(word: str, help_text: str) -> None:
    """Nothing to tell ends with 1 and a next step."""
    with pytest.raises(Failed, match=f"there is no rule '{word}'") as error:
        page(word)
    assert (error.value.help, error.value.exit_code) == (help_text, 1)


def test_explain_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    """Code, name, weight, since when, and the whole page."""
    assert run(["explain", "qos-zero", "PM009"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        "PM402 qos-zero (warning, since 0.1.0)\n"
        "A consumer subscribes with quality of service 0.\n\n"
        "## What it checks\n`consumes: {qos: 0}`.\n\n## Why it matters\n"
    )
    assert "\n\nPM009 unsupported-version (error, since 0.1.0)\n" in shown


def test_explain_of_nothing_known_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """One unknown word among known ones is told before anything is printed."""
    assert run(["explain", "PM301", "PM999"]) == 1
    assert capsys.readouterr() == ("", "procman: there is no rule 'PM999'\n  procman rules lists all codes\n")


def test_explain_without_a_word_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    """There is no page of everything; `rules` is the list."""
    assert run(["explain"]) == 2
    assert "Missing argument" in capsys.readouterr().err


def test_rules_lists_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """A head, then one line each."""
    assert run(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["code", "weight", "name", "what"]
    assert [line[:5] for line in lines[1:]] == [one.code for one in pages()]
    assert lines[-1].split(maxsplit=3) == ["PM607", "hint", "count-redundant", page("PM607").title]


def test_rules_as_json_say_what_can_be_suppressed(capsys: pytest.CaptureFixture[str]) -> None:
    """Scripts learn of each rule what its page says at the top."""
    assert run(["rules", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    rules = {rule["code"]: rule for rule in document["rules"]}
    assert rules["PM402"] == {
        "code": "PM402",
        "name": "qos-zero",
        "severity": "warning",
        "since": "0.1.0",
        "title": "A consumer subscribes with quality of service 0.",
        "why": "Nothing is acknowledged at QoS 0: what is on its way when something breaks is lost.",
        "suppressible": True,
        "asks_host": False,
    }
    assert {code for code, rule in rules.items() if not rule["suppressible"]} == {
        code for code in rules if code[:3] in ("PM0", "PM2") or code == "PM101"
    }
    assert rules["PM502"]["asks_host"]
