"""Ignores every polite request to end."""

import os
import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(f"deaf {os.getpid()} listens to nobody", flush=True)
while True:
    signal.pause()
