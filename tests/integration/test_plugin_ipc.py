"""`ready: ipc`: node's process.send('ready') makes ready, whatever stands between procman and node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from procman.adapters.host import PRELOADS
from procman.core.lifecycle import Ready
from procman.core.manifest import Address
from tests.support.probed import PATIENCE, awaits, ready, written
from tests.support.supervised import Lab, Unit, free_port
from tests.support.tiwater import need
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

WAITS = """
const fs = require('fs');
const timer = setInterval(() => {
  if (!fs.existsSync('go')) return;
  clearInterval(timer);
  %s
  setInterval(() => {}, 1000);
}, 20);
"""
SPEAKS = (
    "if (process.send && process.connected) process.send('ready', (error) => fs.writeFileSync('told', `${error}`));"
)
HEARD = Ready(ipc=True)
SERVER = """
const http = require('http');
http.createServer((_, response) => response.end('x')).listen(Number(process.env.PORT), () => {
  setTimeout(() => process.send('ready'), 500);
});
"""


def unit(name: str, *argv: str, ready: Ready = HEARD, listen: Address | None = None) -> Unit:
    """A service that is run by node, with procman's preload."""
    program = need(argv[0], "nodejs")
    return Unit(
        name,
        argv=(program, *argv[1:]),
        ready=ready,
        listen=listen,
        env=(("NODE_OPTIONS", f'--require "{PRELOADS}/node.cjs"'), ("HOME", "/nowhere")),
    )


def test_ready_is_what_the_program_says() -> None:
    """Nothing but the word makes it ready; its callback is called; what it says besides changes nothing."""
    silent = unit("silent-0", "node", "-e", "setInterval(() => process.send({ type: 'ready' }), 50)")
    with Lab([unit("job-0", "node", "-e", WAITS % SPEAKS), silent]) as lab:
        awaits(lab, "job-0", "it has not called process.send('ready')")
        (lab.state / "go").touch()
        ready(lab, "job-0")
        wait_until(lambda: written(lab.state / "told") == "null", PATIENCE, "the callback was called")
        awaits(lab, "silent-0", "process.send('ready')")


def test_word_counts_in_place_of_being_seen_to_accept() -> None:
    """A server that listens already is not ready before it says so."""
    address = Address("127.0.0.1", free_port())
    late = (
        WAITS % "require('http').createServer().listen(process.env.PORT); setTimeout(() => process.send('ready'), 300);"
    )
    with Lab([unit("api-0", "node", "-e", late, listen=address)]) as lab:
        (lab.state / "go").touch()
        ready(lab, "api-0")
    with Lab([unit("api-0", "node", "-e", SERVER.replace("process.send", "String"), listen=address)]) as lab:
        lab.wait("api-0", "RUNNING")
        awaits(lab, "api-0", "process.send('ready')")


@pytest.mark.parametrize("listens", [False, True])
def test_word_comes_through_npm(listens: bool) -> None:
    """Below `npm start`, a shell and a module, with sockets and without."""
    need("npm", "npm")
    address = Address("127.0.0.1", free_port()) if listens else None
    with Lab([]) as lab:
        package = {"name": "x", "version": "1.0.0", "scripts": {"start": "node app.mjs"}}
        (lab.state / "package.json").write_text(json.dumps(package))
        (lab.state / "app.mjs").write_text("import fs from 'fs';\n" + (WAITS % SPEAKS).split("\n", 2)[2])
        lab.units = [unit("job-0", "npm", "start", listen=address)]
        lab.write()
        lab.client.reload_config()
        lab.client.add("job-0")
        lab.wait("job-0", "RUNNING")
        (lab.state / "go").touch()
        ready(lab, "job-0")


def test_what_a_program_starts_cannot_speak_for_it() -> None:
    """A child has no process.send, unless it is forked; then that is the parent's own channel, as ever."""
    child = "require('fs').writeFileSync(process.argv[2], typeof process.send + process.env.PROCMAN_READY_FD)"
    text = (
        "const { spawn, fork } = require('child_process');"
        "spawn(process.execPath, ['child.js', 'spawned'], { stdio: 'inherit' }); fork('child.js', ['forked']);"
    )
    with Lab([Unit("last-0")]) as lab:
        (lab.state / "child.js").write_text(child)
        (lab.state / "go").touch()
        lab.units = [*lab.units, unit("job-0", "node", "-e", WAITS % text)]
        lab.write()
        lab.client.reload_config()
        lab.client.add("job-0")
        for name, kind in (("spawned", "undefined"), ("forked", "function")):
            wait_until(lambda: written(lab.state / name), PATIENCE, "the child has written")  # noqa: B023
            assert written(lab.state / name) == f"{kind}undefined"
        assert not lab.unit("job-0").ready


def test_preload_stays_silent_without_a_socket(tmp_path: Path) -> None:
    """Loaded where nobody asked for it, it defines nothing."""
    said = tmp_path / "said"
    command = [need("node", "nodejs"), "-e", f"require('fs').writeFileSync('{said}', typeof process.send)"]
    subprocess.run(command, check=True, env={"NODE_OPTIONS": f'--require "{PRELOADS}/node.cjs"'})
    assert said.read_text() == "undefined"
