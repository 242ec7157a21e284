"""procman's cluster beside PM2's, and beside nginx in front of two plain node processes: same app, alternating rounds.

python bench/cluster/against.py --minutes 30
python bench/cluster/against.py --only throughput --rounds 5
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from arena import APPS, arena, free_port, loaded, wait

sys.path.append(str(Path(__file__).resolve().parents[1]))
import measure
import peers
from many import many

SCRIPT = APPS / "node.cjs"
CONNECTIONS = 64
SECONDS = 5
RELOADS = 10
RATE = 200.0
NGINX = """\
daemon off; worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream api {{
        server 127.0.0.1:{first} max_fails=0; server 127.0.0.1:{second} max_fails=0;
        keepalive 64; keepalive_timeout 4s;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
}}
"""


class Candidate:
    """Something that serves the app on `port`. `roots`: processes whose trees are all of it."""

    def __init__(
        self, name: str, port: int, roots: Callable[[], list[int]], reload: Callable[[], object] | None
    ) -> None:
        """Take what differs."""
        self.name, self.port, self.roots, self.reload = name, port, roots, reload

    def tree(self) -> list[int]:
        """Return every process of it."""
        children: dict[int, list[int]] = {}
        for pid in (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
            with contextlib.suppress(OSError, IndexError):
                parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(pid)
        found, todo = [], self.roots()
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo += children.get(pid, [])
        return found

    def processor(self) -> float:
        """Return the processor seconds that it has used so far."""
        ticks = 0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(parts[11]) + int(parts[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Return the PSS of all of it in MiB."""
        return sum(measure.resident(pid)[1] for pid in self.tree()) / (1 << 20)


@contextmanager
def procman(instances: int = 2) -> Iterator[Candidate]:
    """Procman, up."""
    with arena("node", instances) as made:
        word = "reload" if made.has("reload") else "restart"
        yield Candidate("procman", made.port, lambda: [made.manager()], lambda: made.run(word, "api"))


@contextmanager
def pm2(instances: int = 2) -> Iterator[Candidate]:
    """PM2's cluster mode, started from an ecosystem file."""
    with peers.short_home() as folder:
        made, port = peers.Pm2(folder / "h"), free_port()
        app = {"name": "api", "script": str(SCRIPT), "exec_mode": "cluster", "instances": instances}
        try:
            made.start([{**app, "env": {"PORT": str(port)}}], folder)
            answered(port)
            yield Candidate("pm2", port, lambda: [made.daemon()], lambda: made.run("reload", "api"))
        finally:
            made.end()


@contextmanager
def nginx() -> Iterator[Candidate]:
    """Nginx in front of two node processes that nobody manages."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise peers.Unavailable("nginx is not installed: apt-get install nginx-light")
    with peers.short_home() as folder:
        ports = {name: free_port() for name in ("port", "first", "second")}
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, **ports))
        commands = [["node", str(SCRIPT)], ["node", str(SCRIPT)], [program, "-p", str(folder), "-c", "nginx.conf"]]
        environments = [{**os.environ, "PORT": str(ports[name])} for name in ("first", "second")]
        running = [
            subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for command, env in zip(commands, [*environments, dict(os.environ)], strict=True)
        ]
        try:
            for port in ports.values():
                answered(port)
            yield Candidate("nginx", ports["port"], lambda: [process.pid for process in running], None)
        finally:
            for process in running:
                process.terminate()
                process.wait()


def answered(port: int) -> str:
    """Wait for an answer and return the pid that gave it."""
    found = ""

    def there() -> bool:
        nonlocal found
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/", headers={"Connection": "close"})
            response = connection.getresponse()
            found = response.headers.get("X-Pid") or "" if response.status == http.HTTPStatus.OK else ""
            connection.close()
        return bool(found)

    wait(there, f"port {port} answers")
    return found


def throughput(rounds: int, until: float) -> None:
    """Print requests per second, p99 and processor time per 10,000 requests, with new and with kept connections."""
    if shutil.which("wrk") is None:
        raise peers.Unavailable("wrk is not installed: apt-get install wrk")
    middle = _sampled(rounds, until)
    print(f"throughput: plain node, two instances, {CONNECTIONS} connections, median of {rounds} rounds of {SECONDS} s")
    for (name, kind), (rate, p99, processor) in sorted(middle.items(), key=lambda item: item[0][1]):
        print(f"  {kind:9} {name:8} {rate:8,.0f} req/s  p99 {p99:6.1f} ms  {processor:5.2f} CPU s per 10,000")
    for kind, goals in (("new", (2.0, 0.8, 0.7)), ("keepalive", (1.0, 0.8, None))):
        for other in ("pm2", "nginx"):
            if ("procman", kind) in middle and (other, kind) in middle:
                parts = [a / b for a, b in zip(middle["procman", kind], middle[other, kind], strict=True)]
                held = _held(parts, goals) if other == "pm2" else ""
                words = f"req/s {parts[0]:.2f} x, p99 {parts[1]:.2f} x, CPU {parts[2]:.2f} x"
                print(f"  {kind:9} procman : {other:6} {words}{held}")


def _sampled(rounds: int, until: float) -> dict[tuple[str, str], list[float]]:
    """Return the medians of rate, p99 and processor time by candidate and kind."""
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    with procman() as ours, pm2() as theirs, nginx() as proxied:
        for number, kind, one in itertools.product(range(rounds + 1), ("new", "keepalive"), (ours, theirs, proxied)):
            if time.monotonic() > until:
                break
            sample = _wrk(one, kind)
            if number:  # the first round warms up
                found.setdefault((one.name, kind), []).append(sample)
    return {key: [statistics.median(part) for part in zip(*rows, strict=True)] for key, rows in found.items()}


def _held(parts: list[float], goals: tuple[float, float, float | None]) -> str:
    rate, p99, processor = goals
    reached = parts[0] >= rate and parts[1] <= p99 and (processor is None or parts[2] <= processor)
    wanted = f"{rate}, {p99}" + (f", {processor}" if processor else "")
    return f" (goals {wanted}: {'reached' if reached else 'MISSED'})"


def _wrk(one: Candidate, kind: str) -> tuple[float, float, float]:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency"]
    command += ["-H", "Connection: close"] if kind == "new" else []
    before = one.processor()
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{one.port}/"], check=True, capture_output=True, text=True
    ).stdout
    used = one.processor() - before
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    all_of_them = int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    count = all_of_them - (int(bad[1]) if bad else 0)
    rate *= count / all_of_them  # what nginx refuses by itself is no answer
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]
    return rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit], used / count * 10_000


def reloads(rounds: int, until: float) -> None:
    """Print what is lost over ten reloads, with new and with kept connections."""
    totals: dict[tuple[str, str], list[int]] = {}
    for _ in range(rounds):
        for kind in ("new", "keepalive"):
            for start in (procman, pm2):
                if time.monotonic() > until:
                    break
                with start() as one, loaded(one.port, kind, RATE) as counted:
                    for _ in range(RELOADS):
                        if one.reload is not None:
                            one.reload()
                row = totals.setdefault((one.name, kind), [0, 0])
                row[0] += counted["lost"]
                row[1] += counted["sent"]
    print(f"reloads: failed of sent over {RELOADS} reloads, {RATE:.0f} req/s, {rounds} rounds together")
    for (name, kind), (lost, sent) in totals.items():
        print(f"  {kind:9} {name:8} {lost:,} of {sent:,}")


def recovery(rounds: int, until: float) -> None:
    """Print SIGKILL of the one instance to the next answer."""
    times: dict[str, list[float]] = {}
    with procman(1) as ours, pm2(1) as theirs:
        for number in range(rounds * 3 + 1):
            for one in (ours, theirs):
                if time.monotonic() > until:
                    break
                pid = answered(one.port)
                time.sleep(1.5)  # neither is slowed down by the failure before
                began = time.perf_counter()
                os.kill(int(pid), signal.SIGKILL)
                while answered(one.port) == pid:
                    pass
                if number:
                    times.setdefault(one.name, []).append((time.perf_counter() - began) * 1000)
    found = {name: statistics.median(rows) for name, rows in times.items()}
    print(f"recovery: SIGKILL of the only instance to the next answer, median of {rounds * 3}")
    for name, value in found.items():
        print(f"  {name:8} {value:6.0f} ms")
    if len(found) > 1:
        print(f"  procman : pm2 {measure.ratio(found['procman'], found['pm2'], 0.75)}")


def memory(rounds: int, until: float) -> None:
    """Print the PSS of the manager with two instances, after some requests."""
    sizes: dict[str, list[float]] = {}
    for _ in range(rounds):
        for start in (procman, pm2, nginx):
            if time.monotonic() > until:
                break
            with start() as one:
                _wrk(one, "keepalive")
                time.sleep(1)
                sizes.setdefault(one.name, []).append(one.memory())
    found = {name: statistics.median(rows) for name, rows in sizes.items()}
    print(f"memory: PSS of manager or proxy and two instances, median of {rounds}")
    for name, value in found.items():
        print(f"  {name:8} {value:6.1f} MiB")
    if "procman" in found and "pm2" in found:
        print(f"  procman : pm2 {measure.ratio(found['procman'], found['pm2'], 0.85)}")


PARTS = {"throughput": throughput, "reloads": reloads, "recovery": recovery, "memory": memory, "many": many}


def main() -> int:
    """Run every part, or those asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="begin no sample after this time")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    until = time.monotonic() + given.minutes * 60
    for name in given.only.split(","):
        try:
            PARTS[name](given.rounds, until)
        except peers.Unavailable as missing:
            print(f"{name}: not measured: {missing}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
