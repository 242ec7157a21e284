"""`logs`: one stream, through rotation, until it is interrupted or nobody reads on."""

import re
import signal
import subprocess
from collections.abc import Iterator
from itertools import islice

import pytest

from tests.support.projects import PATIENCE, Project, ended, project, service

pytestmark = pytest.mark.slow


@pytest.fixture(name="talking", scope="module")
def _talking() -> Iterator[Project]:
    """Two instances that write fifty lines a second each into logs of 2 KiB, after 200 lines at once."""
    with project() as shop:
        talker = {
            "kind": "scalable",
            "command": service("talker", "200"),
            "instances": 2,
            "memory": "20M",
            "logs": {"size": "2K", "keep": 1},
        }
        calm = {"kind": "scalable", "command": "seq 30; exec sleep 1000", "shell": True, "memory": "10M"}
        shop.write({"talker": talker, "calm": calm})
        ended(shop.run("up"), 0)
        yield shop


def test_each_line_carries_its_instance(talking: Project) -> None:
    """Every line stands behind the name of the instance that wrote it."""
    lines = ended(talking.run("logs", "talker"), 0).out.splitlines()
    assert {line.split(" | ")[0] for line in lines} == {"talker-0", "talker-1"}
    assert all(re.fullmatch(r"talker-[01] \| line \d{6} x{40}", line) for line in lines), lines


def test_lines_are_counted_per_instance(talking: Project) -> None:
    """--lines 3 shows three lines of the one instance that is named."""
    assert ended(talking.run("logs", "calm-0", "--lines", "3"), 0).out == "calm-0 | 28\ncalm-0 | 29\ncalm-0 | 30\n"
    assert ended(talking.run("logs", "-n", "0"), 0).out == ""


def test_following_goes_through_rotation_until_interrupted(talking: Project) -> None:
    """`logs -f` misses no line while the file is rotated several times, and ends on SIGINT with 130."""
    follow = talking.popen("logs", "talker-0", "-f", "--lines", "1", env=talking.environment(PYTHONUNBUFFERED="1"))
    try:
        assert follow.stdout is not None
        numbers = [int(line.split()[3]) for line in islice(follow.stdout, 100)]
        follow.send_signal(signal.SIGINT)
        out, err = follow.communicate(timeout=PATIENCE)
    finally:
        follow.kill()
        follow.communicate()
    assert numbers == list(range(numbers[0], numbers[0] + 100))
    assert follow.returncode == 130
    assert "Traceback" not in out + err
    assert len(list((talking.state / "logs").glob("talker-0.log*"))) == 2


def test_a_reader_that_goes_leaves_no_traceback(talking: Project) -> None:
    """With a reader that stops early, as `head` does, `logs` ends quietly."""
    for words in (("logs", "--lines", "1000"), ("logs", "-f", "--lines", "1000"), ("status",), ("plan",)):
        with talking.popen(*words) as command:
            assert command.stdout is not None
            command.stdout.close()
            assert command.stderr is not None
            err = command.stderr.read()
            command.wait(PATIENCE)
        assert "Traceback" not in err, words
        assert "Exception" not in err, words


def test_the_managers_log_has_a_name(talking: Project) -> None:
    """`logs supervisord` shows supervisord's own log."""
    done = ended(talking.run("logs", "supervisord"), 0, "spawned: 'talker-0'")
    assert all(line.startswith("supervisord | ") for line in done.out.splitlines())


def test_logs_remain_after_down(shop: Project) -> None:
    """What a service wrote can be read after `down`."""
    ended(shop.run("up"), 0)
    ended(shop.run("down"), 0)
    ended(shop.run("logs", "mqtt"), 0, "mqtt-0 | consumer")


def test_control_characters_cannot_steer_the_terminal(shop: Project) -> None:
    """Neither a title nor a cursor sequence of a log comes through; in a pipe no colour does."""
    command = r"printf '\033[31mred\033[0m \033]0;title\007 \033[2J\n'; exec sleep 1000"
    shop.write({"rude": {"kind": "scalable", "memory": "10M", "shell": True, "command": command}})
    ended(shop.run("up"), 0)
    (line,) = ended(shop.run("logs", "rude"), 0).out.splitlines()
    assert line.startswith("rude-0 | red ")
    assert line.isprintable()


def test_head_reads_one_line(talking: Project) -> None:
    """`procman logs | head -n 1` gives one line and no complaint."""
    with talking.popen("logs", "--lines", "500") as command:
        head = subprocess.run(["head", "-n", "1"], stdin=command.stdout, capture_output=True, text=True, check=True)
        assert command.stdout is not None
        command.stdout.close()
        assert command.stderr is not None
        err = command.stderr.read()
    assert len(head.stdout.splitlines()) == 1
    assert err == ""
