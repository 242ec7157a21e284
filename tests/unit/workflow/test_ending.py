"""How long instances may take to end, one wave after another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procman.core.lifecycle import Until
from procman.core.manifest import Stop
from procman.core.spec import Spec
from procman.workflow.ending import STOP_MARGIN, _is_up, patience
from tests.support.values import spec


def of(service: str, timeout: float, *needs: str, instance: int = 0) -> Spec:
    """Return an instance with this stop timeout that depends on `needs`."""
    made = spec(service, instance, instances=9, stop=Stop(timeout))
    return replace(made, depends_on=tuple((name, Until.STARTED) for name in needs))


@pytest.mark.parametrize(
    ("specs", "seconds"),
    [
        ([], Stop().timeout),
        ([of("a", 3.0)], 3.0),
        ([of("a", 3.0), of("b", 5.0), of("a", 4.0, instance=1)], 5.0),
        ([of("api", 3.0, "db"), of("db", 5.0)], 8.0),
        ([of("web", 2.0, "api"), of("api", 3.0, "db"), of("db", 5.0), of("other", 6.0)], 6.0 + 3.0 + 5.0),
        ([of("api", 3.0, "gone")], 3.0),
        ([of("a", 3.0, "b"), of("b", 5.0, "a")], 5.0),
        ([of("a", 3.0, "a")], 3.0),
    ],
)
def test_a_chain_takes_the_sum_of_its_waves(specs: list[Spec], seconds: float) -> None:
    """Of those that are stopped together the longest counts; what cannot be read has the usual time; cycles end."""
    assert patience(specs) == seconds + STOP_MARGIN


@pytest.mark.parametrize(
    ("statename", "up"),
    [
        *((name, True) for name in ("STARTING", "RUNNING", "STOPPING", "BACKOFF")),
        *((name, False) for name in ("STOPPED", "EXITED", "FATAL", "UNKNOWN")),
    ],
)
def test_what_would_be_started_again_is_up(statename: str, up: bool) -> None:
    """A pause before a restart is no end: it must be stopped, too."""
    assert up == _is_up(statename)
