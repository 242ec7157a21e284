"""Programs as the host finds them: by the PATH that the service will have, from the folder that it runs in."""

import os
import shutil
from pathlib import Path

import pytest

from procman.adapters.host import facts
from tests.support.manifests import load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program, a file that is none, and a folder that bears a program's name."""
    for name, mode in (("bin/tool", 0o755), ("bin/text", 0o644), ("here", 0o755)):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("#!/bin/sh\n")
        file.chmod(mode)
    (tmp_path / "bin" / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("command", "path", "found"),
    [
        ("tool", "/nowhere:{}/bin", "bin/tool"),
        ("tool", "bin", "bin/tool"),
        ("here", "/nowhere:", "here"),
        ("here", "", None),
        ("text", "{}/bin", None),
        ("folder", "{}/bin", None),
        ("./here", "", "here"),
        ("bin/../here", "", "here"),
        ("./text", "", None),
    ],
)
def test_a_program_is_found_as_exec_would(folder: Path, command: str, path: str, found: str | None) -> None:
    """Entries of PATH and words with a slash are relative to the service's folder; only what may run counts."""
    manifest, _, _ = load(
        f"version: 1\nproject: a\nservices: {{api: {{kind: scalable, command: '{command}', directory: '{folder}'}}}}\n"
    )
    assert manifest is not None
    executable = facts(manifest, {}, path.format(folder)).services["api"].executable
    assert (str(folder / found) if found else None) == executable


def test_programs_of_probes_are_found_likewise(folder: Path) -> None:
    """Each that is asked with a command has its program, or None; the others are not there."""
    probes = "ready: {exec: tool --fast}, alive: {exec: [./no, x]}"
    text = f"services: {{api: {{kind: scalable, command: tool, directory: '{folder}', {probes}}}, b: {{kind: scalable, "
    manifest, _, _ = load(f"version: 1\nproject: a\n{text}command: tool, ready: tcp}}}}\n")
    assert manifest is not None
    found = facts(manifest, {}, f"{folder}/bin").services
    assert (found["api"].probes, found["b"].probes) == ((("ready", f"{folder}/bin/tool"), ("alive", None)), ())


def test_the_usual_programs_are_where_the_shell_finds_them() -> None:
    """On this host's own PATH the answer is that of the standard library."""
    manifest, _, _ = load("version: 1\nproject: a\nservices: {api: {kind: scalable, command: sh}}\n")
    assert manifest is not None
    assert shutil.which("sh") == facts(manifest, {}, os.environ["PATH"]).services["api"].executable
