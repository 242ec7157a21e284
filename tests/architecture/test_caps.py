"""Module size and broad exception handlers tell an outgrown code base: both are capped here."""

import ast
from collections.abc import Iterator

from tests.architecture.repository import ROOT, modules

MODULE_LINES = 250
FUNCTION_LINES = 40

# The two borders where anything may come in: what a command did not expect becomes an exit code, and what
# the plugin did not expect must not kill supervisord.
BORDERS = {
    "procman/cli/door.py",
    "procman/runtime/border.py",
}
BROAD = {"Exception", "BaseException"}


def test_no_module_is_longer_than_250_lines() -> None:
    """A module of procman holds at most 250 lines."""
    sizes = {name: len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name, _ in modules()}
    too_long = [f"{name}: {size} lines, room for {MODULE_LINES}" for name, size in sizes.items() if size > MODULE_LINES]
    assert not too_long, "\n".join(too_long)


def test_no_function_is_longer_than_40_lines() -> None:
    """A function of procman, from def to its last line, holds at most 40 lines."""
    too_long = [
        f"{name}:{function.lineno} {function.name}: {size} lines, room for {FUNCTION_LINES}"
        for name, tree in modules()
        for function, size in _functions(tree)
        if size > FUNCTION_LINES
    ]
    assert not too_long, "\n".join(too_long)


def test_only_the_two_borders_catch_everything() -> None:
    """Every form of catching everything stands in the command's and the plugin's border alone."""
    found = [
        f"{name}:{line} catches everything; only {', '.join(sorted(BORDERS))} may"
        for name, tree in modules()
        if name not in BORDERS
        for line in _broad_handlers(tree)
    ]
    assert not found, "\n".join(found)


def test_the_detector_sees_every_spelling() -> None:
    """The search for broad handlers finds each way to write one, and passes a narrow one."""
    source = """
try: ...
except: ...
try: ...
except Exception: ...
try: ...
except (OSError, builtins.BaseException): ...
with suppress(Exception): ...
try: ...
except OSError: ...
"""
    assert sorted(_broad_handlers(ast.parse(source))) == [3, 5, 7, 8]


def _functions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, (node.end_lineno or node.lineno) - node.lineno + 1


def _broad_handlers(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler | ast.Call) and _catches_everything(node):
            yield node.lineno


def _catches_everything(node: ast.ExceptHandler | ast.Call) -> bool:
    if isinstance(node, ast.ExceptHandler):
        return node.type is None or _is_broad(node.type)
    return _name(node.func) == "suppress" and any(map(_is_broad, node.args))


def _is_broad(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return any(map(_is_broad, node.elts))
    return _name(node) in BROAD


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
