"""What `--help` says holds for a user who has the program alone, and none of its pages."""

import re

import click
import pytest

from procman.cli.group import COMMANDS, group

PAGE = re.compile(r"[\w./-]+\.md\b")


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_names_no_page_that_is_not_installed(name: str) -> None:
    """No command points to a file of the checkout."""
    context = click.Context(group, info_name="procman")
    command = group.get_command(context, name) if name else group
    assert command is not None
    said = command.get_help(click.Context(command, info_name=name, parent=context) if name else context)
    assert "Usage: procman" in said
    assert [] == PAGE.findall(said)
