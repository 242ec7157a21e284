"""Words of messages: safe, short and helpful."""

import pytest

from procman.core.words import dotted, near, shown, sole, visible


def test_nothing_reaches_the_terminal_raw() -> None:
    """Control, direction and private characters are written as escapes; letters of any script stay."""
    assert visible("a\x1b\u202e\U000f0000é名") == "a\\x1b\\u202e\\U000f0000é名"


def test_long_text_is_cut() -> None:
    """A message repeats about 40 characters at most."""
    assert shown("x" * 300) == f"'{'x' * 39}…'"


def test_a_path_quotes_what_would_mislead() -> None:
    """A key with a dot or a blank in it is quoted."""
    assert dotted(("services", "a.b", "c d", "")) == "services.'a.b'.'c d'.''"


def test_near_finds_a_slip_and_nothing_else() -> None:
    """A misspelt word gets a guess whatever its case; a foreign or very long one does not."""
    assert near("Memroy", ["memory", "kind"]) == "did you mean 'memory'?"
    assert near("zzz", ["memory", "kind"]) == ""
    assert near("memory" * 50, ["memory"]) == ""


@pytest.mark.parametrize(
    ("word", "sole_option"),
    [
        ("memroy", "memory"),
        ("memor", "memory"),
        ("memoryy", "memory"),
        ("Memory", "memory"),
        ("mamory", "memory"),
        ("mamori", None),
        ("shell", None),
        ("kin", None),
        ("x" * 99, None),
    ],
)
def test_only_one_slip_from_one_option_is_sure(word: str, sole_option: str | None) -> None:
    """A letter more, less, other or swapped, or the case; two slips, short words and two near options are doubt."""
    assert sole_option == sole(word, ["memory", "kind", "shells", "shelf"])


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("script", "did you mean 'command'?"),
        ("max_memory_restart", "did you mean 'memory'?"),
        ("numprocs", "did you mean 'instances'?"),
        ("Replicas", "did you mean 'instances'?"),
        ("cwd", ""),
    ],
)
def test_words_of_other_managers_are_understood(word: str, expected: str) -> None:
    """A key of PM2, supervisord or compose is met with ours, where ours is a key."""
    assert expected == near(word, ["command", "memory", "instances"])
