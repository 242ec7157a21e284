"""How an operation speaks on the terminal: actions on stdout, progress on stderr."""

from __future__ import annotations

import click

from procman.cli import console
from procman.cli.action_text import action_lines
from procman.core.diff import Action
from procman.workflow.operate import Talk


def spoken(*, takeover: bool = False) -> Talk:
    """Return a Talk for the terminal."""
    return Talk(show=show_actions, progress=progress, on_wait=waiting, takeover=takeover)


def show_actions(actions: tuple[Action, ...]) -> None:
    """Write what is about to be done, also that it is nothing."""
    if actions:
        click.echo("\n".join(action_lines(actions)))
    else:
        console.talk("nothing to change")


def progress(unit: str, words: str) -> None:
    """Write one step as it happens."""
    console.talk(f"  {unit}: {words}" if unit else f"  {words}")


def waiting() -> None:
    """Say that another command works on the project."""
    console.talk("another procman command works on this project; waiting for it")
