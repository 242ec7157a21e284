"""The node example: the same promises as the Python one, and the same rows."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.api_facts import ApiFacts
from tests.support.consumer_facts import ConsumerFacts
from tests.support.tiwater import Lab, node_lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # the first test may install the packages


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """The node example in a folder of its own."""
    return node_lab(tmp_path)


class TestConsumer(ConsumerFacts):
    """The consumer written for node."""


class TestApi(ApiFacts):
    """The API written for node."""

    @pytest.fixture
    def api_command(self) -> Sequence[str]:
        """The command of the manifest."""
        return ("node", "src/index.js")
