"""Hostile input: whatever the bytes, `procman validate` answers in a documented way, within seconds and 200 MB.

Time and memory are limits of the kernel on a process of its own: what exceeds them ends it, and the test.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procman.cli.door import run
from tests.support.manifests import GOOD

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MEMORY = 260 << 20
"""Address space: 200 MB, and the 60 MB that the interpreter and its libraries map before they begin."""

PROCESSOR_SECONDS = 5
"""2 s on the machine that the figures come from; more, so that a slow or busy one is no fault."""

HEAD = "version: 1\nproject: a\nservices:\n"
API = "  api: {kind: scalable, command: x}\n"


def names(count: int) -> list[str]:
    """Return so many names that a service may bear."""
    return [f"{chr(97 + number % 26)}{number}" for number in range(count)]


HOSTILE: dict[str, str | bytes] = {
    "nothing": "",
    "NUL": b"a: 1\0",
    "byte order mark alone": b"\xef\xbb\xbf",
    "byte order mark inside": b"a: \xef\xbb\xbf1",
    "UTF-16": "a: 1".encode("utf-16"),
    "UTF-32": "a: 1".encode("utf-32"),
    "Latin-1": "a: \xe9".encode("latin-1"),
    "random": bytes(range(256)) * 4000,
    "too large": b"#" * (5 << 20),
    "brackets": "[" * 100_000,
    "braces": "{a: " * 50_000,
    "cycle": "a: &a [*a]\n",
    "cycle of two": "a: &a {b: &b [*a, *b]}\n",
    "alias bomb": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(12)),
    "merge bomb": "a: &a {x: 1}\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} {{<<: [{','.join([f'*{chr(97 + i)}'] * 9)}]}}\n" for i in range(12)),
    "wide merges": f"a: &a {{{','.join(f'k{i}: 1' for i in range(300))}}}\n"
    + "".join(f"b{i}: {{<<: *a}}\n" for i in range(300)),
    "flood of values": f"[{'x,' * 2_000_000}]",
    "flood of comments": "# c\n" * 1_000_000 + HEAD + API,
    "flood of one key": "a: 1\n" * 49_000,
    "flood of unknown keys": HEAD + API + "".join(f"k{i}: 1\n" for i in range(49_000)),
    "flood of suppressions": HEAD + API + "# procman: ignore[PM103] x\n" * 30_000,
    "flood of faults": HEAD + "".join(f"  {name}: {{kind: x, memory: 400, memroy: 1MB}}\n" for name in names(9_000)),
    "flood of consumers": HEAD
    + "".join(
        f"  {name}: {{kind: singleton, command: x, consumes: {{broker: 'mqtt://h', topics: [a/{name}/+, b/#]}}}}\n"
        for name in names(3_000)
    ),
    "flood of listeners": HEAD
    + "".join(f"  {name}: {{kind: scalable, command: x, listen: '0.0.0.0:3000'}}\n" for name in names(5_000)),
    "flood of profiles": "profiles:\n"
    + "".join(f"  {name}: {{ram: 2G, services: {{a0: {{instances: 2}}}}}}\n" for name in names(4_000))
    + HEAD
    + "".join(f"  {name}: {{kind: scalable, command: x}}\n" for name in names(3_000)),
    "flood of variables": f"{HEAD}  api: {{kind: scalable, command: '{'${N}' * 900_000}'}}\n",
    "flood of topics": f"{HEAD}  c: {{kind: singleton, command: x, consumes: {{broker: 'mqtt://h', topics: ["
    + ",".join(f"+/a{i}/#" for i in range(40_000))
    + "]}}\n",
    "a megabyte of command": f"{HEAD}  api: {{kind: scalable, command: '{'x ' * 500_000}'}}\n",
    "a megabyte of quote": f"{HEAD}  api: {{kind: scalable, command: '{'a ' * 60_000}\"'}}\n",
    "a megabyte of escapes": HEAD + '  api: {kind: scalable, command: "' + "\\u00e9" * 600_000 + '"}\n',
    "a megabyte of accents": HEAD + "  api: {kind: scalable, command: x, memory: 'a" + "\u0301" * 500_000 + "'}\n",
    "a megabyte of key": f"{HEAD}  api: {{kind: scalable, command: x, {'k' * 1_000}: 1, ? '{'k' * 1_000_000}' : 1}}\n",
    "a megabyte before the fault": HEAD + "  api: {x-a: '" + "x" * 1_000_000 + "', kind: scalable, memory: 4}\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_answered_within_limits(tmp_path: Path, name: str) -> None:
    """Findings or success, in a process that has little time and memory; never a traceback."""
    data = HOSTILE[name]
    file = tmp_path / "procman.yaml"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    done = subprocess.run(
        [sys.executable, "-m", "procman", "validate", str(file), "--offline", "--fix", "--diff"],
        capture_output=True,
        check=False,
        preexec_fn=_limited,
    )
    said = done.stderr.decode()
    assert done.returncode in (0, 1), said
    assert "internal error" not in said
    assert "Traceback" not in said


def test_the_limits_do_end_a_process() -> None:
    """What takes more memory, or more time, does not survive."""
    spin = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass"
    for code, ends in (("x = b'x' * (300 << 20)", 1), (spin, -9)):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=False,
            preexec_fn=_limited,
        )
        assert done.returncode == ends


def test_mutated_manifests_are_answered_within_limits() -> None:
    """The fuzzer, whose cases come from a seed, finds nothing in the time that a test has."""
    script = ROOT / "bench" / "fuzz_validate.py"
    done = subprocess.run(
        [sys.executable, str(script), "--seconds", "8", "--seed", "7"], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 faults" in done.stdout


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    data=st.one_of(
        st.binary(max_size=400),
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 30), st.text(max_size=12)).map(
            lambda cut: (GOOD[: cut[0]] + cut[2] + GOOD[cut[0] + cut[1] :]).encode("utf-8", "replace")
        ),
    ),
    form=st.sampled_from(["text", "json", "github", "gitlab", "sarif", "junit"]),
    fix=st.booleans(),
)
def test_any_bytes_and_any_cut_of_a_good_manifest_are_answered(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], data: bytes, form: str, fix: bool
) -> None:
    """Through the whole command, in every form, with and without fixes: 0 or 1, and no fault of procman."""
    file = tmp_path / "procman.yaml"
    file.write_bytes(data)
    code = run(["validate", str(file), "--offline", "--format", form, *(["--fix"] if fix else [])])
    assert code in (0, 1)
    assert "internal error" not in capfd.readouterr().err


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
