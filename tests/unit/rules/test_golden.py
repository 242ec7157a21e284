"""Every rule by example: at least two manifests that it tells of, two that come near, and everything people see.

To accept a change, run with GOLDEN=write, then read what changed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from procman.core.codes import CODES
from procman.rules.index import RULES
from tests.support.rule_cases import cases, found, report

FOLDER = Path(__file__).parent / "golden"
FILES = sorted(FOLDER.glob("*.yaml"))
NAMES = {rule.CODE: rule.NAME for rule in RULES}


def test_every_rule_has_its_examples() -> None:
    """A rule without examples is a rule that nobody has seen work."""
    assert sorted(f"{code}-{name}" for code, name in NAMES.items()) == [path.stem for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_everything_people_see_of_the_examples_is_as_recorded(path: Path) -> None:
    """The whole report of each example, all rules asked, is as on record."""
    examples = list(cases(path.read_text(encoding="utf-8")))
    shown = "\n".join(f"--- {'bad' if c.bad else 'good'}: {c.words}\n{report(c)}\n" for c in examples)
    record = path.with_suffix(".out")
    if os.environ.get("GOLDEN") == "write":
        record.write_text(shown, encoding="utf-8")
    assert record.read_text(encoding="utf-8") == shown


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_bad_examples_have_this_finding_alone_and_good_ones_none(path: Path) -> None:
    """At least two of each; a near miss is free of every finding, so that no rule is silent because another spoke."""
    examples = list(cases(path.read_text(encoding="utf-8")))
    assert min(sum(c.bad for c in examples), sum(not c.bad for c in examples)) >= 2
    for case in examples:
        codes = {finding.code for finding in found(case)[0]}
        also = set(case.settings.get("also", "").split())
        assert codes - also == ({path.stem[:5]} if case.bad else set()), case.words
        assert also <= codes, case.words


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.NAME)
def test_the_example_of_a_page_has_the_fault(rule: object) -> None:
    """What a page shows as wrong is told by that rule, and is a manifest but for version and project."""
    code, page = rule.CODE, rule.__doc__ or ""  # type: ignore[attr-defined]
    example = re.search(r"^```yaml\n(.+?)^```$", page, re.MULTILINE | re.DOTALL)
    assert example is not None
    needs = HOSTS.get(code, "")
    case = next(cases(f"--- # bad: {code}\n{needs}{example[1]}"))
    findings, _ = found(case)
    assert code in {finding.code for finding in findings}
    assert {finding.code for finding in findings} & set(CODES) == set()


GONE = '{"services": {"api": {"executable": null, "directory_exists": %s, "env_file_fault": "cannot be read"'
HOSTS = {
    "PM020": "# host: " + GONE % "true" + "}}}\n",
    "PM021": "# host: " + GONE % "false" + "}}}\n",
    "PM022": "# host: " + GONE % "true" + "}}}\n",
    "PM023": '# host: {"services": {"api": {"user_known": false}}}\n',
    "PM101": "# ram: 2G\n",
    "PM109": '# ram: 8G\n# host: {"open_files": 1024}\n',
    "PM312": '# host: {"services": {"api": {"owners_unknown": ["www-dat"]}}}\n',
    "PM502": '# host: {"services": {"api": {"env_file_mode": 420}}}\n',
    "PM505": '# host: {"services": {"api": {"directory_mode": 511}}}\n',
    "PM602": '# host: {"services": {"api": {"executable": "/home/ana/.nvm/versions/node/v20/bin/node"}}}\n',
}
