"""TCP addresses of this host: whether one can be listened on, and who listens there now."""

from __future__ import annotations

import errno
import socket

from procman.core.manifest import Address

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
