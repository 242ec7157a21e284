"""Liveness of one process, asked from inside supervisord: what does not answer is started again by its policy."""

from __future__ import annotations

import os
import signal
import socket

import pytest

from procman.core.lifecycle import Alive, Policy
from procman.core.manifest import Address, Restart
from tests.support.supervised import Lab, Unit, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PATIENCE = 40.0
HEALTH = """
import os, socket
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    connection.recv(4096)
    with open("asked", "a") as file: file.write("x")
    sick = os.path.exists("sick")
    try:
        connection.sendall(b"HTTP/1.1 %d X\\r\\nContent-Length: 0\\r\\n\\r\\n" % (503 if sick else 200))
    except OSError:
        pass
    connection.close()
"""
"""Answers 200, or 503 when there is a file ``sick``; notes each question."""

LINGERS = "import signal, sys\nsignal.signal(15, lambda *_: open('told-' + sys.argv[1], 'w').close())\n"
DEAF = "import signal\nsignal.signal(15, signal.SIG_IGN)\n" + HEALTH
WATCHED = """
import os, socket, time
def say(word):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect(chr(0) + os.environ["NOTIFY_SOCKET"][1:])
        sock.send(word)
print(os.environ["WATCHDOG_USEC"], flush=True)
while True:
    if not os.path.exists("silent"): say(b"WATCHDOG=1")
    time.sleep(0.05)
"""
QUICK = Alive(interval=0.2, timeout=0.5, failures=2)


def here() -> Address:
    """Return an address that nobody has."""
    return Address("127.0.0.1", free_port())


def alive(**kind: object) -> Alive:
    """Return a quick probe of this kind."""
    return Alive(interval=QUICK.interval, timeout=QUICK.timeout, failures=QUICK.failures, **kind)  # type: ignore[arg-type]


def status(address: Address) -> int:
    """What is answered on a new connection."""
    with socket.create_connection((address.host, address.port), timeout=PATIENCE) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return int(sock.recv(100).split()[1])


def asked(lab: Lab) -> int:
    """How often the service was asked."""
    path = lab.state / "asked"
    return path.stat().st_size if path.exists() else 0


def test_what_answers_badly_is_started_again_by_the_policy() -> None:
    """After so many bad answers in a row it is ended gracefully and starts anew, once it is well as before."""
    with Lab([Unit("api-0", HEALTH, here(), alive=alive(http="/health"))]) as lab:
        pid = lab.wait("api-0", "RUNNING").pid
        wait_until(lambda: asked(lab) > 2, PATIENCE, "it is asked")
        assert lab.unit("api-0").pid == pid, "what is well is left alone"
        (lab.state / "sick").touch()
        unit = lab.wait_restarted("api-0", pid)
        (lab.state / "sick").unlink()
        assert (unit.restarts, unit.exit) == (1, "terminated by SIGTERM")
        before = asked(lab)
        wait_until(lambda: asked(lab) > before + 2, PATIENCE, "its successor is asked too")


def test_one_that_stays_unwell_ends_in_failed_with_the_reason() -> None:
    """The limit of restarts holds for it, and what it said last is the reason."""
    policy = Restart(max=1, delay=0.05, policy=Policy.ON_FAILURE, retry=None)
    with Lab([Unit("api-0", HEALTH, here(), policy, alive=alive(http="/health"))]) as lab:
        (lab.state / "sick").touch()
        unit = lab.wait("api-0", "FATAL")
        assert unit.reason == "2 failures within 60 s; last: unwell in 2 looks: GET /health: HTTP 503"


def test_one_that_does_not_even_end_is_killed() -> None:
    """After its stop time it gets SIGKILL: SIGSTOP and an ignored SIGTERM stop nobody from being replaced."""
    with Lab([Unit("api-0", DEAF, here(), alive=alive(tcp=True), stopwaitsecs=1)]) as lab:
        pid = lab.wait("api-0", "RUNNING").pid
        os.kill(pid or 0, signal.SIGSTOP)
        assert lab.wait_restarted("api-0", pid).exit == "terminated by SIGKILL"


def test_what_is_given_up_gets_no_new_connection() -> None:
    """From the last failed look on, long before it has ended, new connections go to the others."""
    place = here()
    script = LINGERS + HEALTH.replace('"sick"', '"sick-" + sys.argv[1]')
    with Lab([Unit(f"api-{n}", script, place, alive=alive(http="/health")) for n in range(2)]) as lab:
        wait_until(lambda: all(lab.unit(f"api-{n}").ready for n in range(2)), PATIENCE, "both are ready")
        pid = lab.unit("api-0").pid
        (lab.state / "sick-api-0").touch()
        wait_until((lab.state / "told-api-0").exists, PATIENCE, "it is told to end")
        assert {status(place) for _ in range(20)} == {200}
        assert lab.unit("api-0").pid == pid, "it has not ended yet"
        os.kill(pid or 0, signal.SIGKILL)


def test_silence_of_the_watchdog_is_a_failure() -> None:
    """It is told how often to speak, and started again when it is silent for long."""
    with Lab([Unit("job-0", WATCHED, alive=alive(notify=True))]) as lab:
        pid = lab.wait("job-0", "RUNNING").pid
        wait_until(lambda: "200000" in (lab.state / "job-0.log").read_text(encoding="utf-8"), PATIENCE, "it is told")
        (lab.state / "silent").touch()
        lab.wait_restarted("job-0", pid)


def test_nobody_is_asked_before_its_start_period_and_after_its_end() -> None:
    """No probe before the start period is over, and none for a service that was stopped."""
    slow = Alive("/health", interval=0.1, timeout=0.5, failures=1, start_period=3600.0)
    quick = Unit("web-0", HEALTH.replace("asked", "web"), here(), alive=alive(http="/health"))
    with Lab([Unit("api-0", HEALTH, here(), alive=slow), quick]) as lab:
        lab.wait("web-0", "RUNNING")
        wait_until((lab.state / "web").exists, PATIENCE, "the other is asked")
        lab.stop("web-0")
        size = (lab.state / "web").stat().st_size
        lab.units = [*lab.units, Unit("clock-0", startsecs=3)]
        lab.write()
        lab.client.reload_config()
        lab.client.add("clock-0")
        lab.wait("clock-0", "RUNNING")
        assert (asked(lab), (lab.state / "web").stat().st_size) == (0, size)
        assert lab.unit("web-0").statename == "STOPPED"


def test_many_that_hang_block_nobody() -> None:
    """Twenty services that accept and never answer are all ended, while supervisord answers and one is well."""
    hangs = "import socket\nlistener = socket.socket(fileno=3)\nkept = []\nwhile True: kept.append(listener.accept())"
    units = [Unit(f"hang-{n}", hangs, Address("127.0.0.1", free_port()), alive=alive(http="/")) for n in range(20)]
    with Lab([*units, Unit("well-0", HEALTH, here(), alive=alive(tcp=True))]) as lab:
        pid = lab.wait("well-0", "RUNNING").pid
        wait_until(lambda: all(lab.unit(u.name).restarts for u in units), 2 * PATIENCE, "all are started again")
        assert (lab.unit("well-0").pid, lab.unit("well-0").restarts) == (pid, 0)
