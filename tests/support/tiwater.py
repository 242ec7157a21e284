"""The services of examples/tiwater and a real mosquitto, started for one test and ended with it."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.packages import how_to_install
from tests.support.rows import Database, SqliteRows
from tests.support.waiting import wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIENT_ID = "tiwater-consumer"
Message = tuple[str, bytes]
Key = tuple[str, str, str]


def need(program: str, package: str) -> str:
    """Where a program is, of a package of Debian. Missing it skips the test with the cure, or fails it with CI=true."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/libexec")
    if found is not None:
        return found
    message = f"{program} is not installed: {how_to_install(package)}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def node_example() -> Path:
    """The folder of the node example, with its packages installed as its lock file says."""
    return npm_packages(EXAMPLES / "tiwater-node")


def npm_packages(folder: Path) -> Path:
    """`folder`, with the packages installed that its lock file names; once for all tests that run beside each other."""
    need("node", "nodejs")
    npm = need("npm", "npm")
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    with (folder / "package.json").open("rb") as turn:
        # npm ci empties the folder first: what another test has just installed would be gone under its feet.
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
            if done.returncode != 0:
                pytest.fail(f"npm ci failed in {folder}:\n{done.stderr[-2000:]}")
    return folder


def free_port() -> int:
    """A port of the loopback address that was free just now."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Service:
    """A process whose output is kept in a file, in the order it was said."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        *,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._log = log
        base = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**base, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=pass_fds,
            )

    def log(self) -> str:
        """All it said, and what an earlier start with the same log said."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str, times: int = 1, timeout: float = 20) -> None:
        """Wait until it said this so many times."""
        wait_until(lambda: self.log().count(text) >= times, timeout, f"{text!r} {times} times in {self._log}")

    def kill(self) -> None:
        """SIGKILL: nothing of it can react."""
        self.process.kill()
        self.process.wait(10)

    def stop(self, timeout: float = 10) -> int:
        """SIGTERM; the exit code, or an error when it takes longer."""
        self.process.terminate()
        return self.process.wait(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.kill()


@contextmanager
def mosquitto(folder: Path, port: int, extra: str = "allow_anonymous true") -> Iterator[Service]:
    """A broker on this port of loopback, until the end of the block. Its queue holds all a test publishes."""
    program = need("mosquitto", "mosquitto")
    configuration = folder / "mosquitto.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\nmax_queued_messages 100000\nmax_inflight_messages 500\n{extra}\n", encoding="utf-8"
    )
    with Service([program, "-c", str(configuration)], folder, {}, folder / "mosquitto.log") as service:
        wait_until(lambda: answers(port), 10, f"mosquitto listens; it said:\n{service.log()}")
        yield service


class Publisher:
    """A device gateway: publishes at QoS 1 and can wait until the broker has confirmed everything."""

    def __init__(self, port: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages_set(200)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._sent: list[mqtt.MQTTMessageInfo] = []

    def publish(self, messages: Iterable[Message]) -> None:
        """Hand messages to the client; it sends them meanwhile."""
        self._sent += [self._client.publish(topic, payload, qos=1) for topic, payload in messages]

    def confirmed(self) -> int:
        """Wait until the broker has confirmed all that was published; returns how many."""
        for message in self._sent:
            message.wait_for_publish(30)
        return sum(message.is_published() for message in self._sent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def readings(count: int, start: int = 0) -> dict[Key, Message]:
    """Messages number `start` to `start + count`, each with a key of its own."""
    made = {}
    for number in range(start, start + count):
        minute, second = divmod(number, 60)
        key = (f"2026-01-01T{minute // 60:02}:{minute % 60:02}:{second:02}Z", f"T{number % 7}", f"E{number % 3}")
        document = {"timestamp": key[0], "equipo_id": key[2], "values": {"number": number}}
        made[key] = (f"tiwater/{key[1]}/data", json.dumps(document).encode())
    return made


@dataclass(frozen=True, slots=True)
class Rows:
    """What is in the database against what was published."""

    missing: int
    unknown: int
    duplicates: int


EXACT = Rows(missing=0, unknown=0, duplicates=0)


@dataclass(frozen=True, slots=True)
class Lab:
    """One broker's port, one database, and the command of the consumer under test."""

    folder: Path
    example: Path
    command: tuple[str, ...]
    database: Database
    port: int = field(default_factory=free_port)

    def environment(self, **more: str) -> dict[str, str]:
        """What the manifest gives to the consumer."""
        return {
            "DATABASE": self.database.address,
            "MQTT_BROKER": f"mqtt://127.0.0.1:{self.port}",
            "MQTT_TOPIC": "tiwater/+/data",
            "MQTT_CLIENT_ID": CLIENT_ID,
            **more,
        }

    def consumer(self, command: Sequence[str] = (), log: str = "consumer.log", **more: str) -> Service:
        """Start the consumer, or another command in its place."""
        return Service(command or self.command, self.example, self.environment(**more), self.folder / log)

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the database; none while it or the table is not there."""
        return self.database.select(statement)

    def total(self, table: str = "readings") -> int:
        """How many rows a table holds."""
        counted = self.select(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name from a test
        return int(counted[0][0]) if counted else 0

    def compare(self, published: Iterable[Key]) -> Rows:
        """Hold the rows against the keys that were published."""
        wanted = set(published)
        found = Counter(self.select("SELECT timestamp, codigo_tienda, equipo_id FROM readings"))
        return Rows(
            missing=len(wanted - set(found)),
            unknown=len(set(found) - wanted),
            duplicates=found.total() - len(found),
        )

    def wait_for_rows(self, count: int, table: str = "readings", interval: float = 0.02, timeout: float = 30) -> None:
        """Wait until a table holds so many rows, asking every `interval` seconds."""
        wait_until(lambda: self.total(table) >= count, timeout, f"{count} rows in {table}", interval)


def python_lab(folder: Path, database: Database | None = None) -> Lab:
    """The Python example, on SQLite unless a database is given."""
    return Lab(folder, EXAMPLES / "tiwater", (sys.executable, "consumer.py"), database or _sqlite(folder))


def node_lab(folder: Path, database: Database | None = None) -> Lab:
    """The node example, on SQLite unless a database is given."""
    return Lab(folder, node_example(), ("node", "src/mqtt-consumer.js"), database or _sqlite(folder))


def _sqlite(folder: Path) -> Database:
    return SqliteRows(folder / "data" / "tiwater.db")
