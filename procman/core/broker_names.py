"""Every name that the broker of a URL is known by, so that two who mean one broker share a name. Asks no name server.

One normal form is a guess of one moment: an address is this host's own here and another's in a container, and not yet
its own before the interface is up. So nothing is replaced; what a name stands for is added to it. Where a spelling is
read in two ways (``010.1.1.1``), both count: a refusal too many is seen at once, a consumer too many in the rows.
"""

from procman.core.mqtt import DOORS, LOCAL_NAMES, PORT, door, is_loopback, normalize_broker

WEB_DOORS = frozenset({8000, 8080, 15675, 15676})
"""Further ports where brokers have their websockets unless told otherwise: HiveMQ, VerneMQ, RabbitMQ."""

LOCALHOST = "localhost"
_OCTETS, _LARGEST, _MAPPED = 4, 255, bytes(10) + b"\xff\xff"


class Known:
    """What a host knows of names by itself, at one moment, in one network namespace. Everything in lower case.

    `own`: its addresses and names. `addresses` and `aliases`: of a name and of an address in /etc/hosts. `domains` are
    tried behind a name with fewer than `dots` dots.
    """

    __slots__ = ("addresses", "aliases", "domains", "dots", "own")

    def __init__(
        self,
        own: frozenset[str] = frozenset(),
        listed: tuple[tuple[str, tuple[str, ...]], ...] = (),
        domains: tuple[str, ...] = (),
        dots: int = 1,
    ) -> None:
        """`listed`: each line of /etc/hosts, as an address and its names."""
        self.own = own
        self.domains = domains
        self.dots = dots
        self.addresses: dict[str, list[str]] = {}
        self.aliases: dict[str, list[str]] = {}
        for address, names in listed:
            self.aliases.setdefault(address, []).extend(names)
            for name in names:
                self.addresses.setdefault(name, []).append(address)


NOTHING = Known()


def broker_names(url: str, known: Known = NOTHING) -> frozenset[str]:
    """Return every ``host:port`` that the broker of `url` is known by; the form of `normalize_broker` is among them.

    ValueError when it is no broker URL; the message never repeats it.
    """
    usual = {normalize_broker(url), normalize_broker(url, known.own)}
    host, port = door(url)
    hosts = _resolved(host, known)
    if any(is_own(name, known.own) for name in hosts):
        hosts |= {LOCALHOST, *known.own}
    ports = {PORT if port in DOORS else port}
    if port in WEB_DOORS and url[:2].lower() == "ws":
        ports.add(PORT)
    return frozenset(usual | {f"{name}:{number}" for name in hosts for number in ports})


def is_own(name: str, own: frozenset[str]) -> bool:
    """Tell whether `name` or address means this host, which has the names `own`."""
    return name in own or name in LOCAL_NAMES or name.endswith(".localhost") or is_loopback(name)


def spellings(host: str) -> set[str]:
    """Return every reading of a host as it is written, in lower case: as a name, and as the addresses it may be."""
    found = {host.rstrip(".").lower()}
    if ":" in host:
        return {_ipv6(host)}
    if "%" in host:
        found.add(_decoded(host).rstrip(".").lower())
    for name in tuple(found):
        if not name.isascii():
            found |= _international(name)
    for name in tuple(found):
        if name[:1].isdigit():
            found |= _ipv4(name)
    return {name for name in found if name and not any(c.isspace() for c in name)}


def _resolved(host: str, known: Known) -> set[str]:
    """Return `spellings` of `host` with what the host's own tables make of them: addresses, and their other names."""
    found = spellings(host)
    for name in tuple(found):
        if ":" not in name and not _is_ipv4(name) and not is_own(name, known.own):
            found |= _expanded(name, known, absolute=host.endswith("."))
    found |= {address for name in found for address in known.addresses.get(name, ())}
    # Of this host only the names in `own` count: a list that blocks advertisements gives it thousands.
    others = {name for name in found if not is_own(name, known.own)}
    aliases = {alias for name in others for alias in known.aliases.get(name, ())}
    return found | {alias for alias in aliases if found.issuperset(known.addresses[alias])}  # no name of two hosts


def _expanded(name: str, known: Known, *, absolute: bool) -> set[str]:
    """Return the longer names that a short one stands for: in the search domains, and by multicast DNS."""
    dots = name.count(".")
    found = {f"{name}.{domain}" for domain in known.domains if dots < known.dots and not absolute}
    return found if dots else found | {f"{name}.local"}


def _ipv4(text: str) -> set[str]:
    """Return the addresses that the C library reads in `text` (``127.1``, ``0x7f.1``), and others in decimal."""
    from _socket import inet_aton, inet_ntoa  # noqa: PLC0415 - most brokers have a name

    found = {".".join(str(int(part)) for part in text.split("."))} if _is_ipv4(text) else set()
    try:
        return found | {inet_ntoa(inet_aton(text))}
    except OSError:
        return found


def _ipv6(text: str) -> str:
    """Return an IPv6 address in its shortest form and without its scope, an IPv4 address inside one as itself."""
    from _socket import AF_INET6, inet_ntoa, inet_ntop, inet_pton  # noqa: PLC0415 - most brokers have a name

    try:
        octets = inet_pton(AF_INET6, text.partition("%")[0])
    except OSError:
        return text.lower()
    if octets.startswith(_MAPPED):
        return inet_ntoa(octets[len(_MAPPED) :])
    return inet_ntop(AF_INET6, octets)


def _is_ipv4(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == _OCTETS and all(p.isascii() and p.isdigit() and int(p) <= _LARGEST for p in parts)


def _decoded(host: str) -> str:
    """Return `host` with its percent-encoded bytes decoded, as a browser reads it."""
    head, *parts = host.split("%")
    try:
        octets = head.encode() + b"".join(bytes.fromhex(part[:2]) + part[2:].encode() for part in parts)
        return octets.decode()
    except ValueError:
        return host


def _international(name: str) -> set[str]:
    """Return the readings of a name that is not ASCII: compatible forms, and punycode after both versions of IDNA."""
    from unicodedata import normalize  # noqa: PLC0415 - few brokers have such a name

    plain = normalize("NFKC", name).replace("\u3002", ".").lower()
    found = {plain}
    for form in (plain, plain.casefold()):
        try:
            found.add(form.encode("idna").decode("ascii"))
            labels = (f"xn--{p.encode('punycode').decode()}" if not p.isascii() else p for p in form.split("."))
            found.add(".".join(labels))
        except UnicodeError:
            continue
    return {form.rstrip(".") for form in found}
