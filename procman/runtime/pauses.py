"""Short waits of the launcher, also where the clock is one that somebody sets while it counts."""

import posix
import time


def rest(seconds: float) -> None:
    """Let others go on for so long; under a faked clock the sleep may be refused, and then only a turn is given up.

    Whoever waits has a deadline of its own.
    """
    try:
        time.sleep(seconds)
    except OSError:
        posix.sched_yield()
