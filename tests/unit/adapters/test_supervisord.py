"""What happens when supervisord is being started and the operator wants to end."""

import signal

import pytest

from procman.adapters import supervisord


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_waits_until_the_new_process_is_known(number: signal.Signals) -> None:
    """Between the fork and the pid nothing is interrupted; afterwards the former handler hears of it, once."""
    heard: list[int] = []
    former = signal.signal(number, lambda given, _frame: heard.append(given))
    try:
        with supervisord._later():
            signal.raise_signal(number)
            assert heard == []
        assert heard == [number]
        signal.raise_signal(number)
        assert heard == [number, number]
    finally:
        signal.signal(number, former)


def test_what_is_ignored_stays_ignored() -> None:
    """Under nohup a new supervisord must ignore SIGHUP as before: a handler would be lost in it."""
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with supervisord._later():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, former)
