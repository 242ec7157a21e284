"""Comments that take findings away: which do, which do not, and what is said of the latter."""

from __future__ import annotations

from textwrap import dedent

import pytest

from procman.core.diagnostics import Finding
from procman.workflow.decide import Choice, decide
from procman.workflow.load import load_text

HEAD = "version: 1\nproject: p\n"
KILLS = "stop: {signal: KILL}"


OFFLINE = Choice(offline=True)


def found(text: str, choice: Choice = OFFLINE) -> list[str]:
    """Return the findings of a manifest as ``line code: what stands there``, by the road that commands take."""
    data = HEAD + dedent(text)
    loaded = load_text(data.encode(), "procman.yaml", "/srv/procman.yaml", lambda _: {}, {})
    lines = data.splitlines()

    def shown(finding: Finding) -> str:
        span = finding.span
        return f"{span.line} {finding.code}: {lines[span.line - 1][span.column - 1 : span.end_column - 1]}"

    return [shown(finding) for finding in decide(loaded, choice, {}).findings]


def service(line: str, more: str = "") -> str:
    """Return a manifest whose service has `line` on line 7."""
    return f"services:\n  api:\n    kind: scalable\n    command: serve\n    {line}\n    memory: 90M\n{more}"


def test_without_a_comment_it_is_told() -> None:
    """Negative control: what the other tests suppress is there."""
    assert found(service(KILLS)) == ["7 PM308: KILL"]


@pytest.mark.parametrize(
    "comment",
    [
        "# procman: ignore[PM308] ends at once by design",
        "#procman:ignore[PM308] x",
        "## procman: ignore[ PM308 ] -- x",
        "\t# procman: ignore[PM308]: x",
    ],
)
def test_a_reasoned_comment_on_the_line_takes_the_finding_away(comment: str) -> None:
    """Spaces around its parts do not count."""
    assert found(service(f"{KILLS} {comment}")) == []


def test_one_comment_may_name_several_codes() -> None:
    """Commas or spaces stand between them, and each must be of use."""
    line = "user: root # procman: ignore[PM504, PM308] container"
    assert found(service(line)) == ["7 PM014: PM308"]
    line = "{kind: scalable, command: serve, memory: 90M, user: root, stop: {signal: KILL}}"
    assert found(f"services:\n  api: {line} # procman: ignore[PM504 PM308] container\n") == []


def test_all_findings_of_the_code_on_the_line_go() -> None:
    """Two variables in one line are one matter."""
    assert found(service("env: {PM2_HOME: a, pm_id: b} # procman: ignore[PM307] read by the old tool")) == []


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# procman: ignore[PM308]", ["7 PM308: KILL", "7 PM012: # procman: ignore[PM308]"]),
        ("# procman: ignore[PM308] :-", ["7 PM308: KILL", "7 PM012: # procman: ignore[PM308] :-"]),
        ("# procman: ignore", ["7 PM308: KILL", "7 PM011: # procman: ignore"]),
        ("# procman: ignore PM308 x", ["7 PM308: KILL", "7 PM011: # procman: ignore PM308 x"]),
        ("# procman: ignore[] x", ["7 PM308: KILL", "7 PM011: # procman: ignore[] x"]),
        ("# procman: ignroe[PM308] x", ["7 PM308: KILL", "7 PM011: # procman: ignroe[PM308] x"]),
        ("# procman: ignore[pm308] x", ["7 PM308: KILL", "7 PM013: pm308"]),
        ("# procman: ignore[PM999] x", ["7 PM308: KILL", "7 PM013: PM999"]),
        ("# procman: ends at once", ["7 PM308: KILL"]),
        ("# noqa procman: ignore[PM308] x", ["7 PM308: KILL"]),
        ("#x procman: ignore[PM308] x", ["7 PM308: KILL"]),
    ],
)
def test_what_is_not_well_said_suppresses_nothing(comment: str, expected: list[str]) -> None:
    """Without a reason, in another form or with another code the finding stays, and what looks meant is told."""
    assert expected == found(service(f"{KILLS} {comment}"))


@pytest.mark.parametrize(("written", "meant"), [("pm308", "PM308"), ("stop-kills", "PM308"), ("Stop-Kills", "PM308")])
def test_a_code_that_was_likely_meant_is_named(written: str, meant: str) -> None:
    """Small letters and the rule's name are common slips."""
    data = HEAD + service(f"{KILLS} # procman: ignore[{written}] x")
    loaded = load_text(data.encode(), "procman.yaml", "/srv/procman.yaml", lambda _: {}, {})
    findings = decide(loaded, Choice(offline=True), {}).findings
    assert [f"did you mean {meant}?"] == [f.help for f in findings if f.code == "PM013"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "services:\n  m: {kind: singleton, command: a, memory: 9M, instances: 2} # procman: ignore[PM201] x\n",
            ["4 PM201: 2", "4 PM015: PM201"],
        ),
        (service("memroy: 4 # procman: ignore[PM003] x"), ["7 PM003: memroy", "7 PM015: PM003"]),
        (service("user: app # procman: ignore[PM014] x"), ["7 PM015: PM014"]),
        (
            "budget: {ram: 1G} # procman: ignore[PM101] x\nservices:\n  a: {kind: scalable, command: a, memory: 2G}\n",
            ["3 PM015: PM101", "4 PM101: services"],
        ),
    ],
)
def test_syntax_instances_and_the_budget_cannot_be_suppressed(text: str, expected: list[str]) -> None:
    """The finding stays, and the comment is told."""
    assert expected == found(text)


def test_a_suppression_that_is_not_used_is_told() -> None:
    """It would hide the finding when it comes back; a line of its own is not the line of a finding."""
    assert found(service("user: app # procman: ignore[PM308] x")) == ["7 PM014: PM308"]
    assert found(service(f"# procman: ignore[PM308] x\n    {KILLS}")) == ["7 PM014: PM308", "8 PM308: KILL"]


@pytest.mark.parametrize("code", ["PM502", "PM505", "PM602", "PM109", "PM106"])
def test_what_only_the_host_can_tell_is_not_unused_offline(code: str) -> None:
    """A suppression that is of use on the server must not be told in CI."""
    assert found(service(f"env_file: .env # procman: ignore[{code}] x")) == []


def test_nothing_is_unused_where_not_everything_was_judged() -> None:
    """Under a fault of syntax, under a profile and under `scale` a finding may be missing for another reason."""
    unused = service("user: app # procman: ignore[PM308] x")
    profiles = "profiles: {small: {services: {api: {instances: 1}}}}\n"
    assert found(f"{unused}    typo: 1\n") == ["9 PM003: typo"]
    assert found(profiles + unused, Choice(offline=True, profile="small")) == []
    assert found(unused, Choice(offline=True, scale={"api": 2})) == []


@pytest.mark.parametrize(
    "value",
    [
        '"x # procman: ignore[PM504] y"',
        "'x # procman: ignore[PM504] y'",
        '"x\n      # procman: ignore[PM504] y"',
        "|\n        x # procman: ignore[PM504] y\n        # procman: ignore[PM504] y",
        ">-\n        # procman: ignore[PM504] y",
        "x#procman:ignore[PM504]",
    ],
)
def test_text_is_no_comment(value: str) -> None:
    """What stands inside quotes, below | or > and inside a word is the value's, and suppresses nothing."""
    assert found(service(f"env:\n      A: {value}\n    user: root"))[0].endswith("PM504: root")
    assert len(found(service(f"env:\n      A: {value}\n    user: root"))) == 1


def test_a_comment_stands_behind_the_sign_of_a_block() -> None:
    """The finding of a text over several lines is at its first, where only | or > stands."""
    block = (
        "command: >- # procman: ignore[PM304] start.sh ends in exec\n      npm start\n      # procman: ignore[PM504] y"
    )
    assert found(f"services:\n  api:\n    kind: scalable\n    memory: 90M\n    {block}\n") == []


def test_a_comment_stands_behind_text_that_looks_like_one() -> None:
    """Of two in a line, the one outside the quotes counts."""
    line = 'env: {pm_id: "# procman: ignore[PM504] y"} # procman: ignore[PM307] x'
    assert found(service(line)) == []


def test_every_line_end_counts_as_yaml_does() -> None:
    """CRLF moves no line."""
    text = service(f"{KILLS} # procman: ignore[PM308] x").replace("\n", "\r\n")
    assert found(text) == []
