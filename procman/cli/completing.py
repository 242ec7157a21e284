"""What a shell completes beside commands and options: names of services and instances, counts, rules. Never fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from procman.cli.options import environment

if TYPE_CHECKING:
    from collections.abc import Iterable


def names(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the services and instances that begin with `incomplete`, those already named left out."""
    return _beginning(incomplete, _known(ctx), ctx.params.get("names"))


def log_names(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the same, and the manager's own log."""
    return _beginning(incomplete, (*_known(ctx), "supervisord"), ctx.params.get("names"))


def counts(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return ``SERVICE=`` for the services that begin with `incomplete`; the number is the user's."""
    from procman.workflow.project import services_of

    return _beginning(incomplete, [f"{name}=" for name in services_of(ctx.params.get("file"), environment())], ())


def rules(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the codes and names of rules that begin with `incomplete`."""
    from procman.workflow.explain import pages

    everything = pages()
    return _beginning(
        incomplete, [*(p.code for p in everything), *(p.name for p in everything)], ctx.params.get("words")
    )


def _known(ctx: click.Context) -> tuple[str, ...]:
    from procman.workflow.project import services_of

    services = services_of(ctx.params.get("file"), environment())
    return (*services, *(f"{name}-{i}" for name, count in services.items() for i in range(count)))


def _beginning(incomplete: str, words: Iterable[str], taken: tuple[str, ...] | None) -> list[str]:
    return [word for word in words if word.startswith(incomplete) and word not in (taken or ())]
