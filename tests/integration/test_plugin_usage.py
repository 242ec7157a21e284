"""The memory of each unit's whole tree, measured inside a real supervisord."""

from __future__ import annotations

import pytest

from tests.support.supervised import Lab, Unit
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PATIENCE = 40.0

WITH_A_LARGE_CHILD = """
import os, signal
if os.fork() == 0:
    kept = b"x" * (48 << 20)
signal.pause()
"""


def test_memory_of_the_whole_tree_is_kept() -> None:
    """Peak and usual count a child that the unit's own process does not have in its memory."""
    with Lab([Unit("api-0", WITH_A_LARGE_CHILD), Unit("small-0")]) as lab:
        wait_until(lambda: (lab.unit("api-0").memory_peak or 0) > 48 << 20, PATIENCE, "the child is measured")
        small = wait_until(lambda: (u := lab.unit("small-0")).memory_samples and u, PATIENCE, "the other one, too")
        assert small
        assert 0 < (small.memory_usual or 0) <= (small.memory_peak or 0) < 30 << 20


def test_memory_is_remembered_over_a_crash_and_forgotten_with_the_unit() -> None:
    """What was measured before a restart still counts; a unit that is added anew begins anew."""
    with Lab([Unit("api-0", WITH_A_LARGE_CHILD)]) as lab:
        wait_until(lambda: (lab.unit("api-0").memory_peak or 0) > 48 << 20, PATIENCE, "the child is measured")
        lab.stop("api-0")
        assert (lab.unit("api-0").memory_peak or 0) > 48 << 20
        lab.change("api-0", script="import signal; signal.pause()")
        assert (lab.unit("api-0").memory_peak or 0) < 30 << 20
