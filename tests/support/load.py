"""The load client of bench/cluster as a process beside a test, and what it counted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CLIENT = Path(__file__).parents[2] / "bench" / "cluster" / "load.py"


@dataclass(slots=True)
class Counted:
    """What became of the requests, once the block that sent them has ended."""

    sent: int = 0
    ok: int = 0
    lost: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    by_pid: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)


@contextmanager
def load(
    port: int,
    kind: str,
    *,
    rate: float = 60,
    connections: int = 16,
    open_first: bool = False,
    requests: int = 0,
    host: str = "127.0.0.1",
) -> Iterator[Counted]:
    """Send requests to `port` of `host` while the block runs, or as many as `requests` says."""
    counted = Counted()
    command = [sys.executable, str(CLIENT), f"{host}:{port}", "--kind", kind, "--rate", str(rate)]
    command += ["--connections", str(connections), "--timeout", "60"]
    command += ["--open-first"] if open_first else []
    command += ["--requests", str(requests)] if requests else []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield counted
        if not requests:
            process.terminate()
        document: dict[str, Any] = json.loads(process.communicate(timeout=120)[0])
        for name in ("sent", "ok", "lost", "failed", "by_pid", "examples"):
            setattr(counted, name, document[name])
    finally:
        process.kill()
        process.communicate()
