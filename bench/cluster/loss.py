"""Counts what is lost while a cluster is reloaded, scaled, restarted, broken and killed, under each kind of load.

python bench/cluster/loss.py --minutes 60                     # 50 reloads and 50 scales per server and kind
python bench/cluster/loss.py --smoke                          # one of each, in a few minutes
python bench/cluster/loss.py --drain off --servers node       # the negative control: it must lose
"""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from arena import APPS, Arena, arena, loaded, wait

SERVERS = ("node", "uvicorn", "gunicorn")
MAIN = ("new", "keepalive")
OTHERS = ("slow", "upload", "stream", "websocket")
STEPS = (2, 3, 4, 3, 2, 1)
AT_LEAST = 100_000
NEVER_READY = ["sleep", "600"]
DIES = ["sh", "-c", "echo the new version is broken; exit 3"]


@dataclass(slots=True)
class Asked:
    """What to do how often; `until` is when to begin nothing new."""

    reloads: int
    scales: int
    requests: int
    rate: float
    until: float
    done: dict[str, int] = field(default_factory=dict)

    def late(self) -> bool:
        """Tell whether the time is over."""
        return time.monotonic() > self.until

    def count(self, name: str) -> None:
        """Take note that something was done."""
        self.done[name] = self.done.get(name, 0) + 1


def planned(project: Arena, asked: Asked, sent: Callable[[], float]) -> None:
    """Reload and scale, in turn, until both were done often enough and enough requests were sent."""
    reload_word = "reload" if project.has("reload") else "restart"
    steps = itertools.cycle(STEPS)
    while not asked.late():
        enough = asked.done.get(reload_word, 0) >= asked.reloads and asked.done.get("scale", 0) >= asked.scales
        if enough and sent() >= asked.requests:
            return
        project.run(reload_word, "api")
        asked.count(reload_word)
        project.run("scale", f"api={next(steps)}")
        asked.count("scale")


def restarts(project: Arena, asked: Asked, _sent: Callable[[], float]) -> None:
    """Restart the whole service."""
    for _ in range(max(1, asked.reloads // 10)):
        project.run("restart", "api")
        asked.count("restart")


def broken(project: Arena, asked: Asked, _sent: Callable[[], float]) -> None:
    """Offer a version that never becomes ready and one that dies at its start: both are refused, the old one serves."""
    for _ in range(max(1, asked.reloads // 25)):
        for name, command in (("never ready", NEVER_READY), ("dies at start", DIES)):
            project.write(command=command, ready={"http": "/", "timeout": "3s"})
            project.run("up", code=None)
            asked.count(name)
        project.write()
        project.run("up")


def hangups(project: Arena, asked: Asked, _sent: Callable[[], float]) -> None:
    """Send SIGHUP to supervisord, which starts everything anew behind the held sockets."""
    for _ in range(max(1, asked.reloads // 25)):
        before = project.pids()
        os.kill(project.manager(), signal.SIGHUP)
        wait(lambda old=before: _all_new(project, old), "every instance is new after SIGHUP")
        project.wait_ready()
        asked.count("SIGHUP")


def crashes(project: Arena, asked: Asked, _sent: Callable[[], float]) -> None:
    """Kill one instance after another; only what it had in its hands may be lost."""
    for turn in range(max(2, asked.reloads // 5)):
        before = project.pids()
        victim = sorted(before)[turn % len(before)]
        os.kill(before[victim], signal.SIGKILL)
        wait(lambda v=victim, p=before[victim]: project.pids().get(v) not in (None, p), "the victim is back")
        project.wait_ready()
        asked.count("SIGKILL of an instance")


def manager_killed(project: Arena, asked: Asked, _sent: Callable[[], float]) -> None:
    """Kill supervisord and run `up`: until then nobody listens, afterwards everything answers."""
    for _ in range(max(1, asked.reloads // 25)):
        os.kill(project.manager(), signal.SIGKILL)
        wait(lambda: project.status()["manager"]["pid"] is None, "supervisord is gone")
        project.run("up")
        asked.count("SIGKILL of supervisord and up")


PHASES = {
    "planned": planned,
    "restarts": restarts,
    "broken": broken,
    "hangups": hangups,
    "crashes": crashes,
    "manager": manager_killed,
}
LOSSLESS = ("planned", "restarts", "broken", "hangups")


def main() -> int:
    """Print a line per server, kind and phase; 1 when a phase that may lose nothing lost something."""
    given = _arguments()
    until = time.monotonic() + given.minutes * 60
    lost = 0
    for server, kind in itertools.product(given.servers.split(","), given.kinds.split(",")):
        for phase in given.phases.split(","):
            if time.monotonic() > until:
                print("the time is over: what is missing above was not measured")
                return int(lost > 0)
            main_kind = kind in MAIN and phase == "planned"
            wanted = (given.reloads, given.scales, given.requests) if main_kind else (given.reloads // 5, 6, 0)
            asked = Asked(*wanted, given.rate if kind in MAIN else given.rate / 10, until)
            found = _measured(server, kind, phase, asked, drain=given.drain == "on")
            lost += found if phase in LOSSLESS else 0
    return int(lost > 0)


def _measured(server: str, kind: str, phase: str, asked: Asked, *, drain: bool) -> int:
    if server == "gunicorn" and kind == "websocket":
        return 0
    with arena(server, drain=drain) as project:
        began = time.monotonic()
        with loaded(project.port, kind, asked.rate) as counted:
            PHASES[phase](project, asked, lambda: (time.monotonic() - began) * asked.rate)
    did = ", ".join(f"{count} x {name}" for name, count in asked.done.items())
    failed = ", ".join(f"{count} {name}" for name, count in counted["failed"].items()) or "nothing"
    print(
        f"{server:9} {kind:9} {phase:8} lost {counted['lost']:>5,} of {counted['sent']:>9,}: {failed}; {did}; "
        f"p50 {counted['p50_ms']} p99 {counted['p99_ms']} max {counted['max_ms']} ms",
        flush=True,
    )
    return int(counted["lost"])


def _all_new(project: Arena, before: dict[int, int]) -> bool:
    now = project.pids()
    return now.keys() == before.keys() and not set(now.values()) & set(before.values())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="begin nothing new after this time")
    parser.add_argument("--servers", default=",".join(SERVERS), help=f"of {', '.join(sorted(set(SERVERS)))}, hypercorn")
    parser.add_argument("--kinds", default=",".join((*MAIN, *OTHERS)))
    parser.add_argument("--phases", default=",".join(PHASES))
    parser.add_argument("--reloads", type=int, default=50)
    parser.add_argument("--scales", type=int, default=50)
    parser.add_argument("--requests", type=int, default=AT_LEAST, help="at least, for new and keepalive")
    parser.add_argument("--rate", type=float, default=300.0, help="per second; a tenth of it for the other kinds")
    parser.add_argument("--drain", choices=["on", "off"], default="on")
    parser.add_argument("--smoke", action="store_true", help="one of each")
    given = parser.parse_args()
    if given.smoke:
        given.reloads, given.scales, given.requests, given.rate = 1, 1, 0, 100.0
    return given


if __name__ == "__main__":
    if not APPS.is_dir():
        sys.exit("run it from a checkout")
    sys.exit(main())
