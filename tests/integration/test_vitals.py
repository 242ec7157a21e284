"""What is read of a machine for doctor, on this one and on trees of plain files."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from procman.adapters import vitals


def test_free_room_is_that_of_the_nearest_folder(tmp_path: Path) -> None:
    """A state directory that is not there yet lies on its parent's file system."""
    found = vitals.disk(str(tmp_path / "not" / "yet"))
    assert found.path == str(tmp_path)
    assert found.free > 0


def test_limits_and_clock_can_be_read_here() -> None:
    """Files, processes and the clock of this very machine are plausible."""
    soft, hard = vitals.open_files()
    assert 0 < soft <= hard
    assert vitals.processes() is None or (vitals.processes() or 0) > 0
    assert vitals.synchronised() in (True, False, None)
    assert vitals.oom_kills() >= 0


def test_a_counter_of_kills_is_found(tmp_path: Path) -> None:
    """The kernel's own count, among all it counts."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "vmstat").write_text("pgfault 9\noom_kill 7\nfoo_oom_kill 3\n", encoding="ascii")
    assert vitals.oom_kills(str(tmp_path)) == 7


def test_who_answers_can_be_reached() -> None:
    """A listener is reached; a closed port, and a name that nobody has, say why not."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert vitals.reach("127.0.0.1", port) is None
    assert vitals.reach("127.0.0.1", port) == "Connection refused"
    assert vitals.reach("nobody.invalid", 1883)


def test_files_that_others_may_use_are_told(tmp_path: Path) -> None:
    """A file that others may read is loose, one for its owner alone is not, a missing one is neither."""
    for name, mode in (("loose", 0o644), ("tight", 0o600)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    loose, foreign = vitals.too_open(str(tmp_path / name) for name in ("loose", "tight", "gone"))
    assert (loose, foreign) == ([str(tmp_path / "loose")], [])


def test_what_pm2_and_systemd_will_start_is_found(tmp_path: Path) -> None:
    """A saved list of PM2 and units of this host are read; damage is passed over."""
    home = tmp_path / "home"
    (home / ".pm2").mkdir(parents=True)
    rows = [{"name": "api", "pm_exec_path": str(tmp_path / "index.js")}, {"name": "odd"}, 7]
    (home / ".pm2" / "dump.pm2").write_text(json.dumps(rows), encoding="utf-8")
    assert [row[1:] for row in vitals.pm2_dumps([str(home), "/nonexistent"])] == [
        ("api", os.path.realpath(tmp_path / "index.js"))
    ]
    (home / ".pm2" / "dump.pm2").write_text("{", encoding="utf-8")
    assert list(vitals.pm2_dumps([str(home)])) == []
    folder = tmp_path / "etc" / "systemd" / "system"
    folder.mkdir(parents=True)
    (folder / "api.service").write_text("[Service]\nExecStart=/usr/bin/node /srv/index.js\n", encoding="utf-8")
    (folder / "api.timer").touch()
    assert [name for name, _ in vitals.units(str(tmp_path))] == ["api.service"]
