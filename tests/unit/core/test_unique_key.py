"""Which indexes make one row of a message that comes twice, and why each other one does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.unique_key import REFUSES, Answer, Index, Table, judge

KEY = ("ts", "shop", "device")
COLUMNS = (("ts", False), ("shop", False), ("device", False), ("v", True), ("serial", True))
GOOD = Index("u", "index", KEY)


def table(*indexes: Index, nullable: tuple[str, ...] = (), any_case: bool = False) -> Table:
    """Return a table of readings with these indexes; `nullable` of its key columns may be NULL."""
    columns = tuple((name, may or name in nullable) for name, may in COLUMNS)
    return Table("t", "table", columns, indexes, any_case)


def of(*columns: str | None, **changes: object) -> Index:
    """Return a unique index on `columns`."""
    return replace(GOOD, columns=columns, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "evidence"),
    [
        (table(GOOD), "index u on (ts, shop, device)"),
        (table(replace(GOOD, name="", kind="primary key")), "primary key on (ts, shop, device)"),
        (table(replace(GOOD, name="c", kind="constraint")), "constraint c on (ts, shop, device)"),
        (table(of("device", "ts", "shop")), "index u on (device, ts, shop)"),
        (table(of("TS", "Shop", "device"), any_case=True), "index u on (TS, Shop, device)"),
        (table(replace(GOOD, nulls_equal=True), nullable=KEY), "index u on (ts, shop, device)"),
        (table(of("serial", name="s"), GOOD), "index u on (ts, shop, device)"),
        (table(of("ts", "shop", "serial", name="s"), GOOD), "index u on (ts, shop, device)"),
        (table(of(*KEY, "v", name="w"), GOOD), "index u on (ts, shop, device)"),
        (table(of("ts", name="i", unique=False), GOOD), "index u on (ts, shop, device)"),
        (table(of("ts", name="i", valid=False), GOOD), "index u on (ts, shop, device)"),
        (table(of(*KEY, name="p", where="v > 0"), GOOD), "index u on (ts, shop, device)"),
        (table(of("ts", None, name="e"), GOOD), "index u on (ts, shop, device)"),
        (
            table(replace(GOOD, loose=("shop", "device"))),
            "index u on (ts, shop, device); texts in 'shop', 'device' that differ in case only are one",
        ),
    ],
)
def test_an_effective_key_is_named_with_its_columns(found: Table, evidence: str) -> None:
    """In any order, of any kind, beside indexes that hold nothing of the key or hold less."""
    assert judge(found, "t", KEY) == Answer(evidence, effective=True)


@pytest.mark.parametrize(
    ("found", "evidence"),
    [
        (None, "there is no table 't'"),
        (replace(table(GOOD), kind="view"), "'t' is a view: what holds rows together is an index of a table"),
        (
            replace(table(GOOD), columns=(("ts", False), ("Shop", False))),
            "'t' has no column 'shop', 'device'; it has 'ts', 'Shop'",
        ),
        (table(), "no unique index on (ts, shop, device)"),
        (table(of("serial")), "no unique index on (ts, shop, device)"),
        (table(replace(GOOD, unique=False)), "index u: it is not unique, on (ts, shop, device)"),
        (table(of("ts", unique=False, name="n")), "index n: it is not unique, on (ts)"),
        (table(of("ts", valid=False, name="n")), "index n: it is narrower, on (ts)"),
        (
            table(of("ts", None, "device")),
            "index u: it is on an expression, (ts, an expression, device): an upsert on the columns does not meet it",
        ),
        (
            table(of(None)),
            "index u: it is on an expression, (an expression): an upsert on the columns does not meet it",
        ),
        (
            table(replace(GOOD, where="v > 0")),
            "index u: it is partial, where v > 0: rows outside are not held together",
        ),
        (
            table(replace(GOOD, prefixes=("shop", "device"))),
            f"index u: only the beginning of 'shop', 'device' counts: {REFUSES}",
        ),
        (table(of("ts", "shop")), f"index u: it is narrower, on (ts, shop): {REFUSES}"),
        (
            table(of(*KEY, "v")),
            "index u: it is wider, on (ts, shop, device, v): doubles that differ in the rest are let in",
        ),
        (table(of("ts", "shop", "serial")), "index u: it is on other columns, (ts, shop, serial)"),
        (
            table(replace(GOOD, valid=False)),
            "index u: it is invalid, as a CREATE INDEX CONCURRENTLY that failed leaves it",
        ),
        (table(replace(GOOD, immediate=False)), "index u: it is deferrable: ON CONFLICT cannot use it"),
        (table(GOOD, nullable=("shop",)), "index u: 'shop' may be NULL, and no two NULLs are equal"),
        (table(GOOD, nullable=KEY), "index u: 'device', 'shop', 'ts' may be NULL, and no two NULLs are equal"),
        (table(of("TS", "shop", "device")), "index u: it is on other columns, (TS, shop, device)"),
        (table(GOOD, of("ts", name="n")), f"index n: it is narrower, on (ts): {REFUSES}"),
        (
            table(GOOD, of("ts", "shop", name="n", kind="constraint", nulls_equal=True)),
            f"constraint n: it is narrower, on (ts, shop): {REFUSES}",
        ),
        (
            table(GOOD, replace(GOOD, name="n", prefixes=("shop",))),
            f"index n: only the beginning of 'shop' counts: {REFUSES}",
        ),
        (
            table(GOOD, of("ts", name="n", where="v > 0")),
            f"index n: it is narrower, on (ts), where v > 0: {REFUSES}",
        ),
        (
            table(replace(GOOD, unique=False), of("serial", name="s"), of("ts", name="n")),
            f"index u: it is not unique, on (ts, shop, device); index n: it is narrower, on (ts): {REFUSES}",
        ),
    ],
)
def test_why_a_key_is_not_effective(found: Table | None, evidence: str) -> None:
    """Each fault by itself, with the index that has it; what has nothing to do with the key needs no words."""
    assert judge(found, "t", KEY) == Answer(evidence)


def test_names_are_compared_as_the_database_does() -> None:
    """Case counts unless the database says that it does not, in the table and in the index."""
    exact = Table("t", "table", (("TS", False), ("shop", False), ("device", False)), (of("ts", "Shop", "device"),))
    assert judge(exact, "t", KEY) == Answer("'t' has no column 'ts'; it has 'TS', 'shop', 'device'")
    assert judge(replace(exact, any_case=True), "t", KEY) == Answer("index u on (ts, Shop, device)", effective=True)


NAMES = st.sampled_from([*KEY, "v", "serial", None])
INDEXES = st.builds(
    Index,
    st.sampled_from("abc"),
    st.just("index"),
    st.lists(NAMES, min_size=1, max_size=5, unique=True).map(tuple),
    st.booleans(),
    st.none() | st.just("v > 0"),
    st.lists(st.sampled_from(KEY), max_size=1).map(tuple),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


def holds(index: Index, first: dict[str, object], second: dict[str, object]) -> bool:
    """Tell whether this index surely refuses the second of two rows, read word by word of what a database does."""
    plain = index.unique and index.valid and index.where is None and None not in index.columns
    named = [column for column in index.columns if column is not None]
    return plain and not index.prefixes and all(first[c] == second[c] for c in named)


@given(st.lists(INDEXES | st.just(GOOD), max_size=3))
def test_an_effective_key_refuses_doubles_and_nothing_else(indexes: list[Index]) -> None:
    """Whatever indexes there are: a message that comes twice is refused, one that differs in the key is taken."""
    effective = judge(table(*indexes), "t", KEY).effective
    if not effective:
        assert GOOD not in indexes or any(index != GOOD and index.unique for index in indexes)
        return
    first: dict[str, object] = {"ts": 1, "shop": "a", "device": "b", "v": 1, "serial": 1}
    double = {**first, "v": 2, "serial": 2}
    assert any(holds(index, first, double) and index.immediate for index in indexes)
    for column in KEY:
        other = {**double, column: "z"}
        assert not any(holds(index, first, other) for index in indexes)
