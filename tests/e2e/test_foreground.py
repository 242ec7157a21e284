"""`up --foreground`, for systemd and containers: one process to watch, which ends as the manager does."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.projects import PATIENCE, Project, ended
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@contextmanager
def foreground(shop: Project) -> Iterator["subprocess.Popen[str]"]:
    """Start `up --foreground` and wait until the project is ready; it is ended with the block."""
    log = shop.folder / "foreground.log"
    with log.open("w", encoding="utf-8") as sink:
        process = shop.popen("up", "--foreground", stdout=sink, stderr=sink)
    try:
        wait_until(
            lambda: "shop is ready" in log.read_text(encoding="utf-8") or process.poll() is not None, PATIENCE, "ready"
        )
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_end_ends_everything(shop: Project, number: signal.Signals) -> None:
    """It stays while the services run; SIGTERM or SIGINT ends them in order, and it ends with 0."""
    with foreground(shop) as process:
        assert shop.states() == {"api-0": "ready", "api-1": "ready", "mqtt-0": "running"}
        consumer = shop.pids()["mqtt-0"]
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
    assert shop.processes() == []
    assert f"end {consumer}" in shop.marks.read_text(encoding="utf-8")
    shop.status_code(4)


def test_it_ends_with_1_when_supervisord_is_killed(shop: Project) -> None:
    """After kill -9 of supervisord it ends with 1, so that systemd starts it again, and no consumer is left."""
    with foreground(shop) as process:
        os.kill(shop.manager(), signal.SIGKILL)
        assert process.wait(PATIENCE) == 1
    wait_until(lambda: not shop.consumers(), PATIENCE, "the consumer died with its manager")


def test_it_ends_with_0_after_down(shop: Project) -> None:
    """`down` from another terminal ends it."""
    with foreground(shop) as process:
        ended(shop.run("down"), 0)
        assert process.wait(PATIENCE) in (0, 1)
    assert shop.processes() == []


def test_a_second_one_is_refused(running: Project) -> None:
    """`up --foreground` beside a project that runs in the background ends with 1 and says what to do."""
    before = running.pids()
    ended(running.run("up", "--foreground"), 1, "runs in the background already")
    assert running.pids() == before


def test_the_rendered_unit_is_one_that_systemd_takes(shop: Project) -> None:
    """systemd-analyze finds nothing wrong with the unit that `render` writes."""
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not here")
    ended(shop.run("render", "--to", "out"), 0)
    unit = shop.folder / "out" / "procman-shop.service"
    done = subprocess.run([verify, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if unit.name in line]) == (0, [])
    assert "ExecStart=" in unit.read_text(encoding="utf-8")


def test_a_proxy_is_rendered(shop: Project) -> None:
    """`render --proxy nginx` prints the proxy's file; with --to it lies beside the others."""
    printed = ended(shop.run("render", "--proxy", "nginx"), 0, f"server 127.0.0.1:{shop.port} max_fails=0;").out
    ended(shop.run("render", "--proxy", "nginx", "--to", "out"), 0, "out/supervisord.conf", "out/shop.nginx.conf")
    assert printed == (shop.folder / "out" / "shop.nginx.conf").read_text(encoding="utf-8")
    shop.write(services={"mqtt": shop.mqtt()})
    ended(shop.run("render", "--proxy", "nginx"), 1, "nothing to put a proxy in front of")
