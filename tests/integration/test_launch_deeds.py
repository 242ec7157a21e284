"""One consumer under every name of its broker, members that share, and one program twice: the real launcher."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from procman.core.deeds import Deed
from procman.runtime import lockfiles, locks, own_names, procfs
from procman.runtime.exits import Refused
from procman.runtime.survivors import Identity
from tests.support.launching import Bench, Manager, Started, environ, gone, runs
from tests.support.waiting import wait_until

SHELL = Path("/bin/sh").resolve().name
SHELL_CHILD = ["/bin/sh", "-c", "sleep 300 & wait"]

in_namespaces = pytest.mark.skipif(
    os.geteuid() != 0 or subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode != 0,
    reason="needs root and network namespaces",
)
ELSEWHERE = ("unshare", "-n")
"""Starts a command in a network namespace that has no address but what it is given."""


def consumer(bench: Bench, url: str, *, scope: str | None = None, **changes: object) -> Path:
    """The spec of a consumer on the broker `url`, with a lock whose one name is `scope`; topics of this bench."""
    topic = f"{bench.scope.partition(':')[0]}/+/data"
    env = [f"PROCMAN_MQTT_BROKER={url}", f"PROCMAN_MQTT_TOPICS={topic}"]
    given = {"lock": [f"{scope or bench.scope} {topic}"], "env": env, **changes}
    return bench.spec(**given)


def other(bench: Bench, url: str, **changes: object) -> Path:
    """The same for another project, whose lock has another name."""
    return consumer(bench, url, scope=f"{bench.scope}0", service="other", state=f"{bench.state}/2", **changes)


def member(bench: Bench, number: int, **changes: object) -> Path:
    """The spec of a member: the first has the lock on the topics, the others that of their client id."""
    topic = f"{bench.scope.partition(':')[0]}/+/data"
    lock = f"{bench.scope} {topic}" if number == 0 else f"member {bench.scope}/id-{number}"
    env = [f"PROCMAN_MQTT_BROKER=mqtt://{bench.scope}", f"PROCMAN_MQTT_TOPICS=$share/g/{topic}"]
    given = {"lock": [lock], "env": env, "instance": number, "instances": 3, "shares": "yes", **changes}
    return bench.spec(**given)


def of_another_project(bench: Bench, **changes: object) -> Path:
    """A singleton of another project on the topics of the members."""
    topic = f"{bench.scope.partition(':')[0]}/#"
    return bench.spec(
        **{"service": "other", "state": f"{bench.state}/2", "lock": [f"{bench.scope} {topic}"], **changes}
    )


@contextmanager
def of_before(bench: Bench, scope: str, topic: str, **marks: str) -> Iterator[int]:
    """A consumer as an older version started it: its one lock, its cookie, no deed."""
    folder = Path(lockfiles.DIRECTORY, lockfiles.folder_of(scope))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"f.{lockfiles.encode(topic)}"
    path.touch()
    manager = bench.manager().identity.decode()
    marks = {"PROCMAN_STATE": "/old", "PROCMAN_SERVICE": "old", "PROCMAN_UNIT": "old-0", **marks}
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    said = {"PROCMAN_MANAGER": manager, **marks}
    with subprocess.Popen(["/bin/sleep", "300"], env=said, pass_fds=[descriptor]) as process:
        os.close(descriptor)
        try:
            wait_until(lambda: runs(process.pid), 5, "it runs")
            yield process.pid
        finally:
            process.kill()


def refused(started: Started, *words: str) -> None:
    """It was refused with 75, and said these words."""
    code, said = started.refused()
    assert code == 75, said
    for word in words:
        assert word in said, said


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("mqtt://localhost", "mqtt://127.1"),
        ("mqtt://10.9.8.7", "mqtt://10.9.2055"),
        ("mqtts://[::ffff:10.9.8.7]", "ws://0xa090807"),
        ("mqtt://bücher.example", "mqtt://xn--bcher-kva.example"),
        ("mqtt://box.local", "mqtt://BOX."),
    ],
)
def test_two_spellings_of_one_broker_are_one_consumer(bench: Bench, one: str, two: str) -> None:
    """Their locks have two names, their deeds share one: 75 both ways round, with pid and name."""
    first = bench.start(consumer(bench, one), manager=bench.manager()).becomes()
    refused(bench.start(other(bench, two)), f"is held by pid {first.pid} ", " on ")
    first.kill()
    wait_until(lambda: gone(first.pid), 5, "it died")
    second = bench.start(other(bench, two), manager=bench.manager()).becomes()
    refused(bench.start(consumer(bench, one)), f"is held by pid {second.pid} ")


def test_of_many_at_once_under_two_names_one_starts(bench: Bench) -> None:
    """Whoever is first: all others are refused, none waits for another, and nobody is left with a half of it."""
    urls = ["mqtt://localhost", "mqtt://127.1", "mqtt://[::1]", "mqtt://0"] * 3
    manager = bench.manager()
    states = [f"{bench.state}/{number}" for number in range(len(urls))]
    specs = [
        consumer(bench, url, scope=f"{bench.scope}{n}", state=states[n], service=f"s{n}") for n, url in enumerate(urls)
    ]
    started = [bench.start(spec, manager=manager) for spec in specs]
    wait_until(lambda: all(runs(s.pid) or gone(s.pid) for s in started), 30, "all have decided")
    assert [runs(s.pid) for s in started].count(True) == 1


def test_a_start_that_gets_some_locks_keeps_none(bench: Bench) -> None:
    """The deed and the first folder were free, a later one was not: all is let go, and that name is said."""
    topic = f"{bench.scope.partition(':')[0]}/+/data"
    env = ["PROCMAN_MQTT_BROKER=mqtt://10.9.2055", f"PROCMAN_MQTT_TOPICS={topic}"]
    wanted = bench.wanted(lock=[f"10.9.2055:1883 {topic}"], env=env)
    me = Identity(bench.state.encode(), b"mqtt-0", b"", wanted)
    with of_before(bench, "10.9.8.7:1883", topic) as pid:
        before = sorted(Path("/proc/self/fd").iterdir())
        with pytest.raises(Refused) as caught:
            locks.acquire(wanted, me, above=3)
        assert sorted(Path("/proc/self/fd").iterdir()) == before
    assert f"'{topic}' on 10.9.8.7:1883 is held by pid {pid} " in caught.value.reason
    for lock in locks.acquire(wanted, me, above=100):
        lock.prove()
        lock.close()


def test_a_file_that_another_one_has_taken_meanwhile_names_nobody(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who held a deed ends, and the next one writes over it before anybody looks who that is: it is not blamed."""
    first = bench.start(of_another_project(bench), manager=bench.manager()).becomes()
    held = [Path(f"/proc/{first.pid}/fd/{entry.name}").readlink() for entry in Path(f"/proc/{first.pid}/fd").iterdir()]
    path = next(path for path in held if path.parent.name == "deeds")
    marks = {"PROCMAN_STATE": "/x", "PROCMAN_UNIT": "x-0", "PROCMAN_MANAGER": bench.manager().identity.decode()}
    real = locks.judge
    taken: list[subprocess.Popen[bytes]] = []

    def later(busy: list[lockfiles.Busy], me: Identity) -> locks.Verdict:
        if not taken:
            first.kill()
            wait_until(lambda: gone(first.pid), 5, "it died")
            descriptor = os.open(path, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            path.write_bytes(Deed("/x", "x", "x-0").pack())
            taken.append(subprocess.Popen(["/bin/sleep", "300"], env=marks, pass_fds=[descriptor]))
            os.close(descriptor)
            wait_until(lambda: runs(taken[0].pid), 5, "it runs")
        return real(busy, me)

    monkeypatch.setattr(locks, "judge", later)
    wanted = bench.wanted(lock=[f"{bench.scope} {bench.scope.partition(':')[0]}/x"])
    try:
        for lock in locks.acquire(wanted, Identity(bench.state.encode(), b"mqtt-0", b"", wanted), above=100):
            lock.close()
        assert taken
    finally:
        for process in taken:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("one", "two"),
    [("mqtt://10.9.8.7", "mqtt://10.9.8.70"), ("mqtt://h", "mqtt://h:1884"), ("mqtt://a.x", "mqtt://a.y")],
)
def test_two_brokers_have_a_consumer_each(bench: Bench, one: str, two: str) -> None:
    """The same topics elsewhere are no reason to refuse."""
    bench.start(consumer(bench, one)).becomes()
    bench.start(other(bench, two)).becomes()


@in_namespaces
@pytest.mark.parametrize("inside_first", [False, True])
def test_an_own_address_is_one_name_in_every_network_namespace(bench: Bench, *, inside_first: bool) -> None:
    """`localhost` here and this host's address in a container: one broker, whoever comes first."""
    address = next(a for a in sorted(own_names.known().own) if a[:1].isdigit() and not a.startswith(("127.", "0.")))
    here, there = consumer(bench, f"mqtt://{address}"), other(bench, f"mqtt://{address}")
    order = [(there, ELSEWHERE), (here, ())] if inside_first else [(here, ()), (there, ELSEWHERE)]
    first = bench.start(order[0][0], manager=bench.manager(), wrap=order[0][1]).becomes()
    refused(bench.start(order[1][0], wrap=order[1][1]), f"is held by pid {first.pid} ", address)
    if not inside_first:
        spelled = other(bench, f"mqtt://{address}")
        first.kill()
        wait_until(lambda: gone(first.pid), 5, "it died")
        bench.start(consumer(bench, "mqtt://localhost"), manager=bench.manager()).becomes()
        refused(bench.start(spelled, wrap=ELSEWHERE), address)


@in_namespaces
def test_an_address_that_comes_later_makes_no_second_consumer(bench: Bench) -> None:
    """Before the interface is up the address is another host's; the name it had stays among its names."""
    script = 'ip link set lo up && ip addr add 198.51.100.7/32 dev lo && exec "$@"'
    later = ("unshare", "-n", "sh", "-c", script, "sh")
    first = bench.start(consumer(bench, "mqtt://198.51.100.7"), manager=bench.manager(), wrap=ELSEWHERE).becomes()
    refused(bench.start(other(bench, "mqtt://198.51.100.7"), wrap=later), f"is held by pid {first.pid} ")


def test_who_was_started_by_an_older_version_still_excludes(bench: Bench) -> None:
    """Its one lock, under the one name it had, is found by a start that knows the broker by another."""
    topic = f"{bench.scope.partition(':')[0]}/+/data"
    with of_before(bench, "10.9.8.7:1883", topic) as pid:
        refused(bench.start(consumer(bench, "mqtt://10.9.2055")), f"'{topic}' on 10.9.8.7:1883 is held by pid {pid} ")
    with of_before(bench, bench.scope, f"$queue/{topic}") as pid:
        spec = bench.spec(lock=[f"{bench.scope} $exclusive/{topic}"])
        refused(bench.start(spec), f"is held by pid {pid} ")


def test_who_is_started_by_an_older_version_is_still_excluded(bench: Bench) -> None:
    """It knows one lock, under the name it gives the broker: this host's, or in a container the address as written."""
    topic = f"{bench.scope.partition(':')[0]}/+/data"
    address = next(a for a in sorted(own_names.known().own) if a[:1].isdigit() and not a.startswith(("127.", "0.")))
    started = bench.start(consumer(bench, f"mqtt://{address}", scope="localhost:1883")).becomes()
    files = [
        Path(lockfiles.DIRECTORY, lockfiles.folder_of(scope), f"f.{lockfiles.encode(topic)}")
        for scope in ("localhost:1883", f"{address}:1883")
    ]
    held = [path.stat() for path in files]
    assert all(procfs.holds(started.pid, file.st_dev, file.st_ino) for file in held)


def test_a_cookie_under_another_name_is_no_way_around_a_lost_lock(bench: Bench) -> None:
    """It closed every descriptor, and its broker is spelled in another way: its environment says what it consumes."""
    topic = f"{bench.scope.partition(':')[0]}/+/data"
    said = {"PROCMAN_COOKIE": f"127.1:1883 {topic}", "PROCMAN_MQTT_BROKER": "mqtt://127.1", "PROCMAN_MANAGER": "1.1"}
    manager = bench.manager()
    marks = {"PROCMAN_STATE": "/old", "PROCMAN_UNIT": "old-0", "PROCMAN_MANAGER": manager.identity.decode()}
    with subprocess.Popen(["/bin/sleep", "300"], env={**said, **marks}) as process:
        wait_until(lambda: runs(process.pid), 5, "it runs")
        refused(bench.start(consumer(bench, "mqtt://localhost")), f"pid {process.pid} (sleep 300)")
        process.kill()


def test_members_run_side_by_side_and_keep_everybody_else_away(bench: Bench) -> None:
    """Each holds the topics, so it does not matter which of them are stopped; the same member never runs twice."""
    members = [bench.start(member(bench, number), manager=bench.manager()).becomes() for number in range(3)]
    for left in (members, members[1:], members[2:]):
        refused(bench.start(of_another_project(bench)), " is held by pid ")
        refused(bench.start(member(bench, 2)), f"pid {members[2].pid} ")
        left[0].kill()
        wait_until(lambda left=left: gone(left[0].pid), 5, "it died")  # type: ignore[misc]
    second = bench.start(of_another_project(bench), manager=bench.manager()).becomes()
    refused(bench.start(member(bench, 1)), f"pid {second.pid} ")


def test_members_of_two_projects_do_not_mix(bench: Bench) -> None:
    """Both would share, but not with each other: whoever comes second is refused, by any member."""
    first = bench.start(member(bench, 1), manager=bench.manager()).becomes()
    for number in (0, 2):
        refused(bench.start(member(bench, number, state=f"{bench.state}/2")), f"pid {first.pid} ")


def test_a_member_ends_no_sibling_and_is_not_refused_by_one(bench: Bench) -> None:
    """What a dead manager left of member 1 is ended by the next member 1, and by nobody else."""
    manager = bench.manager()
    started = bench.start(member(bench, 1, arg=SHELL_CHILD), manager=manager).becomes(SHELL)
    (child,) = wait_until(lambda: [pid for pid in started.children() if runs(pid)], 10, "it has a child")
    manager.kill()
    wait_until(lambda: gone(started.pid), 5, "the member died")
    bench.start(member(bench, 2)).becomes()
    bench.start(member(bench, 0)).becomes()
    assert runs(child)
    refused(bench.start(of_another_project(bench)))
    bench.start(member(bench, 1)).becomes()
    assert gone(child)


def test_members_of_an_older_version_are_known_by_what_they_were_told(bench: Bench) -> None:
    """They hold their client id alone; what they subscribe to stands in their environment: 75 for another project."""
    topic = f"{bench.scope.partition(':')[0]}/+/data"
    told = {"PROCMAN_MQTT_BROKER": f"mqtt://{bench.scope}", "PROCMAN_MQTT_TOPICS": f"$share/g/{topic}"}
    cookie = {"PROCMAN_COOKIE": f"member {bench.scope}/id-1", "PROCMAN_STATE": bench.state, "PROCMAN_SERVICE": "mqtt"}
    with of_before(bench, "member", f"{bench.scope}/id-1", PROCMAN_UNIT="mqtt-1", **told, **cookie) as pid:
        refused(bench.start(of_another_project(bench)), f"pid {pid} ")
        bench.start(member(bench, 2)).becomes()
        assert runs(pid)


def test_a_first_member_of_an_older_version_has_company(bench: Bench) -> None:
    """It holds the topics for itself; the next member of its project starts beside it, another project's does not."""
    topic = f"{bench.scope.partition(':')[0]}/+/data"
    marks = {"PROCMAN_STATE": bench.state, "PROCMAN_SERVICE": "mqtt", "PROCMAN_UNIT": "mqtt-0"}
    with of_before(bench, bench.scope, topic, PROCMAN_COOKIE=f"{bench.scope} {topic}", **marks) as pid:
        refused(bench.start(member(bench, 1, state=f"{bench.state}/2")), f"pid {pid} ")
        bench.start(member(bench, 1)).becomes()
        assert runs(pid)


def test_who_does_not_share_has_no_sibling(bench: Bench) -> None:
    """A singleton's spec that was copied to a second instance is refused, as any other consumer is."""
    first = bench.start(bench.spec(), manager=bench.manager()).becomes()
    refused(bench.start(bench.spec(instance="1")), f"pid {first.pid} ")


def script(folder: Path, name: str = "consumer.py") -> Path:
    """A program that waits, by an interpreter."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("import os, sys\nos.execv('/bin/sleep', ['sleep', '300'])\n")
    return path


def alone(bench: Bench, name: str, *command: str, **changes: object) -> Path:
    """The spec of a singleton of the project `name` that does not say what it consumes."""
    state = f"{bench.state}/{name}"
    lock = [f"service {bench.scope}/{name}"]
    return bench.spec(**{"project": name, "state": state, "lock": lock, "arg": list(command), "env": [], **changes})


PYTHON = "/usr/bin/python3"


@pytest.fixture(name="running")
def _running(bench: Bench, tmp_path: Path) -> tuple[Path, Started, Manager]:
    """A script that a first project runs, by its name in its folder."""
    path = script(tmp_path / "app")
    manager = bench.manager()
    first = bench.start(alone(bench, "one", PYTHON, "consumer.py", cwd=str(path.parent)), manager=manager).becomes()
    return path, first, manager


@pytest.mark.parametrize(
    "command",
    [
        (PYTHON, "{app}/consumer.py"),
        (PYTHON, "-u", "{app}/../app/./consumer.py"),
        ("/usr/bin/env", PYTHON, "{app}/consumer.py"),
        ("/usr/bin/nice", "-n", "0", PYTHON, "{app}/consumer.py"),
        (PYTHON, "{app}/link.py"),
        (PYTHON, "{app}/hard.py"),
    ],
    ids=["path", "dots", "env", "nice", "symbolic link", "hard link"],
)
def test_one_program_of_two_projects_runs_once(
    bench: Bench, running: tuple[Path, Started, Manager], command: tuple[str, ...]
) -> None:
    """However it is written: 75, with the program, who runs it, and what to do if they are two."""
    path, first, _ = running
    (path.parent / "link.py").symlink_to(path)
    (path.parent / "hard.py").hardlink_to(path)
    words = [word.format(app=path.parent) for word in command]
    said = ("the program ", f"is held by pid {first.pid} ", "give one an argument of its own")
    refused(bench.start(alone(bench, "two", *words, cwd="/")), *said)
    bench.start(alone(bench, "two", *words, "--other", cwd="/")).becomes()


def test_a_program_that_was_replaced_on_disk_is_the_same(bench: Bench, running: tuple[Path, Started, Manager]) -> None:
    """An editor writes a new file under the name of the old one."""
    path, _, _ = running
    script(path.parent, "new").replace(path)
    refused(bench.start(alone(bench, "two", PYTHON, str(path))), "the program ")


def test_two_services_that_run_one_program_live_side_by_side(
    bench: Bench, running: tuple[Path, Started, Manager], tmp_path: Path
) -> None:
    """In one project, by an argument, by a variable, by a folder of their own, or by topics that both declare."""
    path, _, _ = running
    bench.start(alone(bench, "one", PYTHON, str(path), service="twin", lock=[f"service {bench.scope}/twin"])).becomes()
    bench.start(alone(bench, "two", PYTHON, str(path), env=["QUEUE=two"])).becomes()
    bench.start(alone(bench, "three", PYTHON, "consumer.py", cwd=str(script(tmp_path / "copy").parent))).becomes()
    declared = {"arg": [PYTHON, str(path), "same"], "service": "d"}
    bench.start(bench.spec(lock=[f"{bench.scope} a"], state=f"{bench.state}/4", **declared)).becomes()
    bench.start(bench.spec(lock=[f"{bench.scope} b"], state=f"{bench.state}/5", **declared)).becomes()
    undeclared = alone(bench, "six", PYTHON, str(path), "same", env=["A=b"])
    refused(bench.start(undeclared), "the program ")


def test_a_program_whose_variables_cannot_be_seen_is_not_free(
    bench: Bench, running: tuple[Path, Started, Manager]
) -> None:
    """Where only they could tell two services apart, and they are not to be read, nobody is taken for another."""
    path, first, _ = running
    wanted = bench.wanted(project="two", state="/2", lock=["service two/x"], arg=[PYTHON, str(path)], env=["QUEUE=x"])
    assert wanted.pardons(procfs.environ(first.pid), program=True)
    assert not wanted.pardons(b"", program=True)
    launching = b"\0PROCMAN_MANAGER=1.1\0PROCMAN_STORE=x\0"
    assert not wanted.pardons(launching, program=True)


def test_an_orphan_that_lost_its_lock_is_known_by_its_program(bench: Bench, tmp_path: Path) -> None:
    """A renamed project after a kill -9: what the old one left is named, and not joined."""
    path = script(tmp_path / "app", "wrap.sh")
    path.write_text(
        f"{PYTHON} -S -c \"import os; os.closerange(3, 4096); os.execv('/bin/sleep', ['sleep', '300'])\" & wait\n"
    )
    manager = bench.manager()
    started = bench.start(alone(bench, "one", "/bin/sh", str(path)), manager=manager).becomes(SHELL)
    (child,) = wait_until(lambda: [pid for pid in started.children() if runs(pid)], 10, "it has a child")
    manager.kill()
    wait_until(lambda: gone(started.pid), 5, "the service died")
    refused(bench.start(alone(bench, "two", "/bin/sh", str(path))), f"end it: kill {child}")
    assert runs(child)


def test_a_deed_is_read_only_to_the_service_and_written_anew(bench: Bench) -> None:
    """What a service inherits cannot change what is said of it; a file that nobody holds is used again."""
    started = bench.start(bench.spec()).becomes()
    held = [Path(f"/proc/{started.pid}/fd/{entry.name}") for entry in Path(f"/proc/{started.pid}/fd").iterdir()]
    mine = [fd for fd in held if fd.readlink().parent.name == "deeds"]
    assert len(mine) == 2
    for descriptor in mine:
        flags = (Path(f"/proc/{started.pid}/fdinfo") / descriptor.name).read_text().split("flags:\t")[1].split()[0]
        assert int(flags, 8) & os.O_ACCMODE == os.O_RDONLY
    path = mine[0].readlink()
    assert path.stat().st_mode & 0o777 == 0o644
    assert f"state {bench.state}".encode() in path.read_bytes()
    assert environ(started.pid)[b"PROCMAN_PROGRAM"]


@in_namespaces
def test_a_deed_that_cannot_be_read_is_not_free(bench: Bench) -> None:
    """Somebody holds a file there that says nothing: cannot know, 75. In folders of its own, since it refuses all."""
    deed = f"{lockfiles.DIRECTORY}/deeds/d.0"
    make = f"mount -t tmpfs none /run/lock && mkdir -p {lockfiles.DIRECTORY}/deeds && echo nothing > {deed}"
    wrap = ("unshare", "-m", "sh", "-c", f'{make} && exec 9< {deed} && flock 9 && exec "$@"', "sh")
    refused(bench.start(bench.spec(), wrap=wrap), "a record that cannot be read")
    bench.start(bench.spec(), wrap=("unshare", "-m", "sh", "-c", f'{make} && exec "$@"', "sh")).becomes()


@in_namespaces
def test_a_full_disk_is_no_reason_not_to_start_again(bench: Bench) -> None:
    """A file that nobody holds is written over in place: it needs no room that was not there before."""
    script = """mount -t tmpfs -o size=128k none /run/lock
env -u PROCMAN_MANAGER "$@" & first=$!
until [ "$(readlink /proc/$first/exe)" = "$(readlink -f /bin/sleep)" ] || ! kill -0 $first; do sleep 0.01; done
kill -9 $first; wait $first
dd if=/dev/zero of=/run/lock/full bs=4k 2>/dev/null
exec "$@"
"""
    bench.start(bench.spec(), wrap=("unshare", "-m", "sh", "-c", script, "sh")).becomes()
