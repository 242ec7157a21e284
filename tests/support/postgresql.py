"""A real PostgreSQL server in a temporary folder, under an unprivileged user, ended with the test that needs it."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.support.tiwater import answers, free_port, need
from tests.support.waiting import wait_until

USER, DATABASE = "procman", "tiwater"
PATIENCE = 60.0
DEBIAN = Path("/usr/lib/postgresql")
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")  # a killed client loses nothing by it


@dataclass(slots=True)
class Postgresql:
    """One server: where it listens, and its process while it runs."""

    folder: Path
    binaries: Path
    port: int
    settings: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of its database `tiwater`; no password is asked for."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> None:
        """Start it, also after `stop`, and wait until it answers queries."""
        command = [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        for setting in ("listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}", *self.settings):
            command += ["-c", setting]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **_unprivileged())
        wait_until(self._answers, PATIENCE, f"PostgreSQL answers; see {self.folder}/log")

    def stop(self) -> None:
        """End it at once, and every connection to it; what was committed stays."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(PATIENCE)
            self.process = None

    def execute(self, statement: str, database: str = DATABASE) -> list[tuple[Any, ...]]:
        """Run one statement on a connection of its own; returns its rows."""
        url = self.url.replace(f"/{DATABASE}", f"/{database}")
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            answer = connection.execute(statement.encode())
            return answer.fetchall() if answer.description else []

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "log").read_text(errors="replace")
        try:
            return answers(self.port) and bool(self.execute("SELECT 1", "postgres"))
        except psycopg.OperationalError:
            return False


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[Postgresql]:
    """A server with an empty database `tiwater`. `durable` lets it flush to the disk, as a real one does."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _user())
        _initialize(binaries, folder)
        server = Postgresql(folder, binaries, free_port(), () if durable else QUICK)
        try:
            server.start()
            server.execute(f"CREATE DATABASE {DATABASE}", "postgres")
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path:
    """Debian keeps them out of the PATH, one folder per version."""
    found = sorted(DEBIAN.glob("*/bin"), key=lambda each: float(each.parent.name))
    return found[-1] if found else Path(need("initdb", "postgresql")).resolve().parent


def _initialize(binaries: Path, folder: Path) -> None:
    command = [
        str(binaries / "initdb"),
        "-D",
        str(folder / "data"),
        "-U",
        USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    done = subprocess.run(
        [*command, "--locale=C.UTF-8"], check=False, capture_output=True, text=True, **_unprivileged()
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _user() -> str:
    """PostgreSQL refuses to run as root."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _unprivileged() -> dict[str, Any]:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    user = {"user": _user(), "group": pwd.getpwnam(_user()).pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    return {"env": environment, "cwd": "/", "stdin": subprocess.DEVNULL, **user}
