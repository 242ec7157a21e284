"""Who waits for whom, and in what order services start and stop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.dependencies import Lacking, Needs, Seen, cycle, from_text, lacking, ordered, stoppable, waves

NEEDS = {"api": ("migrate", "cache"), "migrate": ("db",), "cache": (), "db": (), "web": ("api",)}
GRAPHS = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefg"), max_size=3))


def test_services_start_after_what_they_need() -> None:
    """Each stands behind what it needs, and where nothing is needed the order of the file stays."""
    assert ordered(NEEDS, NEEDS) == ("db", "migrate", "cache", "api", "web")
    assert ordered(["b", "a"], {}) == ("b", "a")


def test_services_stop_in_waves() -> None:
    """Whom nobody alive needs stops first, all of a wave at once."""
    assert [sorted(wave) for wave in waves(NEEDS, NEEDS)] == [["web"], ["api"], ["cache", "migrate"], ["db"]]
    assert stoppable({"api", "db"}, NEEDS) == {"api", "db"}  # between them is nobody alive


@given(GRAPHS)
def test_any_graph_has_an_order_and_waves(graph: dict[str, list[str]]) -> None:
    """Cycles too: every service is in the order once, and in one wave."""
    assert sorted(ordered(graph, graph)) == sorted(graph)
    assert sorted(name for wave in waves(graph, graph) for name in wave) == sorted(graph)


@given(GRAPHS)
def test_order_holds_where_there_is_no_cycle(graph: dict[str, list[str]]) -> None:
    """Without a cycle, nothing stands before what it needs, and nothing stops before what needs it."""
    if any(cycle(name, graph) for name in graph):
        return
    place = {name: index for index, name in enumerate(ordered(graph, graph))}
    wave = {name: index for index, names in enumerate(waves(graph, graph)) for name in names}
    for name, needs in graph.items():
        assert all(place[other] < place[name] and wave[name] < wave[other] for other in needs if other in graph)


def test_a_cycle_is_found_by_its_shortest_way() -> None:
    """The way back to where it began, and nothing for what only leads into a cycle."""
    graph = {"a": ["b"], "b": ["c", "a"], "c": ["a"], "d": ["a"], "e": ["e"]}
    assert [cycle(name, graph) for name in graph] == [("a", "b"), ("b", "a"), ("c", "a", "b"), (), ("e",)]


@pytest.mark.parametrize(
    ("far", "units", "expected"),
    [
        ("started", [Seen("db-0", started=True)], Lacking()),
        ("started", [Seen("db-0"), Seen("db-1", started=True)], Lacking()),
        ("ready", [Seen("db-0", started=True)], Lacking("waits for db to be ready")),
        ("ready", [Seen("db-0", started=True, ready=True)], Lacking()),
        ("ready", [Seen("db-0", completed=True)], Lacking()),
        ("completed", [Seen("db-0", started=True, ready=True)], Lacking("waits for db to be completed")),
        ("completed", [Seen("db-0", completed=True)], Lacking()),
        ("completed", [Seen("db-0", completed=True), Seen("db-1")], Lacking("waits for db to be completed")),
        ("ready", [], Lacking("waits for db to be ready", "db is not there")),
        ("ready", [Seen("db-0", lost="has failed: x")], Lacking("waits for db to be ready", "db-0 has failed: x")),
        ("ready", [Seen("db-0", lost="is stopped"), Seen("db-1")], Lacking("waits for db to be ready")),
        (
            "completed",
            [Seen("db-0", completed=True), Seen("db-1", lost="is stopped")],
            Lacking("waits for db to be completed", "db-1 is stopped"),
        ),
    ],
)
def test_what_is_lacking_is_said(far: str, units: list[Seen], expected: Lacking) -> None:
    """One started or ready instance is enough, all must have completed; and what will not come is said."""
    assert lacking((("db", far),), {"db": units}) == expected


def test_damaged_text_holds_nothing_back() -> None:
    """What is no need is left out: a file changed by hand must not keep a service from starting."""
    assert from_text("db=ready  migrate=completed x y=soon =") == (("db", "ready"), ("migrate", "completed"))
    assert from_text("") == _none()


def _none() -> Needs:
    return ()
