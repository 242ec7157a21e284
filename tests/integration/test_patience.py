"""A manager that works is waited for; one that does nothing is told from it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from procman.adapters import patience, supervisord
from procman.adapters.state import State
from procman.adapters.supervisor_rpc import Client
from procman.core.errors import Failed
from tests.support.supervised import Lab, Unit
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

MANAGER = """
import socket, sys, time
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(sys.argv[1])
    listener.listen()
    print("there", flush=True)
    while True:
        client, _ = listener.accept()
        client.recv(65536)
        end = time.monotonic() + float(sys.argv[3])
        while time.monotonic() < end:
            if sys.argv[2] == "sleeps":
                time.sleep(0.1)
        body = b"<methodResponse><params><param><value><int>1</int></value></param></params></methodResponse>"
        client.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n" + body)
        client.close()
"""

STARTS = """
import sys, time
end = time.monotonic() + 3
while time.monotonic() < end:
    if sys.argv[2] == "sleeps":
        time.sleep(0.1)
open(sys.argv[1], "w").close()
time.sleep(60)
"""


@contextmanager
def manager(folder: Path, manner: str, seconds: float) -> Iterator[str]:
    """Run what answers each call after so many seconds, working or sleeping meanwhile; yield its socket."""
    path = str(folder / "s")
    command = [sys.executable, "-c", MANAGER, path, manner, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"there\n"
            yield path
        finally:
            process.kill()


def test_one_that_works_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that takes four times as long as idleness may comes, and what is waited for is told once."""
    monkeypatch.setattr(patience, "TOLD_AFTER", 1.0)
    said: list[str] = []
    with manager(tmp_path, "works", 4) as path:
        Client(path, timeout=1, told=said.append).shutdown()
    assert len(said) == 1
    assert "is busy and has not answered for" in said[0]


def test_one_that_does_nothing_is_given_up(tmp_path: Path) -> None:
    """The same answer is not waited for when the process sleeps; nothing is told of work."""
    said: list[str] = []
    with (
        manager(tmp_path, "sleeps", 30) as path,
        pytest.raises(Failed, match=r"did not answer supervisor\.shutdown within 1 s"),
    ):
        Client(path, timeout=1, told=said.append).shutdown()
    assert said == []


def test_one_that_works_for_ever_is_given_up_in_other_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What loops is not waited for without end, and is not said to do nothing."""
    monkeypatch.setattr(patience, "LONGEST", 2.0)
    with manager(tmp_path, "works", 600) as path, pytest.raises(Failed, match="s, though it works"):
        Client(path, timeout=0.5).shutdown()


def test_a_supervisord_that_is_stopped_is_given_up() -> None:
    """SIGSTOP is the plainest way to hang; after SIGCONT it answers again."""
    with Lab([Unit("api-0")]) as lab:
        lab.wait("api-0", "RUNNING")
        client = Client(lab.client.path, timeout=1)
        os.kill(lab.pid, signal.SIGSTOP)
        try:
            with pytest.raises(Failed, match=r"did not answer procman\.status within 1 s"):
                client.status()
        finally:
            os.kill(lab.pid, signal.SIGCONT)
        assert wait_until(lab.answers, 20, "it answers again")


@pytest.mark.parametrize(("manner", "comes"), [("works", True), ("sleeps", False)])
def test_a_supervisord_that_starts_slowly_is_waited_for_while_it_works(
    manner: str, comes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow processor needs longer to start it than one that hangs is given."""
    monkeypatch.setattr(supervisord, "ANSWER_WITHIN", 0.5)
    state = State(str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", STARTS, str(tmp_path / "there"), manner]) as process:
        try:
            with nullcontext() if comes else pytest.raises(Failed, match=r"supervisord did not answer within \d+ s"):
                supervisord._wait_for(process, state, (tmp_path / "there").exists)
        finally:
            process.kill()
