"""Whose a project is: by its record, by what lies at the recorded path, and by what runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from procman.adapters import state as states
from procman.adapters.state import State
from procman.core.applied import Applied
from procman.core.errors import Held, NotRunning, WrongUse
from procman.workflow.project import check_owner, find, need, services_of

TEXT = "version: 1\nproject: shop\nservices: {api: {kind: scalable, command: sleep 9, memory: 40M}}\n"


class Home:
    """A home with the state of the project shop, and two checkouts, a and b."""

    def __init__(self, folder: Path) -> None:
        self.environment = {"PROCMAN_HOME": str(folder / "home")}
        self.state = states.state_for("shop", self.environment)
        self.paths = {}
        for name in ("a", "b"):
            (folder / name).mkdir()
            (folder / name / "procman.yaml").write_text(TEXT, encoding="utf-8")
            self.paths[name] = str(folder / name / "procman.yaml")

    def record(self, path: str, *, down: bool = False, project: str = "shop") -> Applied:
        """Write a record of what was applied from `path`."""
        made = Applied(project, path, TEXT, (), (), None, (), (), (), 1, 2, down=down)
        state = states.state_for(project, self.environment)
        states.prepare(state)
        states.write_record(state, made)
        return made

    def owner(self, name: str) -> Applied | None:
        """Ask for the checkout `name`."""
        return check_owner(self.state, self.paths[name], self.environment)


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Home:
    """A home in which nothing was applied yet."""
    return Home(tmp_path)


def test_a_project_that_nobody_has_is_free(home: Home) -> None:
    """No record, or one of a project that was ended: the record is returned, whoever wrote it."""
    assert home.owner("a") is None
    record = home.record(home.paths["a"], down=True)
    assert home.owner("b") == record


def test_a_project_is_its_own_checkouts(home: Home) -> None:
    """The one that applied it goes on; another one that is there beside it is refused and told where the first is."""
    record = home.record(home.paths["a"])
    assert home.owner("a") == record
    with pytest.raises(Held, match=f"project 'shop' belongs to {home.paths['a']}") as caught:
        home.owner("b")
    assert caught.value.exit_code == 75
    assert f"procman down --file {home.paths['a']}" in caught.value.help


def test_a_checkout_that_was_moved_takes_its_project_along(home: Home) -> None:
    """The recorded path is gone and nothing runs: nobody else can mean it."""
    record = home.record(home.paths["a"])
    Path(home.paths["a"]).unlink()
    assert home.owner("b") == record


def test_another_project_of_the_same_file_that_does_not_run_is_no_obstacle(home: Home) -> None:
    """The name in the file has changed while it was down; while it runs it cannot."""
    home.record(home.paths["a"], project="bakery")
    assert home.owner("a") is None


def test_a_project_is_found_by_its_file_also_when_that_is_broken(home: Home) -> None:
    """By the path it was applied from; of two records of one file the one that is not down."""
    home.record(home.paths["a"], project="bakery", down=True)
    record = home.record(home.paths["a"])
    Path(home.paths["a"]).write_text("broken: [", encoding="utf-8")
    found = find(home.paths["a"], home.environment)
    assert found is not None
    assert (found.applied, found.state) == (record, home.state)
    edited = [found.edited]
    Path(home.paths["a"]).write_text(TEXT, encoding="utf-8")
    edited.append(found.edited)
    Path(home.paths["a"]).unlink()
    assert [*edited, found.edited] == [True, False, True]


def test_a_project_of_another_file_is_not_found(home: Home) -> None:
    """It is refused while that one has it, and none when it is down; a file that cannot be read is wrong use."""
    home.record(home.paths["a"])
    with pytest.raises(Held, match=f"belongs to {home.paths['a']}"):
        find(home.paths["b"], home.environment)
    home.record(home.paths["a"], down=True)
    assert find(home.paths["b"], home.environment) is None
    Path(home.paths["b"]).write_text("broken: [", encoding="utf-8")
    with pytest.raises(WrongUse, match="nothing was applied from it"):
        find(home.paths["b"], home.environment)


def test_what_needs_a_running_project_says_so(home: Home) -> None:
    """Never applied, or ended: exit code 4, with the way to start it."""
    for _ in range(2):
        with pytest.raises(NotRunning, match="the project is not running"):
            need(home.paths["a"], home.environment)
        home.record(home.paths["a"], down=True)
    home.record(home.paths["a"])
    assert need(home.paths["a"], home.environment).state == home.state


def test_a_damaged_record_of_another_project_stops_nobody(home: Home) -> None:
    """It is passed over; its own project is told."""
    record = home.record(home.paths["a"])
    other = State(f"{home.environment['PROCMAN_HOME']}/other")
    states.prepare(other)
    Path(other.record).write_text("{", encoding="utf-8")
    assert home.owner("a") == record


def test_a_shell_that_completes_is_never_disturbed(home: Home) -> None:
    """Names by the record, by the manifest, or none: without a message."""
    assert services_of(home.paths["a"], home.environment) == {"api": 0}
    record = home.record(home.paths["a"])
    states.write_record(home.state, replace(record, services=()))
    assert services_of(home.paths["a"], home.environment) == {}
    assert services_of("/nonexistent/procman.yaml", home.environment) == {}
    assert services_of(home.paths["b"], home.environment) == {}
