"""Packages of npm that tests need: installed once, however many tests of one run want them at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tiwater import need

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TESTS = 4


def test_tests_beside_each_other_install_once(tmp_path: Path) -> None:
    """Four processes ask at once: npm runs once, and every one of them finds the package."""
    need("node", "nodejs")
    npm = need("npm", "npm")
    folder, runs = _project(tmp_path / "app"), tmp_path / "runs"
    counting = tmp_path / "bin" / "npm"
    counting.parent.mkdir()
    counting.write_text(f'#!/bin/sh\necho ran >> {runs}\nexec {npm} "$@"\n', encoding="utf-8")
    counting.chmod(0o755)
    program = (
        "import sys; from pathlib import Path; from tests.support.tiwater import npm_packages; "
        "sys.exit(not (npm_packages(Path(sys.argv[1])) / 'node_modules' / 'part' / 'package.json').exists())"
    )
    environment = {**os.environ, "PATH": f"{counting.parent}:{os.environ['PATH']}"}
    asking = [
        subprocess.Popen([sys.executable, "-c", program, str(folder)], cwd=ROOT, env=environment) for _ in range(TESTS)
    ]
    assert [process.wait(60) for process in asking] == [0] * TESTS
    assert runs.read_text(encoding="utf-8") == "ran\n"


def _project(folder: Path) -> Path:
    """A package with one dependency that lies beside it, so that no registry is asked."""
    (folder / "part").mkdir(parents=True)
    part = {"name": "part", "version": "1.0.0"}
    app = {"name": "app", "version": "1.0.0", "dependencies": {"part": "file:part"}}
    linked = {"resolved": "part", "link": True}
    lock = {**app, "lockfileVersion": 3, "packages": {"": app, "node_modules/part": linked, "part": part}}
    lock.pop("dependencies")
    for path, document in (("part/package.json", part), ("package.json", app), ("package-lock.json", lock)):
        (folder / path).write_text(json.dumps(document), encoding="utf-8")
    return folder
