"""Locks stay where they were put, or the start is refused."""

from __future__ import annotations

import fcntl
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from procman.runtime.exits import HELD, Refused
from procman.runtime.kept import CEILING, LOW, Kept, Limits

SOFT, HARD = resource.getrlimit(resource.RLIMIT_NOFILE)


@pytest.fixture(name="locks")
def _locks(tmp_path: Path) -> Iterator[Callable[[int], list[Kept]]]:
    """Make so many locks."""
    made: list[Kept] = []

    def make(count: int) -> list[Kept]:
        for number in range(count):
            descriptor = os.open(tmp_path / str(number), os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            made.append(Kept(descriptor, str(tmp_path / str(number))))
        return made

    yield make
    for lock in made:
        lock.close()


@pytest.mark.skipif(HARD < 2 * CEILING, reason="needs room for descriptors")
@pytest.mark.parametrize(("soft", "first"), [(1024, 1024), (256, 256), (CEILING, CEILING - 20)])
def test_high_ones_are_out_of_the_reach_of_the_soft_limit(
    locks: Callable[[int], list[Kept]], soft: int, first: int
) -> None:
    """From the soft limit on where there is room below the ceiling; the limit is given back as it was."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, HARD))
    try:
        limits = Limits()
        kept = locks(20)
        limits.place(kept, 100)
        limits.restore()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, HARD)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, HARD))
    assert [lock.descriptors[0] for lock in kept] == list(range(first, first + 20))
    assert [lock.descriptors[1:] for lock in kept] == [[100 + n] for n in range(LOW)] + [[]] * (20 - LOW)
    for lock in kept:
        lock.prove()
        assert all(os.get_inheritable(descriptor) for descriptor in lock.descriptors)


def _overwrite(lock: Kept, at: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, lock.descriptors[at])
    os.close(null)


def _shut(lock: Kept) -> None:
    os.set_inheritable(lock.descriptors[0], False)


def _close(lock: Kept) -> None:
    os.close(lock.descriptors.pop())
    lock.descriptors.append(-1)


def _remove(lock: Kept) -> None:
    Path(lock.path).unlink()


def _replace(lock: Kept) -> None:
    _remove(lock)
    Path(lock.path).touch()


def _lose(lock: Kept) -> int:
    fcntl.flock(lock.descriptors[0], fcntl.LOCK_UN)
    thief = os.open(lock.path, os.O_RDONLY)
    fcntl.flock(thief, fcntl.LOCK_EX)
    return thief


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda lock: _overwrite(lock, 0), "another file by now"),
        (lambda lock: _overwrite(lock, 1), "another file by now"),
        (_shut, "closed on exec"),
        (_close, "bad file descriptor"),
        (_remove, "no such file"),
        (_replace, "was replaced"),
        (_lose, "temporarily unavailable"),
    ],
    ids=["high overwritten", "low overwritten", "closed on exec", "closed", "removed", "replaced", "lost"],
)
def test_a_lock_that_is_not_held_any_more_is_refused(
    locks: Callable[[int], list[Kept]], harm: Callable[[Kept], int | None], said: str
) -> None:
    """Each way to lose one is seen before exec: 75, with the file and the descriptor."""
    limits = Limits()
    (lock,) = locks(1)
    limits.place([lock], 100)
    limits.restore()
    lock.prove()
    thief = harm(lock)
    with pytest.raises(Refused) as caught:
        lock.prove()
    assert (caught.value.code, said in caught.value.reason, lock.path in caught.value.reason) == (HELD, True, True)
    lock.descriptors = [descriptor for descriptor in lock.descriptors if descriptor >= 0]
    if thief is not None:
        os.close(thief)
