"""env_files: ``NAME=value`` lines, read by python-dotenv. Faults are returned as words, never with a value in them."""

from __future__ import annotations

import os
import stat
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
        with open(path, "rb", opener=_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return {}, "is not a regular file"
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return {}, f"cannot be read: {error.strerror}"
    if len(data) > MAX_BYTES:
        return {}, "is larger than 1 MiB"
    try:
        return parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return {}, "is not UTF-8 text"


def _at_once(path: str, flags: int) -> int:
    """Open without waiting: a FIFO that nobody writes to would hold `validate` for ever."""
    return os.open(path, flags | os.O_NONBLOCK)


def parse(text: str) -> Read:
    """Return the variables in `text`; the first line that is none is the fault."""
    import io  # noqa: PLC0415

    from dotenv.parser import parse_stream  # noqa: PLC0415 - only manifests with an env_file pay for it

    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        name, value = binding.key, binding.value
        if binding.error or (name is not None and not _is_variable(name, value)):
            written = binding.original.string
            blank = written[: len(written) - len(written.lstrip())].count("\n")
            return values, f"line {binding.original.line + blank} is not NAME=value"
        if name is not None:
            values[name] = value or ""
    return values, None


def _is_variable(name: str, value: str | None) -> bool:
    """Tell whether a process can have this variable: a quoted name may hold what would end it."""
    return value is not None and not {"=", "\0"} & {*name} and "\0" not in value
