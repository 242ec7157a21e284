"""The command group. A command's module is imported when the command runs, so that each pays for itself only."""

from __future__ import annotations

from importlib import import_module

import click

from procman import __version__

COMMANDS = {
    "init": "Write a first manifest by looking at the project.",
    "import": "Make a manifest of what PM2, a Procfile or supervisord runs.",
    "validate": "Check manifests and show every fault with its place.",
    "plan": "Show what would run, whether it fits, and what would change.",
    "render": "Write the supervisord files without starting anything.",
    "up": "Make the project what the manifest says, and wait until it is ready.",
    "status": "Show what runs against what should.",
    "start": "Start what was stopped or has failed.",
    "stop": "Stop services until they are started again.",
    "restart": "Restart services, one instance after another.",
    "reload": "Replace instances without losing a request.",
    "scale": "Run another number of instances, by the same rules and budget.",
    "logs": "Show what all services write, as one stream.",
    "events": "Show the history of everything the manager did and saw.",
    "why": "Tell why a service died, and what would help.",
    "down": "End everything of the project.",
    "verify": "Ask broker and database whether the guards of a consumer hold.",
    "doctor": "Look for a second consumer, and for what stands in the way on this host.",
    "explain": "Print the page of a rule.",
    "rules": "List every rule.",
    "schema": "Print the JSON Schema of the manifest.",
}

MODULES = {"import": "importing"}
"""Modules with another name than their command, which Python keeps for itself."""


class LazyGroup(click.Group):
    """Knows its commands by name; imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command called `cmd_name`, or None."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"procman.cli.{MODULES.get(cmd_name, cmd_name)}").command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` begins with; a misspelt one is met with what was likely meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(name, COMMANDS, 1)
            meant = f" Did you mean '{close[0]}'?" if close else f" Commands: {', '.join(COMMANDS)}."
            ctx.fail(f"there is no command '{name}'.{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[click.shell_completion.CompletionItem]:
        """Return completions without importing the commands."""
        from click.shell_completion import CompletionItem

        items = [CompletionItem(n, help=h) for n, h in COMMANDS.items() if n.startswith(incomplete)]
        return items + click.Command.shell_complete(self, ctx, incomplete)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: procman validate; procman plan --ram 2G; procman up. Completion in bash: "
    'eval "$(_PROCMAN_COMPLETE=bash_source procman)"; zsh_source and fish_source for the others.',
)
@click.version_option(__version__, prog_name="procman")
def group() -> None:
    """Run every API instance that fits in RAM, and never a second MQTT consumer."""
