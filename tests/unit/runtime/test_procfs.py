"""What is read from /proc, and how it is judged without asking twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from procman.runtime import procfs
from procman.runtime.exits import printable


def test_a_process_has_one_identity_while_it_lives() -> None:
    """The same as long as it runs; none for a zombie, which runs nothing any more."""
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as child:
        known = procfs.identity(child.pid)
        assert known == procfs.identity(child.pid)
        assert known is not None
        assert procfs.lives(known)
        assert not procfs.lives(b"%d.1" % child.pid)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert procfs.identity(child.pid) is None
        assert not procfs.lives(known)


def test_a_file_of_many_records_is_read_to_its_end() -> None:
    """The kernel hands out a page at a time, and less when the next record does not fit: a host has many mounts."""
    maps = "import mmap; maps = [mmap.mmap(-1, 1) for _ in range(1000)]; print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", maps], stdin=-1, stdout=-1) as child:
        assert child.stdout is not None
        child.stdout.readline()
        path = f"/proc/{child.pid}/maps"
        whole = Path(path).read_bytes()
        assert whole == procfs.read(path)
        assert len(whole) > os.sysconf("SC_PAGE_SIZE")
        child.kill()


@pytest.mark.parametrize("size", [0, 1, procfs.CHUNK - 1, procfs.CHUNK, procfs.CHUNK + 1, 5 * procfs.CHUNK])
def test_a_file_on_disk_is_read_to_its_end(size: int, tmp_path: Path) -> None:
    """Whatever its length: records of services are read by the same door."""
    (tmp_path / "file").write_bytes(b"x" * size)
    assert procfs.read(str(tmp_path / "file")) == b"x" * size


@pytest.mark.parametrize("text", [b"", b"1", b"1.", b".1", b"-1.5", b"0.5", b"x.1", b"1.x", b"99999999999.1"])
def test_what_is_no_identity_is_told_apart(text: bytes) -> None:
    """A recorded manager is PID.STARTTIME, or it cannot be judged."""
    assert not procfs.is_identity(text)
    assert procfs.is_identity(b"12.34")


def test_a_variable_is_found_whole() -> None:
    """Neither a longer name nor a value that looks like one is taken for it."""
    environment = b"\0XA=no\0B=A=no\0A=yes\0AB=no\0"
    assert procfs.value(environment, b"A") == b"yes"
    assert procfs.value(environment, b"C") is None


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (["/usr/bin/node", "/srv/consumer.js", "--password=x"], "node consumer.js"),
        (["app", "--password=x"], "app"),
        (["app", "-psecret"], "app"),
        (["app", "mqtt://user:secret@host"], "app"),
        (["app", "key=secret"], "app"),
        ([""], ""),
        (["nginx: worker process"], ""),
    ],
)
def test_a_command_is_named_without_its_secrets(argv: list[str], shown: str) -> None:
    """Program and script by base name; options, URLs and assignments never."""
    assert procfs.named([argument.encode() for argument in argv]) == shown


def test_hostile_text_makes_one_line() -> None:
    """Line ends, escape sequences and invalid bytes of a process never reach the log as they are."""
    assert printable(b"a\nb\x1b[31m\xff") == "a?b?[31m\ufffd"
    assert printable("x\udcff\u2028") == "x??"
