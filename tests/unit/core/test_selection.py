"""Which findings count, and what can never be left out."""

import pytest

from procman.core.diagnostics import Finding, Severity
from procman.core.errors import WrongUse
from procman.core.selection import selection
from procman.core.source import START

KNOWN = {
    "PM001": "yaml-syntax",
    "PM007": "empty-manifest",
    "PM103": "memory-undeclared",
    "PM201": "singleton-scaled",
    "PM301": "ready-missing",
    "PM304": "command-wrapped",
}


def kept(select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> list[str]:
    """Return the codes that count."""
    chosen = selection(select, ignore, KNOWN)
    found = (Finding(code, name, Severity.ERROR, "", "f", START) for code, name in KNOWN.items())
    return [finding.code for finding in found if chosen.keeps(finding)]


def test_codes_their_beginnings_and_names_choose() -> None:
    """With commas or as several options, in any case; ignoring wins over selecting."""
    assert list(KNOWN) == kept()
    assert ["PM001", "PM007", "PM201", "PM301", "PM304"] == kept(("PM3",))
    assert ["PM001", "PM007", "PM103", "PM201", "PM301"] == kept(("pm301, memory-undeclared",))
    assert ["PM001", "PM007", "PM103", "PM201", "PM304"] == kept((), ("ready-missing",))
    assert ["PM001", "PM007", "PM201", "PM304"] == kept(("PM3",), ("PM301",))


def test_the_instance_rules_and_an_unread_file_always_count() -> None:
    """Selecting something else leaves them in: a run that says nothing must mean that nothing is wrong with them."""
    assert {"PM201", "PM001", "PM007"} <= set(kept(("PM103",)))
    assert {"PM001", "PM007"} <= set(kept((), ("PM0",)))


@pytest.mark.parametrize("word", ["PM201", "pm2", "PM20", "PM", "P", "singleton-scaled", "PM103,PM201"])
def test_ignoring_an_instance_rule_is_wrong_use(word: str) -> None:
    """By code, by name, and by a beginning that takes it along; the reason is told."""
    with pytest.raises(WrongUse, match=r"the instance rules \(PM2xx\) cannot be ignored") as refused:
        kept((), (word,))
    assert "writes every record twice" in refused.value.help


@pytest.mark.parametrize(
    ("word", "help_text"), [("PM9", "`procman rules`"), ("memory-undeclare", "memory-undeclared"), ("PM31", "PM301")]
)
def test_an_unknown_rule_is_wrong_use(word: str, help_text: str) -> None:
    """A slip would choose nothing or ignore nothing without a word."""
    for arguments in (((word,), ()), ((), (word,))):
        with pytest.raises(WrongUse, match="there is no such rule") as refused:
            kept(*arguments)
        assert help_text in refused.value.help
