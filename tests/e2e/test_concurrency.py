"""Many commands at once: they wait for one another, and the promises hold throughout."""

import pytest

from tests.support.projects import Done, Project, ended

pytestmark = pytest.mark.slow

DOCUMENTED = {0, 1, 2, 75}


def test_twenty_ups_at_once_start_everything_once(shop: Project) -> None:
    """Of 20 simultaneous `up` one starts the one supervisord; the others wait for it, and all end with 0."""
    started = [shop.popen("up") for _ in range(20)]
    starters = 0
    for process in started:
        out, err = process.communicate(timeout=90)
        starters += "starting supervisord" in ended(Done(("up",), process.returncode, out, err), 0).err
    assert starters == 1
    assert shop.managers() == [shop.manager()]
    assert sorted(shop.processes()) == sorted([shop.manager(), *shop.pids().values()])
    assert set(shop.pids()) == {"api-0", "api-1", "mqtt-0"}
    assert _most_at_once(shop) == 1


def test_ups_and_downs_mixed_end_in_order(shop: Project) -> None:
    """Mixed at random, `up` and `down` end with documented codes, never run two consumers, and `up` works after."""
    started = [shop.popen("down" if n % 3 == 2 else "up") for n in range(9)]
    for process in started:
        out, err = process.communicate(timeout=90)
        assert process.returncode in DOCUMENTED, out + err
        ended(Done(("mixed",), process.returncode, out, err), process.returncode)
    ended(shop.run("up"), 0)
    assert shop.managers() == [shop.manager()]
    assert sorted(shop.processes()) == sorted([shop.manager(), *shop.pids().values()])
    assert shop.consumers() == [shop.pids()["mqtt-0"]]
    assert _most_at_once(shop) == 1


def test_marks_that_overlap_are_seen(shop: Project) -> None:
    """The count of consumers at once sees two when two starts follow each other without an end."""
    shop.marks.write_text("start 1\nend 1\nstart 2\nstart 3\nend 2\n", encoding="utf-8")
    assert _most_at_once(shop) == 2


def _most_at_once(shop: Project) -> int:
    running: set[str] = set()
    most = 0
    for line in shop.marks.read_text(encoding="utf-8").splitlines():
        word, pid = line.split()
        running = running | {pid} if word == "start" else running - {pid}
        most = max(most, len(running))
    return most
