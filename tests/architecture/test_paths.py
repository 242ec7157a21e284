"""What is committed works on any machine."""

import re

from tests.architecture.repository import ROOT, committed_texts

PRIVATE = re.compile(r"(?<![\w.~-])/(?:(?:work|root)/|opt/(?:wheels|pypi))")
LOCAL_INDEX = re.compile("file://|find-links")


def test_no_file_names_a_place_on_one_machine() -> None:
    """No committed file holds the path of a checkout, a home of root, or a package folder of one machine."""
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in committed_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if PRIVATE.search(line) or f"{ROOT}/" in line
    ]
    assert not found, "\n".join(found)


def test_the_locks_name_the_public_index_alone() -> None:
    """uv.lock and the exported requirements come from the public index: no local folder, no file address."""
    found = [
        f"{name}: {match.group()}"
        for name, text in committed_texts()
        if name == "uv.lock" or name.startswith("requirements/")
        for match in LOCAL_INDEX.finditer(text)
    ]
    assert not found, "\n".join(found)
