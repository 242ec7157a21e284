"""`init --consumer`: a reference consumer with its manifest, written into a folder of its own."""

from __future__ import annotations

import os

from procman.adapters import examples, files, templates
from procman.core import consumer_kit
from procman.core.errors import Failed
from procman.core.sheet import Sheet


def sheets(language: str, database: str) -> tuple[Sheet, ...]:
    """Return its files, the manifest last."""
    kit = consumer_kit.kit(language, database)
    copied = tuple(Sheet(name, examples.read(f"{kit.folder}/{name}"), 0o644) for name in kit.files)
    return (*copied, *templates.render((consumer_kit.manifest(language, database),)))


def write(written: tuple[Sheet, ...], folder: str, *, force: bool) -> None:
    """Write all of them; Failed, and nothing is written, when one is there already and `force` was not given."""
    there = [sheet.path for sheet in written if os.path.lexists(os.path.join(folder, sheet.path))]  # noqa: PTH118
    if there and not force:
        raise Failed(
            f"there already in {folder}, and nothing was written: {', '.join(there)}",
            "name another folder with --to, or give --force",
        )
    if not os.path.isdir(folder):  # noqa: PTH112
        files.make_folder(folder, 0o755)
    for sheet in written:
        files.write_whole(os.path.join(folder, sheet.path), sheet.content, sheet.mode)  # noqa: PTH118


def needs(language: str, database: str) -> str:
    """Return the command that installs what it imports."""
    return consumer_kit.kit(language, database).needs
