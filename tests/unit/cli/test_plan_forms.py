"""A plan in each form: what is shown, how wide, in which characters, and that no text from a manifest breaks it."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.cli.action_text import action_lines
from procman.cli.bars import ASCII, BLOCKS, bar, marks_for
from procman.cli.plan_json import plan_json
from procman.cli.plan_markdown import markdown
from procman.cli.plan_svg import svg
from procman.cli.plan_text import plan_lines
from procman.core.budget import Budget, budget_for
from procman.core.changes import FieldChange
from procman.core.diff import Action, Do
from procman.core.machine import Machine, named
from procman.core.manifest import BudgetRule, Manifest, Overlay, Profile, with_profile
from procman.core.plan import Plan, make_plan
from procman.core.quantity import GIB, MIB
from procman.core.suggest import suggestions
from tests.support.values import guide, service


def plan(profile: str = "conservative", ram: int = 2 * GIB) -> Plan:
    """Return a plan of the guide's on a named machine."""
    return make_plan(with_profile(guide(), profile), budget_for(named(ram, "--ram"), BudgetRule()))


ACTIONS = (
    Action("api", 2, Do.STOP, "fewer instances wanted"),
    Action("api", 0, Do.REPLACE, "changed: env A", (FieldChange("env A", note="value changed"),)),
    Action("api", 1, Do.KEEP, "unchanged; new memory limit", (FieldChange("memory", "400M", "500M"),)),
    Action("mqtt", 0, Do.START, "not running"),
    Action("web", 0, Do.KEEP, "unchanged"),
)


@pytest.mark.parametrize("marks", [BLOCKS, ASCII])
@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("profile", ["conservative", "maximum"])
def test_text_has_80_columns(profile: str, marks: object, everything: bool) -> None:
    """No line of the guide's plans is wider, one that does not fit and its suggestions included."""
    made = plan(profile)
    lines = plan_lines(made, suggestions(made, BudgetRule()), marks, everything=everything)  # type: ignore[arg-type]
    assert max(len(line) for line in lines) <= 80
    if marks is ASCII:
        assert "\n".join(lines).isascii()


def test_many_suggestions_stay_within_80_columns() -> None:
    """A suggestion of many changes is wrapped, none is left out."""
    services = tuple(service(f"service-of-some-length-{c}", instances=1, memory=900 * MIB) for c in "abcdefgh")
    made = make_plan(Manifest("p", services), budget_for(named(5 * GIB, "--ram"), BudgetRule()))
    found = suggestions(made, BudgetRule())
    lines = plan_lines(made, found, ASCII)
    assert max(len(line) for line in lines) <= 80
    assert all(any(s.name in line and "->" in line for line in lines) for s in services)


def test_the_marks_follow_the_streams_encoding() -> None:
    """Blocks in UTF-8, ASCII in anything else."""
    for encoding, marks in (("utf-8", BLOCKS), ("UTF8", BLOCKS), ("ascii", ASCII), ("latin-1", ASCII)):
        assert marks is marks_for(io.TextIOWrapper(io.BytesIO(), encoding=encoding))


@given(st.lists(st.tuples(st.integers(0, 1000), st.sampled_from("abc")), max_size=5), st.integers(0, 6000))
def test_a_bar_is_as_wide_as_it_should_be(parts: list[tuple[int, str]], total: int) -> None:
    """Whatever the parts come to, the bar has its width, and parts that fill the total fill it."""
    line = bar(parts, total, 40)
    assert len(line) == 40
    if sum(size for size, _ in parts) >= total > 0:
        assert " " not in line


def test_text_shows_what_counts() -> None:
    """Verdict, sum, share, the recommended profile with its reason, and what to do about swap."""
    text = "\n".join(plan_lines(plan(), (), ASCII))
    for words in ("fits, safe with swap", "1,100 MiB = 73 % of usable", "conservative is recommended", "1,203 MiB"):
        assert words in text
    here = Machine(2 * GIB, 0, "physical RAM", others=256 * MIB, cores=2)
    made = make_plan(with_profile(guide(), "conservative"), Budget(here, 512 * MIB))
    text = "\n".join(plan_lines(made, (), ASCII))
    assert "this machine has no swap: add some" in text
    assert "others need 256 MiB of the reserve now; no swap; 2 cores" in text


def test_others_that_need_more_than_the_reserve_are_told() -> None:
    """The line of the reserve says what it is that others need."""
    here = Machine(2 * GIB, GIB, "physical RAM", others=GIB)
    text = "\n".join(plan_lines(make_plan(guide(), Budget(here, 512 * MIB)), (), ASCII))
    assert "less 1,024 MiB that others need now (reserve: 512 MiB) and 32 MiB for supervisord" in text


def test_actions_are_marked_with_their_changes_and_counted() -> None:
    """``+ ~ - =``, each with what changed; what restarts says so, what does not is a ``~`` all the same."""
    lines = action_lines(ACTIONS)
    assert [line.split()[0] for line in lines[:-1]] == ["-", "~", "env", "~", "memory:", "+", "="]
    assert "restarts" in lines[1]
    assert "memory: 400M -> 500M" in lines[4]
    assert "restarts" not in lines[3]
    assert lines[-1] == "1 to start, 1 to replace, 1 to stop, 1 to update without a restart, 1 unchanged"


def test_json_has_suggestions_and_changes() -> None:
    """What text says is in the document as values: edits, and the fields that changed with old and new value."""
    made = plan("maximum")
    document = json.loads(json.dumps(plan_json(made, ACTIONS, suggestions(made, BudgetRule()))))
    first = document["suggestions"][0]
    assert first["text"] == "api 4 -> 3"
    assert first["changes"] == [{"service": "api", "field": "instances", "from": 4, "to": 3}]
    assert [a["restarts"] for a in document["actions"]] == [False, True, False, False, False]
    assert document["actions"][2]["changes"] == [{"field": "memory", "from": "400M", "to": "500M", "note": None}]
    assert [len(p["services"]) for p in document["profiles"]] == [2, 2, 2]


def test_markdown_is_a_comment() -> None:
    """A heading with the verdict, tables with as many cells in each row, and the diff in a block."""
    made = plan("maximum")
    text = markdown(made, ACTIONS, suggestions(made, BudgetRule()))
    assert text.startswith("### `tiwater`, profile `maximum`: does not fit, over budget\n")
    assert "- api 4 -> 3\n" in text
    assert "= 1 unchanged" in text
    blocks = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
    assert [len(block.splitlines()) for block in blocks] == [5, 5], "services and profiles, each with two lines above"
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1


def test_a_reason_cannot_end_the_block_of_the_diff() -> None:
    """Back quotes and control characters of a reason stay inside."""
    hostile = (Action("api", 0, Do.START, "was ```\n</details>"),)
    text = markdown(plan(), hostile, ())
    assert text.count("```") == 2
    assert "\n</details>" in text[text.rindex("```") :]


@pytest.mark.parametrize("profile", ["conservative", "maximum"])
def test_svg_is_well_formed_and_tells_what_the_text_tells(profile: str) -> None:
    """The picture parses, has a title for those who cannot see it, a dark scheme, no script and no link."""
    made = plan(profile)
    picture = svg(made)
    root = ET.fromstring(picture)  # noqa: S314 - our own output
    words = " ".join(root.itertext())
    assert "api" in words
    assert str(made.verdict) in words
    assert "prefers-color-scheme:dark" in picture
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert not re.search(r"<script|href=|url\(", picture)


def test_svg_draws_within_its_frame() -> None:
    """No part of the bar leaves the picture, even when more is needed than the machine has."""
    root = ET.fromstring(svg(plan("maximum", GIB)))  # noqa: S314 - our own output
    width = float(root.attrib["width"])
    boxes = list(root.iter("{http://www.w3.org/2000/svg}rect"))
    assert len(boxes) > 4
    for box in boxes:
        assert float(box.get("x", "0")) + float(box.attrib["width"]) <= width + 0.5


def test_all_profiles_stand_side_by_side() -> None:
    """Each profile is a column, and the recommended one is marked; many go on below."""
    lines = plan_lines(plan(), (), ASCII, everything=True)
    head = next(line for line in lines if "conservative  " in line and "maximum" in line)
    assert head.split() == ["conservative", "stable", "maximum"]
    assert any("2 x 400M" in line and "4 x 400M" in line for line in lines)
    many = Manifest(
        "p", (service(),), tuple(Profile(f"profile-number-{c}", GIB, (("api", Overlay()),)) for c in "abcdefgh")
    )
    lines = plan_lines(make_plan(many, budget_for(named(GIB, "x"), BudgetRule())), (), ASCII, everything=True)
    assert max(len(line) for line in lines) <= 80
    assert all(any(p.name in line for line in lines) for p in many.profiles)


def test_long_reasons_and_values_are_wrapped() -> None:
    """Names, reasons and values of any length stay within 80 columns, and no word is lost."""
    name = "a-service-with-a-rather-long-nam"
    topics = ", ".join(f"broker.example.org:1883 tiwater/{n}/data" for n in range(9))
    change = FieldChange("what is consumed", None, topics)
    lines = action_lines((Action(name, 255, Do.REPLACE, "changed: " + "env LONG_NAME, " * 9, (change,)),))
    assert max(len(line) for line in lines) <= 80
    assert all(f"tiwater/{n}/data" in "\n".join(lines) for n in range(9))


def test_what_a_terminal_would_act_on_is_escaped() -> None:
    """Control characters of a value are written as escapes."""
    assert str(FieldChange("directory", "/a", "/b\x1b[31m")) == "directory: /a -> /b\\x1b[31m"
