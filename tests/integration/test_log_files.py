"""The end of log files, and what is appended to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from procman.adapters.log_files import BLOCK, LONGEST, Follower, between, tail, telling, visible

MARK = "\N{REPLACEMENT CHARACTER}"


@pytest.fixture(name="log")
def _log(tmp_path: Path) -> Path:
    """Return the path of an empty log file."""
    (tmp_path / "log").touch()
    return tmp_path / "log"


@pytest.fixture(name="follower")
def _follower(log: Path) -> Iterator[Follower]:
    """Yield a follower that began at the end of the empty log."""
    with closing(Follower(str(log))) as made:
        yield made


def append(path: Path, data: bytes) -> None:
    """Write as a service does."""
    with path.open("ab") as file:
        file.write(data)


@pytest.mark.parametrize(
    ("data", "count", "lines"),
    [
        (b"", 5, []),
        (b"a\nb\nc\n", 2, ["b", "c"]),
        (b"a\nb\nc", 2, ["b", "c"]),
        (b"a\nb\n", 9, ["a", "b"]),
        (b"a\n\n\n", 2, ["", ""]),
        (b"a\r\nb\r\n", 1, ["b"]),
        (b"a\nb\n", 0, []),
        (b"x" * (BLOCK + 5) + b"\nlast\n", 1, ["last"]),
        (b"x" * BLOCK + b"\n" + b"y" * BLOCK + b"\n", 2, ["x" * BLOCK, "y" * BLOCK]),
    ],
    ids=range(9),
)
def test_last_lines(data: bytes, count: int, lines: list[str], tmp_path: Path) -> None:
    """The last lines come in their order, with or without an end of the last one, however long they are."""
    (tmp_path / "log").write_bytes(data)
    assert lines == tail(str(tmp_path / "log"), count)


def test_last_lines_go_back_through_rotated_files(tmp_path: Path) -> None:
    """What the file itself lacks comes from what was rotated away, a line that was cut in two included."""
    (tmp_path / "log").write_bytes(b"er\nsix\n")
    (tmp_path / "log.1").write_bytes(b"three\nfour\nfiv")
    (tmp_path / "log.2").write_bytes(b"one\ntwo\n")
    log = str(tmp_path / "log")
    assert tail(log, 1) == ["six"]
    assert tail(log, 2) == ["fiver", "six"]
    assert tail(log, 4) == ["three", "four", "fiver", "six"]
    assert tail(log, 9) == ["one", "two", "three", "four", "fiver", "six"]
    assert tail(log, 0) == []


def test_file_that_is_rotated_meanwhile_is_read_once(tmp_path: Path) -> None:
    """What was renamed between two looks is the same file under another name."""
    (tmp_path / "log").write_bytes(b"a\nb\n")
    (tmp_path / "log.1").hardlink_to(tmp_path / "log")
    assert tail(str(tmp_path / "log"), 9) == ["a", "b"]


def test_file_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    """An instance that never wrote has no log."""
    assert tail(str(tmp_path / "log"), 5) == []


def test_line_without_end_is_not_read_whole(tmp_path: Path) -> None:
    """A gigabyte without a line end must not fill the memory: what is shown is bounded."""
    with (tmp_path / "log").open("wb") as file:
        file.truncate(1 << 30)
    (line,) = tail(str(tmp_path / "log"), 5)
    assert LONGEST <= len(line) < LONGEST + BLOCK


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"plain \xc3\xbc \xe6\x97\xa5", "plain ü 日"),
        (b"tab\there", "tab\there"),
        (b"\x1b[31mred\x1b[0m \x1b[1;4m\x1b[m", "\x1b[31mred\x1b[0m \x1b[1;4m\x1b[m"),
        (b"\x1b[2J", f"{MARK}[2J"),
        (b"\x1b]0;title\x07", f"{MARK}]0;title{MARK}"),
        (b"\x1b[31", f"{MARK}[31"),
        (b"\x1b\x1b[31m", f"{MARK}\x1b[31m"),
        (b"a\rb\x08\x00\x7f", f"a{MARK}b{MARK}{MARK}{MARK}"),
        (b"\xc2\x9b2J\xc2\x85", f"{MARK}2J{MARK}"),
        (b"\xff\xfe", MARK * 2),
    ],
)
def test_what_would_steer_a_terminal_is_made_visible(line: bytes, text: str) -> None:
    """Colours and tabs stay; every other control, C1 and bytes that are no text become a mark."""
    assert text == visible(line)


def test_follower_begins_at_the_end_and_gives_whole_lines(log: Path) -> None:
    """What was there before is not repeated; a line is given when it is complete, once."""
    log.write_bytes(b"old\n")
    with closing(Follower(str(log))) as follower:
        follow_whole_lines(follower, log)


def follow_whole_lines(follower: Follower, log: Path) -> None:
    """Write in pieces that end in the middle of lines and of a character."""
    assert follower.lines() == []
    append(log, b"one\ntw")
    assert follower.lines() == ["one"]
    append(log, b"o\r\n\xe2\x82")
    assert follower.lines() == ["two"]
    append(log, b"\xac\n")
    assert follower.lines() == ["€"]
    assert follower.lines() == []


def test_follower_goes_on_through_rotation(follower: Follower, log: Path) -> None:
    """What was written before and after the file was renamed comes, in order, nothing twice."""
    append(log, b"before\nlast before\n")
    log.rename(log.parent / "log.1")
    assert follower.lines() == ["before", "last before"]
    append(log, b"after\n")
    assert follower.lines() == ["after"]
    log.rename(log.parent / "log.2")
    append(log, b"again\n")
    assert follower.lines() == ["again"]


def test_follower_reads_an_old_file_to_its_end_before_the_new_one(follower: Follower, log: Path) -> None:
    """A burst of more than one read that ends in a rotation is not cut."""
    burst = [f"line {i:06}" for i in range(LONGEST * 3 // 12)]
    append(log, "".join(f"{line}\n" for line in burst).encode())
    log.rename(log.parent / "log.1")
    append(log, b"after\n")
    assert [*burst, "after"] == follower.lines() + follower.lines()


def test_follower_begins_anew_when_the_file_is_truncated(follower: Follower, log: Path) -> None:
    """After a truncation what is written from the start is read."""
    append(log, b"a long line that was there\n")
    assert follower.lines() == ["a long line that was there"]
    log.write_bytes(b"new\n")
    assert follower.lines() == ["new"]


def test_half_a_line_before_a_truncation_is_not_glued_to_the_next(follower: Follower, log: Path) -> None:
    """The rest of a line that was truncated away never comes; what follows is a line of its own."""
    append(log, b"half of a line")
    assert follower.lines() == []
    log.write_bytes(b"new\n")
    assert follower.lines() == ["half of a line", "new"]


def test_follower_waits_for_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    """An instance that has not written yet is followed from its first line."""
    log = tmp_path / "log"
    with closing(Follower(str(log))) as follower:
        assert follower.lines() == []
        log.write_bytes(b"first\n")
        assert follower.lines() == ["first"]


def test_follower_reads_a_deleted_file_on(follower: Follower, log: Path) -> None:
    """A deleted file is still written to by who has it open; a new one of its name is the next."""
    with log.open("ab") as service:
        log.unlink()
        service.write(b"unseen by others\n")
        service.flush()
        assert follower.lines() == ["unseen by others"]
    log.write_bytes(b"new\n")
    assert follower.lines() == ["new"]


def test_what_a_follower_will_read_is_not_in_the_tail(tmp_path: Path) -> None:
    """A line that is written after the follower was made is shown once: by the follower, not by the tail as well."""
    log = tmp_path / "a.log"
    log.write_bytes(b"one\n")
    follower = Follower(str(log))
    with log.open("ab") as file:
        file.write(b"two\n")
    assert tail(str(log), 10, follower.start) == ["one"]
    assert follower.lines() == ["two"]
    follower.close()


def test_lines_of_one_process_are_found_after_rotation(tmp_path: Path) -> None:
    """Between two offsets of one inode, wherever that was renamed to; nothing once it is gone."""
    path = tmp_path / "api-0.log"
    path.write_text("of the one before\nmine 1\nmine 2\nof the next\n", encoding="utf-8")
    inode = path.stat().st_ino
    assert between(str(path), inode, 18, 32, 5) == ["mine 1", "mine 2"]
    path.rename(tmp_path / "api-0.log.1")
    path.write_text("new\n", encoding="utf-8")
    assert between(str(path), inode, 18, 32, 1) == ["mine 2"]
    (tmp_path / "api-0.log.1").unlink()
    assert between(str(path), inode, 18, 32, 5) == []


def test_the_words_of_a_crash_are_its_message() -> None:
    """Of a trace of node the frames, the empty line and the version are left out; Python's last line is its message."""
    trace = ["/srv/a.js:2", "  throw new Error('boom')", "  ^", "", "Error: boom", "    at start (/srv/a.js:2:9)"]
    trace += ["    at node:internal/main/run_main_module:28:49", "", "Node.js v20.20.2"]
    assert telling(trace, 2) == ["  ^", "Error: boom"]
    assert telling(["  at the gate: shutting down"], 1) == ["  at the gate: shutting down"]
    assert telling(["Traceback:", '  File "a.py", line 1, in <module>', "ValueError: no"], 1) == ["ValueError: no"]
