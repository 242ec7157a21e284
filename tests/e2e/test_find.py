"""Finding the project that a manifest means while other commands write its record."""

import pytest

from procman.workflow import project as projects
from tests.support.projects import Project

pytestmark = pytest.mark.slow


def test_a_record_written_meanwhile_is_ones_own(running: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """`down` during the very first `up` is not told that the project belongs to another checkout: its own."""
    monkeypatch.setattr(projects, "_by_path", lambda _path, _environment: [])
    found = projects.find(str(running.file), running.environment())
    assert found is not None
    assert found.applied.path == str(running.file)
