"""Jinja2 templates: a Page becomes a Sheet. Layout only; StrictUndefined, so that a missing value is an error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from procman.core.errors import Failed
from procman.core.sheet import Page, Sheet

if TYPE_CHECKING:
    from jinja2 import Environment


def folder() -> Path:
    """Return where the templates are: in the installed package, else in the checkout beside it."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_templates", package.parent / "templates"):
        if candidate.is_dir():
            return candidate
    raise Failed("procman's templates are missing", "install procman again: its package is not whole")


def render(pages: tuple[Page, ...]) -> tuple[Sheet, ...]:
    """Return the sheets of `pages`."""
    environment = _environment()
    return tuple(
        Sheet(page.path, environment.get_template(page.template).render(page.values).encode(), page.mode)
        for page in pages
    )


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - 50 ms, only for `up` and `render`

    return Environment(
        loader=FileSystemLoader(folder()),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - ini and unit files; the engine makes every value safe for them
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
