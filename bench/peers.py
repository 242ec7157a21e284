"""What the benchmarks measure against, set up in a cache of the checkout: PM2 from npm, with a home of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
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


def how_to_install(*packages: str) -> str:
    """Return the command that installs on this system what Debian has in `packages`."""
    asked = [str(ROOT / "scripts" / "packages.sh"), "hint", *packages]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def clean_environment(**more: str) -> dict[str, str]:
    """Return our environment as a user has it: compiled files may be written."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PROCMAN_FILE")}
    return environment | more


class Pm2:
    """PM2 with its own home; `end` kills its daemon and everything under it."""

    def __init__(self, home: Path) -> None:
        """Install PM2 into the cache when it is not there yet."""
        if shutil.which("npm") is None:
            raise Unavailable(f"npm is not installed: {how_to_install('nodejs', 'npm')}")
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


class Checkers:
    """What others check such a file with: check-jsonschema with our schema, yamllint, and systemd's own verifier."""

    def __init__(self) -> None:
        """Install the two from PyPI into the cache when they are not there yet."""
        self.bin = CACHE / "checkers" / "bin"
        if not (self.bin / "yamllint").exists():
            subprocess.run([sys.executable, "-m", "venv", str(self.bin.parent)], check=True)
            command = [str(self.bin / "pip"), "install", "--quiet", "check-jsonschema", "yamllint"]
            if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode != 0:
                shutil.rmtree(self.bin.parent)
                raise Unavailable("check-jsonschema and yamllint cannot be installed: is PyPI within reach?")

    def commands(self, file: Path) -> dict[str, list[str]]:
        """Return the command line of each checker on `file`."""
        schema = ROOT / "docs" / "schema" / "procman.schema.json"
        rules = "{extends: relaxed, rules: {line-length: disable}}"
        return {
            "check-jsonschema": [str(self.bin / "check-jsonschema"), "--schemafile", str(schema), str(file)],
            "yamllint": [str(self.bin / "yamllint"), "-d", rules, str(file)],
        }

    def systemd(self, folder: Path) -> dict[str, list[str]]:
        """Return systemd's verifier on a unit like one service; nothing where it is missing or cannot work."""
        unit = folder / "api.service"
        unit.write_text("[Unit]\nDescription=API\n[Service]\nExecStart=/bin/sleep 1\nMemoryMax=400M\nRestart=always\n")
        command = ["systemd-analyze", "verify", "--man=no", str(unit)]
        if shutil.which(command[0]) is None:
            return {}
        tried = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return {"systemd-analyze verify": command} if tried.returncode == 0 else {}
