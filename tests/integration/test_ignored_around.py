"""Tests that are started by a shell that ignores signals, as `nohup make test` is, end what they start by these."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[2]
IGNORED = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT)
ENDS_BY_SIGNALS = "tests/e2e/test_interrupted.py::test_a_first_start_that_is_interrupted_leaves_nothing"


def _ignore() -> None:
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)


@pytest.mark.parametrize("workers", ["0", "3"])
def test_ignored_signals_do_not_reach_what_tests_start(workers: str) -> None:
    """Tests that end a command by SIGINT, SIGTERM and SIGHUP pass, with workers and without."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", workers, ENDS_BY_SIGNALS],
        cwd=ROOT,
        env=mine,
        preexec_fn=_ignore,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert "3 passed" in done.stdout, done.stdout[-3000:]
