"""`user:`: started as root, locked as root, run as somebody else. Needs root to try."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from procman.runtime import lockfiles
from tests.support.launching import LAUNCHER, Bench, gone
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a service as another user")

NOBODY = "nobody"


def ids(pid: int) -> dict[str, set[int]]:
    """Real, effective, saved and file system ids, and the groups, of a process."""
    lines = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    return {name: {int(number) for number in lines[name].split()} for name in ("Uid", "Gid", "Groups")}


def test_the_service_runs_as_the_user(bench: Bench) -> None:
    """All ids are the user's, the groups too, and the lock is held although root took it."""
    entry = pwd.getpwnam(NOBODY)
    started = bench.start(bench.spec(user=NOBODY, cwd="/")).becomes()
    groups = set(os.getgrouplist(NOBODY, entry.pw_gid))
    assert ids(started.pid) == {"Uid": {entry.pw_uid}, "Gid": {entry.pw_gid}, "Groups": groups}
    assert bench.start(bench.spec(service="two")).refused()[0] == 75


def test_the_service_still_dies_with_its_manager(bench: Bench) -> None:
    """A change of user clears the death signal; the launcher sets it again."""
    manager = bench.manager()
    started = bench.start(bench.spec(user=NOBODY, cwd="/"), manager=manager).becomes()
    manager.kill()
    wait_until(lambda: gone(started.pid), 5, "the service died with its manager")


def test_a_user_that_is_not_there_is_a_configuration_error(bench: Bench) -> None:
    """78 and the name."""
    code, said = bench.start(bench.api(user="nosuchuser")).refused()
    assert (code, "there is no user 'nosuchuser'" in said) == (78, True)


def test_a_directory_the_user_may_not_enter_is_refused(bench: Bench) -> None:
    """The change of user comes before the change of directory: root's rights are not lent."""
    closed = bench.folder / "closed"
    closed.mkdir(mode=0o700)
    assert bench.start(bench.api(user=NOBODY, cwd=str(closed))).refused()[0] == 78


@pytest.fixture(name="as_nobody")
def _as_nobody(bench: Bench) -> Iterator[tuple[str, ...]]:
    """A launcher command that the user nobody can run: the interpreter of a checkout is often closed to others."""
    copy = Path("/tmp") / f"procman-{bench.folder.name}-{os.getpid()}"  # tmp_path is closed to others
    copy.mkdir(mode=0o755)
    shutil.copytree(LAUNCHER.parents[1], copy / "procman", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755)
    for python in (sys.executable, "/usr/bin/python3"):
        command = (python, "-I", "-S", "-c", "import sys; sys.exit(sys.version_info < (3, 11))")
        try:
            usable = subprocess.run(command, user=NOBODY, check=False, capture_output=True).returncode == 0
        except PermissionError:
            usable = False
        if usable:
            yield (python, "-I", "-S", str(copy / "procman/runtime/launch.py"))
            shutil.rmtree(copy)
            return
    shutil.rmtree(copy)
    pytest.skip("no interpreter that the user nobody can run")


def open_spec(bench: Bench, **changes: object) -> Path:
    """A spec file that nobody can read, in a folder that it can reach."""
    path = bench.spec(cwd="/", **changes)
    for folder in (path, *path.parents):
        if folder.owner() == "root" and str(folder).startswith(str(bench.folder.parents[2])):
            folder.chmod(0o755)
    return path


def test_another_user_needs_root(bench: Bench, as_nobody: tuple[str, ...]) -> None:
    """78 when it is not already that user; nothing to change when it is."""
    code, said = bench.start(open_spec(bench, user="root"), command=as_nobody, user=NOBODY).refused()
    assert (code, "only root can start it as 'root'" in said) == (78, True), said
    bench.start(open_spec(bench, user=NOBODY), command=as_nobody, user=NOBODY).becomes()


def test_users_exclude_each_other(bench: Bench, as_nobody: tuple[str, ...]) -> None:
    """Root's lock holds against nobody, who cannot see who has it, and the other way round."""
    first = bench.start(bench.spec()).becomes()
    code, said = bench.start(open_spec(bench), command=as_nobody, user=NOBODY).refused()
    assert (code, "a process that cannot be seen" in said) == (75, True), said
    first.kill()
    second = bench.start(open_spec(bench), command=as_nobody, user=NOBODY).becomes()
    code, said = bench.start(bench.spec()).refused()
    assert (code, f"pid {second.pid} (" in said) == (75, True), said


def test_a_lock_file_that_cannot_be_read_is_not_free(bench: Bench, as_nobody: tuple[str, ...]) -> None:
    """A file another user closed: cannot know, 75, and how to repair it."""
    bench.start(bench.spec()).becomes().kill()
    next(bench.locks.glob("f.*")).chmod(0o600)
    code, said = bench.start(open_spec(bench), command=as_nobody, user=NOBODY).refused()
    assert (code, lockfiles.REPAIR in said) == (75, True)
