"""The user's node: evaluates a JavaScript file in a child with limits on time, memory and answer. Decides nothing.

No sandbox: the file may do what it does under PM2. It gets PATH, HOME and the variables that it is handed, nothing else
of the environment; what it prints is thrown away, since the answer has a descriptor of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from procman.core.values import dataclass

SECONDS = 10.0
HEAP_MIB = 256
DATA = 1 << 30
"""Bytes of private memory, node's own included: endless buffers are no part of its heap."""
MOST = 16 << 20
"""Bytes of an answer."""
SCRIPT = Path(__file__).with_name("evaluate.cjs")
_BREAKS = (signal.SIGABRT, signal.SIGTRAP, signal.SIGKILL, signal.SIGSEGV, signal.SIGILL)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a file exports, the variables it asked for (``*``: all), and what dotenv read: paths with their names."""

    value: object = None
    read: tuple[str, ...] = ()
    dotenv: tuple[tuple[str, tuple[str, ...]], ...] = ()
    notes: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no answer, and where in the file, when that is known."""

    message: str
    line: int = 0
    column: int = 0
    syntax: bool = False


def find(path: str) -> str | None:
    """Return the node on `path`, or None."""
    return next(filter(None, (shutil.which(name, path=path) for name in ("node", "nodejs"))), None)


def evaluate(node: str, file: str, path: str, home: str, variables: Mapping[str, str]) -> Answer | Fault:
    """Return what `file` exports when node evaluates it with `variables` set, or why that cannot be known."""
    request = {"file": os.path.realpath(file), "env": dict(variables), "module": False}
    environment = {"PATH": path, "HOME": home}
    found = _answer(_asked(node, request, environment))
    if isinstance(found, Fault) and found.syntax and ("export" in found.message or "import" in found.message):
        again = _answer(_asked(node, {**request, "module": True}, environment))
        return again if isinstance(again, Answer) or again.line else found
    return found


def _asked(node: str, request: Mapping[str, object], environment: Mapping[str, str]) -> tuple[bytes, int | None]:
    """Return what the child answers, and its status; None when its time was over."""
    reads, writes = os.pipe()
    with open(reads, "rb", buffering=0) as answer:  # noqa: PTH123
        try:
            child = subprocess.Popen(
                [node, f"--max-old-space-size={HEAP_MIB}", str(SCRIPT), str(writes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                pass_fds=(writes,),
                start_new_session=True,
            )
        finally:
            os.close(writes)
        try:
            _limit(child.pid)
            with contextlib.suppress(BrokenPipeError):
                _hand(child, json.dumps(request).encode())
            return _collected(answer.fileno(), child)
        finally:
            _end(child)


def _hand(child: subprocess.Popen[bytes], request: bytes) -> None:
    if child.stdin is not None:
        child.stdin.write(request)
        child.stdin.close()


def _limit(pid: int) -> None:
    """Set the limits while the child still waits for its request."""
    for what, most in (
        (resource.RLIMIT_DATA, DATA),
        (resource.RLIMIT_CPU, int(2 * SECONDS)),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ProcessLookupError):
            hard = resource.prlimit(pid, what)[1]
            now = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(pid, what, (now, hard))


def _collected(answer: int, child: subprocess.Popen[bytes]) -> tuple[bytes, int | None]:
    deadline = time.monotonic() + SECONDS
    found = bytearray()
    while len(found) <= MOST:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([answer], [], [], left)[0]:
            return bytes(found), None
        part = os.read(answer, 1 << 16)
        if not part:
            try:
                return bytes(found), child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                return bytes(found), None
        found += part
    return bytes(found), 0


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _answer(asked: tuple[bytes, int | None]) -> Answer | Fault:
    text, status = asked
    if status is None:
        return Fault(f"it did not end within {SECONDS:.0f} s, and was ended")
    if len(text) > MOST:
        return Fault(f"it exports more than {MOST >> 20} MiB")
    return _read(text) if text else _silent(status)


def _silent(status: int) -> Fault:
    """Return why a child that ended said nothing."""
    number = -status if status < 0 else status - 128
    if number in _BREAKS:
        name = signal.Signals(number).name
        return Fault(f"it needs more than {HEAP_MIB} MiB of memory, or broke node ({name})")
    return Fault(f"it ended node itself, with exit code {status}, before it exported anything")


def _read(text: bytes) -> Answer | Fault:
    try:
        document = json.loads(text)
        error = document.get("error")
        if error is not None:
            return _fault(error)
        return Answer(
            document.get("value"),
            tuple(map(str, document["read"])),
            tuple((str(one["path"]), tuple(map(str, one["names"]))) for one in document["dotenv"]),
            tuple(map(str, document["notes"])),
            str(document["node"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Fault("its answer cannot be read: it wrote to procman's own descriptor")


def _fault(error: Mapping[str, object]) -> Fault:
    name, message = str(error.get("name") or ""), str(error.get("message") or "")
    line, column = error.get("line"), error.get("column")
    said = f"{name}: {message}" if name and name != "Error" else message
    return Fault(
        said, line if isinstance(line, int) else 0, column if isinstance(column, int) else 0, name == "SyntaxError"
    )
