"""The door to the scripts that another tool starts: whether they are there, and how they begin. Starts none."""

from __future__ import annotations

import os
import shutil

from procman.adapters import package_json
from procman.adapters.folders import BEGINNING
from procman.core.imports.pm2_command import Script

_SNIFFED = 1024
ENDINGS = ("", ".js", ".cjs", ".mjs")


def look(directory: str, script: str, path: str) -> Script:
    """Return what `script`, as written, is from `directory`: a file there, or a program on `path`."""
    if not script or "\0" in script:
        return Script()
    found = os.path.join(directory, script)  # noqa: PTH118
    if not os.path.isfile(found):  # noqa: PTH113 - a pipe would be waited for
        return Script(program="/" not in script and shutil.which(script, path=path) is not None)
    try:
        with open(found, "rb") as file:  # noqa: PTH123
            data = file.read(BEGINNING)
    except OSError:
        return Script(file=True)
    binary = b"\0" in data[:_SNIFFED]
    return Script(file=True, binary=binary, text="" if binary else data.decode("utf-8", "replace"))


def packages(directory: str) -> tuple[str, ...]:
    """Return what the package.json in `directory` depends on; nothing when there is none that can be read."""
    return tuple(package_json.table(package_json.read(directory), "dependencies"))
