"""The scripts of the set-up run wherever there is a POSIX shell, and hints know more systems than one."""

import re

from tests.architecture.repository import committed_texts

SCRIPT = re.compile(r"^(scripts/.+\.sh|\.ci/run)$")
HINT = re.compile(r"\b(apt-get|apt|dnf|apk|pacman|zypper)( -\S+)* (install|add|-S)\b")
OWN = re.compile(
    r"^(scripts/|\.ci/run$|CHANGELOG\.md$|docs/decisions/|tests/integration/test_(packages|missing_services))"
)


def test_scripts_are_for_a_posix_shell() -> None:
    """Alpine and small containers have no bash; shellcheck goes by the first line, and finds what only bash has."""
    first = {name: text.partition("\n")[0] for name, text in committed_texts() if SCRIPT.match(name)}
    assert dict.fromkeys(first, "#!/bin/sh") == first
    assert len(first) > 4


def test_one_table_knows_how_to_install() -> None:
    """A command that installs packages is that of scripts/packages.sh, which asks what system this is."""
    told = [
        f"{name}: {found[0]}"
        for name, text in committed_texts()
        if not OWN.match(name)
        for found in HINT.finditer(text)
    ]
    assert told == []
