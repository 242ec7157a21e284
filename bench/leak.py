"""A leak under a limit of 150 MiB, beside PM2: crossing to signal, highest memory, requests lost, a leaking grandchild.

The same node program under both. One of two instances leaks 20 MiB a second, in itself or in a child of a child, and
notes by itself (PSS) when it crosses the limit, when it is told to end, and the most it had.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import peers

LIMIT = 150 << 20
ROUNDS = int(os.environ.get("ROUNDS", "10"))
PATIENCE = 45.0
"""PM2 looks every 30 s."""

SIGNAL_GOAL = 2.0
PROCMAN = str(Path(sys.executable).parent / "procman")

APP = """
const fs = require('fs'), http = require('http'), child = require('child_process');
const where = process.env.WHERE, limit = Number(process.env.LIMIT);
const say = (what, size) => fs.appendFileSync(
  where + '/said', JSON.stringify({ at: Date.now() / 1000, pid: process.pid, what, size }) + '\\n');
const first = () => {
  try { fs.closeSync(fs.openSync(where + '/leaker', 'wx')); return true; } catch { return false; }
};
const tree = process.argv[2] === 'leak' ? [process.pid, process.ppid, process.env.TOP] : [process.pid];
const one = pid => Number(/^Pss: +(\\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))[1]);
const pss = () => 1024 * tree.map(one).reduce((sum, size) => sum + size);
let kept = [], crossed = false, peak = 0;
const leak = () => setInterval(() => {
  kept.push(Buffer.alloc(1 << 20, 1));
  const size = pss();
  if (size > peak) { peak = size; say('peak', size); }
  if (size > limit && !crossed) { crossed = true; say('crossed', size); }
}, 50);
if (process.argv[2] === 'middle') {
  child.spawn(process.execPath, [__filename, 'leak'], { stdio: 'ignore' });
  setInterval(() => {}, 1e6);
} else if (process.argv[2] === 'leak') leak();
else {
  const server = http.createServer((_, answer) => answer.end('ok'));
  const end = () => {
    say('signal', 0);
    server.close(() => process.exit(0));
    setTimeout(() => process.exit(0), 1500);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  server.listen(Number(process.env.PORT), '127.0.0.1');
  const wait = setInterval(() => {
    if (!fs.existsSync(where + '/go')) return;
    clearInterval(wait);
    if (!first()) return;
    const env = { ...process.env, TOP: process.pid };
    if (process.env.GRAND) child.spawn(process.execPath, [__filename, 'middle'], { stdio: 'ignore', env });
    else leak();
  }, 50);
}
"""


class Round(NamedTuple):
    """What one leak came to: seconds from crossing to signal (None: none), bytes at most, requests lost of sent."""

    seconds: float | None
    peak: int
    lost: int
    sent: int


def main() -> None:
    """Print the figures of both managers, for a leak in the service and for one in its grandchild."""
    with peers.short_home() as folder:
        pm2 = peers.Pm2(folder / "pm2")
        print(
            f"a leak of 20 MiB/s under 150 MiB, 2 instances, 100 requests a second ({ROUNDS} rounds, PM2 {pm2.version})"
        )
        for grand in (False, True):
            where = "in a child of its child" if grand else "in the service"
            for name, manager in managers(pm2).items():
                rounds = [measured(folder / f"{name}{int(grand)}{i}", manager, grand=grand) for i in range(ROUNDS)]
                print(f"  {where}, {name:7}: {told(rounds)}")


def managers(pm2: peers.Pm2) -> dict[str, Callable[..., Iterator[None]]]:
    """Return what is measured: both, or the one that ONLY names."""
    both: dict[str, Callable[..., Iterator[None]]] = {"procman": procman, "pm2": lambda *a: under_pm2(pm2, *a)}
    return {name: run for name, run in both.items() if os.environ.get("ONLY", name) == name}


def told(rounds: list[Round]) -> str:
    """Return the figures of all rounds in words."""
    times = sorted(r.seconds for r in rounds if r.seconds is not None)
    signal = f"{statistics.median(times):.2f} s, at most {times[-1]:.2f}" if times else f"never in {PATIENCE:.0f} s"
    if times and len(times) < len(rounds):
        signal += f", never in {len(rounds) - len(times)}"
    goal = (
        "" if not times else f" (goal: at most {SIGNAL_GOAL:g}, {'reached' if times[-1] <= SIGNAL_GOAL else 'MISSED'})"
    )
    lost, sent = sum(r.lost for r in rounds), sum(r.sent for r in rounds)
    return f"to the signal {signal}{goal}; highest {max(r.peak for r in rounds) >> 20} MiB; lost {lost} of {sent}"


def measured(folder: Path, manager: Callable[..., Iterator[None]], *, grand: bool) -> Round:
    """Run one leak."""
    folder.mkdir()
    (folder / "app.js").write_text(APP)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {"WHERE": str(folder), "LIMIT": str(LIMIT), **({"GRAND": "1"} if grand else {})}
    with contextmanager(manager)(folder, port, environment):
        load = Load(port)
        time.sleep(1)
        (folder / "go").touch()
        deadline = time.monotonic() + PATIENCE
        while not (signal := said(folder, "signal")) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(3 if signal else 0)
        lost, sent = load.end()
    crossed = said(folder, "crossed")
    peak = max((row["size"] for row in rows(folder) if row["what"] == "peak"), default=0)
    return Round(signal["at"] - crossed["at"] if signal and crossed else None, peak, lost, sent)


def procman(folder: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
    """Run the program under procman."""
    service = {
        "kind": "scalable", "command": "node app.js", "instances": 2, "memory": "150M", "env": environment,
        "listen": f"127.0.0.1:{port}", "stop": {"timeout": "5s"},
    }  # fmt: skip
    manifest = {"version": 1, "project": "leak", "budget": {"ram": "2G"}, "services": {"api": service}}
    (folder / "procman.yaml").write_text(json.dumps(manifest))
    given = peers.clean_environment(PROCMAN_HOME=str(folder / "h"))
    subprocess.run([PROCMAN, "up"], cwd=folder, env=given, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run([PROCMAN, "down"], cwd=folder, env=given, check=True, capture_output=True)


def under_pm2(pm2: peers.Pm2, folder: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
    """Run the program as a cluster under PM2."""
    app = {
        "name": "api", "script": "app.js", "cwd": str(folder), "exec_mode": "cluster", "instances": 2,
        "max_memory_restart": "150M", "kill_timeout": 5000, "env": {**environment, "PORT": str(port)},
    }  # fmt: skip
    pm2.start([app], folder)
    try:
        yield
    finally:
        pm2.end()


class Load:
    """A hundred requests a second, each on a connection of its own, until `end`."""

    def __init__(self, port: int) -> None:
        """Begin to ask."""
        self._port = port
        self._sent = self._lost = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> tuple[int, int]:
        """Stop; return how many were lost, and sent."""
        self._over.set()
        self._thread.join()
        return self._lost, self._sent

    def _run(self) -> None:
        while not self._over.wait(0.01):
            self._sent += 1
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            try:
                connection.request("GET", "/")
                self._lost += connection.getresponse().read() != b"ok"
            except (OSError, http.client.HTTPException):
                self._lost += 1
            finally:
                connection.close()


def rows(folder: Path) -> list[dict[str, float]]:
    """Return what the program has noted."""
    try:
        lines = (folder / "said").read_text().splitlines()
    except OSError:
        return []
    return [json.loads(line) for line in lines if line.endswith("}")]


def said(folder: Path, what: str) -> dict[str, float] | None:
    """Return the first note of this kind: of the leaker, since nobody else is told to end before."""
    return next((row for row in rows(folder) if row["what"] == what), None)


if __name__ == "__main__":
    main()
