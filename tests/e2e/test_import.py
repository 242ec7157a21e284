"""`procman import` as people call it: what goes where, exit codes, consent, questions, and the other sources."""

import json
import os
import pty
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.commands import procman
from tests.support.projects import ended, project
from tests.support.tiwater import need
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

ECOSYSTEM = """{
  "apps": [
    {"name": "api", "script": "api.js", "exec_mode": "cluster", "instances": 2, "env": {"PORT": 3000}, "watch": true},
    {"name": "plain", "script": "plain.js", "env": {"DB_PASSWORD": "hunter2"}}
  ]
}
"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """A folder called shop with an ecosystem file that needs no node, and programs for what it names."""
    folder = tmp_path / "shop"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "node").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / "bin" / "node").chmod(0o755)
    (folder / "ecosystem.json").write_text(ECOSYSTEM, encoding="utf-8")
    return folder


def test_the_manifest_goes_to_stdout_and_the_report_to_stderr(folder: Path) -> None:
    """What is piped into a file is the manifest alone, and validates."""
    done = ended(
        procman(folder, "import", "pm2", path=f"{folder}/bin"), 0, "mapped with a difference:", "not supported:"
    )
    assert done.out.startswith("# From ecosystem.json")
    assert "not supported" not in done.out
    (folder / "procman.yaml").write_text(done.out, encoding="utf-8")
    ended(procman(folder, "validate", path=f"{folder}/bin"), 0)
    ended(procman(folder, "plan", "--ram", "2G", path=f"{folder}/bin"), 0)


def test_an_app_of_a_cluster_serves_as_it_is() -> None:
    """What ran in PM2's cluster mode serves from two processes on one address, without a change in it."""
    need("node", "nodejs")
    server = (
        "const { PORT } = process.env\nrequire('http').createServer((q, r) => r.end(`${process.pid}`)).listen(PORT)\n"
    )
    with project() as shop:
        app = {"name": "api", "script": "server.js", "exec_mode": "cluster", "instances": 2, "env": {"PORT": shop.port}}
        (shop.folder / "ecosystem.json").write_text(json.dumps({"apps": [app]}), encoding="utf-8")
        (shop.folder / "package.json").write_text('{"name": "shop"}', encoding="utf-8")
        (shop.folder / "server.js").write_text(server, encoding="utf-8")
        ended(shop.run("import", "pm2", "--write", "procman.yaml", "--force"), 0)
        ended(shop.run("up"), 0)
        pids = set(shop.pids().values())
        answered: set[int] = set()

        def all_answer() -> bool:
            with urllib.request.urlopen(f"http://127.0.0.1:{shop.port}/", timeout=10) as response:
                answered.add(int(response.read()))
            return answered == pids

        wait_until(all_answer, 30, "both have answered")
        assert len(answered) == 2


def test_write_needs_consent(folder: Path) -> None:
    """--write writes a new file, private when a secret is in it, and over an old one with --force only."""
    ended(procman(folder, "import", "pm2", "--write", "procman.yaml"), 0, "wrote procman.yaml: api (scalable)")
    written = (folder / "procman.yaml").read_text(encoding="utf-8")
    assert (folder / "procman.yaml").stat().st_mode & 0o777 == 0o600
    (folder / "procman.yaml").write_text("mine", encoding="utf-8")
    ended(procman(folder, "import", "pm2", "--write", "procman.yaml"), 1, "is there already")
    assert (folder / "procman.yaml").read_text(encoding="utf-8") == "mine"
    ended(procman(folder, "import", "pm2", "--write", "procman.yaml", "--force"), 0)
    assert (folder / "procman.yaml").read_text(encoding="utf-8") == written


def test_the_report_is_json_for_scripts(folder: Path) -> None:
    """Every field with its outcome, each service with its kind and evidence, and the manifest itself."""
    document = ended(procman(folder, "import", "pm2", "--json"), 0).json()
    assert sorted(document) == ["also", "fields", "hidden", "manifest", "project", "schema_version", "services"]
    assert [(s["service"], s["kind"], s["clear"]) for s in document["services"]] == [
        ("api", "scalable", True),
        ("plain", "singleton", False),
    ]
    outcomes = {(f["app"], f["field"]): f["outcome"] for f in document["fields"]}
    assert outcomes["api", "watch"] == "not"
    assert set(outcomes.values()) == {"mapped", "differs", "not"}


def test_a_manifest_elsewhere_has_its_own_paths(folder: Path) -> None:
    """`directory` is relative to where the manifest is written."""
    (folder / "deploy").mkdir()
    ended(procman(folder, "import", "pm2", "--write", "deploy/procman.yaml"), 0)
    assert f"directory: {folder.resolve()}" in (folder / "deploy" / "procman.yaml").read_text(encoding="utf-8")


def test_questions_are_asked_on_a_terminal_alone(folder: Path) -> None:
    """--ask asks for what is unclear, with the evidence; without a terminal it is wrong use."""
    ended(procman(folder, "import", "pm2", "--ask"), 2, "needs a terminal")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "procman", "import", "pm2", "--ask"]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    with subprocess.Popen(
        command, cwd=folder, env=env, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as asked:
        os.write(ours, b"scalable\n")
        out, err = asked.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert asked.returncode == 0, err
    assert "kind of plain" in err
    assert "# scalable: said when asked (unclear: one process until now)\n  plain:\n    kind: scalable\n" in out


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("import", "pm2", "gone.config.js"), 2, "there is no file gone.config.js"),
        (("import", "pm2", "--running", "ecosystem.json"), 2, "exclude each other"),
        (("import", "pm2", "--running"), 1, "PM2 does not run here"),
        (("import", "--check"), 2, "there is no manifest"),
        (("import", "pm2", "--check", "ecosystem.json"), 1, "PM2 does not run here"),
        (("import", "forever"), 2, "No such command"),
        (("import", "procfile"), 2, "there is no file Procfile"),
        (("import", "supervisord"), 2, "there is no file supervisord.conf"),
        (("import",), 0, "procman import pm2"),
    ],
)
def test_wrong_use_says_so(folder: Path, args: tuple[str, ...], code: int, words: str) -> None:
    """Each way to ask for what is not there has its code and its next step; asking starts no daemon of PM2's."""
    ended(procman(folder, *args), code, words)
    assert not (folder / ".pm2").exists()


def test_without_a_file_the_usual_names_are_looked_for(tmp_path: Path) -> None:
    """2, with the names."""
    ended(procman(tmp_path, "import", "pm2"), 2, "there is no ecosystem file here", "ecosystem.config.js")


def test_a_procfile_becomes_a_manifest(tmp_path: Path) -> None:
    """Its processes by their names; what runs once is told."""
    text = "web: python3 -m http.server $PORT\nworker: python3 worker.py\nrelease: ./migrate\n"
    (tmp_path / "Procfile").write_text(text, encoding="utf-8")
    done = ended(procman(tmp_path, "import", "procfile", "--json"), 0).json()
    assert [(s["service"], s["kind"]) for s in done["services"]] == [("web", "scalable"), ("worker", "singleton")]
    assert "release" in done["hidden"][0]["words"]


SUPERVISORD = """
[supervisord]
nodaemon=true

[program:api]
command=python3 -m uvicorn --port 8000 api:app   ; the web
numprocs=2
process_name=%(program_name)s_%(process_num)02d
directory=%(here)s/web
environment=MODE="a,b",TOKEN="%(ENV_TOKEN)s",RATE="5%%"
startsecs=5
stopwaitsecs=20
stopsignal=QUIT
stdout_logfile=/var/log/api.log
stdout_logfile_maxbytes=50MB
stdout_logfile_backups=7
autostart=false
priority=10

[fcgi-program:cgi]
socket=tcp://127.0.0.1:9000
command=python3 cgi.py
numprocs=3

[program:consumer]
command=python3 consumer.py
user=app
startretries=7
autorestart=false
exitcodes=0,2

[eventlistener:mem]
command=memmon
events=TICK_60

[include]
files=conf.d/*.conf
"""


def test_a_supervisord_file_becomes_a_manifest(tmp_path: Path) -> None:
    """Each option in its place, expansions included, and a word for what has none."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "supervisord.conf").write_text(SUPERVISORD, encoding="utf-8")
    done = procman(folder, "import", "supervisord", "--json")
    document = json.loads(done.out)
    assert document["manifest"] == (
        """# From supervisord.conf, by `procman import`. Check the kinds. What is unclear is a singleton.
version: 1
project: shop

services:
  # singleton: unclear: 2 instances, but nothing shows that they share an address
  api:
    kind: singleton
    command: python3 -m uvicorn --port 8000 api:app
    env:
      MODE: a,b
      TOKEN: "${TOKEN:-}"
      RATE: 5%
    directory: FOLDER/web
    start: {time: 5s}
    stop: {timeout: 20s, signal: QUIT}
    restart: {policy: on-failure}
    logs: {size: 50M, keep: 7}

  # scalable: 3 instances; port 9000
  cgi:
    kind: scalable
    command: python3 cgi.py
    instances: 3
    listen: 127.0.0.1:9000
    restart: {policy: on-failure}

  # singleton: its name says 'consumer'
  consumer:
    kind: singleton
    command: python3 consumer.py
    user: app
    restart: {policy: never, max: 7}
""".replace("FOLDER", str(folder.resolve()))
    )
    outcomes = {(f["app"], f["field"]): f["outcome"] for f in document["fields"]}
    assert (outcomes["api", "priority"], outcomes["api", "startsecs"], outcomes["cgi", "socket"]) == (
        "not",
        "mapped",
        "differs",
    )
    assert [h["words"] for h in document["hidden"]] == ["[eventlistener:mem]", "[include]"]


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"\xff\xfe\0", 2, "supervisord.conf:1:1: the file is UTF-16, not UTF-8"),
        (b"[program:x\n", 2, "no file of supervisord's: File contains no section headers"),
        (b"command=1", 2, "no file of supervisord's: File contains no section headers"),
        (b"[supervisord]\n", 1, "it names no process that could be a service"),
        (b"\x1b[31m", 2, "supervisord.conf:1:1: control character U+001B"),
    ],
)
def test_what_is_no_supervisord_file_is_refused(tmp_path: Path, data: bytes, code: int, words: str) -> None:
    """1 for one without a process, 2 for what cannot be read, each with its reason; nothing is written."""
    (tmp_path / "supervisord.conf").write_bytes(data)
    ended(procman(tmp_path, "import", "supervisord"), code, words)
    assert [path.name for path in tmp_path.iterdir()] == ["supervisord.conf"]
