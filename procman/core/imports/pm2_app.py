"""One app of an ecosystem file as PM2 reads it: fields under their own names, values of the types it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from procman.core.imports.pm2_fields import Field, field_of, meant
from procman.core.imports.report import Hidden, Note, Outcome
from procman.core.quantity import GIB, KIB, MIB
from procman.core.values import dataclass, field
from procman.core.words import shown

MARKED = "$"
"""The key of what a file exports and JSON has no word for: a function, a regular expression."""
_PARTS = r"""[^\s"'=]+="[^"]*"|[^\s"'=]+='[^']*'|"[^"]*"|'[^']*'|\S+"""
_NUMBER = r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*"
_UNITS = {"G": GIB, "M": MIB, "K": KIB}
_TIMES = {"h": 3_600_000.0, "m": 60_000.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class App:
    """The fields of one app that have a value. `env` are those of every environment: ``""`` is `env` itself.

    `keys` is how the file spells each field.
    """

    values: Mapping[str, object]
    keys: Mapping[str, str]
    env: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    hidden: tuple[Hidden, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def name(self) -> str:
        """Return the name that PM2 gives it: its own, or the script's without its ending."""
        name = self.values.get("name")
        if name not in (None, ""):
            return str(name)
        base = self.text("script").rstrip("/").rpartition("/")[2]
        return base[: base.rfind(".")] if base.rfind(".") > 0 else base or "app"

    def text(self, name: str) -> str:
        """Return the value of a field as text; nothing when it has none."""
        value = self.values.get(name)
        return value if isinstance(value, str) else "" if value is None else as_text(value)

    def number(self, name: str) -> float | None:
        """Return the value of a field as a number, or None."""
        value = self.values.get(name)
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return value
        return float(value) if isinstance(value, str) and re.fullmatch(_NUMBER, value) else None

    def true(self, name: str) -> bool:
        """Tell whether a field is set to something that JavaScript takes for true."""
        return bool(self.values.get(name))

    def words(self, name: str) -> tuple[str, ...]:
        """Return the value of a field as words, a text split as PM2 splits it."""
        value = self.values.get(name)
        if isinstance(value, list):
            return tuple(as_text(item) for item in value if item is not None)
        return split(value) if isinstance(value, str) else () if value is None else (as_text(value),)


def read(raw: Mapping[str, object]) -> App:
    """Return the app that `raw` is. What PM2 would drop or refuse is told in `hidden`, and left out."""
    name = App({k: v for k, v in raw.items() if k in ("name", "script") and isinstance(v, str)}, {}).name
    values: dict[str, object] = {}
    keys: dict[str, str] = {}
    env: dict[str, Mapping[str, object]] = {}
    hidden: list[Hidden] = []
    notes: list[Note] = []
    for key, value in raw.items():
        known = field_of(key)
        if value is None:
            continue
        if known is None:
            hidden.append(_unknown(name, key, value))
        elif isinstance(value, Mapping) and MARKED in value:
            notes.append(Note(name, key, Outcome.NOT, f"its value is a {value[MARKED]}, which no file can hold"))
        elif not _fits(known, value):
            usable = _is_usable(known, value)
            hidden.append(Hidden(name, _refused(known, key, value), "read here as it was meant" if usable else ""))
            if usable:
                values[known.name], keys[known.name] = value, key
            else:
                notes.append(Note(name, key, Outcome.NOT, "left out: its value is none that PM2 takes"))
        elif known.name in ("env", "env_NAME") and isinstance(value, Mapping):
            env[key.removeprefix("env").removeprefix("_")] = value
            keys.setdefault(known.name, key)
        elif known.name not in values or key == known.name:
            values[known.name] = value
            keys[known.name] = key
    return App(values, keys, env, tuple(hidden), tuple(notes))


def split(text: str) -> tuple[str, ...]:
    """Return the words of `text` as PM2 splits it: at blanks, but for quotes around a whole word."""
    return tuple(w[1:-1] if w[:1] in "\"'" and w[:1] == w[-1:] and len(w) > 1 else w for w in re.findall(_PARTS, text))


def as_text(value: object) -> str:
    """Return `value` as JavaScript makes it text in the environment of a process."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:  # noqa: PLR2004 - where it would write e
        return str(int(value))
    return (
        str(value) if isinstance(value, int | float) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    )


def size(value: object) -> int | None:
    """Return the bytes of max_memory_restart: a number with G, M or K, or bytes; None when it is none."""
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)(G|M|K)?B?", as_text(value).strip().upper())
    return int(float(found[1]) * _UNITS.get(found[2] or "", 1)) if found else None


def milliseconds(value: object) -> float | None:
    """Return the milliseconds of min_uptime: a number, or one with h, m or s; None when it is none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(h|m|s)?", as_text(value).strip())
    return float(found[1]) * _TIMES.get(found[2] or "", 1.0) if found else None


def instances(value: object) -> int:
    """Return the number that PM2 makes of `instances`: 0 and less count from the number of CPUs."""
    if isinstance(value, str):
        found = re.match(r"\s*([+-]?\d+)", value)
        return int(found[1]) if found and value != "max" else 0
    return int(value) if isinstance(value, int | float) and abs(value) < 1e9 else 0  # noqa: PLR2004 - no count


def _fits(known: Field, value: object) -> bool:
    """Tell whether PM2 takes `value` for the field; a text of digits is a number to it."""
    kind = _kind(value)
    if known.name == "instances" and isinstance(value, str):
        return True
    if kind == "string" and "number" in known.types and re.fullmatch(_NUMBER, str(value)):
        return True
    if kind not in known.types and not (kind == "array" and "number" in known.types and len(list(_items(value))) == 1):
        return False
    return kind != "string" or known.form is None or re.fullmatch(known.form, str(value)) is not None


def _items(value: object) -> Iterator[object]:
    yield from value if isinstance(value, list) else ()


def _is_usable(known: Field, value: object) -> bool:
    """Tell whether what was meant is plain although PM2 refuses it, such as ``200MB``."""
    parsed = {"max_memory_restart": size, "min_uptime": milliseconds}.get(known.name)
    return parsed is not None and isinstance(value, str | int) and parsed(value) is not None


def _refused(known: Field, key: str, value: object) -> str:
    said = shown(as_text(value))
    if known.form is not None and isinstance(value, str):
        return f"{key}: {said} is not what PM2 takes, and it refuses the whole file"
    return f"{key}: PM2 expects {' or '.join(known.types)}, not {_kind(value)}, and refuses the whole file"


def _unknown(name: str, key: str, value: object) -> Hidden:
    guess = meant(key)
    if guess is not None:
        return Hidden(name, f"unknown key {shown(key)}: PM2 drops it without a word", f"did you mean {guess}?")
    nothing = isinstance(value, Mapping) and MARKED in value
    advice = "" if nothing else "it had no effect; leave it out"
    return Hidden(name, f"unknown key {shown(key)}: PM2 drops it without a word", advice)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "array" if isinstance(value, list) else "object" if isinstance(value, Mapping) else "string"
