"""The kinds of sizes, times and shares, with a guess at what was meant when the unit is wrong."""

from __future__ import annotations

import re

from procman.core.document import Scalar
from procman.core.kinds import Fault, ScalarKind
from procman.core.quantity import SIZE_FORMS, TIME_FORMS, parse_size, parse_time
from procman.core.words import shown

_NUMBER = r"[0-9]{1,6}(?:\.[0-9]{1,3})?"
_SOME = r"(?=0*\.?0*[1-9])"


def size() -> ScalarKind[int]:
    """Return the kind of a size, in bytes."""
    pattern = rf"^{_NUMBER}[KMGT]$"
    return ScalarKind("a size", SIZE_FORMS, _size, {"type": "string", "pattern": pattern, "examples": ["400M", "2G"]})


def time(*, some: bool = False) -> ScalarKind[float]:
    """Return the kind of a time, in seconds; with `some` it is more than none."""
    pattern = rf"^{_SOME if some else ''}{_NUMBER}(?:ms|s|m|h)$"
    parse = _some_time if some else _time
    return ScalarKind("a time", TIME_FORMS, parse, {"type": "string", "pattern": pattern, "examples": ["10s", "1m"]})


def share() -> ScalarKind[tuple[int | None, float | None]]:
    """Return the kind of a reserve: (bytes, None) or (None, share of RAM)."""
    forms = f"25% (at most 90%), or a size such as {SIZE_FORMS}"
    percent = "(?:[1-8]?[0-9]|90)%"

    def parse(scalar: Scalar) -> tuple[int | None, float | None]:
        if re.fullmatch(percent, scalar.text):
            return None, int(scalar.text[:-1]) / 100
        if scalar.text.endswith("%"):
            raise Fault(f"{shown(scalar.text)} is not a share of RAM")
        return _size(scalar), None

    pattern = f"^(?:{percent}|{_NUMBER}[KMGT])$"
    return ScalarKind("a share or a size", forms, parse, {"type": "string", "pattern": pattern})


def _size(scalar: Scalar) -> int:
    try:
        return parse_size(scalar.text)
    except ValueError as error:
        match = re.fullmatch(rf"\s*({_NUMBER})\s*([KMGTkmgt]?)[A-Za-z]*\s*", scalar.text)
        guess = f"{match[1]}{match[2].upper() or 'M'}" if match and float(match[1]) else ""
        # Only where the unit is written out: what `400` stands for, nobody but its writer knows.
        sure = re.fullmatch(rf"({_NUMBER}) ?([KMGT])(?:i|B|iB)", scalar.text)
        reason = "procman's units are binary multiples, written with one letter"
        meant = (f"{sure[1]}{sure[2]}", reason) if sure and _is_size(f"{sure[1]}{sure[2]}") else None
        raise _meant(scalar, error, guess, SIZE_FORMS, meant) from None


def _time(scalar: Scalar) -> float:
    try:
        return parse_time(scalar.text)
    except ValueError as error:
        match = re.fullmatch(rf"\s*({_NUMBER})\s*(ms|[smhSMH]?)[A-Za-z]*\s*", scalar.text)
        guess = f"{match[1]}{match[2].lower() or 's'}" if match else ""
        raise _meant(scalar, error, guess, TIME_FORMS) from None


def _some_time(scalar: Scalar) -> float:
    seconds = _time(scalar)
    if not seconds:
        raise Fault(f"{shown(scalar.text)} is no time at all")
    return seconds


def _is_size(text: str) -> bool:
    try:
        parse_size(text)
    except ValueError:
        return False
    return True


def _meant(scalar: Scalar, error: ValueError, guess: str, forms: str, meant: tuple[str, str] | None = None) -> Fault:
    said = str(error).replace(f"'{scalar.text}'", shown(scalar.text)).partition("; ")[0]
    if re.fullmatch("[0-9.]+", scalar.text) and guess:
        said = f"{scalar.text} has no unit"
    wrong = guess and guess != scalar.text
    return Fault(said, f"did you mean {guess}? Accepted: {forms}" if wrong else "", meant=meant)
