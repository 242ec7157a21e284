"""`procman scale`."""

from __future__ import annotations

import click

from procman.cli import completing
from procman.cli.options import environment, file_option


class Count(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """SERVICE=NUMBER."""

    name = "SERVICE=NUMBER"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Return (service, count); wrong use shows the form."""
        if isinstance(value, tuple):
            return value
        name, equals, count = str(value).partition("=")
        if not equals or not name or not count.isdecimal() or not 0 < int(count) <= 256:  # noqa: PLR2004
            self.fail(f"'{value}' is not SERVICE=NUMBER with a number from 1 to 256, such as api=4", param, ctx)
        return name, int(count)


@click.command(
    "scale",
    epilog="""\b
Examples:
  procman scale api=4           # until the next procman up
  procman scale api=4 --write   # in the manifest, too

\b
Exit codes: 0 ready, 1 refused or failed, 2 wrong use, 4 manager not running,
75 a lock is held elsewhere or another checkout owns the project.""",
)
@click.argument("counts", nargs=-1, required=True, type=Count(), shell_complete=completing.counts)
@file_option
@click.option("--write", is_flag=True, help="Write the counts to the manifest as well; comments are kept.")
def command(counts: tuple[tuple[str, int], ...], file: str | None, write: bool) -> int:
    """Run another number of instances, by the same rules and budget as `up`, without touching a sibling."""
    from procman.cli.console import talk
    from procman.cli.speech import spoken
    from procman.workflow import edit, operate
    from procman.workflow.project import need

    if len(dict(counts)) < len(counts):
        raise click.UsageError("a service is named twice; give each one number")
    shell = environment()
    project = need(file, shell)
    edited = edit.with_counts(project.applied.path, dict(counts), shell) if write else None
    operate.scale(project, dict(counts), shell, spoken())
    if edited is not None:
        edit.write(project.applied.path, edited)
        talk(f"wrote {', '.join(f'{n}={c}' for n, c in counts)} to {project.applied.path}")
    return 0
