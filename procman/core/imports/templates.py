"""Which values of a file depend on the environment: it is read twice, the second time with marks in its variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

FIRST_MARK = 48611
"""A number that no ecosystem file holds: a port, a count and a text can each be made of it."""

Path = tuple[str | int, ...]


def marks(names: Sequence[str], shown: str) -> dict[str, str]:
    """Return a number for each variable, as text, that does not occur in `shown`."""
    free = (str(number) for number in range(FIRST_MARK, 65536) if str(number) not in shown)
    return dict(zip(names, free, strict=False))


def changed(plain: object, marked: object, at: Path = ()) -> Iterator[tuple[Path, object, object]]:
    """Yield each place where two readings differ, with both values; a list of another length is one place."""
    if isinstance(plain, Mapping) and isinstance(marked, Mapping):
        for key in {**plain, **marked}:
            yield from changed(plain.get(key), marked.get(key), (*at, str(key)))
    elif isinstance(plain, list) and isinstance(marked, list) and len(plain) == len(marked):
        for index, (left, right) in enumerate(zip(plain, marked, strict=True)):
            yield from changed(left, right, (*at, index))
    elif plain != marked:
        yield at, plain, marked


def template(plain: object, marked: object, names: Mapping[str, str], kept: frozenset[str]) -> str | None:
    """Return the value that `marked` shows as the manifest writes it, ``${NAME:-3000}``; None when it is no plain copy.

    `names`: the mark of each variable. What is in `kept` needs no default: it is read from a file.
    """
    text = str(marked)
    found = [name for name, mark in names.items() if mark in text]
    if not isinstance(marked, str | int) or isinstance(marked, bool) or not found:
        return None
    written = text.replace("${", "$${")
    alone = len(found) == 1 and text == names[found[0]]
    default = "" if plain is None or not alone else str(plain)
    if "}" in default or not re.fullmatch(r"[^\0]*", default):
        return None
    for name in found:
        usual = "" if name in kept else f":-{default}"
        written = written.replace(names[name], f"${{{name}{usual}}}")
    return written
