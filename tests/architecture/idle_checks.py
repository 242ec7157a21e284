"""Finds what a test says and cannot fail at, where that can be told from its text alone."""

import ast
from collections.abc import Iterable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
Found = Iterator[tuple[int, str]]

_OF_A_LITERAL = frozenset({"range", "enumerate", "zip", "sorted", "reversed", "list", "tuple", "product", "pairwise"})
_RUNS_TESTS = ("pytest.mark.parametrize", "pytest.mark.slow", "pytest.mark.usefixtures", "given", "example")


def checkers(trees: list[ast.Module]) -> frozenset[str]:
    """Return the names of functions that check something, by themselves or by others that they call."""
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, Function)]
    known = {"raises", "fail", "check_schema"} | {f.name for f in functions if _asserts(f)}
    while True:
        more = {f.name for f in functions if f.name not in known and known & set(_called(f))}
        if not more:
            return frozenset(known)
        known |= more


def idle(tree: ast.Module, known: frozenset[str], *, collected: bool = True) -> Found:
    """Yield line and words of each check in a module of tests that cannot fail. `known`: see `checkers`.

    `collected`: pytest looks for tests in it.
    """
    constants = _assigned(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield from ((node.lineno, words) for words in _always_true(node.test))
        elif isinstance(node, Function) and node.name.startswith("test_"):
            if not collected and node in tree.body:
                yield node.lineno, f"{node.name} is not in a file that pytest collects"
            yield from _forgiving(node)
            yield from _skipped(node, known, constants)
        elif isinstance(node, Function) and any(ast.unparse(d).startswith(_RUNS_TESTS) for d in node.decorator_list):
            yield node.lineno, f"{node.name} is marked like a test and is not collected"


def _always_true(test: ast.expr) -> Iterator[str]:
    """Yield why the condition of an assert always holds."""
    if isinstance(test, ast.Tuple | ast.Lambda | ast.GeneratorExp | ast.JoinedStr):
        yield f"a {type(test).__name__} is always true"
    if isinstance(test, ast.ListComp | ast.SetComp | ast.DictComp) and not any(g.ifs for g in test.generators):
        yield "a comprehension without `if` asks nothing of its members: all(...)?"
    if isinstance(test, ast.Constant) and test.value:
        yield "a constant is always true"
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) and any(map(_is_true, test.values)):
        yield "one side of `or` is always true"
    if isinstance(test, ast.Compare):
        yield from _compared(test)


def _compared(test: ast.Compare) -> Iterator[str]:
    left, right = test.left, test.comparators[0]
    if isinstance(test.ops[0], ast.In) and isinstance(right, ast.Tuple | ast.List | ast.Set):
        values = {element.value for element in right.elts if isinstance(element, ast.Constant)}
        if any(value is True for value in values) and any(value is False for value in values):
            yield "True and False are all that it can be"
    zero = isinstance(right, ast.Constant) and right.value == 0
    if zero and isinstance(test.ops[0], ast.GtE) and isinstance(left, ast.Call) and ast.unparse(left.func) == "len":
        yield "no length is below 0"


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)


def _forgiving(test: Function) -> Found:
    """Yield each place where a test goes on after its own check has failed."""
    for node in ast.walk(test):
        if isinstance(node, ast.ExceptHandler):
            caught = [node.type] if node.type is not None else []
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            caught = node.args
        else:
            continue
        if any("AssertionError" in ast.unparse(each) for each in caught):
            yield node.lineno, "a failed check is caught"


def _skipped(test: Function, known: frozenset[str], constants: dict[str, ast.expr]) -> Found:
    """Yield a test of which every check lies where it may never be reached: a loop over what may be empty, an `if`."""
    if any(ast.unparse(d).startswith("given") for d in test.decorator_list):
        return  # hypothesis tries many
    names = constants | _assigned(ast.walk(test))
    reached, skipped = _checks(test.body, known, names)
    if skipped and not reached:
        yield test.lineno, f"{test.name} checks nothing when {skipped[0]}"


def _checks(body: list[ast.stmt], known: frozenset[str], names: dict[str, ast.expr]) -> tuple[bool, list[str]]:
    """Return whether a check of `body` is reached for sure, and when those that are not are passed over."""
    reached, skipped = False, list[str]()
    for node in body:
        inside: list[ast.stmt] = []
        why = ""
        if isinstance(node, ast.For):
            why = "" if _is_filled(node.iter, names) else f"'{ast.unparse(node.iter)}' is empty"
            inside = node.body
        elif isinstance(node, ast.While):
            why, inside = f"'{ast.unparse(node.test)}' does not hold", node.body
        elif isinstance(node, ast.If):
            why, inside = f"'{ast.unparse(node.test)}' does not hold", node.body
            if node.orelse and all(_checks(part, known, names)[0] for part in (node.body, node.orelse)):
                why = ""
        elif isinstance(node, ast.With | ast.Try):
            inside = node.body
            reached |= isinstance(node, ast.With) and bool(known & set(_called(ast.Module(list(node.items), []))))  # type: ignore[arg-type]
        elif isinstance(node, ast.Assert) or known & set(_called(node)):
            reached = True
        sure, passed = _checks(inside, known, names)
        reached |= sure and not why
        skipped += passed if not (sure and why) else [why]
    return reached, skipped


def _is_filled(node: ast.expr, names: dict[str, ast.expr]) -> bool:
    """Tell whether what is looped over is written out, and not empty."""
    filled = False
    match node:
        case ast.List(elts=members) | ast.Tuple(elts=members) | ast.Set(elts=members) | ast.Dict(values=members):
            filled = bool(members)
        case ast.Constant(value=value):
            filled = bool(value)
        case ast.ListComp(generators=parts):
            filled = all(not part.ifs and _is_filled(part.iter, names) for part in parts)
        case ast.Name(id=name) if name in names:
            filled = _is_filled(names[name], {other: value for other, value in names.items() if other != name})
        case ast.Call(func=ast.Attribute(value=of, attr="items" | "values" | "keys")):
            filled = _is_filled(of, names)
        case ast.Call(func=ast.Name(id=name), args=[*given]) if name in _OF_A_LITERAL and given:
            filled = all(_is_filled(each, names) for each in given)
    return filled


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """Return what each name is given, the last time."""
    found: dict[str, ast.expr] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            found |= {target.id: node.value for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
    return found


def _asserts(function: Function) -> bool:
    return any(isinstance(node, ast.Assert | ast.Raise) for node in ast.walk(function))


def _called(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            called = call.func
            yield (
                called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
            )
