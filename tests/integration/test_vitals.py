"""What is read of a machine for doctor, on this one and on trees of plain files."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from procman.adapters import vitals

TIME_ERROR = 5
"""ntp_gettime(3): the clock is not synchronised."""


def test_free_room_is_that_of_the_nearest_folder(tmp_path: Path) -> None:
    """A state directory that is not there yet lies on its parent's file system."""
    found = vitals.disk(str(tmp_path / "not" / "yet"))
    assert found.path == str(tmp_path)
    assert found.free > 0


LIMITED = """
import os, resource
from procman.adapters import vitals
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
resource.setrlimit(resource.RLIMIT_NPROC, (321, 321))
print(vitals.open_files(), vitals.processes())
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
print(vitals.processes())
"""


def test_limits_are_those_of_the_process() -> None:
    """Open files now and at most; processes of a user, and none for root, to whom that limit does not apply."""
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True, timeout=60)
    own = None if os.geteuid() == 0 else 321
    assert done.stdout == f"(100, 200) {own}\n321\n"


def test_the_clock_is_what_the_kernel_says_of_it() -> None:
    """By another call, which says TIME_ERROR of a clock that nobody sets."""
    state = ctypes.CDLL(None).ntp_gettime(ctypes.create_string_buffer(512))
    assert vitals.synchronised() is (state != TIME_ERROR)


def test_kills_are_those_that_the_kernel_counts() -> None:
    """The counter of this very machine, read in another way."""
    counters = dict(line.split() for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines())
    assert vitals.oom_kills() == int(counters["oom_kill"])


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
