"""A test that cannot fail is a defect: what can be told of that from the text of a test is told here."""

import ast
from pathlib import PurePath

import pytest

from tests.architecture.idle_checks import checkers, idle
from tests.architecture.repository import modules


def test_every_test_can_fail() -> None:
    """No assert always holds, no test passes over all its checks or catches one that failed; each is collected."""
    trees = dict(modules("tests"))
    known = checkers(list(trees.values()))
    found = [
        f"{name}:{line} {words}"
        for name, tree in trees.items()
        for line, words in idle(tree, known, collected=PurePath(name).name.startswith("test_"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("assert (a, b)", "Tuple is always true"),
        ("assert (a for a in b)", "GeneratorExp is always true"),
        ("assert [a == 1 for a in b]", "asks nothing of its members"),
        ("assert 'a == b'", "a constant"),
        ("assert a or True", "one side of `or`"),
        ("assert a or 'a is missing'", "one side of `or`"),
        ("assert a in (True, False, None)", "all that it can be"),
        ("assert len(a) >= 0", "no length is below 0"),
        ("with suppress(AssertionError):\n  assert a", "a failed check is caught"),
        ("try:\n  assert a\nexcept (OSError, AssertionError):\n  pass", "a failed check is caught"),
        ("for a in b():\n  assert a", "'b()' is empty"),
        ("rows = b()\nfor a in rows:\n  assert a", "'rows' is empty"),
        ("for a in (1, 2):\n  for b in a:\n    assert b", "'a' is empty"),
        ("rows = [a for a in (1, 2) if a > 2]\nfor a in rows:\n  assert a", "'rows' is empty"),
        ("for a in ():\n  assert a", "'()' is empty"),
        ("for a in b:\n  helper(a)", "'b' is empty"),
        ("if a:\n  assert a", "'a' does not hold"),
        ("while a():\n  assert b", "'a()' does not hold"),
        ("with a:\n  if b:\n    assert c", "'b' does not hold"),
    ],
)
def test_what_cannot_fail_is_found(body: str, words: str) -> None:
    """Each way that the search knows, by itself in a test."""
    (found,) = _idle(body)
    assert words in found


@pytest.mark.parametrize(
    "body",
    [
        "assert a == (1, 2)",
        "assert a or b",
        "assert a in (True, None)",
        "assert [a for a in b if a]",
        "assert not [a for a in b]",
        "assert len(a) > 0",
        "try:\n  a()\nexcept OSError:\n  pass\nassert b",
        "for a in (1, 2):\n  assert a",
        "rows = {1: 2}\nfor a in rows.items():\n  assert a",
        "rows = [2 * a for a in CASES]\nfor a in rows:\n  assert a",
        "for a in CASES:\n  assert a",
        "rows = b()\nassert len(rows) == 3\nfor a in rows:\n  assert a",
        "for a in b:\n  helper(a)\nhelper(1)",
        "for a in range(3):\n  with pytest.raises(KeyError):\n    b(a)",
        "with pytest.raises(KeyError):\n  b()",
        "if a:\n  assert b\nelse:\n  assert c",
        "a()",
    ],
)
def test_what_can_fail_is_let_pass(body: str) -> None:
    """What comes near: another check that is always reached, what is written out, both branches."""
    assert _idle(body) == []


def test_what_is_not_collected_is_found() -> None:
    """A test in another file, and a function that has lost its name."""
    assert _words("def test_a():\n  assert a", collected=False) == ["test_a is not in a file that pytest collects"]
    lost = "@pytest.mark.parametrize('a', [1])\ndef a(a):\n  assert a"
    assert _words(lost) == ["a is marked like a test and is not collected"]
    assert _words("@given(b)\ndef test_a(b):\n  if b:\n    assert b") == []


def _idle(body: str) -> list[str]:
    lines = "\n".join(f"  {line}" for line in body.splitlines())
    return _words(f"CASES = [1]\ndef helper(a):\n  assert a\ndef test_it():\n{lines}")


def _words(text: str, *, collected: bool = True) -> list[str]:
    tree = ast.parse(text)
    return [words for _, words in idle(tree, checkers([tree]), collected=collected)]
