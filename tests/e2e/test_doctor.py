"""`doctor` looks at the machine of a real project."""

import json
import os
import signal
import socket

import pytest

from tests.support.projects import PATIENCE, Project, alive, ended, service
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def checks(shop: Project, code: int) -> dict[str, dict[str, str]]:
    """Return the checks by their names."""
    return {c["name"]: c for c in ended(shop.run("doctor", "--json"), code).json()["checks"]}


def test_each_finding_goes_with_its_cause(shop: Project) -> None:
    """Broker, port, permissions, a killed manager, PM2's saved list: told while they are so, and no longer."""
    with socket.create_server(("127.0.0.1", 0)) as broker, socket.create_server(("127.0.0.1", shop.port)):
        shop.scope = f"127.0.0.1:{broker.getsockname()[1]}"
        shop.write()
        found = checks(shop, 1)
        assert (found["port"]["verdict"], found["broker"]["verdict"]) == ("FAIL", "PASS")
        assert f"pid {os.getpid()}" in found["port"]["evidence"]
    shop.write({"api": shop.api(), "quiet": {"kind": "scalable", "command": service("talker", "1")}})
    shop.up()
    found = checks(shop, 1)
    assert {name for name, check in found.items() if check["verdict"] != "PASS"} == {"limits"}
    shop.write({"api": shop.api()})
    shop.up()
    assert {check["verdict"] for check in checks(shop, 0).values()} == {"PASS"}
    (shop.state / "applied.json").chmod(0o644)
    assert "chmod go-rwx" in checks(shop, 1)["permissions"]["help"]
    (shop.state / "applied.json").chmod(0o600)
    manager = shop.manager()
    os.kill(manager, signal.SIGKILL)
    wait_until(lambda: not alive(manager) and not shop.processes(), PATIENCE, "everything has died")
    assert checks(shop, 1)["stale-state"]["help"] == "procman up"


def test_another_manager_is_told(shop: Project) -> None:
    """What PM2 has saved to start again at boot is found by its script."""
    shop.write({"api": shop.api()})
    script = next(word for word in service("web") if word.endswith("web.py"))
    (shop.folder / ".pm2").mkdir()
    rows = [{"name": "old-api", "pm_exec_path": script}]
    (shop.folder / ".pm2" / "dump.pm2").write_text(json.dumps(rows), encoding="utf-8")
    found = checks(shop, 1)["other-managers"]
    assert "PM2 starts it at boot as old-api" in found["evidence"]
    assert found["help"] == "pm2 delete old-api && pm2 save"
