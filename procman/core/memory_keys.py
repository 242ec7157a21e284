"""The part of the table of keys that is about memory: the limit, and what the kernel enforces. See `core.keys`."""

from __future__ import annotations

from procman.core import measures, scalars
from procman.core.document import Scalar
from procman.core.kinds import Fault, Field, Record, ScalarKind, Values
from procman.core.quantity import short_size
from procman.core.shapes import ScalarOrMapping

NONE = "none"
Sizes = tuple[int | None, int | None]
"""A limit and a hard one, bytes: None for the hard one is the default, 0 is none."""

_SIZE = measures.size()
_FORMS = f"{_SIZE.forms}, or {NONE}"


def _hard(scalar: Scalar) -> int:
    return 0 if scalar.text == NONE else _SIZE.parse(scalar)


LIMIT = Field("limit", _SIZE, "Over it, an instance is replaced gracefully.", required=True, examples=("400M",))
HARD = Field(
    "hard",
    ScalarKind("a size", _FORMS, _hard, {"anyOf": [_SIZE.shape, {"const": NONE}]}),
    "What the kernel lets it have at most, where it offers that; left out: half as much again as the limit.",
    examples=("600M", NONE),
)


def _sizes(parts: Values) -> Sizes:
    limit, hard = parts.get(LIMIT), parts.get(HARD)
    if limit is not None and hard and hard < limit:
        raise Fault(f"hard is {short_size(hard)}, which is less than limit, {short_size(limit)}", "swap them")
    return limit, hard


_ALONE: ScalarKind[Sizes] = ScalarKind(_SIZE.noun, _SIZE.forms, lambda scalar: (_SIZE.parse(scalar), None), _SIZE.shape)

MEMORY = Field(
    "memory",
    ScalarOrMapping(_ALONE, Record((LIMIT, HARD)), _sizes),
    "The RAM limit of one instance's whole process tree, or {limit, hard}.",
    examples=("400M", {"limit": "400M", "hard": "600M"}),
)

PRESSURE = Field(
    "pressure",
    scalars.choice("a way to meet pressure", "off", "shed"),
    "shed: while the machine is short of memory, the least important instances are given up.",
    default="off",
)

RUNTIME = Field(
    "runtime",
    scalars.choice("a runtime", "node", "java"),
    "Sets the heap of node or java from the memory limit, unless command or environment set it.",
    examples=("node",),
)
