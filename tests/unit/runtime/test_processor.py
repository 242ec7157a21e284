"""Whose numbers system calls have, by what uname says and how wide this program's addresses are."""

import os
import struct
import sys
from types import SimpleNamespace

import pytest

from procman.runtime import listening, processor


@pytest.mark.parametrize(
    ("machine", "width", "order", "expected"),
    [
        ("x86_64", 8, "little", "x86_64"),
        ("aarch64", 8, "little", "aarch64"),
        ("riscv64", 8, "little", "riscv64"),
        ("aarch64", 4, "little", "arm"),
        ("armv8l", 4, "little", "arm"),
        ("armv7l", 4, "little", "arm"),
        ("armv6l", 4, "little", "arm"),
        ("x86_64", 4, "little", "i386"),
        ("i686", 4, "little", "i386"),
        ("i586", 4, "little", "i386"),
        ("riscv32", 4, "little", ""),
        ("mips", 4, "big", ""),
        ("s390x", 8, "big", ""),
        ("aarch64_be", 8, "big", ""),
    ],
)
def test_numbers_are_those_of_the_program_not_of_the_kernel(
    machine: str, width: int, order: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program of 32 bits under a kernel of 64 has the narrow calls, though uname names the wide processor."""
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine=machine))
    monkeypatch.setattr(struct, "calcsize", lambda _form: width)
    monkeypatch.setattr(sys, "byteorder", order)
    assert expected == processor.calls()


def test_every_processor_that_is_known_has_both_kinds_of_call() -> None:
    """A server that waits in select or in poll is seen on each: Python's own servers wait in poll."""
    for calls in listening._CALLS.values():
        assert set(calls.values()) == {"select", "poll"}
    assert "" not in listening._CALLS
