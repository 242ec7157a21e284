"""The launcher as supervisord starts it: spec in, service out, or one line and an exit code."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from procman.core.records import pack
from procman.runtime import procfs
from tests.support.launching import COMMAND, Bench, environ, gone
from tests.support.waiting import wait_until


def gate(bench: Bench) -> tuple[str, ...]:
    """A wrapper that starts the launcher when `open_gate` says so."""
    os.mkfifo(bench.folder / "gate")
    return ("/bin/sh", "-c", 'read -r _ < "$0"; exec "$@"', str(bench.folder / "gate"))


def open_gate(bench: Bench) -> None:
    """Let the launcher behind `gate` start."""
    (bench.folder / "gate").write_text("go\n")


def parent(pid: int) -> int:
    """The parent of `pid`, 0 when it is gone."""
    return (procfs.status(pid) or (b"", 0))[1]


def test_the_environment_is_the_specs_and_procmans_alone(bench: Bench) -> None:
    """A service finds what its spec says and who it is; nothing of supervisord's environment."""
    started = bench.start(bench.api(env=["A=b", "EMPTY=", "A=c"])).becomes()
    me = procfs.identity(os.getpid())
    assert environ(started.pid) == {
        b"A": b"c",
        b"EMPTY": b"",
        b"PROCMAN_PROJECT": b"tiwater",
        b"PROCMAN_SERVICE": b"api",
        b"PROCMAN_INSTANCE": b"0",
        b"PROCMAN_INSTANCES": b"2",
        b"PROCMAN_STATE": bench.state.encode(),
        b"PROCMAN_UNIT": b"api-0",
        b"PROCMAN_MANAGER": me,
    }


def test_a_singleton_carries_its_cookie(bench: Bench) -> None:
    """The cookie is the lock strings joined, so that whatever it leaves behind is known by what it consumed."""
    started = bench.start(bench.spec(lock=[f"{bench.scope} a/+", f"{bench.scope} b"])).becomes()
    assert environ(started.pid)[b"PROCMAN_COOKIE"] == f"{bench.scope} a/+, {bench.scope} b".encode()


def test_the_spec_cannot_forge_who_it_is(bench: Bench) -> None:
    """PROCMAN_ variables of the manifest do not hide an instance from those who look for survivors."""
    started = bench.start(bench.api(env=["PROCMAN_UNIT=other-9", "PROCMAN_MANAGER=1.1"])).becomes()
    assert environ(started.pid)[b"PROCMAN_UNIT"] == b"api-0"
    assert environ(started.pid)[b"PROCMAN_MANAGER"] == procfs.identity(os.getpid())


def test_the_process_is_the_one_that_was_started(bench: Bench) -> None:
    """Same pid, the spec's directory, and no descriptor but the three, and two for each lock and the deed."""
    locks = [f"{bench.scope} a", f"{bench.scope} b"]
    started = bench.start(bench.spec(lock=locks)).becomes()
    started.keeps_open(0, 1, 2, 3, 4, 5, high=3)
    assert Path(f"/proc/{started.pid}/cwd").readlink() == bench.folder


def test_arguments_and_variables_hold_any_byte_but_nul(bench: Bench) -> None:
    """Line ends, quotes, percent signs and invalid UTF-8 arrive as they were written, whatever the locale."""
    octets = bytes(set(range(1, 256)))
    hostile = octets.decode("utf-8", "surrogateescape")
    spec = bench.api(env=[f"H={hostile}", f"{hostile.replace('=', '')}=x"])
    started = bench.start(spec, env={"LC_ALL": "POSIX", "PYTHONUTF8": "0"}).becomes()
    found = environ(started.pid)
    assert found[b"H"] == octets
    assert found[octets.replace(b"=", b"")] == b"x"
    out = bench.folder / "argv"
    code = bench.start(bench.api(arg=["/bin/sh", "-c", f'printf %s "$0$1" > {out}', hostile, ""])).code()
    assert (code, out.read_bytes()) == (0, octets)


def test_signals_are_as_a_program_expects_them(bench: Bench) -> None:
    """Nothing ignored, nothing blocked: Python ignores SIGPIPE and SIGXFSZ, and a parent may have more."""

    def deaf() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])

    started = bench.start(bench.api(), preexec=deaf).becomes()
    status = Path(f"/proc/{started.pid}/status").read_text()
    sets = dict(line.split(":\t") for line in status.splitlines() if line.startswith(("SigIgn", "SigBlk")))
    ours = sum(1 << (number - 1) for number in signal.valid_signals())  # 32 and 33 are the C library's own
    assert {name: int(value, 16) & ours for name, value in sets.items()} == {"SigIgn": 0, "SigBlk": 0}


def test_a_relative_command_is_looked_up_in_the_directory(bench: Bench) -> None:
    """argv[0] without a leading slash is relative to the service's directory."""
    (bench.folder / "run").symlink_to("/bin/sleep")
    bench.start(bench.api(arg=["./run", "300"])).becomes()


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "not a whole procman spec"),
        (bytes(range(128, 192)), "not a whole procman spec"),
        (b"{}\0", "not a whole procman spec"),
        (pack([("project", "p")]), "it lacks service"),
        (pack([("project", "p")])[:-1], "not a whole procman spec"),
        (b"procman-spec 1\0project\0", "a record has no value"),
        (b"procman-spec 1\0\xff p\0", "can't decode"),
    ],
)
def test_a_damaged_spec_file_is_a_configuration_error(bench: Bench, content: bytes, cause: str) -> None:
    """Truncated, foreign or garbage: 78, one line, the next step; never a traceback."""
    code, said = bench.start(bench.file(content)).refused()
    assert code == 78
    assert cause in said
    assert "procman up" in said


@pytest.mark.parametrize("length", range(15, 200, 7))
def test_a_cut_spec_file_never_starts(bench: Bench, length: int) -> None:
    """A file that was written in part is refused at any length, also one that ends at a record's end."""
    whole = pack(bench.records())
    code, _ = bench.start(bench.file(whole[:length])).refused()
    assert code == 78


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"kind": "shiny"}, "it knows no kind 'shiny'"),
        ({"lock": None}, "a singleton has locks"),
        ({"kind": "scalable", "lock": ["localhost:1 a"]}, "nothing else has"),
        ({"lock": ["scope"]}, "a lock has no scope"),
        ({"arg": None}, "it lacks a command"),
        ({"arg": [""]}, "it lacks a command"),
        ({"env": ["=x"]}, "an env record has no name"),
        ({"instance": "x\n\x1b[31m"}, "an instance is no number"),
        ({"listen": "http host"}, "listen is no address"),
    ],
)
def test_a_spec_that_cannot_be_meant_is_refused(bench: Bench, changes: dict[str, object], cause: str) -> None:
    """A singleton without a lock, an unknown kind, an empty command: 78 with the cause."""
    code, said = bench.start(bench.spec(**changes)).refused()
    assert (code, cause in said) == (78, True), said


def test_a_missing_spec_file_is_named(bench: Bench) -> None:
    """The line names the file that is not there."""
    code, said = bench.start(bench.folder / "none.spec").refused()
    assert code == 78
    assert "none.spec" in said


def test_a_missing_command_is_127(bench: Bench) -> None:
    """As a shell says it, and the line names the unit."""
    code, said = bench.start(bench.api(arg=["/no/such/program"])).refused()
    assert code == 127
    assert said.startswith("procman: api-0: there is no command /no/such/program")


def test_a_command_that_cannot_be_executed_is_126(bench: Bench) -> None:
    """No permission, a directory, or a text without a first line."""
    plain = bench.folder / "plain"
    plain.write_text("hello")
    plain.chmod(0o644)
    assert bench.start(bench.api(arg=[str(plain)])).refused()[0] == 126
    plain.chmod(0o755)
    code, said = bench.start(bench.api(arg=[str(plain)])).refused()
    assert (code, "#!/bin/sh" in said) == (126, True)
    assert bench.start(bench.api(arg=["/tmp"])).refused()[0] == 126


def test_a_missing_directory_is_a_configuration_error(bench: Bench) -> None:
    """78, and the line names it."""
    code, said = bench.start(bench.api(cwd="/no/such/folder")).refused()
    assert (code, "/no/such/folder" in said) == (78, True)


def test_the_service_dies_with_its_manager(bench: Bench) -> None:
    """Kill -9 of the manager ends what the launcher became."""
    manager = bench.manager()
    started = bench.start(bench.api(), manager=manager).becomes()
    manager.kill()
    wait_until(lambda: gone(started.pid), 5, "the service died with its manager")


def test_a_manager_that_died_before_the_start_is_noticed(bench: Bench) -> None:
    """The launcher that finds another parent than PROCMAN_MANAGER exits with 76 and starts nothing."""
    manager = bench.manager()
    started = bench.start(bench.api(), manager=manager, wrap=gate(bench))
    manager.kill()
    open_gate(bench)
    wait_until(lambda: gone(started.pid), 10, "the launcher ended")
    assert "the manager that started this is gone" in started.said()


def test_a_recorded_manager_that_is_not_the_parent_is_76(bench: Bench) -> None:
    """Same pid with another start time is another process."""
    code, said = bench.start(bench.api(), env={"PROCMAN_MANAGER": f"{os.getpid()}.1"}).refused()
    assert (code, "manager" in said) == (76, True)


def test_a_start_by_hand_has_its_parent_for_a_manager(bench: Bench) -> None:
    """Without the plugin the parent counts, as long as it is not pid 1."""
    me = procfs.identity(os.getpid())
    argv = ["/usr/bin/env", "-u", "PROCMAN_MANAGER"]
    started = bench.start(bench.api(), wrap=argv).becomes()
    assert environ(started.pid)[b"PROCMAN_MANAGER"] == me


def test_an_orphan_without_a_recorded_manager_does_not_start(bench: Bench) -> None:
    """Adopted by pid 1 there is no telling who started it: 76."""
    manager = bench.manager()
    wrap = (*gate(bench), "/usr/bin/env", "-u", "PROCMAN_MANAGER")
    started = bench.start(bench.api(), manager=manager, wrap=wrap)
    manager.kill()
    wait_until(lambda: parent(started.pid) != manager.process.pid, 5, "it was adopted")
    if parent(started.pid) != 1:
        pytest.skip("a subreaper adopts the orphans of this session")
    open_gate(bench)
    wait_until(lambda: gone(started.pid), 10, "the launcher ended")
    assert "the manager that started this is gone" in started.said()


def test_the_second_look_at_the_parent_counts() -> None:
    """A parent that dies between the first look and the death signal is noticed after it: that signal never comes."""
    code = "from procman.runtime.parent import die_with; die_with(999999999)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=COMMAND[3].rsplit("/", 3)[0]
    )
    assert "Refused: the manager that started this is gone" in done.stderr


def test_ctrl_c_ends_the_launcher_without_a_traceback(bench: Bench) -> None:
    """A launcher that waits for its manager's answer ends by the signal and says nothing."""
    path = bench.folder / "store"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(str(path))
        server.listen()
        started = bench.start(bench.api(), env={"PROCMAN_STORE": str(path)})
        client, _ = server.accept()
        os.kill(started.pid, signal.SIGINT)
        assert started.code() == -signal.SIGINT
        client.close()
    assert started.said() == ""


def test_nothing_needs_a_module_that_is_slow_to_load(bench: Bench) -> None:
    """The launcher of a singleton with a listening socket loads neither os nor json, re, socket, typing, ctypes."""
    out = bench.folder / "imports"
    trace = ("/bin/sh", "-c", f'p=$1; shift; exec "$p" -X importtime "$@" 2>{out}', "sh")
    bench.start(bench.spec(), wrap=trace).becomes()
    loaded = {line.rpartition("|")[2].strip() for line in out.read_text().splitlines()}
    assert "procman.runtime.survivors" in loaded
    slow = {
        "os",
        "json",
        "re",
        "socket",
        "typing",
        "ctypes",
        "subprocess",
        "dataclasses",
        "enum",
        "signal",
        "__future__",
    }
    assert loaded & slow == set()


def test_a_consumer_gets_a_larger_token_with_every_start(bench: Bench) -> None:
    """Also when the clock has gone back, and when what was kept is damaged or cannot be written."""
    spec = bench.api(env=["PROCMAN_MQTT_BROKER=mqtt://h"])
    kept = Path(bench.state, "tokens", "api-0")

    def token() -> int:
        return int(environ(bench.start(spec).becomes().pid)[b"PROCMAN_MQTT_TOKEN"])

    first = token()
    second = token()
    assert first < second == int(kept.read_text())
    kept.write_text(f"{second + 10**9}\n")
    assert token() == second + 10**9 + 1
    kept.write_text("no number")
    assert token() > second
    kept.unlink()
    kept.mkdir()
    assert token() > second
