"""The heap of a runtime under a memory limit: what to tell node or java, unless the service says it itself. Pure.

A runtime that does not know its limit collects too late, and the instance is replaced although it could have made room.
python has no such setting: what is right for it is the limit alone.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from procman.core.quantity import MIB

NODE, JAVA = "node", "java"
NODE_PERCENT, NODE_REST = 75, 64 * MIB
"""node: three quarters of the limit, and at least 64 MiB of it are left for code, buffers and stacks."""

JAVA_PERCENT = 60
"""java: the rest is for metaspace, code, threads and direct buffers."""

LEAST = 16 * MIB
_NODE_SETS = re.compile(r"--max[-_](?:old[-_]space|heap)[-_]size")
_JAVA_SETS = re.compile(r"-Xmx|-XX:MaxRAM|-XX:MaxHeap")


def heap(limit: int) -> int:
    """Return the bytes of V8's old space under `limit`."""
    return max(LEAST, min(limit * NODE_PERCENT // 100, limit - NODE_REST))


def variables(
    runtime: str | None, limit: int | None, command: tuple[str, ...], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables that set the heap; none without a limit, or where command or `given` set one already."""
    if limit is None or runtime not in (NODE, JAVA):
        return {}
    name = "NODE_OPTIONS" if runtime == NODE else "JAVA_TOOL_OPTIONS"
    sets = _NODE_SETS if runtime == NODE else _JAVA_SETS
    others = given.get("_JAVA_OPTIONS", "") + given.get("JDK_JAVA_OPTIONS", "") if runtime == JAVA else ""
    if any(sets.search(word) for word in (*command, *_words(given.get(name, "")), *_words(others))):
        return {}
    if runtime == NODE:
        option = f"--max-old-space-size={heap(limit) // MIB}"
    else:
        option = f"-XX:MaxRAM={limit} -XX:MaxRAMPercentage={JAVA_PERCENT}"
    return {name: f"{given.get(name, '')} {option}".strip()}


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
