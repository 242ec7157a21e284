"""What the benchmarks measure against, set up in a cache of the checkout: PM2 from npm, with a home of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"


class Unavailable(Exception):
    """A peer cannot be had here; the words say how it could."""


@contextmanager
def short_home() -> Iterator[Path]:
    """Give a new folder with a short path, for unix sockets, and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pmb-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clean_environment(**more: str) -> dict[str, str]:
    """Return our environment as a user has it: compiled files may be written."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PROCMAN_FILE")}
    return environment | more


class Pm2:
    """PM2 with its own home; `end` kills its daemon and everything under it."""

    def __init__(self, home: Path) -> None:
        """Install PM2 into the cache when it is not there yet."""
        if shutil.which("npm") is None:
            raise Unavailable("npm is not installed: apt-get install nodejs npm")
        CACHE.mkdir(parents=True, exist_ok=True)
        self.program = CACHE / "node_modules" / ".bin" / "pm2"
        if not self.program.exists():
            command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(CACHE), "pm2"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        self.environment = clean_environment(PM2_HOME=str(home))

    @property
    def version(self) -> str:
        """Return the version that is measured."""
        text = (CACHE / "node_modules" / "pm2" / "package.json").read_text()
        return str(json.loads(text)["version"])

    def run(self, *arguments: str) -> str:
        """Run one PM2 command and return what it wrote."""
        return subprocess.run(
            [str(self.program), *arguments], env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def start(self, apps: list[dict[str, object]], folder: Path) -> None:
        """Start `apps` from an ecosystem file in `folder`."""
        file = folder / "ecosystem.config.json"
        file.write_text(json.dumps({"apps": apps}))
        self.run("start", str(file))

    def daemon(self) -> int:
        """Return the pid of PM2's daemon."""
        return int((Path(self.environment["PM2_HOME"]) / "pm2.pid").read_text())

    def end(self) -> None:
        """End the daemon and what it runs."""
        self.run("kill")
