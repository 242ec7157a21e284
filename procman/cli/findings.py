"""Findings on the terminal and as JSON. How one finding looks is `report`'s business."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from procman.cli import console
from procman.core.diagnostics import Finding
from procman.core.errors import ProcmanError

if TYPE_CHECKING:
    from procman.workflow.load import Loaded


def show(findings: tuple[Finding, ...], loaded: Loaded, stream: TextIO) -> None:
    """Write `findings` with their code frames to `stream`; nothing when there are none."""
    if findings:
        from procman.cli.report import render_findings

        print(render_findings(findings, [loaded.source], color=console.colour(stream)), file=stream)


def show_refusal(error: ProcmanError) -> None:
    """Write the findings that `error` carries, if it is one that does."""
    findings, source = getattr(error, "findings", ()), getattr(error, "source", None)
    if findings and source is not None:
        from procman.cli.report import render_findings

        print(render_findings(findings, [source], color=console.colour(sys.stderr)), file=sys.stderr)
