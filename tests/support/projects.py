"""A project of its own in a short temporary folder, driven through the real command line."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from procman.adapters.strays import MANAGERS
from procman.adapters.supervisor_rpc import Client
from procman.core.errors import ProcmanError
from procman.runtime import lockfiles, procfs
from tests.support.supervised import free_port
from tests.support.waiting import SLOWNESS, wait_until

SERVICES = Path(__file__).parent / "services"
PATIENCE = 20.0

Text = dict[str, Any]
"""A manifest, or a part of one, as YAML would hold it."""


def service(script: str, *arguments: str) -> list[str]:
    """Return the command that runs one of the services beside this file; -S and -I: it starts in 20 ms."""
    return [sys.executable, "-S", "-I", str(SERVICES / f"{script}.py"), *arguments]


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    args: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All that it wrote."""
        return self.out + self.err

    def json(self) -> Text:
        """The document that it wrote to stdout."""
        document: Text = json.loads(self.out)
        return document


def ended(done: Done, code: int, *words: str) -> Done:
    """Give back `done`, which ended with `code`, said each of `words` and showed no traceback."""
    assert done.code == code, f"{done.args}: {done.code}\n{done.said}"
    assert "Traceback" not in done.said, done.said
    assert "internal error" not in done.said, done.said
    for word in words:
        assert word in done.said, f"{done.args} does not say {word!r}:\n{done.said}"
    return done


@dataclass(slots=True)
class Project:
    """A folder with a manifest, and the home that its state lies in. `scope` is a broker nobody else has."""

    folder: Path
    home: Path
    name: str = "shop"
    scope: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex}:1883")
    port: int = field(default_factory=free_port)
    settled: object = None

    @property
    def file(self) -> Path:
        """The manifest."""
        return self.folder / "procman.yaml"

    @property
    def state(self) -> Path:
        """The state directory."""
        return self.home / self.name

    @property
    def marks(self) -> Path:
        """Where consumers mark their start and end."""
        return self.folder / "marks"

    @property
    def conf(self) -> Path:
        """The rendered supervisord file."""
        return self.state / "supervisord.conf"

    @property
    def locks(self) -> Path:
        """Where this host's locks on the broker lie."""
        return Path(lockfiles.DIRECTORY, lockfiles.folder_of(self.scope))

    def deeds(self) -> list[Path]:
        """Return the files that have a deed of this project."""
        mine = f"\0state {self.state}\0".encode()
        return [path for path in Path(lockfiles.DIRECTORY, "deeds").glob("d.*") if mine in path.read_bytes()]

    def api(self, **changes: object) -> Text:
        """A service of two web instances; `changes` replace or add keys."""
        return {
            "kind": "scalable",
            "command": service("web"),
            "instances": 2,
            "memory": "40M",
            "listen": f"127.0.0.1:{self.port}",
            "env": {"COLOUR": "blue"},
            "stop": {"timeout": "5s"},
            **changes,
        }

    def mqtt(self, **changes: object) -> Text:
        """The one consumer."""
        return {
            "kind": "singleton",
            "command": service("consumer"),
            "memory": "30M",
            "env": {"MARKS": str(self.marks)},
            "stop": {"timeout": "5s"},
            "consumes": {"broker": f"mqtt://{self.scope}", "topics": ["shop/+/data"], "client_id": "shop-consumer"},
            **changes,
        }

    def only(self, topic: str) -> Text:
        """What a further singleton consumes: without a topic its lock would be one for all tests that run now."""
        return {"consumes": {"broker": f"mqtt://{self.scope}", "topics": [topic], "client_id": topic}}

    def write(self, services: Mapping[str, Text] | None = None, **top: object) -> None:
        """Write the manifest: the API and the consumer, or these services. JSON is YAML."""
        text = {
            "version": 1,
            "project": self.name,
            "budget": {"ram": "1G", "reserve": "256M"},
            "services": {"api": self.api(), "mqtt": self.mqtt()} if services is None else services,
            **top,
        }
        self.file.write_text(json.dumps(text, indent=1), encoding="utf-8")

    def environment(self, **changes: str) -> dict[str, str]:
        """What a command is run with: nothing of this process but PATH."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PROCMAN_HOME": str(self.home), **changes}

    def popen(self, *args: str, python: Sequence[str] = ("-m", "procman"), **options: Any) -> subprocess.Popen[str]:  # noqa: ANN401 - handed on to Popen
        """Start a command in the project's folder."""
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        given = {"cwd": self.folder, "env": self.environment(), **given}
        return subprocess.Popen([sys.executable, *python, *args], text=True, **given)

    def run(self, *args: str, timeout: float = 60, **options: Any) -> Done:  # noqa: ANN401 - handed on to Popen
        """Run a command to its end."""
        with self.popen(*args, **options) as process:
            try:
                out, err = process.communicate(timeout=timeout * SLOWNESS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Done(args, process.returncode, out, err)

    def up(self, *args: str, code: int = 0) -> Done:
        """Run `up`, which ends with `code`."""
        return ended(self.run("up", *args), code)

    def settle(self) -> None:
        """Run as the first manifest says, whatever was done to the project since it last did."""
        if self.settled is None or self._traits() != self.settled:
            self.write()
            self.up("--no-profile")
            self.settled = self._traits()

    def status(self, code: int = 0) -> Text:
        """Return the status document of a command that ends with `code`."""
        return ended(self.run("status", "--json"), code).json()

    def status_code(self, code: int) -> None:
        """Ask for the status, which ends with `code`."""
        ended(self.run("status"), code)

    def states(self, code: int = 0) -> dict[str, str]:
        """Return the state of each instance."""
        return {f"{i['service']}-{i['instance']}": i["state"] for i in self.status(code)["instances"]}

    def reach(self, states: Mapping[str, str]) -> Text:
        """Wait until the instances are in these states and return the status document."""
        documents: list[Text] = []

        def there() -> bool:
            document = self.run("status", "--json").json()
            documents.append(document)
            now = {f"{i['service']}-{i['instance']}": i["state"] for i in document["instances"]}
            return states.items() <= now.items()

        wait_until(there, PATIENCE, f"the instances are {states}", 0.1)
        return documents[-1]

    def client(self) -> Client:
        """A door to the project's supervisord."""
        return Client(str(self.state / "sock"))

    def manager(self) -> int:
        """Supervisord's pid."""
        return self.client().status().manager_pid

    def pids(self) -> dict[str, int]:
        """Return the pid of each instance that runs, as supervisord has it."""
        return {u.unit: u.pid for u in self.client().status().units if u.pid}

    def renewed(self, unit: str, former: int) -> int:
        """Wait until `unit` runs under another pid than `former`, and return that."""
        return wait_until(lambda: (pid := self.pids().get(unit)) != former and pid, PATIENCE, f"{unit} runs again") or 0

    def consumers(self) -> list[int]:
        """Return every process that runs the consumer, whoever started it."""
        script = str(SERVICES / "consumer.py").encode()
        mine = f"\0MARKS={self.marks}\0".encode()
        return [p for p in procfs.pids() if script in _words(p)[3:4] and mine in procfs.environ(p) and _lives(p)]

    def processes(self) -> list[int]:
        """Return every process of this home: services, by their environment, and managers."""
        return _processes(self.home)

    def managers(self) -> list[int]:
        """Return every supervisord on a file of this home."""
        return [pid for pid in procfs.pids() if _lives(pid) and _manages(pid, self.home)]

    def _traits(self) -> object:
        """Return what any change of the project shows in: its file, its record, and what runs."""
        try:
            units = self.client().status().units
            return self.file.read_bytes(), (self.state / "applied.json").read_bytes(), [(u.pid, u.spec) for u in units]
        except (OSError, ProcmanError):
            return None

    def beside(self, name: str = "shop", home: Path | None = None) -> Project:
        """Another project folder, on the same broker and port, in this home or another."""
        folder = Path(tempfile.mkdtemp(prefix="other", dir=self.folder.parent))
        return Project(folder, home or self.home, name, self.scope, self.port)

    def end(self) -> list[int]:
        """End everything of this project and those beside it, kindly at first; return what `down` left alive."""
        root = self.folder.parent
        for record in root.rglob("applied.json"):
            applied = json.loads(record.read_bytes())
            if applied["down"]:
                continue
            home = str(record.parent.parent)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.run("down", "--file", applied["path"], cwd="/", env=self.environment(PROCMAN_HOME=home))
        left = _processes(root)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.locks, ignore_errors=True)
        return left


@contextlib.contextmanager
def project() -> Iterator[Project]:
    """Yield a project with its manifest written; afterwards `down` must have left nothing of it."""
    root = Path(tempfile.mkdtemp(prefix="pm", dir="/tmp"))
    (root / "p").mkdir()
    made = Project(root / "p", root / "h")
    made.write()
    left = ["nothing was looked at"]
    try:
        yield made
    finally:
        left = [f"{pid} {procfs.words(pid)}" for pid in made.end()]
        shutil.rmtree(root)
    assert not left, f"down left {left}"


def supervisor(program: str) -> list[str]:
    """Return the command that runs ``supervisord`` or ``supervisorctl``, as anybody may by hand."""
    return [sys.executable, "-m", f"supervisor.{program}"]


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and content of every regular file below `folder`, and what else there is."""
    found = {}
    for path in sorted(folder.rglob("*")):
        found[str(path.relative_to(folder))] = (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
    return found


def alive(pid: int) -> bool:
    """Tell whether `pid` runs; a zombie does not."""
    return _lives(pid)


def _processes(folder: Path) -> list[int]:
    mark = f"\0PROCMAN_STATE={folder}/".encode()
    return [pid for pid in procfs.pids() if _lives(pid) and (mark in procfs.environ(pid) or _manages(pid, folder))]


def _manages(pid: int, folder: Path) -> bool:
    words = _words(pid)
    return not MANAGERS.isdisjoint(words) and any(word.startswith(f"{folder}/".encode()) for word in words)


def _lives(pid: int) -> bool:
    return procfs.identity(pid) is not None


def _words(pid: int) -> list[bytes]:
    return (procfs.read(f"/proc/{pid}/cmdline") or b"").split(b"\0")
