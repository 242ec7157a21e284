"""The real PM2 from npm, with a home of its own, ended with the test that uses it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.tiwater import npm_packages
from tests.support.waiting import wait_until

PACKAGE = Path(__file__).parents[1] / "data" / "pm2-from-npm"
PATIENCE = 60.0


def installed() -> Path:
    """The folder of PM2's programs, installed as its lock file says."""
    return npm_packages(PACKAGE) / "node_modules" / ".bin"


@dataclass(frozen=True)
class Pm2:
    """A PM2 with its own home, driven from `folder`."""

    home: Path
    folder: Path
    programs: Path

    @property
    def path(self) -> str:
        """The PATH on which this PM2 is found."""
        return f"{self.programs}:{os.environ['PATH']}"

    def run(self, *args: str, **variables: str) -> str:
        """Run `pm2 ARGS` to its good end and return what it said."""
        env = {"PATH": self.path, "HOME": str(self.folder), "PM2_HOME": str(self.home), **variables}
        done = subprocess.run(
            [str(self.programs / "pm2"), *args],
            cwd=self.folder,
            env=env,
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"pm2 {args}: {done.stdout}{done.stderr}"
        return done.stdout

    def processes(self) -> list[dict[str, Any]]:
        """Return what `pm2 jlist` prints."""
        lines = [line for line in self.run("jlist").splitlines() if line.startswith("[")]
        found: list[dict[str, Any]] = json.loads(lines[-1])
        return found

    def online(self, count: int) -> None:
        """Wait until so many processes are online."""

        def there() -> bool:
            states = [each["pm2_env"]["status"] for each in self.processes()]
            return states.count("online") == count

        wait_until(there, PATIENCE, f"{count} processes are online", 0.2)

    def pids(self) -> list[int]:
        """Return the pids of its processes."""
        return [each["pid"] for each in self.processes() if each["pid"]]


@contextlib.contextmanager
def pm2(home: Path, folder: Path) -> Iterator[Pm2]:
    """Yield a PM2 whose state lies in `home`, a short path; its daemon and all it runs are gone afterwards."""
    made = Pm2(home, folder, installed())
    try:
        yield made
    finally:
        daemon = home / "pm2.pid"
        pid = int(daemon.read_text()) if daemon.exists() else 0
        if pid:
            made.run("kill")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
