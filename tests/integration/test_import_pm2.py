"""Ecosystem files of every kind: the whole manifest and the whole report are as on record, and the manifest is good.

To accept a change, run with GOLDEN=write, then read what changed.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from procman.cli.import_report import lines
from procman.core.diagnostics import errors
from procman.core.errors import Failed, ProcmanError
from procman.core.imports.pm2_fields import FIELDS, TOP
from procman.core.imports.report import Imported
from procman.workflow import first, importing
from procman.workflow.decide import Choice, decide
from tests.support.tiwater import need

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[1] / "data" / "pm2"
CASES = sorted(path for path in DATA.iterdir() if path.is_dir())
RAM = 2 << 30
PROGRAMS = ("npm", "php", "bash", "sh", "python3", "ruby", "perl", "deno")
DO_NOT_FIT = {"limits-that-do-not-fit", "memory"}


@dataclass(frozen=True)
class Case:
    """A copy of a case, with programs of its own on the PATH."""

    folder: Path
    shell: Mapping[str, str]
    file: Path
    environment: str

    def run(self, **changes: str) -> tuple[str, str]:
        """Import the file; return the manifest and the report, with the case's own path out of sight."""
        said: list[str] = []
        asked = importing.Asked(str(self.file), str(self.folder), environment=self.environment)
        made = importing.imported(asked, {**self.shell, **changes}, said.append)
        return self._hide(made.text), self._hide("\n".join([*lines(made), *self._verdict(made)]) + "\n")

    def _verdict(self, made: Imported) -> list[str]:
        loaded = first.loaded(made.text, str(self.folder / "procman.yaml"), {})
        decision = decide(loaded, Choice(ram=RAM, offline=True), {})
        faults = {finding.code for finding in errors(decision.findings)}
        assert faults == ({"PM101"} if self.folder.parent.name in DO_NOT_FIT else set()), decision.findings
        assert decision.plan is not None
        return [f"plan for 2G: {decision.plan.required} bytes, {decision.plan.verdict.value}"]

    def _hide(self, text: str) -> str:
        shown = text.replace(str(self.folder), "/srv/shop").replace(str(self.folder.parent), "/srv")
        return re.sub("'/[^']*…'", "'/…'", shown)  # a path that is cut where it is too long to be shown


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """The case named by the parameter, copied."""
    need("node", "nodejs")
    source: Path = request.param
    folder = tmp_path / source.name / "shop"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("expected.*"))
    for hidden, name in (("_modules", "node_modules"), ("_env", ".env")):  # what git would ignore
        if (folder / hidden).exists():
            (folder / hidden).rename(folder / name)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "node").symlink_to(shutil.which("node") or "")
    for name in PROGRAMS:
        (programs / name).write_bytes(b"\x7fELF\0")
        (programs / name).chmod(0o755)
    file = next(p for p in sorted(folder.iterdir()) if p.name.startswith("ecosystem."))
    found = re.search(r"options: --env (\w+)", file.read_text(encoding="utf-8"))
    shell = {"PATH": str(programs), "HOME": str(tmp_path)}
    return Case(folder, shell, file, found[1] if found else "")


@pytest.mark.parametrize("case", CASES, indirect=True, ids=lambda p: p.name)
def test_manifest_and_report_are_as_recorded(case: Case, request: pytest.FixtureRequest) -> None:
    """Everything that people get of each file is as on record, and validates."""
    try:
        manifest, report = case.run()
    except Failed as error:
        manifest, report = "", f"failed: {case._hide(error.message)}\n  {error.help}\n"
    source = DATA / case.folder.parent.name
    for name, text in (("expected.yaml", manifest), ("expected.txt", report)):
        record = source / name
        if os.environ.get("GOLDEN") == "write":
            record.write_text(text, encoding="utf-8")
        assert record.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("case", CASES, indirect=True, ids=lambda p: p.name)
def test_without_node_a_literal_reads_the_same_and_the_rest_is_refused(case: Case) -> None:
    """A file that can be read without node gives the very manifest that node gives; another names place and reason."""
    try:
        with_node = case.run()
    except Failed:
        with_node = ("", "")
    (Path(case.shell["PATH"]) / "node").unlink()
    refused = ""
    try:
        manifest, _ = case.run()
    except ProcmanError as error:
        refused = error.message
    else:
        assert manifest == with_node[0]
    assert re.fullmatch(r"|.*ecosystem\.\S+:\d+:\d+: .*(would have|has) to be run", refused)


def test_every_field_of_the_table_is_in_a_file() -> None:
    """No row of the table is untried: each field stands in at least one of the files, by some spelling."""
    reports = "".join((path / "expected.txt").read_text(encoding="utf-8") for path in CASES)
    words = set(re.findall(r"[A-Za-z_0-9]+", reports))
    missing = [f.name for f in (*FIELDS, *TOP) if f.name != "env_NAME" and not {f.name, *f.aliases} & words]
    assert missing == []


def test_there_are_at_least_30_files() -> None:
    """The files cover what real ones hold."""
    assert len(CASES) >= 30
