"""Fixtures of the end-to-end tests: projects that are ended with the test, or the module, that uses them."""

from collections.abc import Iterator

import pytest

from tests.support.projects import Project, project


@pytest.fixture(name="shop")
def _shop() -> Iterator[Project]:
    """A project of two web instances and one consumer, written but not started."""
    with project() as made:
        yield made


@pytest.fixture(name="module_shop", scope="module")
def _module_shop() -> Iterator[Project]:
    """One such project for all tests of a module."""
    with project() as made:
        yield made


@pytest.fixture(name="running")
def _running(module_shop: Project) -> Project:
    """The module's project, running as its first manifest says, whatever the test before did to it."""
    module_shop.settle()
    return module_shop
