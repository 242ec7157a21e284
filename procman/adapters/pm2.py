"""The door to PM2: whether its daemon runs, what it lists, what it has saved. Starts no daemon and changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping

from procman.core.errors import Failed, WrongUse

SECONDS = 30
MOST = 64 << 20
"""Bytes of a list: some thousand processes with their environments."""


def home(environment: Mapping[str, str]) -> str:
    """Return the folder of PM2's state: ``$PM2_HOME``, else ``~/.pm2``."""
    return environment.get("PM2_HOME") or os.path.join(environment.get("HOME", "/"), ".pm2")  # noqa: PTH118


def daemon(environment: Mapping[str, str]) -> int | None:
    """Return the pid of PM2's daemon, or None when none runs."""
    try:
        with open(os.path.join(home(environment), "pm2.pid"), encoding="ascii") as file:  # noqa: PTH118, PTH123
            pid = int(file.read())
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
            return pid if b"PM2" in file.read() else None
    except (OSError, ValueError):
        return None


def running(environment: Mapping[str, str], folder: str) -> object:
    """Return the document of `pm2 jlist`. Failed when no daemon runs: asking would start one."""
    if daemon(environment) is None:
        raise Failed(
            f"PM2 does not run here: no daemon of {home(environment)}",
            "set PM2_HOME, or import what it has saved: procman import pm2 ~/.pm2/dump.pm2",
        )
    path = f"{environment.get('PATH', os.defpath)}:{os.path.join(folder, 'node_modules', '.bin')}"  # noqa: PTH118
    program = shutil.which("pm2", path=path)
    if program is None:
        raise Failed("there is no pm2 on the PATH to ask", "save its list with `pm2 save`, and import ~/.pm2/dump.pm2")
    try:
        done = subprocess.run(
            [program, "jlist"], env=dict(environment), capture_output=True, timeout=SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"pm2 jlist did not answer: {error}", "ask it by hand: pm2 jlist") from error
    # Warnings of PM2's, such as another version in memory, stand before the list.
    line = next((line for line in done.stdout.splitlines() if line.startswith(b"[") and line.endswith(b"]")), b"")
    return parsed(line, "pm2 jlist")


def parsed(data: bytes, name: str) -> object:
    """Return the JSON in `data`; WrongUse when it is none."""
    if len(data) > MOST:
        raise WrongUse(f"{name} is larger than {MOST >> 20} MiB", "is this PM2's list?")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"{name} is not JSON: {str(error)[:80]}", "run `pm2 save` anew") from error
