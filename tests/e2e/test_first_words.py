"""What a newcomer meets first: each message is true of what was done, and its next step works."""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from procman.adapters import ports
from procman.core.manifest import Address
from tests.support.commands import procman
from tests.support.projects import Project, ended

API = "version: 1\nproject: shop\nservices:\n  api: {{kind: scalable, command: sleep 9, memory: 50M{}}}\n"


@pytest.mark.parametrize("command", ["validate", "plan", "up", "status", "down", "doctor"])
def test_without_a_manifest_the_ways_to_one_are_named(tmp_path: Path, command: str) -> None:
    """An empty folder is where everybody begins."""
    ended(procman(tmp_path, command), 2, "there is no manifest procman.yaml", "procman init", "procman import pm2")


@pytest.mark.parametrize("source", ["procfile", "supervisord"])
def test_a_missing_source_is_not_taken_for_pm2s(tmp_path: Path, source: str) -> None:
    """`import procfile` without a Procfile says how to name one, not how to ask PM2."""
    done = ended(procman(tmp_path, "import", source), 2, "there is no file", f"procman import {source} FILE")
    assert "--running" not in done.said


def test_one_thing_is_no_things(tmp_path: Path) -> None:
    """The count of what PM2 did not say is written as people write it."""
    (tmp_path / "ecosystem.json").write_text(
        '[{"name": "mqtt", "script": "in.js", "max_restart": 3}]', encoding="utf-8"
    )
    ended(procman(tmp_path, "init", "--dry-run"), 0, "1 thing that PM2 did not say")


def test_verify_without_a_consumer_says_so(tmp_path: Path) -> None:
    """Nothing asked is not everything in order: an empty line would look like that."""
    (tmp_path / "procman.yaml").write_text(API.format(""), encoding="utf-8")
    done = ended(procman(tmp_path, "verify"), 0, "nothing to verify: no service says what it consumes")
    assert done.out == ""
    assert ended(procman(tmp_path, "verify", "--json"), 0).json() == {"schema_version": 1, "checks": []}


def test_a_host_name_to_listen_on_is_refused_before_up(tmp_path: Path) -> None:
    """No name but localhost is looked up when a socket is opened, so `validate` says it, not the tenth restart."""
    (tmp_path / "procman.yaml").write_text(API.format(", listen: 'shop.example:3000'"), encoding="utf-8")
    ended(procman(tmp_path, "validate"), 1, "PM010", "no name but localhost is looked up", "127.0.0.1:3000")


@pytest.mark.parametrize(("address", "kind"), [("192.0.2.1:3000", errno.EADDRNOTAVAIL), ("127.0.0.1:80", errno.EACCES)])
def test_what_helps_fits_why_an_address_is_not_free(monkeypatch: pytest.MonkeyPatch, address: str, kind: int) -> None:
    """Only for an address in use is there a process to end."""
    if kind == errno.EACCES:  # root may bind it
        monkeypatch.setattr("socket.socket.bind", lambda *_: (_ for _ in ()).throw(PermissionError(kind, "no")))
    host, _, port = address.rpartition(":")
    found = ports.fault(Address(host, int(port)))
    assert found is not None
    assert "end that process" not in found[1]
    assert "change `listen`" in found[1] or "choose a higher one" in found[1]


def test_a_mark_of_the_port_that_pm2_ran_as_text_stays_text(tmp_path: Path) -> None:
    """PM2 knows no `{port}`: what it passed on as it was is passed on as it was."""
    apps = [
        {
            "name": "api",
            "script": "/bin/sleep",
            "args": "9 u:{port}",
            "instances": 2,
            "exec_mode": "cluster",
            "port": 3456,
        }
    ]
    (tmp_path / "ecosystem.json").write_text(json.dumps(apps), encoding="utf-8")
    ended(procman(tmp_path, "import", "pm2", "ecosystem.json", "--write", "procman.yaml"), 0)
    assert "u:{{port}}" in (tmp_path / "procman.yaml").read_text(encoding="utf-8")
    ended(procman(tmp_path, "render", "--to", "out"), 0)
    (spec,) = (tmp_path / "out" / "specs").glob("api-0.*.spec")
    assert b"u:{port}" in spec.read_bytes()
    assert b"{{port}}" not in spec.read_bytes()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_fault(tmp_path: Path, closed: str) -> None:
    """Started by something bare, without one of the three streams, a command does its work."""
    (tmp_path / "procman.yaml").write_text(API.format(""), encoding="utf-8")
    done = subprocess.run(
        ["sh", "-c", f"exec {sys.executable} -m procman plan --out plan.json {closed}"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert json.loads((tmp_path / "plan.json").read_bytes())["schema_version"] == 1


def test_the_unit_finds_what_the_shell_found(tmp_path: Path) -> None:
    """A program that lies only on this shell's PATH, as a node of nvm, is found by the unit at boot, too."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "own-node").symlink_to("/bin/sleep")
    (tmp_path / "procman.yaml").write_text(API.format("").replace("sleep 9", "own-node 9"), encoding="utf-8")
    ended(procman(tmp_path, "validate", path="/usr/bin:/bin"), 1, "PM020", "run procman with a PATH that has it")
    ended(procman(tmp_path, "render", "--to", "out", path=f"{tools}:/usr/bin:/bin"), 0)
    unit = (tmp_path / "out" / "procman-shop.service").read_text(encoding="utf-8")
    (at_boot,) = re.findall('^Environment="PATH=(.*)"$', unit, re.MULTILINE)
    ended(procman(tmp_path, "plan", path=at_boot), 0, "shop: fits")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
@pytest.mark.parametrize("command", ["validate", "status"])
def test_a_manifest_in_a_closed_folder_is_not_called_missing(tmp_path: Path, command: str) -> None:
    """Whether it is there cannot be known: the message says what stands in the way."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    ended(procman(tmp_path, command, "--file", "closed/procman.yaml"), 2, "cannot read", "Permission denied")


def test_mending_names_the_file_that_was_checked(tmp_path: Path) -> None:
    """The command to copy mends what was looked at, not another manifest."""
    (tmp_path / "a b.yaml").write_text(API.format("").replace("memory", "memroy"), encoding="utf-8")
    ended(procman(tmp_path, "validate", "a b.yaml"), 1, "procman validate --fix 'a b.yaml'")
    (tmp_path / "a b.yaml").rename(tmp_path / "procman.yaml")
    assert "procman validate --fix)" in procman(tmp_path, "validate").said


@pytest.mark.slow
def test_an_address_beside_the_one_that_is_held_names_no_process_to_end(shop: Project) -> None:
    """From 127.0.0.1 to every address on the same port: the process in the way is the project's own manager."""
    shop.write({"api": shop.api()})
    shop.up()
    before = shop.pids()
    shop.write({"api": shop.api(listen=f"0.0.0.0:{shop.port}")})
    done = ended(
        shop.run("up"), 1, f"while this project listens on 127.0.0.1:{shop.port}", "procman down, then procman up"
    )
    assert "end that process" not in done.said
    assert shop.pids() == before
    ended(shop.run("down"), 0)
    shop.up()


@pytest.mark.slow
def test_events_stay_in_columns_under_a_long_name(shop: Project) -> None:
    """A name of more than ten letters moves the column for all lines, not for its own."""
    shop.write({"a-rather-long-name": shop.api(instances=1)})
    shop.up()
    lines = ended(shop.run("events"), 0).out.splitlines()
    assert len({len(line) - len(line[19:].lstrip().partition(" ")[2].lstrip()) for line in lines}) == 1
