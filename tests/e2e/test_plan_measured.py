"""`plan --measured`: limits beside what a running project needed, and proposals written into the manifest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.projects import Project, ended, project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

MANIFEST = """\
# the shop
version: 1
project: shop
budget: {{ram: 2G, reserve: 256M}}
profiles:
  big: {{services: {{api: {{memory: 300M}}}}}}   # for the fair
services:
  api:
    kind: scalable
    memory: 400M     # of each instance
    command: [{python}, -S, -c, "kept = b'x' * (30 << 20); import signal; signal.pause()"]
    instances: 2
  tight:
    {{kind: singleton, memory: 34M, command: [{python}, -S, -c, "k = b'x' * (30<<20); import signal; signal.pause()"]}}
"""


@pytest.fixture(name="measured", scope="module")
def _measured() -> Iterator[Project]:
    """A project that runs and of which every instance has been measured."""
    import sys  # noqa: PLC0415

    with project() as made:
        made.file.write_text(MANIFEST.format(python=sys.executable), encoding="utf-8")
        made.up()
        wait_until(lambda: all(u.memory_samples for u in made.client().status().units), 60, "all are measured", 0.2)
        yield made


def test_limits_stand_beside_what_was_needed(measured: Project) -> None:
    """A limit of 400M for 35 MiB is wasteful, one of 34M is about to be hit; both get the peak + 25 %."""
    done = ended(measured.run("plan", "--measured"), 0, "wasteful", "about to be hit", "peak + 25 %")
    assert all(len(line) <= 80 for line in done.out.splitlines() if not line.startswith("shop:"))
    document = ended(measured.run("plan", "--measured", "--json"), 0).json()
    rows = {row["service"]: row for row in document["measured"]}
    assert document["margin_percent"] == 25
    assert ("wasteful", "about to be hit") == (rows["api"]["flag"], rows["tight"]["flag"])
    assert rows.keys() == {"api", "tight"}
    for row in rows.values():
        assert 30 << 20 < row["usual_bytes"] <= row["peak_bytes"] < 60 << 20
        assert row["peak_bytes"] * 1.25 <= row["proposal_bytes"] <= row["peak_bytes"] * 1.25 + (10 << 20)
    assert document["proposed"]["fits"] is True


def test_status_reports_peak_and_usual(measured: Project) -> None:
    """The same figures are in the status document of each instance."""
    rows = measured.status()["instances"]
    assert len(rows) == 3
    for row in rows:
        assert 30 << 20 < row["memory_usual_bytes"] <= row["memory_peak_bytes"]


def test_proposals_are_written_where_the_limits_stand(measured: Project) -> None:
    """Only the values change, in the profile when that is asked for; afterwards nothing more is proposed."""
    before = measured.file.read_text()
    ended(measured.run("plan", "--measured", "--write", "--profile", "big"), 0, "wrote api memory")
    text = measured.file.read_text()
    assert "memory: 400M     # of each instance" in text
    assert "}}}   # for the fair" in text
    assert "300M" not in text
    ended(measured.run("plan", "--measured", "--write"), 0, "wrote api memory")
    after = measured.file.read_text()
    assert [line.partition("#")[2] for line in before.splitlines()] == [
        line.partition("#")[2] for line in after.splitlines()
    ]
    ended(measured.run("plan", "--measured", "--write"), 0, "there is nothing to write", "every limit")
    assert measured.file.read_text() == after
    ended(measured.run("up", "--no-profile"), 0, "to update without a restart")


def test_nothing_is_measured_of_what_does_not_run(shop: Project) -> None:
    """Without a running project there is nothing to show, and that is told with exit 1."""
    ended(shop.run("plan", "--measured"), 1, "the project is not running")


def test_write_needs_a_measurement(shop: Project) -> None:
    """--write alone, or for another machine, is wrong use."""
    ended(shop.run("plan", "--write"), 2, "--write goes with --measured")
    ended(shop.run("plan", "--measured", "--write", "--ram", "2G"), 2, "--write and --ram exclude each other")
