"""Waiting for a lock: in turn or by trying, for so long and no longer, and nothing is left of the alarm."""

import fcntl
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from procman.runtime.pauses import lock_in_turn, lock_soon

WAITS = pytest.mark.parametrize("wait", [lock_in_turn, lock_soon])


@WAITS
@pytest.mark.parametrize("held", [False, True])
def test_a_lock_is_had_or_given_up(tmp_path: Path, wait: Callable[[int, float], bool], *, held: bool) -> None:
    """True with the lock, False when somebody keeps it."""
    path = tmp_path / "guard"
    path.touch()
    with path.open() as other, path.open() as mine, path.open() as third:
        if held:
            fcntl.flock(other, fcntl.LOCK_EX)
        assert wait(mine.fileno(), 0.05) is not held
        if not held:
            with pytest.raises(BlockingIOError):
                fcntl.flock(third, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("held", [False, True])
def test_no_alarm_is_left(tmp_path: Path, *, held: bool) -> None:
    """It would outlive exec, and end the service by SIGALRM."""
    path = tmp_path / "guard"
    path.touch()
    former = signal.getsignal(signal.SIGALRM)
    with path.open() as other, path.open() as mine:
        if held:
            fcntl.flock(other, fcntl.LOCK_EX)
        lock_in_turn(mine.fileno(), 0.05 if held else 30)
    assert (0.0, 0.0) == signal.getitimer(signal.ITIMER_REAL)
    assert signal.getsignal(signal.SIGALRM) == former
