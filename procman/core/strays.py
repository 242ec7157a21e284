"""The same consumer outside its project: when a process runs what a singleton would. Pure; /proc is read elsewhere.

A command is compared as a sequence: the same kind of program, and the same script as its first file. So an editor, a
`tail -f` or a test runner that has the script among its arguments is no consumer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERSION = re.compile(r"[\d.]+$")
_SAME = {"nodejs": "node", "dash": "sh", "bash": "sh"}


@dataclass(frozen=True, slots=True)
class Command:
    """What is run: `program` is its family, `script` the first argument that is a file, whole paths; `words` the rest.

    `directory` is None where it cannot be read.
    """

    program: str
    executable: str | None
    script: str | None
    words: tuple[str, ...]
    directory: str | None


@dataclass(frozen=True, slots=True)
class Stray:
    """A process that runs a singleton's command outside its project. `started` in seconds since the epoch.

    `origin` says in words how it was started, `stop` is the command that ends it for good, `sure` is False where its
    directory cannot be read and only the names agree.
    """

    service: str
    pid: int
    words: str
    user: str
    started: float
    origin: str
    stop: str
    sure: bool = True

    @property
    def keeper(self) -> str:
        """Return who would start it again: ``PM2``, ``procman``, or nobody."""
        return next((name for name in ("PM2", "procman") if self.origin.startswith((f"{name} ", f"{name},"))), "")

    @property
    def where(self) -> str:
        """Return where it runs, in words."""
        return "in another project" if self.origin.startswith("procman,") else "outside procman"


def family(path: str) -> str:
    """Return the kind of program: ``python`` for /usr/bin/python3.11."""
    name = path.rpartition("/")[2]
    name = _VERSION.sub("", name) or name
    return _SAME.get(name, name)


def runs(wanted: Command, seen: Command) -> bool | None:
    """Tell whether `seen` does what `wanted` does; None when only what cannot be read could tell."""
    if wanted.program != seen.program:
        return False
    if wanted.script is None:
        if wanted.words != seen.words:
            return False
        return None if seen.directory is None else seen.directory == wanted.directory
    if seen.script is not None:
        return seen.script == wanted.script
    if seen.directory is not None:
        return False
    first = next((word for word in seen.words if not word.startswith("-")), "")
    return None if first.rpartition("/")[2] == wanted.script.rpartition("/")[2] else False
