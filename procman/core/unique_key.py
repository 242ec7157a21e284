"""Whether a table has an *effective* unique key: one that makes a single row of a message that comes twice. Pure.

That an index is there is not enough: one that is nullable, partial, on expressions, wider, deferrable or invalid lets
doubles through or cannot be upserted on; one that is narrower, or on prefixes, refuses rows that are no doubles.
"""

from __future__ import annotations

from collections.abc import Iterable

from procman.core.values import dataclass

REFUSES = "it refuses rows that are no doubles"


@dataclass(frozen=True, slots=True)
class Index:
    """One index as the database has it. A column is None where an expression stands in its place.

    `where`: the condition of a partial one. `prefixes`: columns of which only the beginning counts. `nulls_equal`: NULL
    equals NULL in it. `immediate`: it is checked with each row, not at the end. `loose`: columns whose comparison takes
    different texts for equal, such as A and a.
    """

    name: str
    kind: str
    columns: tuple[str | None, ...]
    unique: bool = True
    where: str | None = None
    prefixes: tuple[str, ...] = ()
    nulls_equal: bool = False
    valid: bool = True
    immediate: bool = True
    loose: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its indexes. `columns`: name, and whether it may be NULL; `any_case`: names are equal in any case."""

    name: str
    kind: str
    columns: tuple[tuple[str, bool], ...]
    indexes: tuple[Index, ...]
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the key is effective, and what was seen."""

    evidence: str
    effective: bool = False


def judge(table: Table | None, name: str, key: tuple[str, ...]) -> Answer:
    """Return whether `table` (None: there is none) makes one row of each value of `key`."""
    if table is None:
        return Answer(f"there is no table '{name}'")
    if table.kind != "table":
        return Answer(f"'{name}' is a {table.kind}: what holds rows together is an index of a table")
    wanted = {_same(table, column) for column in key}
    known = {_same(table, column): nullable for column, nullable in table.columns}
    absent = [column for column in key if _same(table, column) not in known]
    if absent:
        return Answer(f"'{name}' has no column {_listed(absent)}; it has {_listed(c for c, _ in table.columns)}")
    judged = [(index, _fault(table, index, wanted, known)) for index in table.indexes]
    good = [index for index, fault in judged if fault is None]
    narrow = [index for index, _ in judged if _narrower(table, index, wanted)]
    if good and not narrow:
        columns = ", ".join(column or "" for column in good[0].columns)
        return Answer(f"{_named(good[0])} on ({columns}){_note(good[0])}", effective=True)
    said = [f"{_named(index)}: {fault}" for index, fault in judged if fault and _near(table, index, wanted)]
    return Answer("; ".join(said) or f"no unique index on ({', '.join(key)})")


def _fault(table: Table, index: Index, wanted: set[str], known: dict[str, bool]) -> str | None:
    """Return why `index` is no effective key, or None when it is one; of several faults the first."""
    found = {_same(table, column) for column in index.columns if column is not None}
    on = f"({', '.join(column or 'an expression' for column in index.columns)})"
    where = f", where {index.where}" if index.where is not None else ""
    nullable = sorted(column for column in found if known.get(column, True))
    faults = (
        (not index.unique, f"it is not unique, on {on}"),
        (None in index.columns, f"it is on an expression, {on}: an upsert on the columns does not meet it"),
        (found < wanted and _narrower(table, index, wanted), f"it is narrower, on {on}{where}: {REFUSES}"),
        (bool(where), f"it is partial{where}: rows outside are not held together"),
        (bool(index.prefixes), f"only the beginning of {_listed(index.prefixes)} counts: {REFUSES}"),
        (found < wanted, f"it is narrower, on {on}"),
        (found > wanted, f"it is wider, on {on}: doubles that differ in the rest are let in"),
        (found != wanted, f"it is on other columns, {on}"),
        (not index.valid, "it is invalid, as a CREATE INDEX CONCURRENTLY that failed leaves it"),
        (not index.immediate, "it is deferrable: ON CONFLICT cannot use it"),
        (
            bool(nullable) and not index.nulls_equal,
            f"{_listed(nullable)} may be NULL, and no two NULLs are equal",
        ),
    )
    return next((words for holds, words in faults if holds), None)


def _narrower(table: Table, index: Index, wanted: set[str]) -> bool:
    """Tell whether `index` refuses rows that differ in the key."""
    found = {_same(table, column) for column in index.columns if column is not None}
    enforced = index.unique and index.valid and None not in index.columns
    return enforced and (found < wanted or (found == wanted and bool(index.prefixes)))


def _near(table: Table, index: Index, wanted: set[str]) -> bool:
    """Tell whether `index` has anything to do with the key: others need no explanation."""
    return None in index.columns or bool(wanted & {_same(table, column) for column in index.columns if column})


def _same(table: Table, column: str) -> str:
    return column.lower() if table.any_case else column


def _named(index: Index) -> str:
    return f"{index.kind} {index.name}".rstrip()


def _note(index: Index) -> str:
    return f"; texts in {_listed(index.loose)} that differ in case only are one" if index.loose else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
