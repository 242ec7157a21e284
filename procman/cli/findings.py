"""Findings on the terminal and as JSON. How one finding looks is `report`'s business."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from procman.cli import console
from procman.core.diagnostics import Finding, errors
from procman.core.errors import ProcmanError

if TYPE_CHECKING:
    from procman.core.source import Source
    from procman.workflow.load import Loaded


def show(findings: tuple[Finding, ...], loaded: Loaded, stream: TextIO, known: tuple[Finding, ...] = ()) -> None:
    """Write `findings` with their code frames to `stream`, but those that are `known` as one line."""
    shown = [f for f in findings if f not in known]
    _show(shown, known, loaded.source, "as at the last up", stream)


def show_refusal(error: ProcmanError) -> None:
    """Write the errors that `error` carries, if it is one that does, and how many findings there are besides."""
    findings, source = getattr(error, "findings", ()), getattr(error, "source", None)
    if findings and source is not None:
        faults = errors(findings)
        _show(faults, [f for f in findings if f not in faults], source, "besides", sys.stderr)


def _show(shown: Sequence[Finding], others: Sequence[Finding], source: Source, words: str, stream: TextIO) -> None:
    if shown:
        from procman.cli.report import render_findings

        print(render_findings(shown, [source], color=console.colour(stream)), file=stream)
    if others:
        from procman.cli.report import summary

        print(f"{summary(others)} {words}: {_how(source.name)}", file=stream)


def _how(name: str) -> str:
    """Return the command that shows every finding of the manifest `name`."""
    from shlex import join

    return join(["procman", "validate", *([] if name == "procman.yaml" else [name])])
