"""Files that loop, allocate, print, exit, throw or are no text: refused with the reason, and nothing written."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procman.adapters import node
from procman.core.errors import ProcmanError
from procman.core.imports import js_literal
from procman.core.imports.js_tokens import NotLiteral
from procman.workflow import ecosystem
from tests.support.commands import procman
from tests.support.projects import ended
from tests.support.tiwater import need
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

GOOD = "module.exports = { name: 'api', script: 'api.js' }\n"
JS = "ecosystem.config.js"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("for (;;) {}", "did not end within 10 s"),
        ("require('child_process').execSync('sleep 300')", "did not end within 10 s"),
        ("const a = []; for (;;) a.push(new Array(1e5).fill(1.5))", "needs more than 256 MiB"),
        ("process.exit(3)", "ended node itself, with exit code 3"),
        ("process.kill(process.pid, 'SIGKILL')", "broke node (SIGKILL)"),
        ("let a = 1\nthrow new Error('no database')", f"{JS}:2:7: no database"),
        ("throw null", "null"),
        ("module.exports = {\n  apps: [,,\n", f"{JS}:3: SyntaxError"),
        ("require('./gone')", "Cannot find module './gone'"),
        ("for (let i = 3; i < 40; i++) try { require('fs').writeSync(i, 'x') } catch {}\nprocess.exit()", "its answer"),
        ("module.exports = 7", "no apps"),
        ("module.exports = class {}", "Class constructors"),
        ("module.exports = {apps: []}", "no apps"),
        ("module.exports = {apps: [{name: 'x'}]}", "app 1 has no script"),
        ("module.exports = Array.from({length: 5000}, () => ({script: 'a.js'}))", "5000 apps"),
        ("module.exports = {apps: Array.from({length: 1e6}, (_, i) => i)}", "more than 100000 values"),
        ("module.exports = new Proxy({}, { ownKeys () { throw new Error('trap') } })", "trap"),
        ("setTimeout(() => { throw new Error('late') }); module.exports = new Promise(() => {})", "late"),
    ],
)
def test_what_does_not_export_apps_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """1, with the reason and, when node knows it, the place."""
    need("node", "nodejs")
    (tmp_path / JS).write_text(text, encoding="utf-8")
    done = ended(procman(tmp_path, "import", "pm2", "--write", "procman.yaml"), 1, words)
    assert done.out == ""
    assert not (tmp_path / "procman.yaml").exists()


def test_buffers_without_end_are_refused(tmp_path: Path) -> None:
    """They are no part of node's heap: node 18 breaks at the limit, a newer one raises an error."""
    need("node", "nodejs")
    (tmp_path / JS).write_text("const a = []; for (;;) a.push(Buffer.alloc(1e7, 1))", encoding="utf-8")
    done = ended(procman(tmp_path, "import", "pm2", "--write", "procman.yaml"), 1)
    assert "allocation failed" in done.said or "needs more than 256 MiB" in done.said, done.said
    assert not (tmp_path / "procman.yaml").exists()


def test_what_it_prints_does_not_reach_the_manifest(tmp_path: Path) -> None:
    """Output on both streams, a patched JSON and a timer that never ends change nothing."""
    need("node", "nodejs")
    noise = "console.log('version: 9'); console.error('x'); JSON.stringify = () => 'y'; setInterval(() => {}, 1000)\n"
    (tmp_path / JS).write_text(noise + GOOD, encoding="utf-8")
    done = ended(procman(tmp_path, "import", "pm2"), 0, "evaluating ecosystem.config.js with")
    assert "version: 1\n" in done.out
    assert "version: 9" not in done.said


def test_the_environment_is_clean(tmp_path: Path) -> None:
    """Nothing of the caller's environment but PATH and HOME reaches the file."""
    need("node", "nodejs")
    seen = "module.exports = { script: 'a.js', env: { SEEN: Object.keys(process.env).sort().join() } }"
    (tmp_path / JS).write_text(seen, encoding="utf-8")
    assert "SEEN: HOME,PATH\n" in ended(procman(tmp_path, "import", "pm2", TOKEN="secret"), 0).out


def test_nothing_of_a_file_that_loops_is_left(tmp_path: Path) -> None:
    """What it started ends with it."""
    need("node", "nodejs")
    path = str(tmp_path / JS)
    Path(path).write_text("require('child_process').spawn('sleep', ['4711'])\nfor (;;) {}", encoding="utf-8")
    program = shutil.which("node")
    assert program is not None
    found = node.evaluate(program, path, "/usr/bin:/bin", str(tmp_path), {})
    assert isinstance(found, node.Fault)
    sleeping = b"sleep\0004711\0"
    wait_until(lambda: sleeping not in map(_words, Path("/proc").glob("[0-9]*/cmdline")), 20, "nothing of it is left")


@pytest.mark.parametrize("name", ["ecosystem.config.js", "ecosystem.json", "ecosystem.yaml", "dump.pm2", "list.json"])
def test_bytes_that_are_no_text_cannot_be_read(tmp_path: Path, name: str) -> None:
    """2 where procman reads the file, 1 where node refuses it; never a traceback."""
    (tmp_path / name).write_bytes(b"\xff\xfe\x00\x01{[" * 1000)
    done = procman(tmp_path, "import", "pm2", name)
    ended(done, 1 if name.endswith(".js") else 2)


def test_without_node_the_place_of_what_would_run_is_told(tmp_path: Path) -> None:
    """A literal imports, and the rest is refused with 1, file, line, column and reason."""
    (tmp_path / JS).write_text(GOOD, encoding="utf-8")
    ended(procman(tmp_path, "import", "pm2", path="/nowhere"), 0, "there is no node here")
    (tmp_path / JS).write_text("module.exports = {\n  apps: [{ port: process.env.PORT || 3000 }],\n}", encoding="utf-8")
    ended(procman(tmp_path, "import", "pm2", path="/nowhere"), 1, f"{JS}:2:18: 'process.env.PORT' would have to be run")


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.sampled_from("{}[]()'\"`,:;=.+-/*\\ \nmodule.exports01exportdfault$_…"), max_size=80))
def test_any_text_is_a_literal_or_refused(text: str) -> None:
    """The parser gives a value or a place inside the text, whatever it is given."""
    for read in (js_literal.expression, lambda t: js_literal.exported(t, "/a/x.js", "/a")):
        offset = 0
        try:
            read(text)
        except NotLiteral as error:
            offset = error.offset
        assert 0 <= offset <= len(text)


@given(st.binary(max_size=200), st.sampled_from(["a.json", "a.yaml"]))
def test_any_bytes_are_values_or_refused(data: bytes, name: str) -> None:
    """Whatever the bytes, there is an answer or a reason."""
    with suppress(ProcmanError):
        ecosystem.plain(data, name)


def _words(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
