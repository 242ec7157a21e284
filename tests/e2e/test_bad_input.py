"""Bad input gets one clear message and the documented exit code, changes nothing, and a good `up` works afterwards."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.projects import Project, ended, project, snapshot

pytestmark = pytest.mark.slow

HEAD = "version: 1\nproject: shop\n"
ONE = "services:\n  api:\n    kind: scalable\n    command: sleep 1000\n"
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)

MANIFESTS: dict[str, tuple[bytes, list[str]]] = {
    "empty": (b"", ["procman.yaml:1:1"]),
    "only a comment": (b"# nothing\n", ["procman.yaml:1:1"]),
    "not UTF-8": (b"version: 1\nproject: caf\xe9\n", ["procman.yaml:2:", "UTF-8"]),
    "UTF-16": ((HEAD + ONE).encode("utf-16"), ["UTF-8"]),
    "a NUL": (b"version: 1\nproject: sh\0op\n", ["procman.yaml:2:"]),
    "a tab": (b"version: 1\nservices:\n\tapi: {}\n", ["procman.yaml:3:", "tab"]),
    "too large": (HEAD.encode() + b"# x\n" * 1_100_000, ["larger than"]),
    "a million bytes": (HEAD.encode() + b"x-a: [" + b"1, " * 300_000 + b"]\n" + ONE.encode(), ["PM"]),
    "nested brackets": (b"x-a: " + b"[" * 100_000, ["deep"]),
    "nested braces": (b"x-a: " + b"{a: " * 20_000, ["deep"]),
    "an alias bomb": ((HEAD + BOMB + ONE).encode(), ["alias"]),
    "an alias to itself": ((HEAD + "x-a: &a [*a]\n" + ONE).encode(), ["alias"]),
    "a duplicate key": ((HEAD + "project: other\n" + ONE).encode(), ["procman.yaml:3:1", "'project'"]),
    "an unknown key": ((HEAD + ONE + "    instanses: 2\n").encode(), ["'instanses'", "did you mean 'instances'?"]),
    "a tag": ((HEAD + ONE + "    memory: !!python/object:os.system x\n").encode(), ["tag"]),
    "two documents": ((HEAD + ONE + "---\nversion: 1\n").encode(), ["document"]),
    "a list": (b"- version: 1\n", ["mapping"]),
    "a wrong type": ((HEAD + ONE + "    instances: [2]\n").encode(), ["procman.yaml:7:", "instances"]),
    "a count in words": ((HEAD + ONE + "    instances: two\n").encode(), ["procman.yaml:7:", "'two'"]),
    "a size without unit": ((HEAD + ONE + "    memory: 400\n").encode(), ["400M"]),
    "no services": (HEAD.encode(), ["services"]),
    "a missing command": ((HEAD + ONE.replace("sleep 1000", "no-such-program -x")).encode(), ["no-such-program"]),
    "a missing directory": ((HEAD + ONE + "    directory: nowhere\n").encode(), ["nowhere"]),
    "a missing env_file": ((HEAD + ONE + "    env_file: .evn\n").encode(), [".evn"]),
    "an env_file that is a folder": ((HEAD + ONE + "    env_file: /\n").encode(), ["env_file"]),
    "a missing variable": ((HEAD + ONE + "    env: {A: '${NO_SUCH_NAME}'}\n").encode(), ["NO_SUCH_NAME"]),
    "an unknown user": ((HEAD + ONE + "    user: no-such-user\n").encode(), ["no-such-user"]),
    "a singleton twice": ((HEAD + ONE.replace("scalable", "singleton") + "    instances: 2\n").encode(), ["PM201"]),
    "a version from the future": ((HEAD + ONE).replace("version: 1", "version: 9").encode(), ["version"]),
}
NAMES = ("a/b", "../up", "a%b", "a b", "\u5e97", "x" * 300, "", ".", "a\nb")
MANIFESTS |= {
    f"the project name {name[:9]!r}": (f"version: 1\nproject: {json.dumps(name)}\n{ONE}".encode(), ["procman.yaml:2:"])
    for name in NAMES
}


@pytest.fixture(name="many", scope="module")
def _many() -> Iterator[Project]:
    """A running project for all the bad manifests; after the last of them its first manifest is still what runs."""
    with project() as shop:
        ended(shop.run("up"), 0)
        before, pids = snapshot(shop.home), shop.pids()
        yield shop
        assert snapshot(shop.home) == before
        assert shop.pids() == pids
        shop.write()
        ended(shop.run("up"), 0, "nothing to change")


@pytest.mark.parametrize("case", MANIFESTS)
def test_a_bad_manifest_is_refused(many: Project, case: str) -> None:
    """`up` ends with 1, shows place and fault in a report of bounded length, and leaves state and processes alone."""
    text, words = MANIFESTS[case]
    many.file.write_bytes(text)
    before, pids = snapshot(many.home), many.pids()
    done = ended(many.run("up", timeout=20), 1, *words)
    assert "refused" in done.err
    assert len(done.said) < 20_000
    assert snapshot(many.home) == before
    assert many.pids() == pids


@pytest.mark.parametrize("command", ["up", "plan", "validate", "status", "down"])
def test_a_missing_manifest_is_wrong_use(shop: Project, command: str) -> None:
    """Without a manifest a command ends with 2 and says how to name one."""
    shop.file.unlink()
    ended(shop.run(command), 2, "there is no manifest procman.yaml", "--file")
    assert not shop.home.exists()


def test_a_folder_stands_for_the_manifest_in_it(shop: Project) -> None:
    """--file with a folder means its procman.yaml; a folder without one ends with 2."""
    (shop.folder / "sub").mkdir()
    ended(shop.run("up", "--file", "sub"), 2, "there is no manifest sub/procman.yaml")
    ended(shop.run("plan", "--file", str(shop.folder), cwd="/"), 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("up", "--profile", "smal"), "did you mean 'small'?"),
        (("plan", "--profile", "nothing-like-it"), "small"),
        (("scale", "apo=2"), "did you mean 'api'?"),
        (("scale", "api"), "SERVICE=NUMBER"),
        (("scale", "api=0"), "from 1"),
        (("scale", "api=-1"), ""),
        (("scale", "api=1e3"), "SERVICE=NUMBER"),
        (("upp",), "Did you mean 'up'?"),
        (("nothing-like-it",), "Commands: "),
        (("up", "--fore"), "--foreground"),
        (("plan", "--ram", "2"), "400M or 2G"),
        (("plan", "--ram", "2GB"), "400M or 2G"),
        (("plan", "--ram", "-2G"), "400M or 2G"),
        (("up", "--profile", "small", "--no-profile"), "exclude each other"),
        (("logs", "--lines", "-1"), "-1"),
        (("render",), "--to"),
        (("status", "extra"), "extra"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_use_is_told(many: Project, words: tuple[str, ...], said: str) -> None:
    """An unknown name, option or size ends with 2 and a message that shows the way."""
    many.write(profiles={"small": {"services": {"api": {"instances": 1}}}})
    before, pids = snapshot(many.home), many.pids()
    done = ended(many.run(*words), 2, said)
    assert len(done.said.splitlines()) <= 8
    assert snapshot(many.home) == before
    assert many.pids() == pids


def test_a_port_in_use_is_told_with_its_owner(shop: Project) -> None:
    """When a stranger listens on the address `up` ends with 1, names the process, and starts nothing."""
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", shop.port))
        stranger.listen()
        ended(shop.run("up"), 1, f"127.0.0.1:{shop.port} is in use by pid {os.getpid()}")
        assert shop.processes() == []
        shop.status_code(4)
    ended(shop.run("up"), 0)


def test_a_file_in_the_way_of_the_home_is_told(shop: Project) -> None:
    """When PROCMAN_HOME is a file, `up` ends with 1 and names it; without the file `up` works."""
    shop.home.write_text("in the way", encoding="utf-8")
    ended(shop.run("up"), 1, str(shop.home))
    assert shop.home.read_text(encoding="utf-8") == "in the way"
    shop.home.unlink()
    ended(shop.run("up"), 0)


def test_something_in_the_way_within_the_state_is_told(shop: Project) -> None:
    """When a folder (or a file) lies where procman writes, `up` ends with 1, names it, and starts nothing."""
    shop.state.mkdir(parents=True)
    for name in ("specs", "logs", "supervisord.conf", "applied.json", "lock"):
        blocker = shop.state / name
        if blocker.is_dir():
            blocker.rmdir()
        blocker.write_text("in the way", encoding="utf-8") if name in ("specs", "logs") else _replace(blocker)
        ended(shop.run("up"), 1, str(blocker))
        assert shop.processes() == []
        blocker.unlink() if blocker.is_file() else blocker.rmdir()
    ended(shop.run("up"), 0)


def test_a_home_too_long_is_wrong_use(shop: Project) -> None:
    """A PROCMAN_HOME whose socket path the kernel would not take ends with 2, says so, and makes nothing."""
    home = shop.folder / ("x" * 100)
    ended(shop.run("up", env=shop.environment(PROCMAN_HOME=str(home))), 2, "too long", "PROCMAN_HOME")
    assert not home.exists()


def test_a_home_with_a_strange_name_works(shop: Project) -> None:
    """A home whose path has a blank, percent signs and letters of another script works like any other."""
    shop.home = shop.folder / "a b%c%s\u5e97"
    ended(shop.run("up"), 0)
    assert set(shop.states()) == {"api-0", "api-1", "mqtt-0"}


@pytest.mark.parametrize("name", ["a;b", "a#b", 'a"b', "a\nb"])
def test_a_home_that_an_ini_cannot_hold_is_wrong_use(shop: Project, name: str) -> None:
    """A home whose path supervisord's file cannot hold ends with 2 and makes nothing."""
    home = shop.folder / name
    ended(shop.run("up", env=shop.environment(PROCMAN_HOME=str(home))), 2, "PROCMAN_HOME")
    assert not home.exists()


def test_a_full_disk_is_told(shop: Project) -> None:
    """When the disk is full `up` ends with 1 and says so, leaves nothing half written, and works when there is room."""
    _mounted(shop, "size=256k")
    try:
        ended(shop.run("up"), 0)
        before, pids = snapshot(shop.home), shop.pids()
        filler = shop.home / "filler"
        _fill(filler)
        shop.write({"api": shop.api(env={"COLOUR": "green" * 500}, instances=4), "mqtt": shop.mqtt()})
        ended(shop.run("up"), 1, "No space left on device", "make room")
        filler.unlink()
        assert shop.pids() == pids
        after = snapshot(shop.home)
        grow = ("shop/logs/", "shop/events.log")
        assert {n for n in before if not n.startswith(grow) and after.get(n) != before[n]} == set()
        assert [n for n in after if n.endswith(".new")] == []
        ended(shop.run("up"), 0)
        ended(shop.run("down"), 0)
    finally:
        shop.run("down")
        subprocess.run(["umount", "--lazy", str(shop.home)], check=True)


def test_a_disk_that_cannot_be_written_is_told(shop: Project) -> None:
    """On a read-only home `up` ends with 1, and what only looks works."""
    _mounted(shop, "ro")
    try:
        ended(shop.run("up"), 1, str(shop.state), "PROCMAN_HOME")
        ended(shop.run("plan"), 0)
        ended(shop.run("up", "--dry-run"), 0)
        shop.status_code(4)
    finally:
        subprocess.run(["umount", "--lazy", str(shop.home)], check=True)


@pytest.mark.parametrize("command", ["status", "validate", "schema", "up"])
def test_output_that_finds_no_room_is_no_fault_of_procman(shop: Project, command: str) -> None:
    """When stdout is a file on a full disk, the command ends with 1, says that, and has started nothing."""
    with Path("/dev/full").open("w", encoding="utf-8") as full, shop.popen(command, stdout=full) as process:
        _, said = process.communicate(timeout=60)
    assert (process.returncode, "cannot write the output: No space left on device" in said) == (1, True), said
    assert "internal error" not in said
    assert shop.processes() == []


HIDDEN = "import sys; sys.modules['supervisor'] = None; from procman.cli import main; main()"


def test_a_missing_supervisord_is_told(shop: Project) -> None:
    """Without supervisor in the environment `up` ends with 1 and says what to install; what only looks works."""
    ended(shop.run("up", python=("-c", HIDDEN)), 1, "supervisord is not installed", "pip install")
    assert shop.processes() == []
    ended(shop.run("plan", python=("-c", HIDDEN)), 0)
    ended(shop.run("status", python=("-c", HIDDEN)), 4)
    ended(shop.run("up"), 0)


def test_a_broken_supervisord_is_told(shop: Project) -> None:
    """When supervisor cannot be imported, `up` ends with 1 and the last line of what it said; a good `up` works."""
    package = shop.folder / "broken" / "supervisor"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('half of it is missing')\n", encoding="utf-8")
    done = ended(shop.run("up", env=shop.environment(PYTHONPATH=f"{package.parent}:{_source()}")), 1)
    assert "half of it is missing" in done.err
    assert shop.processes() == []
    ended(shop.run("up"), 0)


def _replace(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def _source() -> Path:
    return Path(__file__).parents[2]


def _mounted(shop: Project, options: str) -> None:
    shop.home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "procman-test", str(shop.home)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs root")


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 1024)
        except OSError:
            return


def test_every_command_explains_itself(shop: Project) -> None:
    """--help of each command ends with 0, fits 80 columns, and names its exit codes, without any manifest."""
    shop.file.unlink()
    listed = ended(shop.run("--help"), 0).out
    for command in ("validate", "plan", "render", "up", "status", "start", "stop", "restart", "scale", "logs", "down"):
        assert command in listed
        page = ended(shop.run(command, "--help"), 0, "Exit codes:").out
        assert max(map(len, page.splitlines())) <= 100
