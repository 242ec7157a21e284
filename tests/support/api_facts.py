"""What the HTTP API of an example promises, whatever language it is written in.

A test file subclasses the facts and provides the fixtures `lab` and `api_command`.
"""

import http.client
import json
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.support.tiwater import Lab, Publisher, Service, mosquitto, readings
from tests.support.waiting import wait_until

# What procman's launcher does with the address of a service: descriptor 3, and the socket activation variables.
PASS_SOCKET = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="api")
os.execvp(sys.argv[2], sys.argv[2:])
"""


class ApiFacts:
    """An API that reads what the consumer wrote, over a listening socket it was given."""

    def test_answers_on_the_inherited_socket(self, lab: Lab, api_command: Sequence[str]) -> None:
        """On descriptor 3 it answers /health with its instance number and pid, before any database exists."""
        with _api(lab, api_command) as (service, port):
            assert _get(port, "/health") == (
                200,
                {"status": "ok", "instance": 1, "pid": service.process.pid},
            )
            assert _get(port, "/count")[1]["count"] == 0
            assert _get(port, "/readings")[1]["readings"] == []

    def test_shows_what_the_consumer_wrote(self, lab: Lab, api_command: Sequence[str]) -> None:
        """/count and /readings follow the table while the consumer writes it; limit and tienda choose."""
        with (
            mosquitto(lab.folder, lab.port),
            lab.consumer() as consumer,
            Publisher(lab.port) as publisher,
            _api(lab, api_command) as (_service, port),
        ):
            consumer.wait_for("subscribed")
            publisher.publish([*readings(70).values(), ("tiwater/T1/data", b"bad")])
            expected = {"count": 70, "dead_letters": 1}
            wait_until(lambda: expected.items() <= _get(port, "/count")[1].items(), 20, "70 readings")
            newest = _get(port, "/readings?limit=2")[1]["readings"]
            assert [reading["values"] for reading in newest] == [{"number": 69}, {"number": 68}]
            of_one = _get(port, "/readings?tienda=T3")[1]["readings"]
            assert {reading["codigo_tienda"] for reading in of_one} == {"T3"}
            assert len(of_one) == 10
            assert consumer.stop() == 0
            assert _get(port, "/count")[1]["count"] == 70, "readable after the writer left, too"

    def test_refuses_what_it_does_not_serve(self, lab: Lab, api_command: Sequence[str]) -> None:
        """Unknown paths are 404, other methods 405 with Allow, bad limits 400, an unreadable database 503."""
        with _api(lab, api_command) as (_service, port):
            assert _get(port, "/nothing")[0] == 404
            assert _get(port, "/")[0] == 404
            status, headers, _body = _request(port, "POST", "/health")
            assert (status, headers["allow"]) == (405, "GET, HEAD")
            assert [_get(port, f"/readings?limit={limit}")[0] for limit in ("0", "1001", "x", "-1")] == [400] * 4
            assert _request(port, "HEAD", "/health")[0] == 200
            database = Path(lab.database.address)
            database.parent.mkdir()
            database.write_bytes(b"not a database " * 100)
            assert _get(port, "/count")[0] == 503
            assert _get(port, "/health")[0] == 200

    def test_sigterm_ends_it_cleanly(self, lab: Lab, api_command: Sequence[str]) -> None:
        """SIGTERM ends it at once although a client keeps its connection open, without a word of complaint."""
        with _api(lab, api_command) as (service, port):
            kept = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            kept.request("GET", "/health")
            kept.getresponse().read()
            assert service.stop(timeout=5) in (0, -15)  # uvicorn ends by the signal itself after its clean-up
            assert "rror" not in service.log()
            kept.close()


@contextmanager
def _api(lab: Lab, command: Sequence[str]) -> Iterator[tuple[Service, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        launch = (sys.executable, "-c", PASS_SOCKET, str(listening.fileno()), *command)
        environment = {"DATABASE": lab.database.address, "PROCMAN_INSTANCE": "1"}
        port: int = listening.getsockname()[1]
        with Service(
            launch, lab.example, environment, lab.folder / "api.log", pass_fds=(listening.fileno(),)
        ) as service:
            yield service, port


def _get(port: int, path: str) -> tuple[int, dict[str, Any]]:
    status, _headers, body = _request(port, "GET", path)
    return status, json.loads(body)


def _request(port: int, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request(method, path)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, response.read()
