"""What is measured: procman, PM2, and nginx in front of two plain node processes, each serving the same app."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from arena import APPS, arena, free_port, wait

sys.path.append(str(Path(__file__).resolve().parents[1]))
import measure
import peers

ROOT = Path(__file__).resolve().parents[2]
NODE_SERVERS = ROOT / "tests" / "data" / "node-servers"
SCRIPTS = {"node": APPS / "node.cjs", "express": NODE_SERVERS / "express.cjs"}
chosen = {"app": "node"}
NGINX = """\
daemon off; worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream api {{
        server 127.0.0.1:{first} max_fails=0; server 127.0.0.1:{second} max_fails=0;
        keepalive 64; keepalive_timeout 4s;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
}}
"""


class Candidate:
    """Something that serves the app on `port`. `roots`: processes whose trees are all of it."""

    def __init__(
        self, name: str, port: int, roots: Callable[[], list[int]], reload: Callable[[], object] | None
    ) -> None:
        """Take what differs."""
        self.name, self.port, self.roots, self.reload = name, port, roots, reload

    def tree(self) -> list[int]:
        """Return every process of it."""
        children: dict[int, list[int]] = {}
        for pid in (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
            with contextlib.suppress(OSError, IndexError):
                parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(pid)
        found, todo = [], self.roots()
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo += children.get(pid, [])
        return found

    def processor(self) -> float:
        """Return the processor seconds that it has used so far."""
        ticks = 0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(parts[11]) + int(parts[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Return the PSS of all of it in MiB."""
        return sum(measure.resident(pid)[1] for pid in self.tree()) / (1 << 20)


@contextmanager
def procman(instances: int = 2) -> Iterator[Candidate]:
    """Procman, up."""
    with arena("node", instances, command=["node", str(SCRIPTS[chosen["app"]])]) as made:
        word = "reload" if made.has("reload") else "restart"
        yield Candidate("procman", made.port, lambda: [made.manager()], lambda: made.run(word, "api"))


@contextmanager
def pm2(instances: int = 2) -> Iterator[Candidate]:
    """PM2's cluster mode, started from an ecosystem file."""
    with peers.short_home() as folder:
        made, port = peers.Pm2(folder / "h"), free_port()
        app = {"name": "api", "script": str(SCRIPTS[chosen["app"]]), "exec_mode": "cluster", "instances": instances}
        try:
            made.start([{**app, "env": {"PORT": str(port)}}], folder)
            answered(port)
            yield Candidate("pm2", port, lambda: [made.daemon()], lambda: made.run("reload", "api"))
        finally:
            made.end()


@contextmanager
def nginx() -> Iterator[Candidate]:
    """Nginx in front of two node processes that nobody manages."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise peers.Unavailable(f"nginx is not installed: {peers.how_to_install('nginx-light')}")
    with peers.short_home() as folder:
        ports = {name: free_port() for name in ("port", "first", "second")}
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, **ports))
        commands = [*[["node", str(SCRIPTS[chosen["app"]])]] * 2, [program, "-p", str(folder), "-c", "nginx.conf"]]
        environments = [{**os.environ, "PORT": str(ports[name])} for name in ("first", "second")]
        running = [
            subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for command, env in zip(commands, [*environments, dict(os.environ)], strict=True)
        ]
        try:
            for port in ports.values():
                answered(port)
            yield Candidate("nginx", ports["port"], lambda: [process.pid for process in running], None)
        finally:
            for process in running:
                process.terminate()
                process.wait()


def answered(port: int, timeout: float = 5.0) -> str:
    """Wait for an answer and return the pid that gave it."""
    found = ""

    def there() -> bool:
        nonlocal found
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
            connection.request("GET", "/", headers={"Connection": "close"})
            response = connection.getresponse()
            found = response.headers.get("X-Pid") or "" if response.status == http.HTTPStatus.OK else ""
            connection.close()
        return bool(found)

    wait(there, f"port {port} answers")
    return found
