"""The preload of Python: uvicorn, hypercorn and gunicorn drain, and nothing else is touched.

SERVERS_BIN names a folder with other versions of the servers to test: `python bench/cluster/versions.py`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from procman.adapters.host import PRELOADS
from tests.support.serving import APPS, drained, kept, python_server, server

pytestmark = pytest.mark.slow

PATCHED = {
    "uvicorn.server": ("Server.shutdown", "uvicorn"),
    "hypercorn.asyncio.tcp_server": ("TCPServer._idle_timeout", "hypercorn"),
    "hypercorn.asyncio.run": ("_run", "hypercorn_worker"),
    "hypercorn.protocol.h11": ("H11Protocol._maybe_recycle", "hypercorn_h11"),
    "asyncio.selector_events": ("BaseSelectorEventLoop._accept_connection2", "asyncio_accept"),
    "asyncio.base_events": ("Server.wait_closed", "asyncio_close"),
}


def run(script: str, *, path: str = "", drain: str = "5 TERM", python: str = sys.executable) -> str:
    """Run a script under the preload and return what it wrote to stdout; anything on stderr fails."""
    before = f"{PRELOADS}/python"
    variables = {"PYTHONPATH": f"{before}:{path}" if path else before, "PROCMAN_DRAIN": drain}
    done = subprocess.run([python, "-c", script], env=variables, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout


def interpreter() -> str:
    """The Python beside the servers under test."""
    folder = os.environ.get("SERVERS_BIN")
    return str(Path(folder) / "python") if folder else sys.executable


@pytest.mark.parametrize("name", ["uvicorn", "hypercorn", "gunicorn gthread"])
def test_server_drains(tmp_path: Path, name: str) -> None:
    """Told to stop, it answers what comes on kept and on new connections, says which answer is the last, and ends."""
    with server(python_server(name), APPS, tmp_path / "log") as running:
        with kept(running.port) as connection, kept(running.port) as fresh:
            drained(running, connection, fresh)
        assert running.code() in (0, -15), running.said
        assert "procman:" not in running.said


@pytest.mark.parametrize("name", ["uvicorn", "hypercorn"])
def test_without_draining_a_kept_connection_is_lost(tmp_path: Path, name: str) -> None:
    """The negative control: with `drain: off` an idle connection ends without a word, and a request on it is lost."""
    with server(python_server(name), APPS, tmp_path / "log", drain="") as running, kept(running.port) as idle:
        assert "connection" not in idle.ask()[1]
        running.term()
        assert idle.ends() == b""


@pytest.mark.parametrize("module", sorted(PATCHED))
def test_what_is_leaned_on_is_there(module: str) -> None:
    """Each name that the preload changes is in the installed version, and is changed without a complaint."""
    name, part = PATCHED[module]
    said = run(f"import {module} as m; print(m.{name}.__module__)", python=interpreter())
    assert said == f"_procman_{part}\n"


def test_newer_gunicorn_is_left_alone() -> None:
    """A gthread worker that lingers by itself is not changed; an older one is."""
    script = "import gunicorn.workers.gthread as m; print(hasattr(m, 'STOP_KEEPALIVE_LINGER'), m.ThreadWorker.notify)"
    said = run(script, python=interpreter())
    assert said.startswith("True <function Worker.notify") or (said.startswith("False") and "mend.<locals>" in said)


def test_a_server_that_is_not_what_it_was_runs_on(tmp_path: Path) -> None:
    """When a name is missing the module works as it does by itself, and one line says so."""
    (tmp_path / "uvicorn").mkdir()
    (tmp_path / "uvicorn" / "__init__.py").write_text("")
    (tmp_path / "uvicorn" / "server.py").write_text("ANSWER = 42\n")
    script = "import uvicorn.server; print(uvicorn.server.ANSWER)"
    variables = {"PYTHONPATH": f"{PRELOADS}/python:{tmp_path}", "PROCMAN_DRAIN": "5 TERM"}
    done = subprocess.run([sys.executable, "-c", script], env=variables, check=True, capture_output=True, text=True)
    assert done.stdout == "42\n"
    assert done.stderr.startswith("procman: uvicorn.server is not drained, it is not what it was: ")
    assert done.stderr.count("\n") == 1


def test_nothing_is_loaded_until_a_server_is() -> None:
    """An interpreter that imports no server has no module more, and no entry of procman on its path."""
    script = "import sys; print(sorted(m for m in sys.modules if 'asyncio' in m or 'procman' in m), sys.path)"
    said = run(script)
    assert said.startswith("[] ")
    assert PRELOADS not in said


def test_the_sitecustomize_of_the_user_is_run(tmp_path: Path) -> None:
    """What procman's shadows is run in its own name, and found by who imports it."""
    (tmp_path / "sitecustomize.py").write_text("NAME = 'own'\nprint('run as', __name__)\n")
    said = run("import sitecustomize; print(sitecustomize.NAME, sitecustomize.__file__)", path=str(tmp_path))
    assert said == f"run as sitecustomize\nown {tmp_path}/sitecustomize.py\n"


RACE = """
import asyncio, socket, time

async def hello(reader, writer):
    await reader.readline()
    writer.write(b"hello")
    writer.close()

async def main():
    server = await asyncio.start_server(hello, "127.0.0.1", 0)
    client = socket.create_connection(server.sockets[0].getsockname())
    client.sendall(b"x\\n")
    loop, closed = asyncio.get_running_loop(), asyncio.Event()
    time.sleep(0.05)  # the connection is there when the loop looks next
    loop.call_soon(lambda: loop.call_soon(lambda: (server.close(), closed.set())))
    await closed.wait()
    client.setblocking(False)
    try:
        print((await asyncio.wait_for(loop.sock_recv(client, 100), 2)).decode())
    except (OSError, TimeoutError) as error:
        print("lost", type(error).__name__)

asyncio.run(main())
"""


def test_a_connection_accepted_while_its_server_closes_is_answered() -> None:
    """In the turn in which an asyncio server closes, a connection that it has just accepted is served."""
    assert run(RACE) == "hello\n"
    alone = subprocess.run([sys.executable, "-c", RACE], env={}, check=True, capture_output=True, text=True)
    assert alone.stdout.startswith("lost "), "the negative control: Python by itself loses it"


def test_program_that_runs_uvicorn_by_itself_takes_the_address(tmp_path: Path) -> None:
    """`uvicorn.run(app, port=PORT)` in a program of the user's listens on the socket that was handed over."""
    script = "import os, uvicorn; from asgi import app; uvicorn.run(app, port=int(os.environ['PORT']))"
    command = [interpreter(), "-c", script]
    with (
        server(command, APPS, tmp_path / "log") as running,
        kept(running.port) as connection,
        kept(running.port) as fresh,
    ):
        assert connection.ask()[1]["x-pid"] == str(running.process.pid)
        drained(running, connection, fresh)
