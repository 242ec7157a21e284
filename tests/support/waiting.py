"""Waiting for a condition with a deadline, in place of sleeping for a guess."""

import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

SLOWNESS = float(os.environ.get("SLOWNESS", "1"))
"""By how much every patience is longer, on a machine that is emulated."""


def wait_until(condition: Callable[[], Answer], timeout: float, message: str, interval: float = 0.02) -> Answer:
    """Give back the first true answer of `condition`; fail with `message` when none came in `timeout` seconds.

    The condition is asked every `interval` seconds, and once more at the deadline.
    """
    timeout *= SLOWNESS
    deadline = time.monotonic() + timeout
    pause = threading.Event()  # never set
    while True:
        late = time.monotonic() >= deadline
        if answer := condition():
            return answer
        if late:
            raise AssertionError(f"waited {timeout:g} s in vain: {message}")
        pause.wait(interval)
