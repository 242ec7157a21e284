"""Requests to end: SIGTERM and SIGHUP end a command as Ctrl-C does, so that what it began is brought back first."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` wraps it in enums, a hundredth of a short command
import os
from types import FrameType

_REQUESTS = (signal.SIGTERM, signal.SIGHUP)


class Told(KeyboardInterrupt):
    """Somebody wants this command to end: a service manager, or a terminal that has gone."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def listen() -> None:
    """Raise Told at the first request. What is ignored already, as under nohup, stays ignored.

    SIGCHLD apart: who ignores that is not told how a process ended that it waits for.
    """
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in _REQUESTS:
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _tell)


def end(number: int) -> None:
    """End by the signal itself, so that whoever sent it sees its own doing."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _tell(number: int, _frame: FrameType | None) -> None:
    # A terminal that closes says so twice. The second must not stop what the first has begun to bring back; a function
    # in place of SIG_IGN, which a program that is started now would inherit.
    for each in _REQUESTS:
        if signal.getsignal(each) is _tell:
            signal.signal(each, _told_already)
    raise Told(number)


def _told_already(_number: int, _frame: FrameType | None) -> None:
    """Change nothing."""
