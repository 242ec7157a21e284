"""Waits of the launcher: for a moment, and for a lock that others have."""

import _signal  # type: ignore[import-not-found]  # `signal` wraps it in enums, which costs 3 ms
import fcntl
import posix
import time

POLL = 0.002


def rest(seconds: float) -> None:
    """Let others go on for so long; under a faked clock the sleep may be refused, and then only a turn is given up.

    Whoever waits has a deadline of its own.
    """
    try:
        time.sleep(seconds)
    except OSError:
        posix.sched_yield()


def lock_in_turn(descriptor: int, seconds: float) -> bool:
    """Lock the open file `descriptor` when all who waited before have had it; tell whether that was within `seconds`.

    Hundreds who try again and again leave no time to the one who has it. For the main thread; an alarm ends the wait.
    """
    former = _signal.signal(_signal.SIGALRM, _late)
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (_signal.SIGALRM,))
    _signal.setitimer(_signal.ITIMER_REAL, seconds)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except TimeoutError:
        return False
    finally:
        _signal.setitimer(_signal.ITIMER_REAL, 0)  # it would outlive exec, and end the service
        _signal.signal(_signal.SIGALRM, former)
    return True


def lock_soon(descriptor: int, seconds: float) -> bool:
    """Lock the open file `descriptor`, trying again and again; tell whether that was in `seconds`. In any thread."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            rest(POLL)
        else:
            return True


def _late(_number: int, _frame: object) -> None:
    raise TimeoutError
