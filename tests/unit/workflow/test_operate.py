"""Which instances a command means by the names that it is given."""

from __future__ import annotations

import pytest

from procman.core.applied import Applied, AppliedService
from procman.core.diff import Action, Do
from procman.core.errors import WrongUse
from procman.workflow.intent import RELOAD, RESTART, _hurried, _replaced
from procman.workflow.operate import chosen

SERVICES = (AppliedService("api", "scalable", 2, None, True), AppliedService("api-1", "singleton", 1, None, False))
RECORD = Applied("shop", "/x", "", (), (), None, (), (), SERVICES, 0, 0)
EVERYTHING = {"api-0", "api-1", "api-1-0"}


@pytest.mark.parametrize(
    ("names", "units"),
    [
        ((), EVERYTHING),
        (("api",), {"api-0", "api-1"}),
        (("api-0",), {"api-0"}),
        (("api-1",), {"api-1", "api-1-0"}),
        (("api-1-0", "api-0"), {"api-0", "api-1-0"}),
        (("api", "api"), {"api-0", "api-1"}),
    ],
)
def test_a_name_is_a_service_or_an_instance(names: tuple[str, ...], units: set[str]) -> None:
    """Without names all of them; a name that is both means both."""
    assert units == chosen(RECORD, names)


@pytest.mark.parametrize("names", [("nobody",), ("api", "api-2"), ("",), ("API",)])
def test_an_unknown_name_is_wrong_use_and_the_known_ones_are_told(names: tuple[str, ...]) -> None:
    """Also beside a known one: nothing is done by halves."""
    with pytest.raises(WrongUse, match=f"no service or instance '{names[-1]}'") as caught:
        chosen(RECORD, names)
    assert caught.value.help == "known: api, api-1, api-0, api-1-0"


@pytest.mark.parametrize("command", [RESTART, RELOAD])
def test_what_runs_as_wanted_is_replaced_because_it_was_asked_for(command: str) -> None:
    """What has to be started, or is replaced for a change, keeps its own reason."""
    kept = Action("api", 0, Do.KEEP, "unchanged")
    assert _replaced(kept, command) == Action("api", 0, Do.REPLACE, f"{command} was asked for")
    others = [Action("api", 0, do, "x") for do in (Do.START, Do.STOP, Do.REPLACE)]
    assert [_replaced(other, command) for other in others] == others


def test_a_start_does_not_wait_for_the_pause_before_a_restart() -> None:
    """What would be started later is started now; anything else is as it was."""
    assert _hurried(Action("api", 0, Do.KEEP, "unchanged")) == Action("api", 0, Do.START, "waited for its next start")
    assert _hurried(Action("api", 0, Do.REPLACE, "x")) == Action("api", 0, Do.REPLACE, "x")
