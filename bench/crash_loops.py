"""What 200 services that crash as soon as they are started, for a minute, do to one that is well beside them."""

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

SERVICES = 200
SECONDS = 60.0
PAUSE = 1.0
STARTS = 120.0

HEAD = """\
[supervisord]
nodaemon = true
silent = true
user = {user}
logfile = {folder}/log
logfile_maxbytes = 0
pidfile = {folder}/pid
[unix_http_server]
file = {folder}/sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[rpcinterface:procman]
supervisor.rpcinterface_factory = procman.runtime.plugin:make
state = {folder}
"""
PROGRAM = """\
[program:{name}]
command = {command}
autorestart = true
startsecs = 1
startretries = 1000000
environment = PROCMAN_RESTART="{policy}"
"""
GIVEN_UP = "5 60.0 1.0"
FOR_EVER = "100 3600.0 1.0 always 1 1.0 never 0"
"""Not given up in that time, and started again a second after each failure, as far as there is room for it."""


def main() -> None:
    """Print the figures of both policies, one line each."""
    print(f"{SERVICES} services that crash at once, {SECONDS:g} s, beside one that is killed every {PAUSE:g} s")
    for name, policy in (("the default policy", GIVEN_UP), ("never given up", FOR_EVER)):
        with tempfile.TemporaryDirectory(prefix="pm", dir="/tmp") as folder:
            print(f"  {name:20} {measured(policy, Path(folder))}")


def measured(policy: str, folder: Path) -> str:
    """Return what `SECONDS` of crashing cost, in words."""
    text = HEAD.format(folder=folder, user=os.geteuid())
    text += PROGRAM.format(name="well-0", command="/bin/sleep 1000", policy="100 1.0 0.0")
    text += "".join(PROGRAM.format(name=f"bad-{n}", command="/bin/false", policy=policy) for n in range(SERVICES))
    (folder / "conf").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(folder / "conf")]
    process = subprocess.Popen(command, env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"})
    try:
        well = found(process.pid, 0)
        time.sleep(2.0)
        first, used, end = measure.resident(process.pid)[1], _processor(process.pid), time.monotonic() + SECONDS
        times = []
        while time.monotonic() < end:
            began = time.perf_counter()
            os.kill(well, signal.SIGKILL)
            well = found(process.pid, well)
            times.append(time.perf_counter() - began)
            time.sleep(PAUSE)
        last, used = measure.resident(process.pid)[1], _processor(process.pid) - used
    finally:
        process.terminate()
        process.wait()
    starts = (folder / "log").read_text(encoding="utf-8").count("spawned: 'bad-")
    worst, usual = max(times) * 1000, statistics.median(times) * 1000
    return (
        f"{starts:6,} starts  {100 * used / SECONDS:4.1f} % of a core  PSS {first >> 20} -> {last >> 20} MiB"
        f"  SIGKILL -> next process {usual:.1f} ms, {worst:.1f} ms at most, of {len(times)}"
    )


def found(manager: int, other: int) -> int:
    """Wait until `manager` has a child that sleeps and is not `other`, and return its pid."""
    path = Path(f"/proc/{manager}/task/{manager}/children")
    end = time.monotonic() + STARTS
    while time.monotonic() < end:
        for pid in map(int, path.read_text(encoding="ascii").split()):
            if pid != other and _command(pid).startswith(b"/bin/sleep"):
                return pid
        time.sleep(0.0005)
    raise RuntimeError(f"there is no healthy process after {STARTS:g} s")


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
