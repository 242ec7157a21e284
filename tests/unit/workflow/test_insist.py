"""A replacement that the manager has begun by itself is waited for; any other refusal is told at once."""

import pytest

from procman.adapters.supervisor_rpc import ALREADY_STARTED, STILL_RUNNING, Fault
from procman.workflow.roll import insist


def refusing(*codes: int) -> tuple[list[int], "Replace"]:
    """Return a call that is refused with each of `codes`, and then done; and what is left of them."""
    left = list(codes)
    return left, Replace(left)


class Replace:
    """Refused as often as codes are left."""

    def __init__(self, left: list[int]) -> None:
        self._left = left

    def __call__(self) -> int:
        """Be refused, or give the number of a job."""
        if self._left:
            raise Fault("procman.replace", self._left.pop(0), "api-1 is being replaced already")
        return 7


def test_it_is_asked_again_while_another_replacement_is_under_way() -> None:
    """Twice refused, the third time done."""
    left, call = refusing(STILL_RUNNING, STILL_RUNNING)
    assert insist(call) == 7
    assert left == []


def test_another_refusal_is_told_at_once() -> None:
    """It is not asked again."""
    left, call = refusing(ALREADY_STARTED, STILL_RUNNING)
    with pytest.raises(Fault, match="being replaced"):
        insist(call)
    assert left == [STILL_RUNNING]
