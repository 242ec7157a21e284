"""Fixtures of the integration tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.launching import Bench, bench


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Iterator[Bench]:
    """Specs, managers and launchers of one test; all ended after it."""
    with bench(tmp_path) as made:
        yield made
