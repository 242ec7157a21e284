"""The options that several commands share, and the values behind them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from procman.core.quantity import parse_size, parse_time

F = TypeVar("F", bound=Callable[..., Any])


class Size(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A size such as 2G, in bytes."""

    name = "SIZE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes that `value` names; wrong use says which forms are accepted."""
        if isinstance(value, int):
            return value
        try:
            return parse_size(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Time(click.ParamType):  # type: ignore[type-arg]  # as above
    """A time such as 10m, in seconds."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds that `value` names; wrong use says which forms are accepted."""
        if isinstance(value, int | float):
            return float(value)
        try:
            return parse_time(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def file_option(function: F) -> F:
    """Add ``--file`` with its short form."""
    return click.option(
        "file", "-f", "--file", metavar="PATH", help="The manifest (else PROCMAN_FILE, else ./procman.yaml)."
    )(function)


def long_file_option(function: F) -> F:
    """Add ``--file`` without its short form, for commands where ``-f`` means follow."""
    return click.option(
        "file", "--file", metavar="PATH", help="The manifest (else PROCMAN_FILE, else ./procman.yaml)."
    )(function)


def format_option(function: F) -> F:
    """Add ``--format text|json`` and its short form ``--json``."""
    function = click.option(
        "form", "--format", type=click.Choice(["text", "json"]), default="text", help="The form of the report."
    )(function)
    return click.option("form", "--json", flag_value="json", help="Short for --format json.")(function)


def environment() -> dict[str, str]:
    """Return the environment of the one who runs procman."""
    return dict(os.environ)
