"""Which manifests a command was given: files, everything below folders, and standard input. Reads none of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from procman.core.errors import WrongUse
from procman.core.values import dataclass
from procman.workflow.load import manifest_path

STDIN = "-"
STDIN_NAME = "<stdin>"
NAMES = ("procman.yaml", "procman.yml")
ENDINGS = (".procman.yaml", ".procman.yml")
SKIPPED = ("node_modules", "__pycache__", "venv")
RULE = f"a folder stands for every {', '.join(NAMES)} and *{', *'.join(ENDINGS)} below it"


@dataclass(frozen=True, slots=True)
class Input:
    """One manifest to look at: the name people know it by, and whether it comes from standard input."""

    name: str
    stdin: bool = False


def gather(names: Iterable[str], stdin_name: str | None, environment: Mapping[str, str]) -> tuple[Input, ...]:
    """Return what `names` stand for, each file once; without any, the manifest that every command takes.

    WrongUse for a name that is not there, a folder without a manifest, and `stdin_name` without ``-``.
    """
    given = list(names)
    if stdin_name is not None and STDIN not in given:
        raise WrongUse("--stdin-filename goes with '-'", "procman validate - --stdin-filename procman.yaml < FILE")
    found: dict[str, Input] = {}
    for one in _inputs(given or [manifest_path(None, environment)], stdin_name):
        found.setdefault(STDIN if one.stdin else os.path.realpath(one.name), one)
    return tuple(found.values())


def _inputs(names: list[str], stdin_name: str | None) -> Iterator[Input]:
    for name in names:
        if name == STDIN:
            yield Input(stdin_name or STDIN_NAME, stdin=True)
        elif os.path.isdir(name):  # noqa: PTH112
            yield from _below(name)
        elif os.path.exists(name) or _is_closed(name):  # noqa: PTH110
            yield Input(name)
        else:
            raise WrongUse(f"there is no manifest {name}", "name a file or a folder, or - for standard input")


def _is_closed(name: str) -> bool:
    """Tell whether nobody here can know that `name` is there; reading it then says what stands in the way."""
    try:
        os.stat(name)  # noqa: PTH116
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return False


def _below(folder: str) -> Iterator[Input]:
    found = False
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in SKIPPED)
        for name in sorted(files):
            if name in NAMES or name.endswith(ENDINGS):
                found = True
                yield Input(os.path.normpath(os.path.join(base, name)))  # noqa: PTH118
    if not found:
        raise WrongUse(f"there is no manifest in {folder}", RULE)
