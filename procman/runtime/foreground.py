"""Waits for the manager in the foreground and hands it every request to end. Run as a script, with its pid.

What is left of ``procman up --foreground``: systemd and containers watch this process. It started the manager, so it
learns how that ended, and ends likewise. What it finds ignored it leaves alone, as nohup and background jobs want it; a
SIGTERM is meant for this process, and handed on always.
"""

import os
import signal
import sys

TOLD_BY = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def main() -> int:
    """Return 0 when the manager ended as asked, 1 when it ended by itself."""
    manager = int(sys.argv[1])
    asked = []

    def hand_on(number: int, _frame: object) -> None:
        asked.append(number)
        os.kill(manager, signal.SIGTERM)

    handlers = dict.fromkeys(TOLD_BY, hand_on) | {signal.SIGHUP: lambda *_: os.kill(manager, signal.SIGHUP)}
    for number, handler in handlers.items():
        if number == signal.SIGTERM or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*TOLD_BY, signal.SIGHUP))  # held back since the manager was ready
    _, status = os.waitpid(manager, 0)
    return 0 if asked and os.waitstatus_to_exitcode(status) == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
