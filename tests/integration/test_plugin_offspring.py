"""A fork of supervisord becomes a scalable instance by itself; for all else, and in doubt, the launcher does."""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from procman.core.manifest import Address
from procman.core.records import pack
from procman.runtime import launch
from tests.support.supervised import ANSWERS, Lab, Unit, ask, descriptors, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

NOTES = """
from procman.runtime import offspring, plugin
{change}
def make(supervisord, **options):
    real = supervisord.options.execve
    def noted(filename, argv, environment):
        with open({mark!r}, "a") as file:
            print(argv[-1], file=file)
        real(filename, argv, environment)
    supervisord.options.execve = noted
    return plugin.make(supervisord, **options)
"""

DEAD = "4194303.1"


def noting(lab: Lab, change: str = "") -> Path:
    """Let `lab` note which launchers its supervisord executes, and return where."""
    mark = lab.state / "executed"
    lab.plugin = NOTES.format(mark=str(mark), change=change)
    return mark


PYTHONS = {signal.SIGPIPE, signal.SIGXFSZ}
"""What Python itself ignores."""


def _ignored(status: str) -> set[int]:
    mask = int(status.partition("SigIgn:")[2].split()[0], 16)
    return {number for number in range(1, 65) if mask >> number - 1 & 1}


def test_a_scalable_instance_needs_no_interpreter() -> None:
    """Nothing but the service itself is executed, and it has its socket, and no descriptor of supervisord's."""
    place = Address("127.0.0.1", free_port())
    lab = Lab([Unit("api-0", ANSWERS, listen=place)])
    mark = noting(lab)
    with lab:
        pid = lab.wait("api-0", "RUNNING").pid
        assert ask(place) == f"api-0 {pid}"
        assert not mark.exists()
        assert "cannot steer" not in lab.log()
        assert pid is not None
        assert sorted(fd for fd in descriptors(pid) if fd > 2) == [3]
        status = Path(f"/proc/{pid}/status").read_text()
        assert "\nSigBlk:\t0000000000000000\n" in status
        assert _ignored(status) - _ignored(Path("/proc/self/status").read_text()) <= PYTHONS


def test_a_singleton_is_given_the_launcher() -> None:
    """Who holds a lock, or waits for it, is a process of its own from the first moment on."""
    lab = Lab([Unit("mqtt-0")])
    spec = lab.state / "mqtt-0.spec"
    one = {"project": "lab", "service": "mqtt", "instance": "0", "instances": "1", "kind": "singleton"}
    rows = [*one.items(), ("state", str(lab.state)), ("cwd", "/"), ("arg", "/bin/sleep"), ("arg", "300")]
    spec.write_bytes(pack([*rows, ("lock", f"lab-{uuid.uuid4().hex}:1883 lab/#")]))
    lab.units = [Unit("mqtt-0", command=f"{sys.executable} -I -S {launch.__file__} {spec}")]
    mark = noting(lab)
    with lab:
        lab.wait("mqtt-0", "RUNNING")
        assert mark.read_text().split() == [str(spec)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("numbers = iter(range(1000)); offspring._code = lambda: next(numbers)", id="code-was-changed"),
        pytest.param("offspring.chain.run = None", id="its-own-fault"),
    ],
)
def test_in_doubt_the_launcher_does_it(change: str) -> None:
    """After an upgrade on disk, and when the short way breaks, the service starts by the long one."""
    lab = Lab([Unit("api-0")])
    mark = noting(lab, change)
    with lab:
        lab.wait("api-0", "RUNNING")
        assert len(mark.read_text().split()) == 1


def test_a_refusal_keeps_its_words_and_its_code() -> None:
    """What the launcher says and ends with is the same, and supervisord's own exit is not run in the fork."""
    command = f"{sys.executable} -I -S {launch.__file__} /nowhere/at/all.spec"
    lab = Lab([Unit("api-0", command=command), Unit("api-1")])
    mark = noting(lab)
    with lab:
        wait_until(lambda: "78" in (lab.unit("api-0").exit or ""), 20, "it ended with 78")
        assert "cannot read the spec file /nowhere/at/all.spec" in lab.output("api-0")
        assert lab.wait("api-1", "RUNNING").pid
        assert not mark.exists()


def test_what_a_dead_manager_left_is_ended_first() -> None:
    """The look at the machine that spares each fork its own still finds a survivor."""
    with Lab([Unit("api-0")]) as lab:
        first = lab.wait("api-0", "RUNNING")
        marks = {"PROCMAN_STATE": str(lab.state), "PROCMAN_UNIT": "api-0", "PROCMAN_MANAGER": DEAD}
        left = subprocess.Popen(["/bin/sleep", "300"], env=marks)
        try:
            lab.stop("api-0")
            wait_until(lambda: Path(f"/proc/{left.pid}/environ").read_bytes() != b"", 10, "it has its marks")
            lab.client.start("api-0")
            assert lab.wait_restarted("api-0", first.pid).pid
            assert left.wait(20) == -signal.SIGKILL
        finally:
            left.kill()
            left.wait()
