"""Files, written whole or not at all: write beside, sync, rename. No decision on what to write."""

from __future__ import annotations

import contextlib
import os

from procman.core.errors import Failed


def write_whole(path: str, content: bytes, mode: int = 0o600) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, never half of it.

    Failed when the disk is full or the folder cannot be written; the old file is then untouched.
    """
    temporary = f"{path}.{os.getpid()}.new"
    try:
        _write_synced(temporary, content, mode)
        os.rename(temporary, path)  # noqa: PTH104 - one call, one line of strace
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise Failed(f"cannot write {path}: {error.strerror}", _advice(error, path)) from error


def _write_synced(path: str, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    with open(descriptor, "wb") as file:  # noqa: PTH123
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _advice(error: OSError, path: str) -> str:
    import errno  # noqa: PLC0415

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"make room on the file system of {os.path.dirname(path) or '.'}, then run the command again"  # noqa: PTH120
    return "check the folder's owner and permissions, then run the command again"


def make_folder(path: str, mode: int = 0o700) -> None:
    """Make `path` and what leads to it; the last folder gets `mode`. Failed when that cannot be done."""
    try:
        os.makedirs(path, mode=mode, exist_ok=True)  # noqa: PTH103
        os.chmod(path, mode)  # noqa: PTH101
    except OSError as error:
        raise Failed(
            f"cannot make the folder {path}: {error.strerror}",
            "check the owner and permissions of what leads to it, or set PROCMAN_HOME to a folder of your own",
        ) from error


def read_if_there(path: str) -> bytes | None:
    """Return the content of `path`, or None when there is no such file. Failed when it cannot be read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib is 8 ms of `status`
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror}", "check its owner and permissions") from error


def remove(path: str) -> None:
    """Remove the file `path`; nothing to do when it is gone already."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108


def names(folder: str) -> list[str]:
    """Return the sorted names in `folder`; none when there is no such folder. Failed when it cannot be read."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Failed(f"cannot read {folder}: {error.strerror}", "check its owner and permissions") from error
