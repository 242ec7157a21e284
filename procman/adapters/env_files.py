"""env_files: ``NAME=value`` lines, read by python-dotenv. Faults are returned as words, never with a value in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

Read = tuple[dict[str, str], str | None]
"""The variables of one file, and what was wrong with it."""

Reader = Callable[[Iterable[str]], dict[str, Read]]

MAX_BYTES = 1 << 20


def read(names: Iterable[str], base: str) -> dict[str, Read]:
    """Return the variables of each file of `names`, taken from the folder `base`."""
    return {name: _read(os.path.join(base, name)) for name in names}  # noqa: PTH118


def _read(path: str) -> Read:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return {}, f"cannot be read: {error.strerror}"
    if len(data) > MAX_BYTES:
        return {}, "is larger than 1 MiB"
    try:
        return parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return {}, "is not UTF-8 text"


def parse(text: str) -> Read:
    """Return the variables in `text`; the first line that is none is the fault."""
    import io  # noqa: PLC0415

    from dotenv.parser import parse_stream  # noqa: PLC0415 - only manifests with an env_file pay for it

    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None) or "\0" in (binding.value or ""):
            return values, f"line {binding.original.line} is not NAME=value"
        if binding.key is not None:
            values[binding.key] = binding.value or ""
    return values, None
