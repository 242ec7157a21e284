"""The heap of a runtime under a memory limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.heap import heap, variables
from procman.core.quantity import MIB


@pytest.mark.parametrize(("limit", "expected"), [(400, 300), (256, 192), (200, 136), (100, 36), (64, 16), (2048, 1536)])
def test_node_gets_three_quarters_and_leaves_64_mib(limit: int, expected: int) -> None:
    """The heap is three quarters of the limit, less where that would leave less than 64 MiB, and never nothing."""
    assert expected == heap(limit * MIB) // MIB
    assert variables("node", limit * MIB, ("node", "x.js"), {}) == {"NODE_OPTIONS": f"--max-old-space-size={expected}"}


def test_what_stands_there_is_kept() -> None:
    """Other options stay, in front."""
    given_ = {"NODE_OPTIONS": "--require /p/serve.js"}
    assert variables("node", 400 * MIB, ("node",), given_) == {
        "NODE_OPTIONS": "--require /p/serve.js --max-old-space-size=300"
    }


def test_java_learns_the_size_of_its_machine() -> None:
    """The limit is the machine, and 60 % of it the heap."""
    expected = {"JAVA_TOOL_OPTIONS": f"-XX:MaxRAM={400 * MIB} -XX:MaxRAMPercentage=60"}
    assert expected == variables("java", 400 * MIB, ("java", "-jar", "x.jar"), {})


@pytest.mark.parametrize(
    ("runtime", "command", "given_"),
    [
        ("node", ("node", "--max-old-space-size=100", "x.js"), {}),
        ("node", ("node", "--max_old_space_size=100", "x.js"), {}),
        ("node", ("sh", "-c", "exec node --max-heap-size=100 x.js"), {}),
        ("node", ("npm", "start"), {"NODE_OPTIONS": "--max-old-space-size=100"}),
        ("java", ("java", "-Xmx100m", "-jar", "x.jar"), {}),
        ("java", ("java", "-jar", "x.jar"), {"JAVA_TOOL_OPTIONS": "-XX:MaxRAMPercentage=50"}),
        ("java", ("java", "-jar", "x.jar"), {"JDK_JAVA_OPTIONS": "-Xmx100m"}),
        ("python", ("python3", "x.py"), {}),
        (None, ("node", "x.js"), {}),
    ],
)
def test_what_is_set_is_left_alone(runtime: str | None, command: tuple[str, ...], given_: dict[str, str]) -> None:
    """A heap in the command or in the environment wins, and without `runtime` nothing is set."""
    assert variables(runtime, 400 * MIB, command, given_) == {}


def test_without_a_limit_nothing_follows_from_it() -> None:
    """No limit, no heap."""
    assert variables("node", None, ("node",), {}) == {}


@given(st.integers(1, 1 << 45))
def test_the_heap_stays_below_the_limit(limit: int) -> None:
    """Whatever the limit is, the heap is no larger, unless the limit is below what node itself needs."""
    assert heap(limit) < limit or limit <= 16 * MIB
