"""A consumer that bears witness: ``witness.py FOLDER STEP...`` takes the steps, then consumes, alone or not.

It tells by a lock of its own in FOLDER, which nothing else of procman knows. That lock sits on a descriptor higher than
procman's: the kernel closes the highest first when a process dies, so it is free again before procman's is. What was
seen goes to FOLDER/log, one line each, whole: ``alone|OVERLAP|end PID NANOSECONDS``.
"""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable

HIGH = 200
NOBODY = 65534
MOST_EATEN = 512


def say(folder: str, word: str) -> None:
    """Append one record."""
    descriptor = os.open(f"{folder}/log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.write(descriptor, f"{word} {os.getpid()} {time.monotonic_ns()}\n".encode())
    os.close(descriptor)


def eat(_number: int, _frame: object) -> None:
    """Take memory until the kernel puts an end to it."""
    eaten: list[bytes] = []
    while len(eaten) < MOST_EATEN:
        eaten.append(b"x" * (1 << 20))


def consume(folder: str) -> None:
    """Be the consumer until somebody ends it."""

    def end(_number: int, _frame: object) -> None:
        say(folder, "end")
        os._exit(0)

    low = os.open(f"{folder}/detector", os.O_RDONLY)
    high = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, HIGH)
    os.close(low)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGUSR1, eat)
    try:
        fcntl.flock(high, fcntl.LOCK_EX | fcntl.LOCK_NB)
        say(folder, "alone")
    except BlockingIOError:
        say(folder, "OVERLAP")
    while True:
        signal.pause()


def fork() -> None:
    """Go on in a child; the parent waits for it."""
    child = os.fork()
    if child:
        signal.signal(signal.SIGTERM, lambda _number, _frame: os.kill(child, signal.SIGTERM))
        os.waitpid(child, 0)
        os._exit(0)


def leave() -> None:
    """Go on in a child; the parent ends at once, as a daemon does."""
    if os.fork():
        os._exit(0)


def close() -> None:
    """Close every descriptor, procman's lock among them."""
    os.closerange(3, 4096)


STEPS: dict[str, Callable[[], None]] = {
    "fork": fork,
    "leave": leave,
    "setsid": os.setsid,
    "close": close,
    "user": lambda: os.setresuid(NOBODY, NOBODY, NOBODY),
}


def main() -> None:
    """Take the steps in their order; ``wipe`` becomes this program anew with an empty environment."""
    folder, *steps = sys.argv[1:]
    for done, step in enumerate(steps, 1):
        if step == "wipe":
            os.execve(sys.executable, [sys.executable, "-S", "-I", __file__, folder, *steps[done:]], {})  # noqa: S606 - no shell is wanted
        STEPS[step]()
    consume(folder)


main()
