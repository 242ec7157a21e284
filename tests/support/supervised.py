"""A real supervisord with the plugin, in a short temporary folder, ended with the test that made it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from procman.adapters.supervisor_rpc import Client, Fault
from procman.core.errors import ProcmanError
from procman.core.lifecycle import Alive
from procman.core.manifest import Address, Kind, Ready, Restart
from procman.core.observed import ObservedUnit
from procman.core.places import Place
from procman.core.restart import to_text
from procman.core.spec import Spec, encode
from procman.engines.supervisord import AGAIN
from procman.runtime import launch
from tests.support.waiting import wait_until

PATIENCE = 40.0
MINFDS = 256

HEAD = """\
[supervisord]
nodaemon = true
silent = true
loglevel = debug
minfds = {minfds}
logfile = {state}/supervisord.log
pidfile = {state}/supervisord.pid
nocleanup = true
{root}
[unix_http_server]
file = {state}/sock
chmod = 0700
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[rpcinterface:procman]
supervisor.rpcinterface_factory = {factory}
state = {project}
"""

PROGRAM = """\
[program:{name}]
command = {command}
autostart = {autostart}
autorestart = {autorestart}
exitcodes = {exitcodes}
startsecs = {startsecs}
startretries = 1000000
stopwaitsecs = {stopwaitsecs}
stopasgroup = true
killasgroup = true
redirect_stderr = true
stdout_logfile = {state}/{name}.log
stdout_logfile_maxbytes = {log_bytes}
environment = PROCMAN_RESTART="{restart}"{depends}
"""

ANSWERS = """
import os, socket, sys
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    connection.sendall(f"{sys.argv[1]} {os.getpid()}".encode())
    connection.close()
"""
"""A service: tells each client its name and pid."""

SLEEPS = "import signal; signal.pause()"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a test. `script` is Python that the launcher becomes, or `argv`; `command` stands in for all of it."""

    name: str
    script: str = SLEEPS
    listen: Address | None = None
    restart: Restart = field(default_factory=Restart)
    autostart: bool = True
    startsecs: int = 1
    stopwaitsecs: int = 30
    command: str | None = None
    ready: Ready | None = None
    alive: Alive | None = None
    depends: str = ""
    listens: tuple[Place, ...] = ()
    log_bytes: int = 50 << 20
    argv: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    user: str | None = None

    @property
    def service(self) -> str:
        """The name before the last dash."""
        return self.name.rpartition("-")[0]


class Lab:
    """One supervisord on the units it is given. `state` is where it writes, `project` what its plugin is told.

    `plugin` is the source of a module that stands in for the plugin, `extra` more of supervisord's configuration.
    """

    def __init__(
        self, units: list[Unit], *, project: Path | None = None, plugin: str | None = None, extra: str = ""
    ) -> None:
        self.state = Path(tempfile.mkdtemp(prefix="pm", dir="/tmp"))
        self.project = project or self.state
        self.units = units
        self.plugin = plugin
        self.extra = extra
        self.client = Client(str(self.state / "sock"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.end()
            shutil.rmtree(self.state)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None) -> None:
        if kind is not None:
            sys.stderr.write(self.log())
        self.end()
        shutil.rmtree(self.state)

    @property
    def pid(self) -> int:
        """Supervisord's."""
        assert self._process is not None
        return self._process.pid

    @property
    def code(self) -> int | None:
        """What supervisord ended with; negative for a signal."""
        assert self._process is not None
        return self._process.returncode

    @property
    def alive(self) -> bool:
        """Whether supervisord still runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start supervisord and wait until it answers."""
        self.write()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.state / "conf")],
            stdin=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{self.state}:{Path(launch.__file__).parents[2]}"},
        )
        wait_until(self.answers, PATIENCE, f"supervisord answers; it said:\n{self.log()}")

    def kill(self) -> subprocess.Popen[bytes]:
        """Kill supervisord and wait until it is dead: a zombie, until what is returned is waited for."""
        assert self._process is not None
        self._process.kill()
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        return self._process

    def end(self) -> None:
        """End supervisord and whatever it runs, kindly at first."""
        if self._process is None:
            return
        pids = self._pids()
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)

    def write(self) -> None:
        """Write the configuration for the units as they are now."""
        root = "user = root\n" if os.geteuid() == 0 else ""
        values = {"state": self.state, "project": self.project, "minfds": MINFDS, "root": root}
        factory = "procman.runtime.plugin:make"
        if self.plugin is not None:
            (self.state / "stand_in.py").write_text(self.plugin, encoding="utf-8")
            factory = "stand_in:make"
        programs = [self._program(unit) for unit in self.units]
        text = HEAD.format(**values, factory=factory) + "".join(programs)
        (self.state / "conf").write_text(text + self.extra.format(state=self.state), encoding="utf-8")

    def change(self, name: str, **changes: object) -> None:
        """Stop a unit, write it anew with these changes, and add it again."""
        self.units = [replace(u, **changes) if u.name == name else u for u in self.units]  # type: ignore[arg-type]
        self.write()
        self.stop(name)
        self.client.reload_config()
        self.client.remove(name)
        self.client.add(name)

    def stop(self, name: str) -> None:
        """Stop a unit and wait until it is down."""
        if self.unit(name).pid:
            self.client.stop(name)
        wait_until(lambda: self.unit(name).pid is None, PATIENCE, f"{name} is down")

    def unit(self, name: str) -> ObservedUnit:
        """What supervisord says of the unit `name`."""
        unit = self.client.status().unit(name)
        assert unit is not None, f"{name} is unknown"
        return unit

    def wait(self, name: str, statename: str) -> ObservedUnit:
        """Wait until `name` is in this state of supervisord's."""

        def there() -> ObservedUnit | None:
            unit = self.unit(name)
            return unit if unit.statename == statename else None

        found = wait_until(there, PATIENCE, f"{name} is {statename}; supervisord said:\n{self.log()}")
        assert found is not None
        return found

    def wait_restarted(self, name: str, pid: int | None) -> ObservedUnit:
        """Wait until `name` runs under another pid than `pid`."""

        def there() -> ObservedUnit | None:
            unit = self.unit(name)
            return unit if unit.pid not in (None, pid) else None

        found = wait_until(there, PATIENCE, f"{name} is started again")
        assert found is not None
        return found

    def answers(self) -> bool:
        """Whether supervisord answers the plugin's RPC, if only with a fault."""
        try:
            return bool(self.client.status().manager_pid)
        except Fault:
            return True
        except ProcmanError:
            return False

    def log(self) -> str:
        """Return supervisord's log."""
        path = self.state / "supervisord.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def output(self, name: str) -> str:
        """Return what the unit `name` wrote."""
        path = self.state / f"{name}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _pids(self) -> list[int]:
        try:
            return [u.pid for u in self.client.status().units if u.pid]
        except ProcmanError:
            return []

    def _program(self, unit: Unit) -> str:
        return PROGRAM.format(
            name=unit.name,
            command=unit.command or f"{sys.executable} -I -S {launch.__file__} {self._spec(unit)}",
            autostart=str(unit.autostart).lower(),
            startsecs=unit.startsecs,
            stopwaitsecs=unit.stopwaitsecs,
            state=self.state,
            restart=to_text(unit.restart),
            exitcodes=",".join(map(str, unit.restart.codes)),
            autorestart=AGAIN[unit.restart.policy],
            log_bytes=unit.log_bytes,
            depends=f',PROCMAN_DEPENDS="{unit.depends}"' if unit.depends else "",
        )

    def _spec(self, unit: Unit) -> Path:
        spec = Spec(
            project="lab",
            service=unit.service,
            instance=int(unit.name.rpartition("-")[2]),
            instances=1,
            kind=Kind.SCALABLE,
            argv=unit.argv or (sys.executable, "-S", "-c", unit.script, unit.name),
            env=(("PATH", os.environ["PATH"]), *unit.env),
            directory=str(self.state),
            state=str(self.project),
            user=unit.user,
            listen=unit.listen,
            listens=unit.listens,
            ready=unit.ready,
            alive=unit.alive,
        )
        path = self.state / f"{unit.name}.{spec.digest}.spec"
        path.write_bytes(encode(spec))
        path.chmod(0o600)
        return path


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as sock:
        sock.bind((host, 0))
        port: int = sock.getsockname()[1]
        return port


def ask(address: Address) -> str:
    """Return what a service running `ANSWERS` says on a new connection."""
    with socket.create_connection((address.host, address.port), timeout=PATIENCE) as sock:
        return b"".join(_parts(sock)).decode()


def _parts(sock: socket.socket) -> Iterator[bytes]:
    while part := sock.recv(4096):
        yield part


def environment(pid: int) -> Mapping[str, str]:
    """Return the environment that process `pid` was started with."""
    text = Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "surrogateescape")
    return dict(item.split("=", 1) for item in text.split("\0") if "=" in item)


def descriptors(pid: int) -> dict[int, str]:
    """Return what each open descriptor of process `pid` is."""
    found = {}
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since the folder was listed
            found[int(fd.name)] = str(fd.readlink())
    return found
