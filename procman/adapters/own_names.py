"""The names and addresses by which this host knows itself: what its kernel and /etc/hosts say. Asks no name server."""

from __future__ import annotations

import os
from collections.abc import Iterator

IPV4 = "/proc/net/fib_trie"
IPV6 = "/proc/net/if_inet6"
HOSTS = "/etc/hosts"
LARGEST = 1 << 20
_HEX = 32


def local_names() -> frozenset[str]:
    """Return every name and address that is known to mean this host, in lower case."""
    own = {os.uname().nodename.lower(), "localhost", *_ipv4(_read(IPV4)), *_ipv6(_read(IPV6))}
    return frozenset(own | set(_listed(_read(HOSTS), own)))


def _ipv4(table: str) -> Iterator[str]:
    """Yield the addresses that the routing table has as its own: ``|-- 10.0.0.5`` above ``/32 host LOCAL``."""
    address = ""
    for line in table.splitlines():
        words = line.split()
        if words[:1] == ["|--"]:
            address = words[1]
        elif words == ["/32", "host", "LOCAL"]:
            yield address


def _ipv6(table: str) -> Iterator[str]:
    rows = [line.split()[0] for line in table.splitlines() if len(line.partition(" ")[0]) == _HEX]
    if rows:
        from _socket import AF_INET6, inet_ntop  # noqa: PLC0415 - `socket` wraps it in enums, which costs milliseconds

        yield from (inet_ntop(AF_INET6, bytes.fromhex(row)) for row in rows)


def _listed(hosts: str, own: set[str]) -> Iterator[str]:
    """Yield the names that /etc/hosts gives to one of the addresses in `own`, or to the loopback network."""
    for line in hosts.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if address in own or address.startswith("127."):
            yield from (name.lower().rstrip(".") for name in names)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read(LARGEST)
    except OSError:
        return ""
