"""`make demo` on a machine that has neither mosquitto nor node: the same result, with the embedded broker."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tiwater import EXAMPLES

PACKAGES = EXAMPLES.parent / "scripts" / "packages.sh"
LAST_LINE = "500 published, 500 rows, 0 duplicates, 0 lost, 0 processes left"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def _demo(tmp_path: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run the demo where no program is found; `before` is Python that runs first."""
    # A copy: consumers of other tests run in the example's own folder, and would be strays there.
    folder = tmp_path / "tiwater"
    shutil.copytree(EXAMPLES / "tiwater", folder, ignore=shutil.ignore_patterns("run", "__pycache__"))
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path), "TIWATER_BROKER": "amqtt"}  # no program is found
    return subprocess.run(
        [sys.executable, "-c", f"import demo; {before or 'pass'}; raise SystemExit(demo.main())"],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_demo_ends_exactly_without_mosquitto_and_node(tmp_path: Path) -> None:
    """The demo starts, feeds, attacks and counts, and its last line is exact."""
    done = _demo(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == LAST_LINE


def test_a_loss_names_the_broker_that_stands_in(tmp_path: Path) -> None:
    """When rows are missing and the broker was amqtt, the demo says so, and which package to install."""
    done = _demo(tmp_path, "demo.COUNT, demo.PATIENCE = 501, 1.0")
    *_before, failed, kept = done.stdout.splitlines()
    shutil.rmtree(kept.removeprefix("logs and state are kept in "))
    assert failed.partition("; ")[2] == (
        "the broker was amqtt, which may lose what it has confirmed. Use mosquitto: install the package mosquitto"
    )
    assert done.returncode == 1


def test_the_better_broker_is_installed_as_this_system_does() -> None:
    """In a checkout the hint is a command of the system that is there."""
    done = subprocess.run(
        [sys.executable, "-c", "import demo; print(demo.blame_amqtt())"],
        cwd=EXAMPLES / "tiwater",
        check=True,
        capture_output=True,
        text=True,
    )
    hint = subprocess.run([PACKAGES, "hint", "mosquitto"], check=True, capture_output=True, text=True).stdout
    assert done.stdout.endswith(f"Use mosquitto: {hint}")
