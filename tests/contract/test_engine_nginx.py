"""The proxy's file, read by nginx itself, and run in front of a real server."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from procman.adapters import templates
from procman.core.manifest import Address, Service
from procman.core.places import UnixSocket
from procman.engines.nginx import pages
from tests.support.serving import APPS, kept, python_server, server
from tests.support.supervised import free_port
from tests.support.tiwater import need
from tests.support.values import service

MAIN = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/proxy.conf;
}}
"""


def snippet(*services: Service, project: str = "shop") -> str:
    """Return the file for these services."""
    (sheet,) = templates.render(pages(project, services))
    assert (f"{project}.nginx.conf", 0o644) == (sheet.path, sheet.mode)
    return sheet.content.decode()


def written(folder: Path, text: str) -> list[str]:
    """Write a configuration that includes `text`; the command that runs nginx on it."""
    nginx = need("nginx", "nginx-light")
    (folder / "proxy.conf").write_text(text, encoding="utf-8")
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder), encoding="utf-8")
    return [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")]


@contextmanager
def running(folder: Path, text: str) -> Iterator[None]:
    """Nginx on this file."""
    command = written(folder, text)
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.slow
@pytest.mark.parametrize(
    "services",
    [
        (service("api", listen=Address("127.0.0.1", 3000)),),
        (service("api", listen=Address("::1", 3000)), service("admin", listen=Address("0.0.0.0", 8080))),
        (service("a-b-c", listen=Address("localhost", 3000)), service("job")),
        (service("api", listens=(Address("::", 3000), Address("0.0.0.0", 3000), UnixSocket("run/a b.sock"))),),
    ],
    ids=["one", "ipv6 and everywhere", "a name", "several and a unix socket"],
)
def test_nginx_accepts_it(tmp_path: Path, services: tuple[Service, ...]) -> None:
    """`nginx -t` finds nothing to complain about."""
    command = [*written(tmp_path, snippet(*services, project="my-shop")), "-t"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


@pytest.mark.slow
def test_nginx_passes_requests_and_websockets_on(tmp_path: Path) -> None:
    """Through it a request and a WebSocket reach the server behind."""
    need("nginx", "nginx-light")
    with server(python_server("hypercorn"), APPS, tmp_path / "log") as behind:
        text = snippet(service("api", listen=Address("127.0.0.1", behind.port)))
        port = free_port()
        with kept(behind.port) as direct:
            pid = direct.ask()[1]["x-pid"]
        with running(tmp_path, text.replace("listen 8080;", f"listen 127.0.0.1:{port};")), kept(port) as one:
            assert one.ask()[1]["x-pid"] == pid
            head = "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            one.socket.sendall(f"GET /socket HTTP/1.1\r\n{head}{key}\r\n".encode())
            assert one.answer()[0] == 101
            one.socket.sendall(b"\x81\x82\0\0\0\0hi")
            assert one.socket.recv(100) == b"\x81\x02hi"


def test_only_services_that_listen_are_in_it() -> None:
    """Each service that listens has an upstream with its one address, and a port of nginx that no service has."""
    text = snippet(
        service("api", listen=Address("::1", 3000)), service("job"), service("b", listen=Address("::", 8080))
    )
    assert re.findall(r"upstream (\S+)|^    server (\S+) |^    listen (\d+);", text, re.MULTILINE) == [
        ("shop_api", "", ""),
        ("", "[::1]:3000", ""),
        ("", "", "8081"),
        ("shop_b", "", ""),
        ("", "[::1]:8080", ""),
        ("", "", "8082"),
    ]


def test_each_further_place_has_a_server_of_its_own() -> None:
    """One port at two hosts is one server, another port and a unix socket are two more; no port of nginx is taken."""
    places = (Address("127.0.0.1", 3000), Address("::1", 3000), Address("127.0.0.1", 8081), UnixSocket("run/a b.sock"))
    text = snippet(service("api", listen=places[0], listens=places), service("b", listen=Address("::1", 4000)))
    assert re.findall(r"upstream (\S+)|^    server (.+) max|^    listen (\d+);", text, re.MULTILINE) == [
        ("shop_api", "", ""),
        ("", "127.0.0.1:3000", ""),
        ("", "[::1]:3000", ""),
        ("", "", "8080"),
        ("shop_api_2", "", ""),
        ("", "127.0.0.1:8081", ""),
        ("", "", "8082"),
        ("shop_api_3", "", ""),
        ("", '"unix:/run/a b.sock"', ""),
        ("", "", "8083"),
        ("shop_b", "", ""),
        ("", "[::1]:4000", ""),
        ("", "", "8084"),
    ]
    with pytest.raises(ValueError, match="cannot stand in a file of nginx"):
        pages("shop", (service("api", listens=(UnixSocket('/a"b'),)),))


def test_without_a_service_that_listens_there_is_none() -> None:
    """There is nothing to put a proxy in front of."""
    with pytest.raises(ValueError, match="no service has `listen`"):
        pages("shop", (service("job"),))
