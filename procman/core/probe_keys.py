"""What the keys of readiness and liveness have in common: how HTTP, a connection and a command are asked."""

from __future__ import annotations

import re
import shlex

from procman.core import addresses, scalars
from procman.core.document import Scalar
from procman.core.kinds import Fault, Field, Record, ScalarKind, Schema, Values
from procman.core.lifecycle import Statuses
from procman.core.places import Address
from procman.core.shapes import ListOf, ScalarOrList, ScalarOrMapping
from procman.core.words import shown

_STATUS_FORMS = "a status such as 200, or a range such as 200-299"
_CODE = "[1-5][0-9]{2}"
_STATUS_SHAPE: Schema = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "string", "pattern": f"^{_CODE}(?:-{_CODE})?$"},
    ]
}
_MOST_BODY = 1024
_ADDRESS, _BOOLEAN = addresses.address(), scalars.boolean()


def _status(scalar: Scalar) -> tuple[int, int]:
    match = re.fullmatch(f"({_CODE})(?:-({_CODE}))?", scalar.text)
    if match is None:
        raise Fault(f"{shown(scalar.text)} is no status of HTTP")
    low, high = int(match[1]), int(match[2] or match[1])
    if low > high:
        raise Fault(f"the range {low}-{high} is empty", f"write {high}-{low}")
    return low, high


def _tcp(scalar: Scalar) -> Address | bool:
    return _BOOLEAN.parse(scalar) if ":" not in scalar.text else _ADDRESS.parse(scalar)


def _split(scalar: Scalar) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(scalar.text))
    except ValueError as error:
        advice = "close the quote, or write the command as a list"
        raise Fault(f"the command cannot be split: {str(error).lower()}", advice) from None
    if not words or not words[0]:
        raise Fault("the command names no program", "begin with the program to run")
    return words


_PATH = scalars.text("a path", "a path that begins with /, such as /health", r"^/[^\s\u0000]*$")
PATH = Field(
    "path",
    _PATH,
    "The path that is asked with GET.",
    required=True,
    examples=("/health",),
)
STATUS: Field[Statuses] = Field(
    "status",
    ScalarOrList(
        ScalarKind("a status", _STATUS_FORMS, lambda scalar: (_status(scalar),), _STATUS_SHAPE),
        ListOf("status", ScalarKind("a status", _STATUS_FORMS, _status, _STATUS_SHAPE)),
    ),
    "The good answers: a status, a range, or a list of them.",
    default="200-399",
    examples=(200, "200-299", [200, "300-308"]),
)
BODY = Field(
    "body",
    scalars.text("a text", f"text of 1 to {_MOST_BODY} characters", rf"^[^\u0000]{{1,{_MOST_BODY}}}$", raw=True),
    "A text that stands in the first 64 KiB of the body of a good answer.",
    examples=('"status":"ok"',),
)
_COMMAND = scalars.text("a command", "the command as text, or as a list of text", r"\S", raw=True)
_ARGUMENT = scalars.text("an argument", 'text; "" is an empty argument', r"^[^\u0000]*$", raw=True)
_PROGRAM = scalars.text("a program", "the program to run, text that is not empty", raw=True)


def http(description: str) -> Field[Values]:
    """Return the key of a question by HTTP: a path, or a mapping with what the answer must be."""
    plain = ScalarKind(_PATH.noun, _PATH.forms, lambda scalar: Values({"path": _PATH.parse(scalar)}), _PATH.shape)
    kind = ScalarOrMapping(plain, Record((PATH, STATUS, BODY)), lambda parts: parts)
    return Field("http", kind, description, examples=("/health", {"path": "/health", "status": 200, "body": "ok"}))


def tcp(description: str) -> Field[Address | bool]:
    """Return the key of a connection: to the service's own address, or to one that it is known to open."""
    forms = f"true or false, or {addresses.ADDRESS_FORMS}"
    shape: Schema = {"anyOf": [_BOOLEAN.shape, _ADDRESS.shape]}
    return Field("tcp", ScalarKind("true, false or an address", forms, _tcp, shape), description, default=False)


def command(description: str) -> Field[tuple[str, ...]]:
    """Return the key of a command that ends with 0 for yes."""
    text = ScalarKind(_COMMAND.noun, _COMMAND.forms, _split, _COMMAND.shape)
    kind = ScalarOrList(text, ListOf("argument", _ARGUMENT, _PROGRAM))
    return Field("exec", kind, description, examples=("pg_isready -q", ["node", "check.js"]))


def path(read: Values | None) -> str | None:
    """Return the path that is asked, or None."""
    return None if read is None else read.get(PATH)
