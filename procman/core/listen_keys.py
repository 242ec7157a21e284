"""The keys of listening: part of the one table of the manifest's keys (see `keys`)."""

from __future__ import annotations

import re

from procman.core import addresses, scalars
from procman.core.document import Scalar
from procman.core.kinds import Fault, Field, Record, ScalarKind, Values
from procman.core.places import LONGEST, MODE, Place, UnixSocket
from procman.core.shapes import ListOf, ScalarOrList, ScalarOrMapping
from procman.core.words import shown

_PREFIX = "unix:"
_PATH = rf"[^\x00]{{1,{LONGEST}}}"
_FORMS = f"{addresses.ADDRESS_FORMS}, or unix:PATH"
_TCP = addresses.address()


def _place(scalar: Scalar) -> Place:
    if not scalar.text.startswith(_PREFIX):
        return _TCP.parse(scalar)
    return UnixSocket(_path(scalar.text.removeprefix(_PREFIX)))


def _path(text: str) -> str:
    if not text or len(text.encode("utf-8", "surrogateescape")) > LONGEST:
        raise Fault(f"the path of a unix socket has 1 to {LONGEST} bytes", "choose a shorter one, such as run/api.sock")
    return text


def _mode(scalar: Scalar) -> int:
    if not re.fullmatch("0?[0-7]{3}", scalar.text):
        raise Fault(f"{shown(scalar.text)} is not a mode")
    return int(scalar.text, 8)


UNIX = Field(
    "unix",
    ScalarKind("a path", "a path, such as run/api.sock", lambda s: _path(s.text), {"type": "string", "minLength": 1}),
    "The path of a unix socket; relative to the manifest's folder.",
    required=True,
    examples=("run/api.sock",),
)
SOCKET_MODE = Field(
    "mode",
    ScalarKind(
        "a mode", "an octal mode, such as 0660", _mode, {"type": ["string", "integer"], "pattern": "^0?[0-7]{3}$"}
    ),
    "Who may connect: the permissions of the socket.",
    default="0660",
)
OWNER = Field(
    "owner",
    scalars.text("an owner", "USER or USER:GROUP", r"^[^:\s\u0000]+(:[^:\s\u0000]+)?$"),
    "Whose the socket is, as USER or USER:GROUP; left out: of the one who runs procman.",
    examples=("www-data", "app:www-data"),
)


def _from_mapping(parts: Values) -> Place | None:
    path = parts.get(UNIX)
    return None if path is None else UnixSocket(path, parts.get(SOCKET_MODE) or MODE, parts.get(OWNER))


_PLACE: ScalarKind[Place] = ScalarKind(
    "an address", _FORMS, _place, {"anyOf": [_TCP.shape, {"type": "string", "pattern": f"^{_PREFIX}.+$"}]}
)
_ONE: ScalarOrMapping[Place, Values] = ScalarOrMapping(_PLACE, Record((UNIX, SOCKET_MODE, OWNER)), _from_mapping)
LISTEN: Field[Place | tuple[Place, ...]] = Field(
    "listen",
    ScalarOrList(_ONE, ListOf("address", _ONE)),
    "The address that all instances share, or a list of them: HOST:PORT or a unix socket.",
    examples=("127.0.0.1:3000", ["127.0.0.1:3000", "unix:run/api.sock"]),
)
