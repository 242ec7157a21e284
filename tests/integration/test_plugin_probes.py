"""Every kind of probe on a real supervisord: yes, never, and what becomes of it when the service is stopped."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace

import pytest

from procman.core.lifecycle import Alive, Ready
from procman.core.manifest import Address, Restart
from tests.support.probed import ACCEPTS, PATIENCE, RAW, awaits, marked, ready, written
from tests.support.supervised import SLEEPS, Lab, Unit, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

OK = b"HTTP/1.1 200 OK\r\n"
ASKED = Ready("/health", status=((200, 204),), body="all is well", attempt=1.0, interval=0.05)


def here() -> Address:
    """Return an address that nobody has."""
    return Address("127.0.0.1", free_port())


def shell(text: str, *more: str) -> tuple[str, ...]:
    """A command of a shell."""
    return ("sh", "-c", text, "sh", *more)


def mark(lab: Lab) -> str:
    """Return an argument that only processes of this test have."""
    return f"mark-of-{lab.state.name}"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 301 Moved\r\n\r\nall is well", "HTTP 301"),
        (OK + b"\r\nall is bad", "HTTP 200, and no 'all is well' in its body"),
        (b"HTTP/1.1 9|99", "this is no answer in HTTP"),
        (OK + b"\r\n|x...", "in the first 64 KiB of its body"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nall \r\n|zz...", "no 'all is well' in its body"),
        (b"HTTP/1.1 |200 OK...", "this is no answer in HTTP"),
        (OK + b"Content-Length: 99\r\n\r\nall is", "no 'all is well' in its body"),
    ],
)
def test_answer_that_is_not_the_wanted_one_is_told(answer: bytes, said: str) -> None:
    """A wrong status, a wrong or endless body, a hostile status line: not ready, in words, and supervisord answers."""
    with Lab([Unit("api-0", RAW, here(), ready=ASKED)]) as lab:
        (lab.state / "api-0.answer").write_bytes(answer)
        awaits(lab, "api-0", said)


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"\r\nall| is |well",
        OK + b"Transfer-Encoding: chunked\r\n\r\n|9\r\nall| is we\r\n2\r\n|ll\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n|HTTP/1.1 20|4 Fine\r\nX: y\r\n\r|\nall is well",
        OK + b"\r\nall is well|x...",
    ],
)
def test_text_is_found_in_however_many_segments(answer: bytes) -> None:
    """The text may come in several segments or chunks, behind an interim answer, or in a body that does not end."""
    with Lab([Unit("api-0", RAW, here(), ready=ASKED)]) as lab:
        (lab.state / "api-0.answer").write_bytes(answer)
        ready(lab, "api-0")


def test_body_that_turns_bad_is_a_failure_of_liveness() -> None:
    """A good status with another body is started again."""
    alive = Alive("/", interval=0.2, timeout=2.0, failures=2, body="well")
    with Lab([Unit("api-0", RAW, here(), alive=alive)]) as lab:
        answer = lab.state / "api-0.answer"
        answer.write_bytes(OK + b"\r\nwell")
        pid = ready(lab, "api-0").pid
        answer.write_bytes(OK + b"\r\nbad")
        assert lab.wait_restarted("api-0", pid).exit == "terminated by SIGTERM"


def test_silence_is_told_in_words() -> None:
    """One that accepts and never answers has failed for the time that it was given."""
    hangs = "import socket\ns = socket.socket(fileno=3)\nkept = []\nwhile True: kept.append(s.accept())"
    alive = Alive("/", interval=0.1, timeout=0.5, failures=1)
    with Lab([Unit("api-0", hangs, here(), Restart(max=0, retry=None), alive=alive)]) as lab:
        reason = lab.wait("api-0", "FATAL").reason or ""
        assert reason.endswith("unwell in 1 look: GET /: no answer within 0.5 s")


def test_connection_makes_ready_on_its_own_and_on_a_named_address() -> None:
    """By `tcp` it is ready when it accepts itself; one who only listens, or lets another accept, is not."""
    there, silent = here(), here()
    opens = "import socket\ns = socket.create_server(('127.0.0.1', {}))\n{}"
    units = [
        Unit("own-0", ACCEPTS, here(), ready=Ready(tcp=True)),
        Unit("named-0", opens.format(there.port, "while True: s.accept()"), ready=Ready(tcp=there)),
        Unit("foreign-0", SLEEPS, ready=Ready(tcp=there)),
        Unit(
            "silent-0", opens.format(silent.port, "import time; time.sleep(3600)"), ready=Ready(tcp=silent, attempt=0.5)
        ),
        Unit("none-0", SLEEPS, ready=Ready(tcp=here())),
    ]
    with Lab(units) as lab:
        ready(lab, "own-0")
        ready(lab, "named-0")
        awaits(lab, "none-0", "Connection refused")
        awaits(lab, "silent-0", "nobody has accepted")
        awaits(lab, "foreign-0", "a connection: another process accepts there")


def test_so_many_looks_in_a_row_must_succeed() -> None:
    """A no in between begins the count anew; the pause between two looks is the one that was asked for."""
    counts = shell('n=$(wc -l <looks); echo >>looks; [ "$n" -ne 2 ]')
    with Lab([Unit("job-0", ready=Ready(command=counts, successes=3, interval=0.1))]) as lab:
        (lab.state / "looks").touch()
        ready(lab, "job-0")
        assert written(lab.state / "looks").count("\n") == 6


def test_command_says_it_with_its_exit_status() -> None:
    """It runs in the service's directory and environment, knows the pid, and its last words are told."""
    says = shell('echo first; echo "$PROCMAN_UNIT of $PROCMAN_PID in $PWD" >&2; [ -e good ] || exit 3')
    with Lab([Unit("job-0", ready=Ready(command=says, interval=0.1))]) as lab:
        pid = lab.wait("job-0", "RUNNING").pid
        awaits(lab, "job-0", f"exec sh: exit status 3: job-0 of {pid} in {lab.state}")
        (lab.state / "good").touch()
        ready(lab, "job-0")


def test_command_inherits_nothing() -> None:
    """It has three descriptors, none of a listener's, of a log or of the manager's, and no blocked signal."""
    looks = (
        "import os, signal, sys; sys.exit(len(os.listdir('/proc/self/fd')) * 10 + len(signal.pthread_sigmask(0, ())))"
    )
    command = (sys.executable, "-I", "-S", "-c", looks)
    with Lab([Unit("api-0", ACCEPTS, here(), ready=Ready(command=command, interval=0.1))]) as lab:
        awaits(lab, "api-0", "exit status 40")  # the fourth is that of the listing


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("no-such-program",), "exit status 127: there is no command no-such-program"),
        (shell("kill -9 $$"), "ended by signal 9"),
        (shell("sleep 99"), "no end within 0.5 s"),
        (shell("trap '' TERM HUP; while :; do sleep 1; done"), "no end within 0.5 s"),
        (shell("exec cat /dev/zero"), "no end within 0.5 s"),
        (shell("yes no; exit 4"), "no end within 0.5 s"),
        (shell("yes no | head -c 3000000; exit 4"), "exit status 4: no"),
    ],
)
def test_command_that_never_says_yes_is_told(command: tuple[str, ...], said: str) -> None:
    """One that is missing, hangs, is killed or prints without end is ended in time, and blocks nobody."""
    attempt = 0.5 if "0.5" in said else PATIENCE
    with Lab([Unit("job-0", ready=Ready(command=command, attempt=attempt, interval=0.1))]) as lab:
        awaits(lab, "job-0", said)


def test_group_of_a_command_ends_with_its_look_and_with_the_service() -> None:
    """Grandchildren are ended when the command ends, when its time is over, and when the service is stopped."""
    leaves = 'sleep 3600 "$1" 2>/dev/null & python3 -c "import time; time.sleep(3600)" "$1" & '
    with Lab([Unit("last-0")]) as lab:
        own = mark(lab)
        hang = Ready(command=shell(leaves + "wait", own), attempt=3600.0)
        brief = replace(hang, command=shell(leaves + "exit 5", f"{own}-brief"), interval=3600.0)
        late = replace(hang, attempt=0.5, interval=3600.0, command=shell(leaves + "wait", f"{own}-late"))
        deaf = "import signal\nsignal.signal(15, signal.SIG_IGN)\nwhile True: signal.pause()"
        units = [Unit("hang-0", deaf, ready=hang), Unit("brief-0", ready=brief), Unit("late-0", ready=late)]
        lab.units = [*lab.units, *units]
        lab.write()
        lab.client.reload_config()
        for unit in units:
            lab.client.add(unit.name)
        wait_until(lambda: len(marked(own)) > 1, PATIENCE, "the command has children")
        awaits(lab, "brief-0", "exit status 5")
        awaits(lab, "late-0", "no end within 0.5 s")
        wait_until(lambda: not marked(f"{own}-brief") + marked(f"{own}-late"), PATIENCE, "what was over is gone")
        assert len(marked(own)) > 1
        lab.client.stop("hang-0")
        wait_until(lambda: not marked(own), PATIENCE, "what ran for the stopped service is gone")
        ending = lab.unit("hang-0")
        assert ending.statename == "STOPPING", "nothing is asked of it while it ends"
        os.kill(ending.pid or 0, signal.SIGKILL)
        lab.wait("hang-0", "STOPPED")


def test_command_of_liveness_restarts_and_does_not_outlive() -> None:
    """A no ends the service by its policy; a command that hangs is ended, and so is one of a service that is killed."""
    fails = Alive(command=shell("[ ! -e sick ] || { echo it is sick; exit 1; }"), interval=0.1, timeout=9.0, failures=2)
    with Lab([Unit("last-0")]) as lab:
        own = mark(lab)
        hangs = Alive(command=shell('[ ! -e slow ] || sleep 3600 "$1"; :', own), interval=0.1, timeout=PATIENCE)
        policy = Restart(max=1, delay=0.05, retry=None)
        lab.units = [*lab.units, Unit("sick-0", restart=policy, alive=fails), Unit("slow-0", alive=hangs)]
        lab.write()
        lab.client.reload_config()
        lab.client.add("sick-0")
        lab.client.add("slow-0")
        pid = ready(lab, "sick-0").pid
        (lab.state / "sick").touch()
        assert lab.wait_restarted("sick-0", pid).exit == "terminated by SIGTERM"
        reason = lab.wait("sick-0", "FATAL").reason or ""
        assert reason.endswith("unwell in 2 looks: exec sh: exit status 1: it is sick")
        slow = ready(lab, "slow-0")
        (lab.state / "slow").touch()
        wait_until(lambda: marked(own), PATIENCE, "the command hangs")
        first = marked(own)
        os.kill(slow.pid or 0, signal.SIGKILL)
        wait_until(lambda: not set(first) & set(marked(own)), PATIENCE, "the command of the dead one is gone")


def test_stop_of_everything_leaves_no_command_behind() -> None:
    """When supervisord ends, its probes' commands end with it; when it is killed, too."""
    with Lab([Unit("last-0")]) as lab:
        own = mark(lab)
        hang = Ready(command=(sys.executable, "-c", "import time; time.sleep(3600)", own), attempt=3600.0)
        lab.units = [*lab.units, Unit("hang-0", ready=hang)]
        lab.write()
        for number in (signal.SIGTERM, signal.SIGKILL):
            lab.end()
            lab.start()
            wait_until(lambda: marked(own), PATIENCE, "the command runs")
            os.kill(lab.pid, number)
            wait_until(lambda: not marked(own), PATIENCE, "it is gone")


def test_many_hanging_commands_block_nobody() -> None:
    """Thirty services with a command that hangs are all told of, while one is asked in time and well."""
    hang = Ready(command=("sleep", "3600"), attempt=0.5, interval=0.1)
    fine = Alive(command=("true",), interval=0.1, timeout=PATIENCE, failures=1)
    with Lab([*(Unit(f"hang-{n}", ready=hang) for n in range(30)), Unit("well-0", alive=fine)]) as lab:
        pid = ready(lab, "well-0").pid
        for number in range(30):
            awaits(lab, f"hang-{number}", "no end within 0.5 s")
        assert (lab.unit("well-0").pid, lab.unit("well-0").restarts) == (pid, 0)


LINES = """
import os, sys, time
print("ready to *nothing*", flush=True)
while not os.path.exists("go"): time.sleep(0.02)
os.write(1, b"Listening on port 30")
time.sleep(0.1)
os.write(1, b"00 in 12 ms\\n")
time.sleep(3600)
"""
LINE = Ready(log="Listening on *3000 in * ms")


def test_line_of_its_log_makes_ready() -> None:
    """A line in two writes counts; one that is only like it does not, and what it says first of all is heard."""
    first = "import os, time; os.write(1, b'up'); time.sleep(3600)"
    units = [Unit("job-0", LINES, ready=LINE), Unit("quick-0", first, ready=Ready(log="up"))]
    with Lab(units) as lab:
        ready(lab, "quick-0")
        awaits(lab, "job-0", "no line with 'Listening on *3000 in * ms' in its log")
        (lab.state / "go").touch()
        ready(lab, "job-0")


def test_first_words_are_heard_however_busy_the_manager_is() -> None:
    """While others are waited for, and looked at seldom, what a quick program says at once is not missed."""
    quick = ("/bin/sh", "-c", "echo up; exec sleep 3600")
    with Lab([Unit("never-0", ready=Ready(log="never"))]) as lab:
        lab.wait("never-0", "RUNNING")
        awaits(lab, "never-0", "no line with 'never'")
        lab.units += [Unit(f"quick-{n}", argv=quick, ready=Ready(log="up")) for n in range(8)]
        lab.write()
        lab.client.reload_config()
        for number in range(8):
            lab.client.add(f"quick-{number}")
        for number in range(8):
            ready(lab, f"quick-{number}")


def test_line_of_an_earlier_start_does_not_count() -> None:
    """After a restart the line must come again."""
    with Lab([Unit("job-0", LINES, ready=LINE)]) as lab:
        (lab.state / "go").touch()
        pid = ready(lab, "job-0").pid
        (lab.state / "go").unlink()
        os.kill(pid or 0, signal.SIGKILL)
        lab.wait_restarted("job-0", pid)
        lab.wait("job-0", "RUNNING")
        awaits(lab, "job-0", "no line with")
        (lab.state / "go").touch()
        ready(lab, "job-0")


def test_line_is_heard_across_rotations() -> None:
    """Log files that are rotated at every write, before, within and behind the line, hide nothing of it."""
    floods = "import os\nfor n in range(3000): print('x' * 1000, flush=True)\n" + LINES
    with Lab([Unit("job-0", floods, ready=LINE, log_bytes=10)]) as lab:
        (lab.state / "go").touch()
        ready(lab, "job-0")
        assert len(list(lab.state.glob("job-0.log*"))) > 2, "it was rotated"
