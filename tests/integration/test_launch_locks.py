"""One consumer per host: the lock taken, refused, or taken over from what a dead manager left behind."""

import fcntl
import os
import shlex
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from procman.runtime import lockfiles, locks, procfs
from procman.runtime.survivors import ANOTHER, OWN, SURVIVOR, UNKNOWN, Identity
from tests.support.launching import Bench, Manager, Started, gone, runs
from tests.support.waiting import wait_until

SHELL = Path("/bin/sh").resolve().name
SHELL_CHILD = ["/bin/sh", "-c", "sleep 300 & wait"]
"""Leaves a child behind that inherited the lock."""

CLOSING = [sys.executable, "-S", "-c", "import os; os.closerange(3, 4096); os.execv('/bin/sleep', ['sleep', '300'])"]
"""Closes every descriptor that it inherited."""

NPM_LIKE = ["/bin/sh", "-c", f"{shlex.join(CLOSING)} & wait"]
"""Its child has no lock, and does not die with the manager."""


def orphan(bench: Bench, spec: Path) -> tuple[Manager, int]:
    """Start `spec`, kill its manager, and return that and the child which is left."""
    manager = bench.manager()
    started = bench.start(spec, manager=manager).becomes(SHELL)
    (child,) = wait_until(lambda: [pid for pid in started.children() if runs(pid)], 10, "it has a child")
    manager.kill()
    wait_until(lambda: gone(started.pid), 5, "the service died")
    assert runs(child)
    return manager, child


def holds(bench: Bench, pid: int) -> bool:
    """Whether `pid` holds any lock of this bench."""
    files = [path.stat() for path in bench.locks.glob("f.*")]
    return any(procfs.holds(pid, file.st_dev, file.st_ino) for file in files)


def test_a_second_consumer_is_refused_and_told_who_has_the_lock(bench: Bench) -> None:
    """75 under a live manager, naming pid, command, user, unit and state; the first is not touched."""
    manager = bench.manager()
    first = bench.start(bench.spec(), manager=manager).becomes()
    second = bench.spec(service="other", state=f"{bench.state}/2", arg=["/bin/sleep", "300", "secret"])
    code, said = bench.start(second).refused()
    assert code == 75
    for part in (f"pid {first.pid} (sleep 300", f"user id {os.getuid()}", "tiwater mqtt-0", f"state in {bench.state};"):
        assert part in said
    assert said.startswith("procman: other-0: 'tiwater/+/data' on test-")
    assert runs(first.pid)


def test_the_consumer_itself_holds_the_lock(bench: Bench) -> None:
    """It is inherited across exec, and free as soon as the consumer has ended, manager or not."""
    first = bench.start(bench.spec()).becomes()
    assert holds(bench, first.pid)
    first.kill()
    bench.start(bench.spec()).becomes()


@pytest.mark.parametrize(
    ("held", "asked", "collide"),
    [
        ("a/+/c", "a/#", True),
        ("a/#", "a/+/c", True),
        ("a/+/c", "a/b/c", True),
        ("#", "x", True),
        ("$share/one/a/b", "$share/two/a/+", True),
        ("a/b", "a/c", False),
        ("a/+/c", "a/+/d", False),
        ("#", "$SYS/x", False),
        ("a", "a/b", False),
        ("a/" + "x" * 300, "a/" + "x" * 300, True),
        ("a/" + "x" * 300, "b/" + "x" * 300, False),
        ("dé/\udcff", "dé/+", True),
    ],
)
def test_filters_collide_as_mqtt_delivers(bench: Bench, held: str, asked: str, *, collide: bool) -> None:
    """Two consumers of one message are one too many; disjoint filters of one broker live side by side."""
    bench.start(bench.spec(lock=[f"{bench.scope} {held}"])).becomes()
    second = bench.start(bench.spec(service="two", lock=[f"{bench.scope} {asked}"]))
    if collide:
        assert second.refused()[0] == 75
    else:
        second.becomes()


def test_one_services_own_filters_may_overlap(bench: Bench) -> None:
    """`a/#` and `a/b` of one consumer are one claim, not two that collide."""
    bench.start(bench.spec(lock=[f"{bench.scope} a/#", f"{bench.scope} a/b", f"{bench.scope} a/#"])).becomes()


def test_other_brokers_are_other_scopes(bench: Bench) -> None:
    """The same filter on another broker is another claim."""
    bench.start(bench.spec()).becomes()
    other = f"{bench.scope}.other"
    try:
        bench.start(bench.spec(service="two", lock=[f"{other} tiwater/+/data"])).becomes()
    finally:
        for path in Path(lockfiles.DIRECTORY, lockfiles.folder_of(other)).iterdir():
            path.unlink()
        Path(lockfiles.DIRECTORY, lockfiles.folder_of(other)).rmdir()


def test_scalable_siblings_take_no_lock_and_leave_each_other_alone(bench: Bench) -> None:
    """api-0 and api-1 run together, and a new api-0 beside the old one while it is replaced."""
    first, second = bench.start(bench.api()).becomes(), bench.start(bench.api(instance="1")).becomes()
    replacement = bench.start(bench.api()).becomes()
    assert [runs(s.pid) for s in (first, second, replacement)] == [True] * 3
    assert not bench.locks.exists()


def test_an_orphan_with_the_lock_is_ended_when_its_manager_is_dead(bench: Bench) -> None:
    """`sh -c` leaves a child with the lock: the next start ends it, says so, and takes the lock."""
    _, child = orphan(bench, bench.spec(arg=SHELL_CHILD))
    assert holds(bench, child)
    started = bench.start(bench.spec()).becomes()
    assert gone(child)
    assert holds(bench, started.pid)
    assert f"ended {child}, which held the lock" in started.said()


def test_an_orphan_without_the_lock_is_known_by_its_cookie(bench: Bench) -> None:
    """`npm run` leaves a consumer that lost the lock: it is ended before the next one starts."""
    _, child = orphan(bench, bench.spec(arg=NPM_LIKE))
    assert not holds(bench, child)
    other = bench.spec(service="renamed", state=f"{bench.state}/elsewhere")
    started = bench.start(other).becomes()
    assert gone(child)
    assert f"ended what an earlier start left behind: {child} (sleep 300)" in started.said()


def test_an_orphan_of_an_edited_manifest_is_known_by_unit_and_state(bench: Bench) -> None:
    """Other topics, other cookie: the same unit of the same state directory is still what was left behind."""
    _, child = orphan(bench, bench.spec(arg=SHELL_CHILD))
    bench.start(bench.spec(lock=[f"{bench.scope} tiwater/#"])).becomes()
    assert gone(child)


def test_another_projects_orphan_is_not_ours_to_end(bench: Bench) -> None:
    """A dead manager's consumer with another cookie, unit and state holds an overlapping filter: 75, untouched."""
    _, child = orphan(bench, bench.spec(arg=SHELL_CHILD))
    other = bench.spec(service="other", state=f"{bench.state}/2", lock=[f"{bench.scope} #"])
    code, said = bench.start(other).refused()
    assert (code, f"pid {child}" in said, runs(child)) == (75, True, True)


def test_a_stray_of_the_same_manager_is_ended(bench: Bench) -> None:
    """The shell of a consumer crashed under a live supervisord, its child holds the lock: not 75 for ever."""
    first = bench.start(bench.spec(arg=SHELL_CHILD)).becomes(SHELL)
    (child,) = wait_until(lambda: [pid for pid in first.children() if runs(pid)], 10, "it has a child")
    first.kill()
    bench.start(bench.spec()).becomes()
    assert gone(child)


def test_a_running_child_of_the_same_manager_is_never_ended(bench: Bench) -> None:
    """The lock is held by what this very manager runs now: 75."""
    first = bench.start(bench.spec(arg=SHELL_CHILD)).becomes(SHELL)
    wait_until(lambda: [pid for pid in first.children() if runs(pid)], 10, "it has a child")
    assert bench.start(bench.spec()).refused()[0] == 75
    assert [runs(pid) for pid in first.children()] == [True]


def test_strays_of_a_scalable_instance_are_ended(bench: Bench) -> None:
    """What an API instance left behind under a dead manager goes before the next one starts; siblings stay."""
    sibling = bench.start(bench.api(instance="1")).becomes()
    _, child = orphan(bench, bench.api(arg=SHELL_CHILD))
    bench.start(bench.api()).becomes()
    assert gone(child)
    assert runs(sibling.pid)


def test_an_instance_that_another_live_manager_runs_is_refused(bench: Bench) -> None:
    """Two supervisords on one state directory: the second is told which process runs the unit."""
    first = bench.start(bench.api(), manager=bench.manager()).becomes()
    code, said = bench.start(bench.api()).refused()
    assert (code, f"pid {first.pid} (sleep 300) runs it for another manager" in said) == (75, True), said
    assert runs(first.pid)


def test_a_marked_process_without_a_manager_is_not_known_to_be_free(bench: Bench) -> None:
    """A process that carries the unit but no manager cannot be judged: 75, and it is not touched."""
    env = {"PROCMAN_STATE": bench.state, "PROCMAN_UNIT": "api-0"}
    with subprocess.Popen(["/bin/sleep", "300"], env=env) as stranger:
        code, _ = bench.start(bench.api()).refused()
        assert (code, stranger.poll()) == (75, None)
        stranger.kill()


def test_a_holder_without_marks_is_not_known_to_be_free(bench: Bench) -> None:
    """Somebody holds the file with a program of his own: cannot know, 75, untouched."""
    bench.start(bench.spec()).becomes().kill()
    (path,) = bench.locks.glob("f.*")
    with path.open() as file, subprocess.Popen(["/bin/sleep", "300"], env={}, pass_fds=[file.fileno()]) as holder:
        fcntl.flock(file, fcntl.LOCK_EX)
        code, said = bench.start(bench.spec()).refused()
        assert (code, "cannot be known" in said, holder.poll()) == (75, True, None)
        holder.kill()


def test_who_only_has_the_file_open_holds_nothing(bench: Bench) -> None:
    """A process that looks at the lock file is no holder, and no reason to refuse."""
    _, child = orphan(bench, bench.spec(arg=SHELL_CHILD))
    thief = ["/bin/sh", "-c", f"exec 9</proc/{child}/fd/3; exec sleep 300"]  # a new description: no lock
    with subprocess.Popen(thief, env={}) as looker:
        wait_until(lambda: runs(looker.pid), 5, "it looks on")
        bench.start(bench.spec()).becomes()
        assert gone(child)
        looker.kill()


def test_one_holder_that_is_no_survivor_saves_them_all(bench: Bench) -> None:
    """A lock shared by an orphan and a process without marks is refused, and neither is ended."""
    both = ["/bin/sh", "-c", "sleep 300 & env -i sleep 300 & wait"]
    manager = bench.manager()
    started = bench.start(bench.spec(arg=both), manager=manager).becomes(SHELL)
    left = wait_until(lambda: _two(started), 10, "it has two children")
    manager.kill()
    wait_until(lambda: gone(started.pid), 5, "the service died")
    assert bench.start(bench.spec()).refused()[0] == 75
    assert [runs(pid) for pid in left] == [True, True]
    for pid in left:
        os.kill(pid, signal.SIGKILL)


def _two(started: Started) -> list[int]:
    children = [pid for pid in started.children() if runs(pid)]
    return children if len(children) == 2 else []


def test_a_deleted_lock_file_never_makes_two(bench: Bench) -> None:
    """The file is gone, so the lock is free: who consumes under the old one is known by its cookie and stays."""
    first = bench.start(bench.spec(), manager=bench.manager()).becomes()
    (path,) = bench.locks.glob("f.*")
    path.unlink()
    code, said = bench.start(bench.spec()).refused()
    assert (code, f"pid {first.pid} " in said, runs(first.pid)) == (75, True, True), said
    first.kill()
    wait_until(lambda: gone(first.pid), 5, "it died")
    second = bench.start(bench.spec()).becomes()
    assert holds(bench, second.pid)


def test_a_deleted_lock_file_is_no_way_around_an_overlapping_filter(bench: Bench) -> None:
    """Another project, other filters that overlap, the lock file gone: 75, and the first is not touched."""
    first = bench.start(bench.spec(), manager=bench.manager()).becomes()
    (path,) = bench.locks.glob("f.*")
    path.unlink()
    other = bench.spec(service="other", state=f"{bench.state}/2", lock=[f"{bench.scope} tiwater/#"])
    assert (bench.start(other).refused()[0], runs(first.pid)) == (75, True)


def test_a_consumer_that_closed_its_lock_is_not_joined(bench: Bench) -> None:
    """It closed every descriptor, so the lock is free while it lives under its manager: 75, untouched."""
    first = bench.start(bench.spec(arg=CLOSING), manager=bench.manager()).becomes()
    assert not holds(bench, first.pid)
    other = bench.spec(state=f"{bench.state}/2")
    assert (bench.start(other).refused()[0], runs(first.pid)) == (75, True)


def test_another_projects_orphan_without_the_lock_is_not_joined(bench: Bench) -> None:
    """`npm run` left a consumer of an overlapping filter, which lost the lock: 75 and the command that ends it."""
    _, child = orphan(bench, bench.spec(arg=NPM_LIKE))
    other = bench.spec(service="other", state=f"{bench.state}/2", lock=[f"{bench.scope} tiwater/#"])
    code, said = bench.start(other).refused()
    assert (code, f"end it: kill {child}" in said, runs(child)) == (75, True, True), said


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_moves_away_while_it_is_locked_is_noticed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, *, replaced: bool
) -> None:
    """A lock on a file that its path no longer names is no lock: the launcher looks again, and gets the new one."""
    real, moved = lockfiles._lock, False

    def deleted_meanwhile(descriptor: int, mode: int = fcntl.LOCK_EX) -> bool:
        nonlocal moved
        path = bench.locks / "f.a"
        if path.exists() and not moved:
            path.unlink()
            if replaced:
                path.touch()
            moved = True
        return real(descriptor, mode)

    monkeypatch.setattr(lockfiles, "_lock", deleted_meanwhile)
    wanted = bench.wanted(lock=[f"{bench.scope} a"])
    deed, lock = locks.acquire(wanted, Identity(b"s", b"u", b"", wanted), above=3)
    assert moved
    assert {os.fstat(descriptor).st_ino for descriptor in lock.descriptors} == {(bench.locks / "f.a").stat().st_ino}
    deed.close()
    lock.close()


def test_everybody_can_lock_whatever_the_umask_of_the_first(bench: Bench) -> None:
    """Folders 1777 and files 0644, also when the first launcher ran with umask 077, which the service keeps."""
    wrap = ("/bin/sh", "-c", 'umask 077; exec "$@"', "sh")
    started = bench.start(bench.spec(), wrap=wrap).becomes()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [bench.locks, *bench.locks.iterdir()]}
    assert modes == {bench.locks.name: 0o1777, "guard": 0o644, "f.tiwater%2F%2B%2Fdata": 0o644}
    assert "Umask:\t0077" in Path(f"/proc/{started.pid}/status").read_text()


def test_lock_files_stay(bench: Bench) -> None:
    """Never unlinked: with an unlinked lock two processes can hold two files of one name."""
    bench.start(bench.spec()).becomes().kill()
    before = {path.name: path.stat().st_ino for path in bench.locks.iterdir()}
    bench.start(bench.spec()).becomes().kill()
    assert {path.name: path.stat().st_ino for path in bench.locks.iterdir()} == before


@pytest.mark.parametrize("kind", ["symlink", "fifo", "folder"])
def test_a_planted_lock_file_is_not_free(bench: Bench, kind: str) -> None:
    """A link, a fifo or a folder in place of a lock file: 75 at once, and nothing is followed."""
    bench.start(bench.spec()).becomes().kill()
    (path,) = bench.locks.glob("f.*")
    path.unlink()
    target = bench.folder / "target"
    if kind == "symlink":
        path.symlink_to(target)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    code, said = bench.start(bench.spec()).refused()
    assert (code, "cannot know" in said, target.exists()) == (75, True, False)
    path.rmdir() if kind == "folder" else path.unlink()


def test_a_planted_scope_folder_is_not_followed(bench: Bench) -> None:
    """A link in place of a scope's folder: 75, nothing is made behind it."""
    bench.start(bench.api()).becomes()  # makes nothing
    Path(lockfiles.DIRECTORY).mkdir(mode=0o1777, exist_ok=True)
    bench.locks.symlink_to(bench.folder / "state")
    code, said = bench.start(bench.spec()).refused()
    assert (code, lockfiles.REPAIR in said, list((bench.folder / "state").iterdir())) == (75, True, [])


def test_a_guard_that_stays_locked_is_not_free(bench: Bench) -> None:
    """Who cannot look cannot know: 75 after a bounded wait, with the way to see who is there."""
    bench.start(bench.spec()).becomes().kill()
    with (bench.locks / "guard").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        code, said = bench.start(bench.spec()).refused()
    assert (code, "fuser -v" in said) == (75, True)


def test_starts_that_find_the_guard_taken_wait_in_turn(bench: Bench) -> None:
    """They sleep until they have it, and do not try again and again: all start as soon as it is free."""
    bench.start(bench.spec()).becomes().kill()
    with (bench.locks / "guard").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        started = [bench.start(bench.spec(lock=[f"{bench.scope} t{n}"], instance=str(n))) for n in range(8)]
        wait_until(lambda: sum(_waits(one.pid) for one in started) == 8, 20, "each waits for the guard")
    for one in started:
        one.becomes()


def _waits(pid: int) -> bool:
    """Whether the kernel has `pid` in the queue of a lock."""
    rows = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    return any(row[1] == "->" and int(row[5]) == pid for row in map(str.split, rows))


needs_mounts = pytest.mark.skipif(
    os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode != 0,
    reason="needs root and mount namespaces",
)


@needs_mounts
def test_a_lock_directory_that_cannot_be_made_is_not_free(bench: Bench) -> None:
    """75 with the command that makes it."""
    script = 'mount -t tmpfs -o ro none /run/lock && exec "$@"'
    code, said = bench.start(bench.spec(), wrap=("unshare", "-m", "sh", "-c", script, "sh")).refused()
    assert (code, "sudo install -d -m 1777 /run/lock/procman" in said) == (75, True), said


@needs_mounts
def test_a_missing_lock_directory_is_made_for_everybody(bench: Bench) -> None:
    """1777 despite the umask of the first."""
    script = 'mount -t tmpfs none /run/lock && umask 077 && exec "$@"'
    started = bench.start(bench.spec(), wrap=("unshare", "-m", "sh", "-c", script, "sh")).becomes()
    made = Path("/proc", str(started.pid), "root", lockfiles.DIRECTORY.lstrip("/"))
    assert stat.S_IMODE(made.stat().st_mode) == 0o1777


def test_no_variable_moves_the_lock_directory(bench: Bench) -> None:
    """An environment cannot name another directory: that would let two consumers run side by side."""
    bench.start(bench.spec()).becomes()
    env = {name: str(bench.folder) for name in ("PROCMAN_LOCK_DIR", "PROCMAN_HOME", "TMPDIR", "XDG_RUNTIME_DIR")}
    assert bench.start(bench.spec(service="two"), env=env).refused()[0] == 75


def asked(bench: Bench, manager: bytes = b"", **changes: object) -> locks.Verdict:
    """Who has what the spec of this bench wants, as its launcher would see it."""
    wanted = bench.wanted(**changes)
    return locks.probe(wanted, Identity(bench.state.encode(), wanted.deed.unit.encode(), manager, wanted))


def test_probe_answers_and_changes_nothing(bench: Bench) -> None:
    """Free, held by another's, by my own manager, by survivors: without making a file or ending a process."""
    assert asked(bench).answer == locks.FREE
    assert not bench.locks.exists()
    manager = bench.manager()
    started = bench.start(bench.spec(arg=SHELL_CHILD), manager=manager).becomes(SHELL)
    (child,) = wait_until(lambda: [pid for pid in started.children() if runs(pid)], 10, "it has a child")
    held = asked(bench)
    assert (held.answer, {h.pid for h in held.holders}) == (ANOTHER, {started.pid, child})
    assert f"pid {started.pid}" in held.reason
    assert asked(bench, manager.identity).answer == OWN
    manager.kill()
    wait_until(lambda: gone(started.pid), 5, "the service died")
    assert asked(bench).answer == SURVIVOR
    assert asked(bench, service="other", lock=[f"{bench.scope} other"]).answer == locks.FREE
    assert runs(child)
    bench.start(bench.spec()).becomes()


def test_probe_says_when_it_cannot_know(bench: Bench) -> None:
    """A holder without marks is neither free nor a survivor."""
    bench.start(bench.spec()).becomes().kill()
    (path,) = bench.locks.glob("f.*")
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        verdict = asked(bench)
    assert verdict.answer == UNKNOWN
