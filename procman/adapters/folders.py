"""The door to files of a project that is looked at: their beginning as text, or nothing. Writes none."""

from __future__ import annotations

import os

BEGINNING = 256 * 1024
"""Bytes of a script that are looked at: its imports stand at the top."""


def beginning(folder: str, name: str, most: int = BEGINNING) -> str:
    """Return the first `most` bytes of the regular file `name` in `folder` as text; nothing when it cannot be read."""
    path = os.path.join(folder, name)  # noqa: PTH118
    try:
        if not os.path.isfile(path):  # noqa: PTH113 - a pipe would be waited for
            return ""
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read(most).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def exists(folder: str, name: str) -> bool:
    """Tell whether `name` is a regular file in `folder`."""
    return os.path.isfile(os.path.join(folder, name))  # noqa: PTH113, PTH118
