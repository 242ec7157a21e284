"""What `status` of some services and instances says of them, and of nothing else."""

from __future__ import annotations

import pytest

from procman.core.deaths import Cause, Death
from procman.core.errors import WrongUse
from procman.core.proofs import KEY, Proof
from procman.core.status import InstanceStatus, State
from procman.core.strays import Stray
from procman.workflow.guards import Verified
from procman.workflow.look import Report, narrowed

ROWS = tuple(
    InstanceStatus(service, number, kind, State.RUNNING, True, limit=limit)
    for service, number, kind, limit in (
        ("api", 0, "scalable", 40),
        ("api", 1, "scalable", 40),
        ("mqtt", 0, "singleton", None),
    )
)
REPORT = Report(
    project="shop",
    path="/x",
    edited=False,
    unfinished=True,
    profile=None,
    scaled=(),
    required=80,
    usable=100,
    manager_pid=7,
    manager_state="running",
    manager_memory=0,
    rows=ROWS,
    strays=(Stray("mqtt", 9, "node x.js", "app", 1.0, "sh (pid 8)", "kill 9"),),
    deaths=tuple(Death(1.0, unit, Cause.CRASH, "x") for unit in ("api-0", "mqtt-0")),
    verified=(Verified(Proof("mqtt", KEY, "f", 1.0, "a", "e"), True, 2.0),),
    sessions_left=("mqtt-2", "old-1"),
)


@pytest.mark.parametrize(
    ("names", "units", "required", "deaths", "of_mqtt", "left"),
    [
        (("api",), ["api-0", "api-1"], 80, ["api-0"], 0, ()),
        (("api-1",), ["api-1"], 40, [], 0, ()),
        (("mqtt",), ["mqtt-0"], 0, ["mqtt-0"], 1, ("mqtt-2",)),
        (("api-0", "mqtt-0"), ["api-0", "mqtt-0"], 40, ["api-0", "mqtt-0"], 1, ()),
        (("old-1",), [], 0, [], 0, ("old-1",)),
        (("mqtt-2",), [], 0, [], 0, ("mqtt-2",)),
    ],
)
def test_everything_is_of_what_is_named(
    names: tuple[str, ...], units: list[str], required: int, deaths: list[str], of_mqtt: int, left: tuple[str, ...]
) -> None:
    """Rows, sums, deaths, strays, proofs and sessions; that an `up` was cut short is of the whole project."""
    found = narrowed(REPORT, names)
    assert [row.unit for row in found.rows] == units
    assert (found.required, [death.unit for death in found.deaths]) == (required, deaths)
    assert (len(found.strays), len(found.verified), found.sessions_left) == (of_mqtt, of_mqtt, left)
    assert (found.unfinished, found.usable, found.manager_pid) == (False, 100, 7)


@pytest.mark.parametrize("names", [("nobody",), ("api", "api-2"), ("old",)])
def test_an_unknown_name_is_wrong_use(names: tuple[str, ...]) -> None:
    """The known ones are told, members that are gone and owe a session among them."""
    with pytest.raises(WrongUse, match=f"'{names[-1]}'") as caught:
        narrowed(REPORT, names)
    assert caught.value.help == "known: api, mqtt, api-0, api-1, mqtt-0, mqtt-2, old-1"
