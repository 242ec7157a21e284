"""What this host knows of names: what its kernel, /etc/hosts and resolv.conf say. Asks no name server."""

import posix

from procman.core.broker_names import Known, spellings

IPV4 = "/proc/net/fib_trie"
IPV6 = "/proc/net/if_inet6"
HOSTS = "/etc/hosts"
RESOLV = "/etc/resolv.conf"
LARGEST = 1 << 20
MOST = 64
"""Names of this host that are taken from /etc/hosts: a list that blocks advertisements has thousands."""

Line = tuple[str, tuple[str, ...]]
_HEX = 32


def known() -> Known:
    """Return every name and address that is known to mean this host, and what it knows of others."""
    rows = _rows(_read(HOSTS))
    domains, dots = _searched(_read(RESOLV))
    node = posix.uname().nodename.lower()
    short = node.partition(".")[0]
    named = {node, short, f"{short}.local", *(f"{short}.{domain}" for domain in domains)}
    own = {"localhost", *named, *_ipv4(_read(IPV4)), *_ipv6(_read(IPV6))}
    return Known(frozenset(own | set(_listed(rows, own))), tuple(rows), domains, dots)


def _ipv4(table: str) -> list[str]:
    """Return the addresses that the routing table has as its own: ``|-- 10.0.0.5`` above ``/32 host LOCAL``."""
    address, found = "", []
    for line in table.splitlines():
        words = line.split()
        if words[:1] == ["|--"]:
            address = words[1]
        elif words == ["/32", "host", "LOCAL"]:
            found.append(address)
    return found


def _ipv6(table: str) -> list[str]:
    rows = [line.split()[0] for line in table.splitlines() if len(line.partition(" ")[0]) == _HEX]
    return [spellings(":".join(row[at : at + 4] for at in range(0, _HEX, 4))).pop() for row in rows]


def _rows(hosts: str) -> list[Line]:
    """Return each line of /etc/hosts: the address in its shortest form, and its names in lower case."""
    found: list[Line] = []
    for line in hosts.splitlines():
        address, *names = line.partition("#")[0].lower().split() or [""]
        if names:
            address = spellings(address).pop() if ":" in address else address
            found.append((address, tuple(name.rstrip(".") for name in names)))
    return found


def _listed(rows: list[Line], own: set[str]) -> list[str]:
    """Return the names that `rows` give to one of the addresses in `own`, or to the loopback network."""
    found = [name for address, names in rows if address in own or address.startswith("127.") for name in names]
    return found[:MOST]


def _searched(resolv: str) -> tuple[tuple[str, ...], int]:
    """Return the domains that are tried behind a short name, and how many dots a name needs not to be short."""
    domains: list[str] = []
    dots = 1
    for line in resolv.splitlines():
        word, *rest = line.partition("#")[0].lower().split() or [""]
        if word in ("search", "domain"):  # the last one counts
            domains = [domain.strip(".") for domain in rest if domain.strip(".")]
        elif word == "options":
            told = [option[len("ndots:") :] for option in rest if option.startswith("ndots:")]
            dots = max([dots, *(int(number) for number in told if number.isdecimal())])
    return tuple(domains), dots


def _read(path: str) -> str:
    """Return what `path` holds, to its end: the kernel gives its tables out in pieces of a page."""
    parts: list[bytes] = []
    try:
        descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
    except OSError:
        return ""
    try:
        while sum(len(part) for part in parts) < LARGEST and (part := posix.read(descriptor, LARGEST)):
            parts.append(part)
    except OSError:
        return ""
    finally:
        posix.close(descriptor)
    return b"".join(parts).decode("utf-8", "replace")
