"""What checking costs: the example, cold, and generated manifests of 30 lines a service, beside other checkers."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import peers
from measure import alternate, processor, ratio

SIZES = (100, 1_000, 10_000)
BASE = "import click, yaml"
COLD_GOAL, SECONDS_GOAL = 1.5, 2.0
LAST_USUAL, LAST_FOR_PEERS = 1_000, 1_000
PROCMAN = [str(Path(sys.executable).with_name("procman")), "validate"]

SERVICE = """\
  api{n}:
    kind: scalable
    # one of many; thirty lines each
    command: [node, src/index.js, --number, "{n}"]
    instances: {{min: 1, max: 4}}
    memory: 64M
    weight: 2
    listen: 127.0.0.1:{port}
    directory: .
    ready:
      http: /health
      timeout: 5s
    env:
      NODE_ENV: production
      MODE: "0600"
      PORT_BASE: "{port}"
      NAME: api{n}
    start:
      time: 2s
    stop:
      timeout: 20s
      signal: TERM
    restart:
      max: 3
      within: 1m
      delay: 500ms
    logs:
      size: 5M
      keep: 2

"""


CONSUMER = """\
  api{n}:
    kind: singleton
    # one in ten takes messages
    command: [node, src/consumer.js, --number, "{n}"]
    memory: 64M
    directory: .
    consumes:
      broker: mqtts://broker.example:8883
      topics:
        - plant/{n}/+/data
        - plant/{n}/alarms
      client_id: consumer-{n}
      qos: 1
      session: persistent
    env:
      NODE_ENV: production
      MODE: "0600"
      NAME: api{n}
    start:
      time: 2s
    stop:
      timeout: 20s
      signal: TERM
    restart:
      max: 3
      within: 1m
      delay: 500ms
    logs:
      size: 5M

"""


def manifest(services: int) -> str:
    """Return a manifest of `services` services of 30 lines each, one in ten a consumer, that has no error."""
    head = "version: 1\nproject: large\nbudget:\n  ram: 60T\nservices:\n"
    numbers = ((chr(97 + n % 26) + str(n), 1024 + n, SERVICE if n % 10 else CONSUMER) for n in range(services))
    return head + "".join(kind.format(n=name, port=port) for name, port, kind in numbers)


def main() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory(prefix="pmv-") as name:
        folder = Path(name)
        environment = peers.clean_environment()
        environment.pop("CI", None)
        found = peers.Checkers()
        _cold(folder, environment, found)
        _growth(folder, environment, found)


def _cold(folder: Path, environment: Mapping[str, str], found: peers.Checkers) -> None:
    example = peers.ROOT / "examples" / "tiwater" / "procman.yaml"
    base = f"python -c '{BASE}'"
    commands = {
        base: [sys.executable, "-c", BASE],
        "procman validate --offline": [*PROCMAN, "--offline", str(example)],
        "procman validate --online": [*PROCMAN, "--online", str(example)],
        **found.commands(example),
        **found.systemd(folder),
    }
    seconds = alternate({name: (argv, dict(environment)) for name, argv in commands.items()}, 15, processor)
    print("validate: examples/tiwater, cold, processor time")
    for name, took in seconds.items():
        print(f"  {name:34} {took * 1000:8,.0f} ms   {took / seconds[base]:5.2f} x")
    for name in ("procman validate --offline", "procman validate --online"):
        print(f"  {name} : {BASE} = {ratio(seconds[name], seconds[base], COLD_GOAL)}")


def _growth(folder: Path, environment: Mapping[str, str], found: peers.Checkers) -> None:
    print("validate: generated manifests, 30 lines a service, processor time")
    each: dict[int, float] = {}
    for size in SIZES:
        file = folder / f"{size}.yaml"
        file.write_text(manifest(size))
        large = ["--large"] if size > LAST_USUAL else []
        ours = {"procman validate": [*PROCMAN, "--offline", "--fail-on", "never", *large, str(file)]}
        commands = ours | (found.commands(file) if size <= LAST_FOR_PEERS else {})
        rounds = 3 if size > LAST_FOR_PEERS else 5
        seconds = alternate({name: (argv, dict(environment)) for name, argv in commands.items()}, rounds, processor)
        took = each[size] = seconds["procman validate"]
        lines = file.read_text().count("\n")
        print(f"  {size:6,} services, {lines:7,} lines: {took:6.2f} s, {took / size * 1000:5.2f} ms a service")
        for name, theirs in list(seconds.items())[1:]:
            print(f"    {name:32} {theirs:6.2f} s   {theirs / took:5.2f} x ours")
    print(f"  1,000 services in {each[1_000]:.2f} s (goal: under {SECONDS_GOAL:.0f} s)")
    print(f"  10,000 : 1,000 services = {each[10_000] / each[1_000]:.1f} (linear: 10)")


if __name__ == "__main__":
    main()
