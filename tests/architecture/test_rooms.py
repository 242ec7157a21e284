"""What import-linter cannot say: which rooms live on the standard library alone."""

import ast
import sys
from collections.abc import Iterator

import pytest

from tests.architecture.repository import modules

STANDARD = sys.stdlib_module_names | {"procman"}


@pytest.mark.parametrize("room", ["procman/core", "procman/runtime"])
def test_the_room_needs_the_standard_library_alone(room: str) -> None:
    """No third party in core and runtime; only plugin modules, inside supervisord, import supervisor."""
    foreign = [
        f"{name} imports {package}"
        for name, tree in modules(room)
        for package in _imported(tree)
        if package not in STANDARD and not (package == "supervisor" and "/runtime/plugin" in name)
    ]
    assert not foreign, "\n".join(foreign)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]
