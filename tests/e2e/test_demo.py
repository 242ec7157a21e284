"""`make demo` on a machine that has neither mosquitto nor node: the same result, with the embedded broker."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tiwater import EXAMPLES

LAST_LINE = "500 published, 500 rows, 0 duplicates, 0 lost, 0 processes left"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_demo_ends_exactly_without_mosquitto_and_node(tmp_path: Path) -> None:
    """The demo starts, feeds, attacks and counts, and its last line is exact."""
    # A copy: consumers of other tests run in the example's own folder, and would be strays there.
    folder = tmp_path / "tiwater"
    shutil.copytree(EXAMPLES / "tiwater", folder, ignore=shutil.ignore_patterns("run", "__pycache__"))
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path), "TIWATER_BROKER": "amqtt"}  # no program is found
    done = subprocess.run(
        [sys.executable, "demo.py"],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == LAST_LINE
