"""What changed of an instance, field by field, in words that are safe to print: no value of a variable, no secret.

An argument can hold a password, so only which one changed is told, unless both its values are plainly harmless: a
program, a script. Sizes in bytes, times in seconds.
"""

from __future__ import annotations

import re

from procman.core.lifecycle import GOOD, Alive, Ready
from procman.core.manifest import Logs, Restart, Stop
from procman.core.places import Address
from procman.core.quantity import short_size
from procman.core.values import dataclass
from procman.core.words import visible

Argv = tuple[str, ...]
Pairs = tuple[tuple[str, str], ...]

_SCRIPT = r"[\w./-]{1,60}\.(?:js|mjs|cjs|ts|py|rb|pl|php|sh|jar)"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field. `old` and `new` are None where the value is not there or must not be shown; `note` says more."""

    field: str
    old: str | None = None
    new: str | None = None
    note: str = ""

    def __str__(self) -> str:
        """Return the change in words: ``stop: 10s TERM -> 5s TERM``; the field alone where values stay hidden."""
        values = f"{self.old or 'none'} -> {self.new or 'none'}" if self.old or self.new else ""
        said = ", ".join(part for part in (self.note, values) if part)
        return visible(f"{self.field}: {said}" if said else self.field)


def compared(field: str, old: object, new: object) -> tuple[FieldChange, ...]:
    """Return the change of one field whose values may be shown; nothing when it did not change."""
    return () if old == new else (FieldChange(field, _words(old), _words(new)),)


def command(old: Argv, new: Argv) -> tuple[FieldChange, ...]:
    """Return the change of a command: which argument changed, and its values only where they are harmless."""
    if old == new:
        return ()
    notes = [] if len(old) == len(new) else [f"{_arguments(old)} before, {_arguments(new)} now"]
    places = [i for i, (was, now) in enumerate(zip(old, new, strict=False)) if was != now]
    if places:
        names = ["program" if i == 0 else f"argument {i}" for i in places]
        notes.append(f"{', '.join(names)} changed")
    shown = [i for i in places if i == 0 or (re.fullmatch(_SCRIPT, old[i]) and re.fullmatch(_SCRIPT, new[i]))]
    if len(shown) == 1:
        return (FieldChange("command", old[shown[0]], new[shown[0]], "; ".join(notes)),)
    return (FieldChange("command", note="; ".join(notes)),)


def variables(old: Pairs, new: Pairs) -> tuple[FieldChange, ...]:
    """Return which variables changed, came or went; never a value."""
    was, now = dict(old), dict(new)
    names = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    return tuple(FieldChange(f"env {n}", note=_fate(n in was, n in now)) for n in names)


def memory(old: int | None, new: int | None) -> FieldChange:
    """Return the change of a limit in bytes."""
    return FieldChange("memory", *(size_words(size) for size in (old, new)))


def hard(old: int | None, new: int | None) -> FieldChange:
    """Return the change of a hard limit in bytes."""
    return FieldChange("memory.hard", *(size_words(size) for size in (old, new)))


def size_words(size: int | None) -> str:
    """Return a limit as the manifest writes it; ``none`` where there is none."""
    return "none" if size is None else short_size(size)


def _fate(was: bool, now: bool) -> str:  # noqa: FBT001 - two halves of one fact
    return "value changed" if was and now else "new" if now else "gone"


def _arguments(argv: Argv) -> str:
    count = len(argv) - 1
    return "1 argument" if count == 1 else f"{count} arguments"


def _restart(value: Restart) -> str:
    usual = Restart()
    retry = "never" if value.retry is None else f"{value.retry:g}s"
    said = [f"{value.max} in {value.within:g}s, delay {value.delay:g}s"]
    said += [value.policy.value] if value.policy is not usual.policy else []
    said += [f"x{value.factor} up to {value.longest:g}s"] if _pauses(value) != _pauses(usual) else []
    said += [f"again after {retry}"] if value.retry != usual.retry else []
    said += [f"success {' '.join(map(str, value.codes))}"] if value.codes != usual.codes else []
    return ", ".join(said)


def _pauses(value: Restart) -> tuple[int, float]:
    return value.factor, value.longest


def _ready(value: Ready) -> str:
    said = [f"{_asked(value) or 'listening'} within {value.timeout:g}s"]
    usual = Ready()
    said += [f"{value.attempt:g}s for an answer"] if value.attempt != usual.attempt else []
    said += [f"every {value.interval:g}s"] if value.interval is not None else []
    said += [f"{value.successes} in a row"] if value.successes != usual.successes else []
    said += [f"from {value.start_period:g}s on"] if value.start_period else []
    return ", ".join(said)


def _asked(value: Ready | Alive) -> str:
    """Return what is asked; of a command only its program, since an argument can hold a password."""
    words = {
        "http": str(value.http) + _answer(value),
        "tcp": f"tcp {value.tcp}" if isinstance(value.tcp, Address) else "tcp",
        "exec": f"exec {value.command[0]} with {_arguments(value.command)}" if value.command else "",
        "log": f"log '{value.log}'" if isinstance(value, Ready) else "",
    }
    return " and ".join(words.get(kind, kind) for kind in value.kinds)


def _answer(value: Ready | Alive) -> str:
    ranges = (str(low) if low == high else f"{low}-{high}" for low, high in value.status)
    status = f" status {' '.join(ranges)}" if value.status != GOOD else ""
    return f"{status} body '{value.body}'" if value.body is not None else status


def _words(value: object) -> str | None:
    said = ""
    match value:
        case Stop():
            said = f"{value.signal} {value.timeout:g}s"
        case Ready():
            said = _ready(value)
        case Restart():
            said = _restart(value)
        case Alive():
            asked = f"{_asked(value) or 'nothing'} every {value.interval:g}s"
            said = f"{asked}, {value.failures} failures of {value.timeout:g}s, from {value.start_period:g}s on"
        case Logs():
            said = f"{short_size(value.size)}, keep {value.keep}"
        case float():
            said = f"{value:g}s"
        case tuple():
            said = ", ".join(" ".join(map(str, item)) if isinstance(item, tuple) else str(item) for item in value)
        case _ if value is not None:
            said = str(value)
    return said or None
