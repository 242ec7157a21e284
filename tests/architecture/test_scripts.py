"""Hints know more systems than one."""

import re

from tests.architecture.repository import committed_texts

HINT = re.compile(r"\b(apt-get|apt|dnf|apk|pacman|zypper)( -\S+)* (install|add|-S)\b")
OWN = re.compile(
    r"^(scripts/|\.ci/run$|CHANGELOG\.md$|docs/decisions/|tests/integration/test_(packages|missing_services))"
)


def test_one_table_knows_how_to_install() -> None:
    """A command that installs packages is that of scripts/packages.sh, which asks what system this is."""
    told = [
        f"{name}: {found[0]}"
        for name, text in committed_texts()
        if not OWN.match(name)
        for found in HINT.finditer(text)
    ]
    assert told == []
