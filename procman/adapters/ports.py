"""TCP addresses and unix sockets of this host: whether one can be listened on, and who listens there now."""

from __future__ import annotations

import errno
import os
import shlex
import socket
import stat

from procman.core.manifest import Address
from procman.core.places import LONGEST, UnixSocket

_PRIVILEGED = 1024
TAKEN = "end that process, or change `listen`"
_CURES = {
    errno.EADDRINUSE: TAKEN,
    errno.EADDRNOTAVAIL: "no interface of this host has that address: change `listen` (ip addr shows them)",
    errno.EACCES: f"ports below {_PRIVILEGED} are root's (net.ipv4.ip_unprivileged_port_start): choose a higher one",
}


def fault(address: Address) -> tuple[str, str] | None:
    """Return why `address` cannot be listened on now and what helps, or None. The socket is closed again at once."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
            probe.listen(1)
        except OSError as error:
            cure = _CURES.get(error.errno or 0, "change `listen`")
            if error.errno == errno.EADDRINUSE:
                return f"is in use by {owner(address.port)}", cure
            return f"cannot be listened on: {error.strerror or error}", cure
    return None


def path_fault(place: UnixSocket) -> tuple[str, str] | None:
    """Return why a unix socket cannot be made at `place` now and what helps, or None. Nothing is made or removed."""
    path, folder = place.path, os.path.dirname(place.path)  # noqa: PTH120
    if (wrong := _wrong(place)) is not None:
        return wrong
    try:
        kind = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        kind = 0
    except OSError as error:
        return f"cannot be listened on: {error.strerror}", "change `listen`"
    if kind:
        return _in_the_way(path, kind)
    if not os.path.isdir(folder):  # noqa: PTH112
        return f"cannot be listened on: there is no folder {folder}", f"create it: mkdir -p {shlex.quote(folder)}"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"cannot be listened on: this user may not write into {folder}", f"see: ls -ld {shlex.quote(folder)}"
    return None


def _wrong(place: UnixSocket) -> tuple[str, str] | None:
    """Return what is wrong with `place` whatever lies there now."""
    if len(os.fsencode(place.path)) > LONGEST:
        return f"cannot be listened on: a unix socket's path has at most {LONGEST} bytes", "choose a shorter path"
    if not _may_give(place.ids):
        words = f"cannot be given to {place.owner}: only root gives a file to another user, or to a group of others"
        return words, "run procman as root, or leave `owner` out"
    return None


def _may_give(ids: tuple[int, int]) -> bool:
    """Tell whether this user may make a file that of the user and the group `ids`, -1 for as it is."""
    user, group = ids
    if os.geteuid() == 0:
        return True
    return user in (-1, os.geteuid()) and group in (-1, os.getegid(), *os.getgroups())


def _in_the_way(path: str, kind: int) -> tuple[str, str] | None:
    if not stat.S_ISSOCK(kind):
        return "cannot be listened on: something that is no socket has that name", "move it away, or change `listen`"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # noqa: FBT003 - the signature is socket's
        if probe.connect_ex(path) == errno.ECONNREFUSED:
            return None  # a manager that was killed has left its name
    return "is in use by another process (`sudo ss -lxp` shows it)", TAKEN


def owner(port: int) -> str:
    """Return which process listens on `port`, as far as we may see: "pid 812 (nginx)"."""
    import psutil  # noqa: PLC0415 - only when something is in the way

    try:
        rows = psutil.net_connections(kind="tcp")
    except psutil.Error:
        rows = []
    for row in rows:
        if row.status == psutil.CONN_LISTEN and row.laddr and row.laddr.port == port and row.pid:
            return _name(row.pid)
    return "another process (of another user: `sudo ss -ltnp` shows it)"


def _name(pid: int) -> str:
    import psutil  # noqa: PLC0415

    try:
        return f"pid {pid} ({psutil.Process(pid).name()})"
    except psutil.Error:
        return f"pid {pid}"
