"""`init --consumer`: a reference consumer with its manifest, written into a folder of its own."""

from __future__ import annotations

import os

from procman.adapters import examples, files, package_json, templates
from procman.core import consumer_kit
from procman.core.errors import Failed
from procman.core.sheet import Sheet


def sheets(language: str, database: str) -> tuple[Sheet, ...]:
    """Return its files, the manifest last."""
    kit = consumer_kit.kit(language, database)
    copied = [Sheet(name, examples.read(f"{kit.folder}/{name}"), 0o644) for name in kit.files]
    package = consumer_kit.package(language, database)
    return (*copied, *filter(None, [package]), *templates.render((consumer_kit.manifest(language, database),)))


def write(sheets: tuple[Sheet, ...], folder: str, *, force: bool) -> tuple[Sheet, ...]:
    """Write them and return what was written; Failed, and nothing is, when one is there and `force` was not given.

    A package.json that is there belongs to more than the consumer: it stays as it is, with and without `force`.
    """
    there = [sheet.path for sheet in sheets if os.path.lexists(os.path.join(folder, sheet.path))]  # noqa: PTH118
    if consumer_kit.PACKAGE in there and package_json.read(folder).get("type") == "module":
        raise Failed(
            f"package.json in {folder} says that its scripts are modules, and these are none; nothing was written",
            "name a folder of its own with --to: it gets a package.json that says so",
        )
    wanted = tuple(sheet for sheet in sheets if sheet.path != consumer_kit.PACKAGE or sheet.path not in there)
    in_the_way = [path for path in there if path != consumer_kit.PACKAGE]
    if in_the_way and not force:
        raise Failed(
            f"there already in {folder}, and nothing was written: {', '.join(in_the_way)}",
            "name another folder with --to, or give --force",
        )
    if not os.path.isdir(folder):  # noqa: PTH112
        files.make_folder(folder, 0o755)
    for sheet in wanted:
        files.write_whole(os.path.join(folder, sheet.path), sheet.content, sheet.mode)  # noqa: PTH118
    return wanted


def needs(language: str, database: str) -> str:
    """Return the command that installs what it imports."""
    return consumer_kit.kit(language, database).needs
