"""A memory limit of the kernel for some processes, so that its OOM killer comes; version 1 or 2 of cgroups, by root."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import wait_until

V1, V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Group:
    """One cgroup of the test's own."""

    path: Path

    def take(self, pid: int) -> None:
        """Put a process under the limit; nothing when it has ended."""
        with contextlib.suppress(ProcessLookupError):
            (self.path / "cgroup.procs").write_text(str(pid), encoding="ascii")

    def kills(self) -> int:
        """How many the OOM killer has ended here."""
        for name in ("memory.events", "memory.oom_control"):
            if (self.path / name).exists():
                words = dict(line.split() for line in (self.path / name).read_text(encoding="ascii").splitlines())
                return int(words["oom_kill"])
        return 0


@contextlib.contextmanager
def memory_limit(size: int) -> Iterator[Group | None]:
    """Yield a cgroup whose processes together get `size` bytes and no swap; None where none can be made."""
    made = _made(size)
    try:
        yield made
    finally:
        if made is not None:
            wait_until(lambda: _gone(made.path), 30, "nothing is left in the cgroup", 0.02)


def _made(size: int) -> Group | None:
    parent, limits = (V1, ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"))
    if not (parent / limits[0]).exists():
        parent, limits = (V2, ("memory.max", "memory.swap.max"))
    path = parent / f"procman-chaos-{os.getpid()}"
    try:
        path.mkdir()
        (path / limits[0]).write_text(str(size), encoding="ascii")
    except OSError:
        with contextlib.suppress(OSError):
            path.rmdir()
        return None
    with contextlib.suppress(OSError):  # without accounting of swap there is no such file
        (path / limits[1]).write_text(str(size if parent == V1 else 0), encoding="ascii")
    return Group(path)


def _gone(path: Path) -> bool:
    """Move what is left to where it came from, and remove the cgroup."""
    with contextlib.suppress(OSError):
        for pid in (path / "cgroup.procs").read_text(encoding="ascii").split():
            (path.parent / "cgroup.procs").write_text(pid, encoding="ascii")
        path.rmdir()
    return not path.exists()
