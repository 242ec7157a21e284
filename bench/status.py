"""`procman status --json` against `pm2 jlist` and `supervisorctl status`, ten small processes each, in one run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import measure
import peers

PROCESSES = 10
ROUNDS = 25
GOAL = 0.5
PROGRAM = "/bin/sleep"


def main() -> None:
    """Print the medians and the ratios."""
    with peers.short_home() as folder:
        pm2 = peers.Pm2(folder / "pm2")
        manifest = write_manifest(folder)
        environment = peers.clean_environment(PROCMAN_HOME=str(folder / "p"))
        procman = str(Path(sys.executable).parent / "procman")
        subprocess.run([procman, "up", "-f", str(manifest)], env=environment, check=True, capture_output=True)
        try:
            pm2.start(apps(), folder)
            conf = folder / "p" / "bench" / "supervisord.conf"
            supervisorctl = [str(Path(sys.executable).parent / "supervisorctl"), "-c", str(conf), "status"]
            found = measure.alternate(
                {
                    "procman status --json": ([procman, "status", "--json", "-f", str(manifest)], environment),
                    "pm2 jlist": ([str(pm2.program), "jlist"], pm2.environment),
                    "supervisorctl status": (supervisorctl, environment),
                },
                ROUNDS,
            )
        finally:
            subprocess.run([procman, "down", "-f", str(manifest)], env=environment, check=True, capture_output=True)
            pm2.end()
    print(f"status of {PROCESSES} processes, median of {ROUNDS} alternating rounds (PM2 {pm2.version})")
    for name, seconds in found.items():
        print(f"  {name:24} {seconds * 1000:6.0f} ms")
    ours = found["procman status --json"]
    print(f"  procman : pm2            {measure.ratio(ours, found['pm2 jlist'], GOAL)}")
    print(f"  procman : supervisorctl  {ours / found['supervisorctl status']:.2f}")


def write_manifest(folder: Path) -> Path:
    """Write a manifest with the processes and return its path."""
    path = folder / "procman.yaml"
    path.write_text(
        "version: 1\nproject: bench\nservices:\n"
        f"  small: {{kind: scalable, command: {PROGRAM} 86400, instances: {PROCESSES}, memory: 5M}}\n"
    )
    return path


def apps() -> list[dict[str, object]]:
    """Return the same processes for PM2."""
    return [
        {"name": f"small-{i}", "script": PROGRAM, "args": "86400", "interpreter": "none", "exec_mode": "fork"}
        for i in range(PROCESSES)
    ]


if __name__ == "__main__":
    main()
