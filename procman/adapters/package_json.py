"""The door to package.json: what npm and node read beside a program. Decides nothing."""

from __future__ import annotations

import json
import os

NAME = "package.json"
MOST = 1 << 20
"""Bytes of one that are read; a longer one is no JSON then."""


def read(folder: str) -> dict[str, object]:
    """Return the package.json in `folder`; empty when there is none that can be read."""
    path = os.path.join(folder, NAME)  # noqa: PTH118
    try:
        if not os.path.isfile(path):  # noqa: PTH113 - a pipe would be waited for
            return {}
        with open(path, "rb") as file:  # noqa: PTH123
            document = json.loads(file.read(MOST))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def table(document: dict[str, object], name: str) -> dict[str, object]:
    """Return the object `name` of it; empty when there is none."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}
