"""Probes as a manifest has them: `up` waits for each kind, says what is missing, and a bad version replaces nothing."""

from __future__ import annotations

import os
import pwd

import pytest

from tests.support.another_user import USER
from tests.support.projects import Project, Text, ended, service
from tests.support.tiwater import need

pytestmark = pytest.mark.slow

NODE = "setTimeout(() => process.send('ready'), 100); setInterval(() => {}, 1000);"
SHORT = {"timeout": "1s", "interval": "100ms"}


def job(command: object, **changes: object) -> Text:
    """A service without an address."""
    return {"kind": "scalable", "command": command, "memory": "64M", "start": {"time": "100ms"}, **changes}


def shell(text: str) -> list[str]:
    """A command of a shell."""
    return ["sh", "-c", text]


def test_up_waits_for_every_kind(shop: Project) -> None:
    """Exec, a line, node's word, a connection and a good answer make ready."""
    need("node", "nodejs")
    shop.write(
        {
            "api": shop.api(
                command=service("steady"),
                ready={"http": {"path": "/", "status": 200, "body": '"pid": '}, "tcp": True},
                alive={"http": {"path": "/", "status": "200-299"}, "interval": "200ms"},
            ),
            "job": job(shell("touch made; exec sleep 3600"), ready={"exec": "test -e made", **SHORT}),
            "line": job(shell("echo up now; exec sleep 3600"), ready={"log": "up *"}),
            "node": job(["node", "-e", NODE], ready="ipc"),
        }
    )
    shop.up()
    assert set(shop.states().values()) == {"ready"}


@pytest.mark.parametrize(
    ("ready", "said"),
    [
        ({"exec": ["sh", "-c", "echo not yet; exit 3"], **SHORT}, "exec sh: exit status 3: not yet"),
        ({"log": "never *", "timeout": "1s"}, "no line with 'never *' in its log"),
        ({"tcp": "127.0.0.1:1", **SHORT}, "a connection: Connection refused"),
        ({"ipc": True, "timeout": "1s"}, "it has not called process.send('ready')"),
    ],
)
def test_up_says_what_it_waited_for(shop: Project, ready: Text, said: str) -> None:
    """1, after the time that was given, with the words of the last look."""
    shop.write({"job": job(shell("exec sleep 3600"), ready=ready)})
    ended(shop.run("up"), 1, "job-0 was not ready within 6 s", said)


def test_new_version_that_fails_its_probe_replaces_nothing(shop: Project) -> None:
    """`up` with another command, whose body is wrong, ends with 1; the old instances serve on."""
    ready = {"http": {"path": "/", "body": '"pid": '}, "timeout": "1s"}
    shop.write({"api": shop.api(command=service("steady"), ready=ready)})
    shop.up()
    before = shop.pids()
    shop.write({"api": shop.api(command=service("steady"), ready={**ready, "http": {"path": "/", "body": "other"}})})
    ended(shop.run("up"), 1, "no 'other' in its body")
    assert shop.pids() == before
    assert set(shop.states().values()) == {"ready"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a service as another user")
def test_command_of_a_probe_is_never_root_when_its_service_is_not(shop: Project) -> None:
    """It runs as the service's user, with that user's groups alone."""
    entry = pwd.getpwnam(USER)
    check = f'[ "$(id -u):$(id -g)" = {entry.pw_uid}:{entry.pw_gid} ] || {{ id; exit 9; }}'
    steps = job(shell("exec sleep 3600"), user=USER, directory="/", ready={"exec": shell(check), "timeout": "5s"})
    shop.write({"job": steps})
    shop.up()
    assert shop.states() == {"job-0": "ready"}
