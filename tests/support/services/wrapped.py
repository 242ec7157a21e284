"""A wrapper whose child has the listening socket, in a session of its own, and outlives it when it is killed."""

import os
import signal
import sys

child = os.fork()
if child == 0:
    os.setsid()
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - it is a wrapper
signal.signal(signal.SIGTERM, lambda _number, _frame: os.kill(child, signal.SIGTERM))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
