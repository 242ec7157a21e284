"""What import-linter cannot say: which rooms live on the standard library alone."""

import ast
import sys
from collections.abc import Iterator

import pytest

from tests.architecture.repository import modules

# What runs inside supervisord may use it; that the launcher does not is a contract of import-linter.
THIRD_PARTIES = {"procman/core": set[str](), "procman/runtime": {"supervisor"}}


@pytest.mark.parametrize("room", THIRD_PARTIES)
def test_the_room_needs_no_third_party(room: str) -> None:
    """Core needs the standard library alone, and runtime that and the supervisord it runs in."""
    known = sys.stdlib_module_names | {"procman"} | THIRD_PARTIES[room]
    foreign = [
        f"{name} imports {package}"
        for name, tree in modules(room)
        for package in _imported(tree)
        if package not in known
    ]
    assert not foreign, "\n".join(foreign)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]
