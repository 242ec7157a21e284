"""`procman import`, with one command per source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from procman.cli.options import Size, environment, file_option

if TYPE_CHECKING:
    from procman.workflow.importing import Asked


@click.group(
    "import",
    invoke_without_command=True,
    epilog="""\b
Examples:
  procman import pm2                       # ecosystem.config.js, shown
  procman import pm2 --write procman.yaml
  procman import --check                   # the manifest against running PM2

\b
Exit codes: 0 done, 1 refused or failed, or --check differs, 2 wrong use or
cannot read.""",
)
@click.option("--check", is_flag=True, help="Compare the manifest with what PM2 runs.")
@file_option
@click.pass_context
def command(context: click.Context, check: bool, file: str | None) -> int | None:
    """Make a manifest of another process manager's file, or compare one with what PM2 runs."""
    if context.invoked_subcommand is not None:
        return None
    if not check:
        click.echo(context.get_help())
        return 0
    from procman.cli import import_report
    from procman.workflow import importing

    return import_report.show_differences(importing.compared(file, None, environment()), "text")


@command.command(
    "pm2",
    short_help="Make a manifest of what PM2 runs or has saved.",
    epilog="""\b
Examples:
  procman import pm2                            # ecosystem.config.js here
  procman import pm2 --env production --write procman.yaml
  procman import pm2 --running                  # what PM2 runs now
  procman import pm2 ~/.pm2/dump.pm2            # what it has saved
  procman import pm2 --check                    # beside what PM2 runs

\b
Exit codes: 0 done, 1 refused or failed, or --check differs, 2 wrong use or
cannot read.""",
)
@click.argument("source", metavar="[FILE]", required=False)
@click.option("--write", metavar="PATH", help="Write the manifest there, instead of showing it.")
@click.option("--force", is_flag=True, help="With --write: write over what is there.")
@click.option("name", "--env", metavar="NAME", default="", help="Lay env_NAME over env, as PM2 does.")
@click.option("--running", is_flag=True, help="Take what PM2 runs now (pm2 jlist).")
@click.option("--ask", is_flag=True, help="Ask on the terminal for each kind that is not clear.")
@click.option("--check", is_flag=True, help="Write nothing; compare with what PM2 runs.")
@click.option("--ram", type=Size(), help="Plan for a machine with this much RAM, such as 2G.")
@click.option("form", "--format", type=click.Choice(["text", "json"]), default="text", help="The form of the report.")
@click.option("form", "--json", flag_value="json", help="Short for --format json.")
def pm2(
    source: str | None,
    write: str | None,
    force: bool,
    name: str,
    running: bool,
    ask: bool,
    check: bool,
    ram: int | None,
    form: str,
) -> int:
    """Make a manifest of an ecosystem file, of what PM2 runs, or of what it has saved.

    The manifest goes to stdout, or to --write PATH; the report to stderr. Every field is accounted for: mapped, mapped
    with a difference, or not supported, with what to do instead.
    """
    from procman.cli import import_report
    from procman.cli.console import talk
    from procman.workflow import importing

    shell = environment()
    if check:
        from_file = source is not None or running
        made = importing.imported(_asked(source, None, running, name), shell, talk) if from_file else None
        return import_report.show_differences(importing.compared(None, made, shell), form)
    chosen = import_report.asking() if ask else None
    made = importing.imported(_asked(source, write, running, name), shell, talk, chosen)
    return import_report.deliver(made, shell, import_report.Wanted(write, force, ram, form))


def _asked(source: str | None, write: str | None, running: bool, name: str) -> Asked:
    from procman.workflow import importing

    return importing.Asked(source, write.rpartition("/")[0] or "." if write else None, running, name)


@command.command(
    "procfile",
    epilog="""\b
Examples:
  procman import procfile
  procman import procfile deploy/Procfile --write procman.yaml

\b
Exit codes: 0 done, 1 refused or failed, 2 wrong use or cannot read.""",
)
@click.argument("source", metavar="[FILE]", required=False)
@click.option("--write", metavar="PATH", help="Write the manifest there, instead of showing it.")
@click.option("--force", is_flag=True, help="With --write: write over what is there.")
@click.option("form", "--json", flag_value="json", default="text", help="The report as JSON.")
def procfile(source: str | None, write: str | None, force: bool, form: str) -> int:
    """Make a manifest of a Procfile."""
    from procman.cli import import_report
    from procman.workflow import others

    return import_report.deliver(others.procfile(source), environment(), import_report.Wanted(write, force, None, form))


@command.command(
    "supervisord",
    epilog="""\b
Examples:
  procman import supervisord
  procman import supervisord /etc/supervisor/conf.d/shop.conf

\b
Exit codes: 0 done, 1 refused or failed, 2 wrong use or cannot read.""",
)
@click.argument("source", metavar="[FILE]", required=False)
@click.option("--write", metavar="PATH", help="Write the manifest there, instead of showing it.")
@click.option("--force", is_flag=True, help="With --write: write over what is there.")
@click.option("form", "--json", flag_value="json", default="text", help="The report as JSON.")
def supervisord(source: str | None, write: str | None, force: bool, form: str) -> int:
    """Make a manifest of a hand-written supervisord file."""
    from procman.cli import import_report
    from procman.workflow import others

    made = others.supervisord(source)
    return import_report.deliver(made, environment(), import_report.Wanted(write, force, None, form))
