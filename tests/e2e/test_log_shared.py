"""Two processes of one instance write one log while it is replaced: no line is torn or lost, rotated or not."""

from __future__ import annotations

import re
import sys
from collections import defaultdict

import pytest

from tests.support.projects import PATIENCE, Project, ended
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

WRITES = """
import os, select, socket, sys, threading
def write():
    number = 0
    while True:
        os.write(1, b"%d %d %s\\n" % (os.getpid(), number, b"x" * 60))
        number += 1
        select.select([], [], [], 0.001)
threading.Thread(target=write, daemon=True).start()
listener = socket.socket(fileno=3)
while True:
    client, _ = listener.accept()
    client.close()
"""
LINE = re.compile(rb"(\d+) (\d+) x{60}")


def lines(shop: Project) -> list[bytes]:
    """Return every line of the log and of its older files, but the last, which may be under way."""
    files = sorted((shop.state / "logs").glob("api-0.log*"))
    return [line for file in files for line in file.read_bytes().split(b"\n")[:-1]]


def test_no_line_is_torn_or_lost_while_two_write(shop: Project) -> None:
    """Through six reloads and some rotations every line is whole, and each process's lines are all there."""
    script = shop.folder / "writes.py"
    script.write_text(WRITES, encoding="utf-8")
    logs = {"size": "128K", "keep": 100}
    shop.write({"api": shop.api(command=[sys.executable, str(script)], instances=1, logs=logs)})
    shop.up()
    wait_until((shop.state / "logs" / "api-0.log.2").exists, PATIENCE, "it was rotated twice")
    for _ in range(6):
        ended(shop.run("reload"), 0, "replaced after")
    ended(shop.run("stop"), 0)
    numbers: dict[bytes, list[int]] = defaultdict(list)
    torn = []
    for line in lines(shop):
        whole = LINE.fullmatch(line)
        if whole is None:
            torn.append(line)
        else:
            numbers[whole[1]].append(int(whole[2]))
    assert torn == []
    assert len(numbers) == 7
    for pid, found in numbers.items():
        assert sorted(found) == list(range(len(found))), pid
