"""What the launcher costs: fork to exec, what stays resident, and a SIGKILLed node consumer until it speaks again.

The latter against bare node (started anew by hand at once) and PM2's fork mode, in alternating rounds of one run.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import measure
import peers

from procman.core.records import pack
from procman.runtime import launch

STARTS = 100
ROUNDS = 15
PAUSE = 0.0002
SETTLE = 1.5
BARE_GOAL, PM2_GOAL = 0.025, 1.0
NODE = "require('fs').appendFileSync(process.argv[2], process.pid + '\\n'); setInterval(() => {}, 1e6);\n"


def main() -> None:
    """Print the figures."""
    with peers.short_home() as folder:
        launcher(folder)
        restart(folder)


def launcher(folder: Path) -> None:
    """Print fork to exec, and what is left of the launcher afterwards."""
    print(f"launcher, fork to exec of the service ({STARTS} starts)")
    for kind in ("scalable", "singleton"):
        times = sorted(_start(folder, kind) for _ in range(STARTS))
        p95 = times[int(len(times) * 0.95)]
        print(f"  {kind:10} median {statistics.median(times) * 1000:5.1f} ms  p95 {p95 * 1000:5.1f} ms")
    times = sorted(_bare() for _ in range(STARTS))
    print(f"  bare interpreter, from start to its end, median {statistics.median(times) * 1000:.1f} ms in the same run")
    print("  resident afterwards: 0 bytes; the process is the service, and has no helper")


def restart(folder: Path) -> None:
    """Print SIGKILL to the first line of node: under procman, bare, under PM2."""
    pm2 = peers.Pm2(folder / "pm2")
    script = folder / "consumer.js"
    script.write_text(NODE)
    lines = {name: folder / f"{name.replace(' ', '-')}.lines" for name in ("procman", "bare node", "pm2 fork")}
    for path in lines.values():
        path.touch()
    environment = peers.clean_environment(PROCMAN_HOME=str(folder / "p"))
    manifest = _manifest(folder, ["node", str(script), str(lines["procman"])])
    procman = [str(Path(sys.executable).parent / "procman")]
    subprocess.run([*procman, "up", "-f", str(manifest)], env=environment, check=True, capture_output=True)
    bare = Bare(["node", str(script), str(lines["bare node"])])
    try:
        app = {"name": "consumer", "script": str(script), "args": str(lines["pm2 fork"]), "exec_mode": "fork"}
        pm2.start([app], folder)
        found = _rounds(lines, bare)
    finally:
        subprocess.run([*procman, "down", "-f", str(manifest)], env=environment, check=True, capture_output=True)
        pm2.end()
        bare.end()
    print(f"node consumer, SIGKILL to its first line, median of {ROUNDS} alternating rounds (PM2 {pm2.version})")
    for name, seconds in found.items():
        print(f"  {name:10} {seconds * 1000:6.0f} ms")
    extra = found["procman"] - found["bare node"]
    reached = "reached" if extra <= BARE_GOAL else "MISSED"
    print(f"  procman - bare node  {extra * 1000:.0f} ms (goal: at most {BARE_GOAL * 1000:.0f} ms, {reached})")
    print(f"  procman : pm2        {measure.ratio(found['procman'], found['pm2 fork'], PM2_GOAL)}")


class Bare:
    """Node without a manager: started anew by whoever waits for it."""

    def __init__(self, command: list[str]) -> None:
        """Start it."""
        self._command = command
        self._process = self._started()

    def again(self) -> None:
        """Reap it and start the next."""
        self._process.wait()
        self._process = self._started()

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        # in a session of its own as under a manager: on a busy machine the kernel shares out by session
        return subprocess.Popen(self._command, start_new_session=True)


def _start(folder: Path, kind: str) -> float:
    """Start one launcher and return the seconds until its process is the service."""
    spec = folder / "spec"
    one = {"project": "bench", "service": "mqtt", "instance": "0", "instances": "1", "kind": kind}
    rows = [*one.items(), ("state", str(folder)), ("cwd", "/"), ("arg", "/bin/sleep"), ("arg", "100")]
    if kind == "singleton":
        rows.append(("lock", f"bench-{os.getpid()}:1883 bench/#"))
    spec.write_bytes(pack(rows))
    link = os.path.realpath("/bin/sleep")
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-I", "-S", launch.__file__, str(spec)], env={})
    while _program(process.pid) != link:
        if process.poll() is not None:
            raise RuntimeError(f"the launcher ended with {process.returncode}")
    seconds = time.perf_counter() - began
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    process.kill()
    process.wait()
    if children:
        raise RuntimeError(f"the launcher left {children} behind")
    return seconds


def _bare() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-S", "-c", ""], env={}, check=True)
    return time.perf_counter() - began


def _program(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/exe").readlink())
    except OSError:
        return ""


def _rounds(lines: dict[str, Path], bare: Bare) -> dict[str, float]:
    while not all(path.stat().st_size for path in lines.values()):
        time.sleep(PAUSE)
    times: dict[str, list[float]] = {name: [] for name in lines}
    after: dict[str, Callable[[], None]] = {"bare node": bare.again}
    for number in range(ROUNDS + 1):
        for name, path in lines.items():
            time.sleep(SETTLE if name == "procman" else 0.2)
            seconds = _killed(path, after.get(name))
            if number:  # the first round warms the caches
                times[name].append(seconds)
    return {name: statistics.median(found) for name, found in times.items()}


def _killed(path: Path, again: Callable[[], None] | None) -> float:
    """Kill the process that wrote the last line and return the seconds until there is a new line."""
    size = path.stat().st_size
    pid = int(path.read_text().split()[-1])
    began = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    if again is not None:
        again()
    while path.stat().st_size == size:
        time.sleep(PAUSE)
    return time.perf_counter() - began


def _manifest(folder: Path, command: list[str]) -> Path:
    path = folder / "procman.yaml"
    restart = {"max": 100, "within": "1s", "delay": "0s"}
    consumes = {"broker": f"mqtt://bench-{os.getpid()}.invalid", "topics": ["bench/#"], "client_id": "bench"}
    mqtt = {"kind": "singleton", "command": command, "memory": "100M", "restart": restart, "consumes": consumes}
    path.write_text(json.dumps({"version": 1, "project": "bench", "services": {"mqtt": mqtt}}))
    return path


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main()
