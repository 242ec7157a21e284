"""What a piece of work costs, in calls of functions: a figure that nothing else on the machine can change."""

import sys
from collections.abc import Callable


def calls(work: Callable[[], object], most: int) -> int:
    """Return how many functions `work` calls, those written in C too. At more than `most` it fails at once."""
    count = 0

    def seen(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1
            if count > most:
                raise AssertionError(f"more than {most} calls")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
