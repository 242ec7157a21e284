"""A service waits for another to be ready, which is not known of that one."""

from __future__ import annotations

import pytest

from procman.rules import dependency_unprobed as rule
from tests.support.judging import Told, judged

TEXT = """
    services:
      db: {{kind: scalable, command: a{more}}}
      api: {{kind: scalable, command: a, depends_on: {{db: {far}}}}}
"""


def test_readiness_without_a_probe_is_told() -> None:
    """At the word `ready`."""
    message = "'api' waits for 'db' to be ready, and 'db' has no probe"
    expected = Told("PM316", "dependency-unprobed", "warning", message, "a probe for 'db', or `started`", "6: ready")
    assert judged(rule, TEXT.format(more="", far="ready")) == [expected]


@pytest.mark.parametrize(
    ("more", "far"),
    [
        (", listen: 127.0.0.1:1", "ready"),
        (", ready: {timeout: 5s}", "ready"),
        (", oneshot: true", "ready"),
        ("", "started"),
    ],
)
def test_a_probe_and_less_than_ready_are_fine(more: str, far: str) -> None:
    """An address, a probe, an end, and `started`, which promises no more."""
    assert judged(rule, TEXT.format(more=more, far=far)) == []
