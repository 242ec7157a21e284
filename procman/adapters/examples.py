"""The files of the examples that procman hands out: in the installed package, else in the checkout beside it."""

from __future__ import annotations

from pathlib import Path

from procman.core.errors import Failed


def read(path: str) -> bytes:
    """Return the content of an example's file, named from the folder of the examples."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_examples", package.parent / "examples"):
        if folder.is_dir():
            try:
                return (folder / path).read_bytes()
            except OSError as error:
                raise Failed(f"procman's example {path} cannot be read: {error.strerror}", _AGAIN) from error
    raise Failed("procman's examples are missing", _AGAIN)


_AGAIN = "install procman again: its package is not whole"
