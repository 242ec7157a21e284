"""Clocks that jump, and clocks that differ: one consumer, and it comes back."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.projects import PATIENCE, Project, ended, supervisor
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
OTHER_TIME = ("unshare", "--time", "--boottime", "100000", "--fork")


@contextmanager
def faked(shop: Project) -> Iterator[Path]:
    """Run the rendered file under a supervisord whose wall clock is set by the file that this yields."""
    offset = shop.folder / "offset"
    offset.write_text("+0", encoding="ascii")
    clock = {"FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    environment = shop.environment(LD_PRELOAD=str(FAKETIME), **clock)
    with subprocess.Popen(
        [*supervisor("supervisord"), "-c", str(shop.conf)], env=environment, stdout=subprocess.DEVNULL
    ) as process:
        try:
            wait_until(shop.consumers, PATIENCE, "the consumer runs")
            yield offset
        finally:
            process.terminate()


@pytest.mark.skipif(FAKETIME is None, reason="faketime is not installed")
def test_a_consumer_comes_back_whatever_the_wall_clock_says(shop: Project) -> None:
    """Set back a day or ten years, or forward a year, also in the pause before a restart: it is started again."""
    shop.write({"mqtt": shop.mqtt(restart={"max": 100, "within": "60s", "delay": "500ms"})})
    ended(shop.run("up"), 0)
    ended(shop.run("down"), 0)
    with faked(shop) as offset:
        for before, meanwhile in (("-1d", "-2d"), ("+0", "+400d"), ("-10y", "+0")):
            offset.write_text(before, encoding="ascii")
            killed(shop)
            killed(shop, offset, meanwhile)
            assert len(shop.consumers()) <= 1
        ended(shop.run("up"), 0)
        ended(shop.run("restart", "mqtt"), 0)
        ended(shop.run("down"), 0)


def killed(shop: Project, offset: Path | None = None, meanwhile: str = "") -> None:
    """Kill the consumer, let the clock jump before it is back, and wait for the next."""
    former = shop.pids()["mqtt-0"]
    os.kill(former, signal.SIGKILL)
    if offset is not None:
        wait_until(lambda: shop.client().status().units[0].statename == "BACKOFF", PATIENCE, "it waits for its start")
        offset.write_text(meanwhile, encoding="ascii")
    wait_until(lambda: shop.pids().get("mqtt-0", former) != former, PATIENCE, "it is started again")
    wait_until(shop.consumers, PATIENCE, "it consumes again")


@pytest.mark.skipif(
    subprocess.run([*OTHER_TIME, "true"], check=False, capture_output=True).returncode != 0,
    reason="a time namespace needs root and a kernel that has them",
)
def test_who_counts_time_otherwise_ends_nobody(shop: Project) -> None:
    """In another time namespace every start time is shifted: a live manager looks dead, and is not taken for dead."""
    shop.write({"mqtt": shop.mqtt()})
    ended(shop.run("up"), 0)
    before = shop.consumers()
    other = shop.beside("bakery", shop.folder.parent / "h2")
    other.write({"mqtt": other.mqtt()})
    done = subprocess.run(
        [*OTHER_TIME, sys.executable, "-m", "procman", "up"],
        cwd=other.folder, env=other.environment(), check=False, capture_output=True, text=True, timeout=90,
    )  # fmt: skip
    assert (done.returncode, "whose manager cannot be known" in done.stderr) == (75, True), done.stderr
    assert (shop.consumers(), len(before)) == (before, 1)
