"""Whole outputs: what people see for a bad manifest, line by line. To accept a change, run with GOLDEN=write."""

import os
from pathlib import Path

import pytest

from procman.cli.report import render_findings
from tests.support.manifests import load

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("path", sorted(FOLDER.glob("bad-*.yaml")), ids=lambda p: p.stem)
def test_the_report_of_a_bad_manifest_is_as_recorded(path: Path) -> None:
    """Every finding is shown with its place, frame, why and help, exactly as on record."""
    _, findings, source = load(path.read_bytes(), name=path.name)
    shown = render_findings(findings, [source], width=100) + "\n"
    record = path.with_suffix(".out")
    if os.environ.get("GOLDEN") == "write":
        record.write_text(shown, encoding="utf-8")
    assert record.read_text(encoding="utf-8") == shown
