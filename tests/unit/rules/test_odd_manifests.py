"""Manifests that rules once fell over, or might."""

from __future__ import annotations

import pytest

from procman.workflow.decide import Choice, decide
from procman.workflow.load import load_text


@pytest.mark.parametrize(
    "command",
    [
        "serve --token ${TOKEN} sr'c/index.js",
        '${A:-"phon3} app.py',
        '[" "]',
        "[sh, -c, '']",
        '[sh, -c, "\'"]',
        "[env]",
        "[nice, -n]",
        "[python3, -m]",
        "[npm]",
        "[/]",
        "[sh, -c, 'sh -c \"sh -c a\"']",
    ],
)
@pytest.mark.parametrize("offline", [True, False])
def test_no_command_makes_a_rule_fall_over(command: str, offline: bool) -> None:
    """Commands that cannot be split, that end early or that are hardly there give findings, never a traceback."""
    text = f"version: 1\nproject: p\nservices:\n  api:\n    kind: scalable\n    command: {command}\n    user: root\n"
    loaded = load_text(text.encode(), "procman.yaml", "/srv/procman.yaml", lambda _: {}, {"TOKEN": "x"})
    findings = decide(loaded, Choice(offline=offline, ram=1 << 30), {"PATH": "/usr/bin:/bin"}).findings
    assert "PM504" in {finding.code for finding in findings}


@pytest.mark.parametrize("part", ["a-", "://", "eyJ-", "x:y@", "> "])
def test_no_long_value_takes_long(part: str) -> None:
    """The longest text a process can be given, all beginnings of something, is looked at once: time-outs judge."""
    value = (part * 120_000)[:120_000]
    env = f"\n    env:\n      A: '{value}'\n      API_KEY: '{value}'"
    text = f"version: 1\nproject: p\nservices:\n  api:\n    kind: scalable\n    command: [sh, -c, '{value}']{env}\n"
    loaded = load_text(text.encode(), "procman.yaml", "/srv/procman.yaml", lambda _: {}, {})
    assert loaded.manifest is not None
    assert "PM501" in {finding.code for finding in decide(loaded, Choice(offline=True), {}).findings}


@pytest.mark.parametrize(
    ("last", "help_text"),
    [
        ("exit 3", "let what serves come last, with `exec` before it, or use no shell"),
        ("done", "let what serves come last, with `exec` before it, or use no shell"),
        ("node a.js", "write `exec` before the last command, 'node a.js', or use no shell"),
    ],
)
def test_no_advice_to_exec_what_is_no_program(last: str, help_text: str) -> None:
    """`exec exit 3` would fail: where the text ends with a word of the shell, the advice is another."""
    text = f"version: 1\nproject: p\nservices:\n  api:\n    kind: scalable\n    command: [sh, -c, 'sleep 1; {last}']\n"
    loaded = load_text(text.encode(), "procman.yaml", "/srv/procman.yaml", lambda _: {}, {})
    found = [f for f in decide(loaded, Choice(offline=True), {}).findings if f.code == "PM304"]
    assert [finding.help for finding in found] == [help_text]
