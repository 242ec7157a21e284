"""Staying in the foreground: procman hands over to a waiter of a few megabytes, which keeps its pid."""

from __future__ import annotations

import importlib.util
import os
import signal
from collections.abc import Callable
from typing import NoReturn

from procman.adapters import supervisord
from procman.adapters.state import State
from procman.core.errors import Failed
from procman.workflow.observe import observe


def stay(state: State, ready: Callable[[], None]) -> NoReturn:
    """Say that the project is `ready` and become the waiter for the manager, which this process started.

    Requests to end wait until the waiter is there to take them: one in between would leave the manager alone.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP))
    observed = observe(state)
    waiter = importlib.util.find_spec("procman.runtime.foreground")
    if observed is None or waiter is None or waiter.origin is None:
        raise Failed("the manager has ended already", f"see {state.log('supervisord')}")
    ready()
    python = supervisord.python()
    os.execv(python, [python, "-I", "-S", waiter.origin, str(observed.manager_pid)])  # noqa: S606 - on purpose no shell
