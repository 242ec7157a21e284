"""The kinds of single values without a form of their own: text, names, choices, numbers, true and false."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from procman.core.document import Scalar, core_value, kind_of
from procman.core.kinds import Fault, Json, ScalarKind, Schema
from procman.core.words import near, shown

T = TypeVar("T")

_NO_NUL = r"^[^\u0000]+$"


def text(noun: str, forms: str, pattern: str = _NO_NUL, *, raw: bool = False) -> ScalarKind[str]:
    """Return a kind of non-empty text. `raw` takes numbers and booleans as they are written."""
    types: Json = ["string", "number", "boolean"] if raw else "string"

    def parse(scalar: Scalar) -> str:
        value = scalar.text if raw else plain_text(scalar, noun)
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


def words(known: Mapping[str, T], forms: str) -> ScalarKind[T]:
    """Return the kind of words that stand for a value each; `forms` names them and what else there is beside them."""
    noun = f"{', '.join(tuple(known)[:-1])} or {tuple(known)[-1]}"

    def parse(scalar: Scalar) -> T:
        if scalar.text not in known:
            raise Fault(f"{shown(scalar.text)} is not {noun}")
        return known[scalar.text]

    return ScalarKind(noun, forms, parse, {"enum": list(known)})


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


def or_word(kind: ScalarKind[T], word: str) -> ScalarKind[T | None]:
    """Return `kind` with `word` as one more value, which stands for None."""
    forms = f"{kind.forms}, or {word}"

    def parse(scalar: Scalar) -> T | None:
        return None if scalar.text == word else kind.parse(scalar)

    return ScalarKind(kind.noun, forms, parse, {"anyOf": [kind.shape, {"const": word}]})


def version(only: int) -> ScalarKind[int]:
    """Return the kind of the format's version, of which there is one so far."""

    def parse(scalar: Scalar) -> int:
        value = core_value(scalar)
        if type(value) is not int:
            raise Fault(f"expected the number {only}, found {_found(scalar)}", "", "PM005")
        if value != only:
            raise Fault(f"{shown(scalar.text)} is a version that this procman does not know", f"write {only}", "PM009")
        return value

    return ScalarKind(f"the number {only}", str(only), parse, {"const": only})


def name(noun: str, forms: str, pattern: str) -> ScalarKind[str]:
    """Return the kind of a name that stands as a value."""

    def parse(scalar: Scalar) -> str:
        value = plain_text(scalar, noun)
        if not re.fullmatch(pattern, value):
            raise Fault(f"{shown(value)} is no {noun.partition(' ')[2]}", forms, "PM006")
        return value

    return ScalarKind(noun, forms, parse, {"type": "string", "pattern": f"^{pattern}$"})


def boolean() -> ScalarKind[bool]:
    """Return the kind of true and false."""

    def parse(scalar: Scalar) -> bool:
        value = core_value(scalar)
        if isinstance(value, bool):
            return value
        meant = {"on": "true", "yes": "true", "off": "false", "no": "false"}.get(scalar.text.lower(), "")
        advice = f"in YAML 1.2 {scalar.text} is text; write {meant}" if meant else ""
        raise Fault(f"expected true or false, found {_found(scalar)}", advice, "PM005")

    return ScalarKind("true or false", "true or false", parse, {"type": "boolean"})


def variable_value() -> ScalarKind[str]:
    """Return the kind of an environment variable's value. Its faults never repeat it: it may be a secret."""
    forms = 'text, a number or true or false; "" is empty text'
    shape: Schema = {"type": ["string", "number", "boolean"], "pattern": r"^[^\u0000]*$"}
    return ScalarKind("text", forms, lambda scalar: scalar.text, shape)


def plain_text(scalar: Scalar, noun: str) -> str:
    """Return the text of `scalar`; Fault when YAML reads it as something else, such as a number."""
    if not scalar.filled and not isinstance(core_value(scalar), str):
        raise Fault(f"expected {noun}, found {kind_of(scalar)}", f'quote it: "{scalar.text}"', "PM005")
    return scalar.text


def _whole(scalar: Scalar, low: int, high: int, others: str = "") -> int:
    value = core_value(scalar)
    if type(value) is not int:
        quoted = not scalar.plain and re.fullmatch("0|[1-9][0-9]{0,5}", scalar.text)
        advice = f"leave the quotes out: {scalar.text}" if quoted else ""
        meant = (scalar.text, "a quoted number is text") if quoted and low <= int(scalar.text) <= high else None
        wanted = f"expected a whole number from {low} to {high}{others}"
        raise Fault(f"{wanted}, found {_found(scalar)}", advice, "PM005", meant)
    if not low <= value <= high:
        raise Fault(f"{shown(scalar.text)} is not between {low} and {high}")
    return value


def _found(scalar: Scalar) -> str:
    return f"the text {shown(scalar.text)}" if isinstance(core_value(scalar), str) else shown(scalar.text)


def _between(low: int, high: int) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}
