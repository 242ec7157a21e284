"""The real launcher, started as supervisord starts it: by a parent that is its manager, on a spec file."""

import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from procman.core.records import pack
from procman.runtime import lockfiles, procfs
from procman.runtime.chain import Launch
from procman.runtime.wanted import Wanted
from tests.support.waiting import wait_until

LAUNCHER = Path(procfs.__file__).with_name("launch.py")
COMMAND = (sys.executable, "-I", "-S", str(LAUNCHER))
SLEEP = ("/bin/sleep", "300")

_MANAGER = """
import json, os, subprocess, sys
for line in sys.stdin:
    argv, env, log = json.loads(line)
    with open(log, "wb") as sink:
        child = subprocess.Popen(argv, env=env, stderr=sink, process_group=0)
    print(child.pid, flush=True)
"""


def environ(pid: int) -> dict[bytes, bytes]:
    """The environment of a process; empty when it is gone."""
    pairs = (item.partition(b"=") for item in procfs.environ(pid).split(b"\0") if item)
    return {name: value for name, _, value in pairs}


def runs(pid: int, program: str = "sleep") -> bool:
    """Whether `pid` lives and has become this program."""
    try:
        return procfs.identity(pid) is not None and Path(f"/proc/{pid}/exe").readlink().name == program
    except OSError:
        return False


def gone(pid: int) -> bool:
    """Whether `pid` ended (it may wait for its parent)."""
    return procfs.identity(pid) is None


class Started:
    """A launcher, or what it became."""

    def __init__(self, pid: int, log: Path, process: "subprocess.Popen[bytes] | None" = None) -> None:
        self.pid = pid
        self._log = log
        self._process = process

    def said(self) -> str:
        """What it wrote to stderr."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def becomes(self, program: str = "sleep") -> "Started":
        """Wait until it has become `program`."""
        wait_until(lambda: self._is(program) or gone(self.pid), 20, f"it becomes {program}")
        assert self._is(program), self.said()
        return self

    def _is(self, program: str) -> bool:
        return runs(self.pid, program) and procfs.environ(self.pid) != b""  # in the middle of exec it has none yet

    def keeps_open(self, *low: int, high: int = 0) -> None:
        """Wait until these are all it has open, and so many above 255: for a moment the loader has what it reads."""

        def seen() -> tuple[set[int], int]:
            found = {int(fd.name) for fd in Path(f"/proc/{self.pid}/fd").iterdir()}
            return {fd for fd in found if fd <= 255}, sum(fd > 255 for fd in found)

        wait_until(lambda: seen() == ({*low}, high), 20, f"{low} and {high} above 255 are all")

    def code(self) -> int:
        """Wait for its end; its exit code, negative for a signal."""
        assert self._process is not None
        return self._process.wait(20)

    def refused(self) -> tuple[int, str]:
        """Wait for its end; its exit code and the one line it said."""
        code, said = self.code(), self.said()
        assert said.startswith("procman: "), said
        assert said.count("\n") == 1, said
        return code, said

    def kill(self) -> None:
        """SIGKILL, and wait until it is over."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait(20)

    def children(self) -> list[int]:
        """The processes it started."""
        return [pid for pid in procfs.pids() if (procfs.status(pid) or (b"", 0))[1] == self.pid]


class Manager:
    """A process that starts launchers and can be killed, as supervisord can."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _MANAGER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.identity = procfs.identity(self.process.pid) or b""

    def start(self, command: Sequence[str], env: Mapping[str, str], log: Path) -> Started:
        """Start a launcher as a child of this manager."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([list(command), dict(env), str(log)]), file=self.process.stdin, flush=True)
        return Started(int(self.process.stdout.readline()), log)

    def kill(self) -> None:
        """Kill -9, as an OOM killer does; those it started are orphans now."""
        self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


class Bench:
    """Specs, managers and launchers of one test, with a lock scope of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scope = f"test-{uuid.uuid4().hex}:1883"
        self.locks = Path(lockfiles.DIRECTORY, lockfiles.folder_of(self.scope))
        self.state = str(folder / "state")
        self._count = 0
        self._started: list[Started] = []
        self._managers: list[Manager] = []

    def records(self, **changes: object) -> list[tuple[str, str]]:
        """The records of a singleton; `changes` replace a record, a list replaces many, None removes one."""
        rows: dict[str, object] = {
            "project": "tiwater",
            "service": "mqtt",
            "instance": "0",
            "instances": "1",
            "kind": "singleton",
            "state": self.state,
            "cwd": str(self.folder),
            "arg": list(SLEEP),
            "env": ["A=b"],
            "lock": [f"{self.scope} tiwater/+/data"],
            **changes,
        }
        if rows["kind"] == "scalable" and "lock" not in changes:
            rows["lock"] = None
        out: list[tuple[str, str]] = []
        for name, value in rows.items():
            values = value if isinstance(value, list) else [] if value is None else [value]
            out += [(name, str(item)) for item in values]
        return out

    def spec(self, **changes: object) -> Path:
        """A spec file, see `records`."""
        return self.file(pack(self.records(**changes)))

    def wanted(self, **changes: object) -> Wanted:
        """What the launcher of `spec` needs to hold."""
        return Launch(self.records(**changes)).wanted()

    def api(self, **changes: object) -> Path:
        """The spec file of a scalable service."""
        return self.spec(**{"kind": "scalable", "service": "api", "instances": "2", **changes})

    def file(self, content: bytes) -> Path:
        """A spec file with these bytes."""
        self._count += 1
        path = self.folder / f"{self._count}.spec"
        path.write_bytes(content)
        return path

    def start(
        self,
        spec: Path,
        *,
        env: Mapping[str, str] | None = None,
        manager: Manager | None = None,
        wrap: Sequence[str] = (),
        command: Sequence[str] = COMMAND,
        preexec: Callable[[], None] | None = None,
        user: str | None = None,
    ) -> Started:
        """Start a launcher; the manager is this process, which cannot be killed, or `manager`."""
        identity = manager.identity if manager else procfs.identity(os.getpid())
        assert identity
        variables = {"PROCMAN_MANAGER": identity.decode(), "SHELL": "/bin/false", **(env or {})}
        argv = [*wrap, *command, str(spec)]
        self._count += 1
        log = self.folder / f"{self._count}.log"
        if manager:
            started = manager.start(argv, variables, log)
        else:
            with log.open("wb") as sink:
                process = subprocess.Popen(
                    argv,
                    env=variables,
                    stderr=sink,
                    process_group=0,
                    preexec_fn=preexec,  # noqa: PLW1509 - no test has threads when it starts one
                    user=user,
                    extra_groups=[] if user else None,
                )
            started = Started(process.pid, log, process)
        self._started.append(started)
        return started

    def manager(self) -> Manager:
        """Another manager."""
        made = Manager()
        self._managers.append(made)
        return made

    def orphans(self) -> list[int]:
        """All processes of this bench that still live."""
        mark = f"\0PROCMAN_STATE={self.state}\0".encode()
        return [pid for pid in procfs.pids() if mark in procfs.environ(pid) and not gone(pid)]

    def end(self) -> None:
        """End all that was started, and remove the lock files."""
        for manager in self._managers:
            if manager.process.returncode is None:
                manager.kill()
        for started in self._started:
            started.kill()
        wait_until(self._all_ended, 10, "all that was started ended")
        if self.locks.is_symlink():
            self.locks.unlink()
        shutil.rmtree(self.locks, ignore_errors=True)
        mine = self.scope.partition(":")[0]
        for folder in Path(lockfiles.DIRECTORY).iterdir():
            if mine in folder.name:
                shutil.rmtree(folder, ignore_errors=True)
                continue
            with suppress(FileNotFoundError):  # tests beside this one remove theirs
                for path in folder.iterdir():
                    if mine in path.name:
                        path.unlink()

    def _all_ended(self) -> bool:
        left = self.orphans()
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """A bench, ended with the block."""
    made = Bench(folder)
    (folder / "state").mkdir()
    try:
        yield made
    finally:
        made.end()
