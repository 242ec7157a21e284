"""What holds for every test."""

import os
import signal

import pytest
from hypothesis import settings

# A loaded machine is no fault of the code: pytest-timeout bounds each test as a whole. CI throws the same dice each
# time, so that a change is judged by what it changed; elsewhere, and in bench/, they fall anew.
settings.register_profile("procman", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("procman")

PYTHONS = {signal.SIGPIPE, signal.SIGXFSZ}
"""What Python itself ignores, and subprocess restores."""


def pytest_configure(config: pytest.Config) -> None:
    """Hand on nothing of what is ignored around the tests, as by `nohup make test` or in a background job of a script.

    Every process that a test starts would ignore it, too, and one that is to end by SIGINT or SIGHUP would not. A
    handler is none any more after exec. What deals the tests out stays as it was started: its workers do this.
    """
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return
    for number in signal.valid_signals() - PYTHONS:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: None)
