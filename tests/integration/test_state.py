"""The state directory: its place, its record and the lock of commands."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from procman.adapters import state as states
from procman.adapters.state import SOCKET_PATH_LIMIT, State
from procman.core.applied import Applied
from procman.core.errors import Failed, WrongUse
from tests.support.waiting import wait_until

RECORD = Applied("p", "/p.yaml", "version: 1\n", (), (), None, (), (), (), 1, 2)
HOMES = """
import os, sys
os.geteuid() or os.setresuid(*[65534] * 3)
from procman.adapters import state
print(state.home(dict(pair.split("=", 1) for pair in sys.argv[1:])))
"""


def test_every_file_lies_in_the_folder() -> None:
    """The names are those that the rendered supervisord file has, too."""
    state = State("/s")
    assert ("/s/supervisord.conf", "/s/sock", "/s/specs", "/s/logs", "/s/applied.json", "/s/logs/api-0.log") == (
        state.conf,
        state.socket,
        state.specs,
        state.logs,
        state.record,
        state.log("api-0"),
    )


@pytest.mark.parametrize(("home", "folder"), [("/h", "/h/p"), ("/h//x/..", "/h/p")])
def test_procman_home_is_the_place(home: str, folder: str) -> None:
    """PROCMAN_HOME holds the projects, whoever asks; its path is made plain."""
    assert State(folder) == states.state_for("p", {"PROCMAN_HOME": home, "XDG_STATE_HOME": "/x"})


@pytest.mark.skipif(os.geteuid() != 0, reason="this is root's place")
def test_root_keeps_state_under_var_lib() -> None:
    """An empty PROCMAN_HOME is none; root's state lies in the system's place."""
    assert states.home({"PROCMAN_HOME": "", "XDG_STATE_HOME": "/x"}) == "/var/lib/procman"


@pytest.mark.parametrize(
    ("variables", "home"),
    [
        (["XDG_STATE_HOME=/x"], "/x/procman"),
        (["XDG_STATE_HOME="], "/home/me/.local/state/procman"),
        (["XDG_STATE_HOME=not/absolute"], "/home/me/.local/state/procman"),
        ([], "/home/me/.local/state/procman"),
    ],
)
def test_plain_users_keep_state_where_xdg_says(variables: list[str], home: str) -> None:
    """XDG_STATE_HOME, when it is an absolute path as its specification asks, else ~/.local/state."""
    done = subprocess.run(
        [sys.executable, "-c", "import procman.adapters.state\n" + HOMES, *variables],
        env={**os.environ, "HOME": "/home/me"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{home}\n" == done.stdout


def test_path_may_be_as_long_as_a_socket_allows() -> None:
    """The border is counted in bytes and exact: one more is told with how many are too many."""
    room = SOCKET_PATH_LIMIT - len("/store.4194304")
    fits = "/" + "ü" * ((room - 1) // 2) + "x" * ((room - 1) % 2)
    assert State(fits) == states.checked(fits)
    with pytest.raises(WrongUse, match=r"is 1 bytes? too long for a unix socket"):
        states.checked(fits + "x")


@pytest.mark.parametrize("name", ["a;b", "a#b", "a'b", 'a"b', "a\\b", "a\nb", "\x1b", "\udcff", "a "])
def test_path_that_the_rendered_file_cannot_hold_is_refused(name: str) -> None:
    """It is refused at the door, with PROCMAN_HOME as the way out, and shown safely."""
    with pytest.raises(WrongUse) as caught:
        states.checked(f"/srv/{name}")
    assert caught.value.message.isprintable()
    assert "PROCMAN_HOME" in caught.value.help


def test_prepared_folders_are_private(tmp_path: Path) -> None:
    """State, specs and logs are for their owner alone."""
    state = State(str(tmp_path / "a" / "p"))
    states.prepare(state)
    states.prepare(state)
    modes = [stat.S_IMODE(Path(f).stat().st_mode) for f in (state.folder, state.specs, state.logs)]
    assert [0o700] * 3 == modes


def test_record_reads_back_and_is_private(tmp_path: Path) -> None:
    """No record is None; what was written is read, and only the owner may."""
    state = State(str(tmp_path))
    assert states.read_record(state) is None
    states.write_record(state, RECORD)
    assert RECORD == states.read_record(state)
    assert 0o600 == stat.S_IMODE(Path(state.record).stat().st_mode)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"schema_version": 2}', b"\xff"])
def test_broken_record_is_said_and_never_taken_for_none(data: bytes, tmp_path: Path) -> None:
    """A record that cannot be used is Failed, names the file and says that what runs keeps running."""
    state = State(str(tmp_path))
    Path(state.record).write_bytes(data)
    with pytest.raises(Failed, match=f"the record {state.record} cannot be used") as caught:
        states.read_record(state)
    assert "keeps running" in caught.value.help


def test_second_command_waits_for_the_first(tmp_path: Path) -> None:
    """Two commands never change a project at once: the second says that it waits, then goes on."""
    state = State(str(tmp_path))
    said: list[str] = []

    def second() -> None:
        with states.exclusive(state, lambda: said.append("waits")):
            said.append("in")

    with states.exclusive(state, lambda: said.append("first waits")):
        thread = threading.Thread(target=second)
        thread.start()
        wait_until(lambda: said, 10, "the second command says that it waits")
        assert said == ["waits"]
    thread.join(10)
    assert said == ["waits", "in"]


def test_lock_is_free_after_a_failure(tmp_path: Path) -> None:
    """A command that fails leaves the lock; the next does not wait."""
    state = State(str(tmp_path))
    waits: list[str] = []
    with pytest.raises(KeyError), states.exclusive(state, lambda: waits.append("waits")):
        raise KeyError
    with states.exclusive(state, lambda: waits.append("waits")):
        assert waits == []


def test_lock_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    """Without its folder there is no lock, and nothing is done without one."""
    with (
        pytest.raises(Failed, match=r"cannot open .*/gone/lock: No such file or directory"),
        states.exclusive(State(str(tmp_path / "gone")), lambda: None),
    ):
        pytest.fail("it was let in")
