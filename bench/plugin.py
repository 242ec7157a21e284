"""What the plugin costs supervisord in memory and start-up, and what it gains after SIGKILL: with and without it."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measure

ROUNDS = 20
SETTLE = 1.5
PAUSE = 0.0005

STOCK = """\
[supervisord]
nodaemon = true
silent = true
user = {user}
logfile = {folder}/log
pidfile = {folder}/pid
[unix_http_server]
file = {folder}/sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:sleep-0]
command = /bin/sleep 1000
autorestart = true
startsecs = 1
environment = PROCMAN_RESTART="1000 1.0 0.0"
"""

PLUGIN = """\
[rpcinterface:procman]
supervisor.rpcinterface_factory = procman.runtime.plugin:make
state = {folder}
"""


def main() -> None:
    """Print the figures of both, one line each."""
    print(f"supervisord and its plugin (medians of {ROUNDS} kills)")
    for name, text in (("stock", STOCK), ("with the plugin", STOCK + PLUGIN)):
        with tempfile.TemporaryDirectory(prefix="pm", dir="/tmp") as folder:
            start, (rss, pss), restart = measured(text, Path(folder))
        print(
            f"  {name:16} start {start * 1000:4.0f} ms  RSS {rss / 1048576:5.2f} MiB  PSS {pss / 1048576:5.2f} MiB"
            f"  SIGKILL -> next process {restart * 1000:7.2f} ms"
        )


def measured(text: str, folder: Path) -> tuple[float, tuple[int, int], float]:
    """Return seconds until the first process, (RSS, PSS) in bytes, and median seconds from SIGKILL to the next."""
    conf = folder / "conf"
    conf.write_text(text.format(folder=folder, user=os.geteuid()), encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "supervisor.supervisord", "-c", str(conf)], env=environment)
    try:
        child(process.pid, 0)
        start = time.perf_counter() - began
        time.sleep(SETTLE)
        memory = measure.resident(process.pid)
        return start, memory, statistics.median(killed(process.pid) for _ in range(ROUNDS))
    finally:
        process.terminate()
        process.wait()


def killed(manager: int) -> float:
    """Kill the one child of `manager` and return the seconds until it has another."""
    pid = child(manager, 0)
    time.sleep(SETTLE)  # it counts as started, and the loop sleeps
    began = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    child(manager, pid)
    return time.perf_counter() - began


def child(manager: int, other: int) -> int:
    """Wait until `manager` has a child that is not `other`, and return its pid."""
    path = Path(f"/proc/{manager}/task/{manager}/children")
    while True:
        pids = [int(pid) for pid in path.read_text(encoding="ascii").split() if int(pid) != other]
        if pids:
            return pids[0]
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
