"""Unix sockets that this process has bound: made with their mode and owner, and removed again. No TCP.

The folder may belong to the user of the service, who can put another name, or a link, in the place of any file in it.
So nothing here is done by name where root's rights would follow that name: the mode is set before the socket has one,
the owner is given to the very file that was bound, and only that file is removed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator

_SIOCUNIXFILE = 0x89E0
"""unix(7) in Linux 4.12 and later: a descriptor of the file that a socket is bound to. It takes CAP_NET_ADMIN."""

_bound: dict[str, tuple[int, int]] = {}
"""Device and inode of the file at each path."""


def bind(sock: socket.socket, path: str, mode: int, owner: int, group: int) -> None:
    """Bind `sock` at `path`; `owner` and `group` are ids, -1 for this process's. OSError when it cannot be."""
    with _folder(path) as folder:
        name = os.path.basename(path)
        _clear(path, name, folder)
        os.fchmod(sock.fileno(), mode)
        mask = os.umask(0)  # nobody can connect before it listens, and that comes last
        try:
            sock.bind(path)
        finally:
            os.umask(mask)
        file = _file_of(sock, name, folder)
        try:
            if (owner, group) != (-1, -1):
                os.chown(f"/proc/self/fd/{file}", owner, group)
            _bound[path] = _identity(os.fstat(file))
        finally:
            os.close(file)


def remove(path: str) -> None:
    """Remove the file at `path` when it is the one that `bind` has made."""
    with contextlib.suppress(OSError), _folder(path) as folder:
        name = os.path.basename(path)
        if _identity(os.stat(name, dir_fd=folder, follow_symlinks=False)) == _bound.pop(path, None):
            os.unlink(name, dir_fd=folder)


@contextlib.contextmanager
def _folder(path: str) -> Iterator[int]:
    descriptor = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _file_of(sock: socket.socket, name: str, folder: int) -> int:
    """Return a descriptor of the file that `sock` is bound to; OSError when another has taken its place."""
    try:
        return fcntl.ioctl(sock, _SIOCUNIXFILE)
    except OSError:
        pass  # without that right, or on an old kernel: look, and take only a socket of this user
    file = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    found = os.fstat(file)
    if stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid() and found.st_nlink == 1:
        return file
    os.close(file)
    raise OSError(errno.EPERM, "somebody has put another file in its place")


def _clear(path: str, name: str, folder: int) -> None:
    """Remove a unix socket that nobody listens on: a manager that was killed leaves its name behind."""
    try:
        kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISSOCK(kind):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(0)
            if probe.connect_ex(path) == errno.ECONNREFUSED:
                os.unlink(name, dir_fd=folder)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
