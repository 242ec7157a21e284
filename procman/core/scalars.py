"""The kinds of single values in a manifest: text to sizes, times, numbers, addresses, topics. Raise Fault."""

from __future__ import annotations

import re
from collections.abc import Callable

from procman.core.document import Scalar, core_value, kind_of
from procman.core.kinds import Fault, Json, ScalarKind, Schema
from procman.core.manifest import Address
from procman.core.mqtt import filter_fault, normalize_broker
from procman.core.quantity import SIZE_FORMS, TIME_FORMS, parse_size, parse_time
from procman.core.words import near, shown

_NO_NUL = r"^[^\u0000]+$"
_NUMBER = r"[0-9]{1,6}(?:\.[0-9]{1,3})?"
_PORT = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = rf"(?:{_LABEL}\.)*[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?"
_HOST = rf"(?:{_OCTET}(?:\.{_OCTET}){{3}}|\[[0-9A-Fa-f:.]{{2,45}}\]|{_NAME})"
_LISTEN = rf"{_HOST}:{_PORT}"
_BROKER = rf"(?:mqtts?|tcp|ssl|wss?)://(?:[^/?#\s]*@)?(?:\[[0-9A-Fa-f:.]{{2,45}}\]|[^/?#@:\s\[\]]+)(?::{_PORT})?(?:[/?#]\S*)?"


def text(noun: str, forms: str, pattern: str = _NO_NUL, *, raw: bool = False) -> ScalarKind[str]:
    """Return a kind of non-empty text. `raw` takes numbers and booleans as they are written."""
    types: Json = ["string", "number", "boolean"] if raw else "string"

    def parse(scalar: Scalar) -> str:
        value = scalar.text if raw else _text(scalar, noun)
        if not re.search(pattern, value):
            raise Fault(f"{shown(value)} is not {noun}" if value else f"expected {noun}, found empty text")
        return value

    return ScalarKind(noun, forms, parse, {"type": types, "pattern": pattern})


def choice(noun: str, *options: str) -> ScalarKind[str]:
    """Return a kind of which there are few values."""
    forms = f"{', '.join(options[:-1])} or {options[-1]}"

    def parse(scalar: Scalar) -> str:
        if scalar.text in options:
            return scalar.text
        guess = near(scalar.text.upper().removeprefix("SIG"), options)
        raise Fault(f"{shown(scalar.text)} is not {noun}", f"{guess} Write {forms}" if guess else "")

    return ScalarKind(noun, forms, parse, {"enum": list(options)})


def whole(low: int, high: int) -> ScalarKind[int]:
    """Return the kind of a whole number from `low` to `high`."""
    forms = f"a whole number from {low} to {high}"
    return ScalarKind(forms, forms, lambda s: _whole(s, low, high), _between(low, high))


def whole_or(low: int, high: int, word: str, means: int | None = None) -> ScalarKind[tuple[int, int | None]]:
    """Return the kind of a whole number (n, n), or of `word`, which is (1, `means`)."""
    forms = f"a whole number from {low} to {high}, or {word}"

    def parse(scalar: Scalar) -> tuple[int, int | None]:
        if scalar.text == word:
            return 1, means
        number = _whole(scalar, low, high, f", '{word}' or {{min: .., max: ..}}")
        return number, number

    return ScalarKind(forms, forms, parse, {"anyOf": [_between(low, high), {"const": word}]})


def or_word(kind: ScalarKind[int], word: str) -> ScalarKind[int | None]:
    """Return `kind` with `word` as one more value, which stands for None."""
    forms = f"{kind.forms}, or {word}"

    def parse(scalar: Scalar) -> int | None:
        return None if scalar.text == word else kind.parse(scalar)

    return ScalarKind(kind.noun, forms, parse, {"anyOf": [kind.shape, {"const": word}]})


def _quantity(noun: str, forms: str, units: str, parse: Callable[[str], T], guess: Callable[[str], str]) -> ScalarKind[T]:
    raise NotImplementedError
