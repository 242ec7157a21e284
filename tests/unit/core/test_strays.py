"""When a process does what a singleton would do."""

import pytest

from procman.core.strays import Command, family, runs

WANTED = Command("node", "/usr/bin/node", "/app/src/mqtt.js", ("src/mqtt.js",), "/app")


@pytest.mark.parametrize(
    ("path", "name"),
    [("/usr/bin/python3.11", "python"), ("python", "python"), ("nodejs", "node"), ("/bin/dash", "sh"), ("7", "7")],
)
def test_programs_of_one_family(path: str, name: str) -> None:
    """Version and place of an interpreter do not count."""
    assert family(path) == name


@pytest.mark.parametrize(
    ("seen", "same"),
    [
        (Command("node", None, "/app/src/mqtt.js", ("/app/src/mqtt.js",), "/"), True),
        (Command("node", None, "/app/src/other.js", ("src/other.js", "src/mqtt.js"), "/app"), False),
        (Command("tail", None, "/app/src/mqtt.js", ("-f", "src/mqtt.js"), "/app"), False),
        (Command("node", None, None, ("src/mqtt.js",), None), None),
        (Command("node", None, None, ("--inspect", "dist/mqtt.js"), None), None),
        (Command("node", None, None, ("src/other.js",), None), False),
        (Command("node", None, None, ("src/mqtt.js",), "/elsewhere"), False),
    ],
)
def test_the_first_script_decides(seen: Command, *, same: bool | None) -> None:
    """The same script by whatever path; unknown where only a name is known."""
    assert runs(WANTED, seen) is same


@pytest.mark.parametrize(("directory", "same"), [("/app", True), ("/other", False), (None, None)])
def test_a_command_without_a_file_is_known_by_its_directory(directory: str | None, *, same: bool | None) -> None:
    """`npm run consumer` is that of its folder."""
    wanted = Command("npm", "/usr/bin/npm", None, ("run", "consumer"), "/app")
    assert runs(wanted, Command("npm", None, None, ("run", "consumer"), directory)) is same
