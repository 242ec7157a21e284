"""The reference consumers under `ready` and `alive` by notification: one that hangs is ended and started again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.members import copied
from tests.support.projects import Project, ended
from tests.support.tiwater import EXACT, Lab, Publisher, mosquitto, need, node_lab, python_lab, readings
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MAKERS = {"python": python_lab, "node": node_lab}


@pytest.mark.parametrize("language", MAKERS)
def test_hanging_consumer_is_replaced(language: str, shop: Project) -> None:
    """Ready when it has subscribed; stopped dead, it says nothing any more, is replaced, and nothing is lost."""
    if language == "node":
        need("systemd-notify", "systemd")
    make: Callable[[Path], Lab] = MAKERS[language]
    lab = make(shop.folder)
    lab = replace(lab, example=copied(lab.example, shop.folder))  # another test's consumer is no stray of this one
    published = readings(400)
    messages = list(published.values())
    alive = {"notify": True, "interval": "6s", "failures": 1}
    shop.write({"mqtt": _service(lab, ready={"notify": True, "timeout": "60s"}, alive=alive)})
    with mosquitto(lab.folder, lab.port), Publisher(lab.port) as publisher:
        shop.up()
        hung = shop.pids()["mqtt-0"]
        publisher.publish(messages[:200])
        lab.wait_for_rows(200)
        os.kill(hung, signal.SIGSTOP)
        publisher.publish(messages[200:])
        wait_until(lambda: shop.pids().get("mqtt-0") not in (None, hung), 90, "another one runs")
        wait_until(lambda: lab.compare(published) == EXACT, 60, "every reading is there")
    ended(shop.run("events", "mqtt"), 0, "no WATCHDOG=1 to NOTIFY_SOCKET within 6 s")


def _service(lab: Lab, **more: object) -> dict[str, object]:
    return {
        "kind": "singleton",
        "command": list(lab.command),
        "directory": str(lab.example),
        "memory": "90M",
        "env": lab.environment(),
        "stop": {"timeout": "2s"},
        "consumes": {
            "broker": f"mqtt://127.0.0.1:{lab.port}",
            "topics": ["tiwater/+/data"],
            "client_id": "tiwater-consumer",
        },
        **more,
    }
