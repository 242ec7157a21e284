"""Resident memory of the manager with examples/tiwater-node under it, against PM2's daemon with the same programs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import measure
import peers

EXAMPLE = peers.ROOT / "examples" / "tiwater-node"
SETTLE = 5.0
RSS_GOAL, PSS_GOAL = 0.5, 0.8
PROCMAN = str(Path(sys.executable).parent / "procman")


def main() -> None:
    """Print RSS and PSS of both managers and their ratios. Both run at once, so that shared pages count alike."""
    install()
    with peers.short_home() as folder:
        pm2 = peers.Pm2(folder / "pm2")
        environment = settings(folder)
        subprocess.run([PROCMAN, "up"], cwd=EXAMPLE, env=environment, check=True, capture_output=True)
        try:
            pm2.start(apps(folder), folder)
            time.sleep(SETTLE)
            ours = measure.resident(manager(environment))
            theirs = measure.resident(pm2.daemon())
        finally:
            subprocess.run([PROCMAN, "down"], cwd=EXAMPLE, env=environment, check=True, capture_output=True)
            pm2.end()
    print(f"manager with tiwater-node (2 API instances, 1 consumer), after {SETTLE:.0f} s (PM2 {pm2.version})")
    print(f"  procman (supervisord)  RSS {ours[0] >> 20:3} MiB  PSS {ours[1] >> 20:3} MiB")
    print(f"  pm2 daemon             RSS {theirs[0] >> 20:3} MiB  PSS {theirs[1] >> 20:3} MiB")
    print(f"  RSS {measure.ratio(ours[0], theirs[0], RSS_GOAL)}")
    print(f"  PSS {measure.ratio(ours[1], theirs[1], PSS_GOAL)}")


def install() -> None:
    """Install the example's packages when they are not there yet."""
    if not (EXAMPLE / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=EXAMPLE, check=True)


def settings(folder: Path) -> dict[str, str]:
    """Return the environment of procman's copy: free port, no broker (the consumer keeps trying)."""
    return peers.clean_environment(
        PROCMAN_HOME=str(folder / "p"),
        API_ADDRESS=f"127.0.0.1:{free_port()}",
        MQTT_BROKER=f"mqtt://127.0.0.1:{free_port()}",
        DATABASE=str(folder / "procman.db"),
    )


def apps(folder: Path) -> list[dict[str, object]]:
    """Return the same programs for PM2: the API as a cluster of two, the consumer once."""
    env = {"DATABASE": str(folder / "pm2.db"), "MQTT_BROKER": f"mqtt://127.0.0.1:{free_port()}"}
    address = {"HOST": "127.0.0.1", "PORT": str(free_port())}
    return [
        {"name": "api", "script": "src/index.js", "cwd": str(EXAMPLE), "instances": 2, "exec_mode": "cluster",
         "env": env | address},
        {"name": "mqtt", "script": "src/mqtt-consumer.js", "cwd": str(EXAMPLE), "instances": 1, "exec_mode": "fork",
         "env": env | {"MQTT_TOPIC": "tiwater/+/data", "MQTT_CLIENT_ID": "bench-pm2"}},
    ]  # fmt: skip


def manager(environment: dict[str, str]) -> int:
    """Return the pid of procman's supervisord."""
    done = subprocess.run(
        [PROCMAN, "status", "--json"], cwd=EXAMPLE, env=environment, check=False, capture_output=True, text=True
    )
    return int(json.loads(done.stdout)["manager"]["pid"])


def free_port() -> int:
    """Return a TCP port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main()
