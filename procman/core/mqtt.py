"""What two MQTT consumers have in common: the broker. And what is wrong with a filter; `topics` compares them.

Source: MQTT 5.0, sections 4.7 (topic filters) and 4.8.2 (shared subscriptions); 3.1.1 has the same filters.
"""

from procman.core.topics import filters_overlap, split_share

__all__ = [
    "DOORS",
    "PORT",
    "door",
    "filter_fault",
    "filters_overlap",
    "normalize_broker",
    "split_share",
    "without_credentials",
]

DEFAULT_PORTS = {"mqtt": 1883, "tcp": 1883, "mqtts": 8883, "ssl": 8883, "ws": 80, "wss": 443}
PORT = 1883
DOORS = frozenset({PORT, 8883, 80, 443, 8083, 8084, 9001})
"""Ports by which one broker is reached: plain, TLS, and websockets as proxies, EMQX and mosquitto have them."""

_NAMES = ("localhost", "localhost.localdomain", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback")
LOCAL_NAMES = frozenset({*_NAMES, "::1", "0.0.0.0", "::", ""})  # noqa: S104 - names, nothing is bound
MAX_PORT, MAX_FILTER, OCTETS = 65535, 65535, 4
_NO_BROKER = f"no broker URL; write {', '.join(sorted(DEFAULT_PORTS))}://HOST[:PORT]"


def normalize_broker(url: str, local_names: frozenset[str] = LOCAL_NAMES) -> str:
    """Return ``host:port`` of a broker URL so that two spellings of one broker are equal.

    Credentials, case and scheme do not count; every name in `local_names` and 127.0.0.0/8 is ``localhost``; the ports
    in DOORS are one. Only a port of its own tells two brokers of one host apart.
    ValueError when it is no broker URL; the message never repeats it.
    """
    scheme, host, port = _parts(url)
    host = _one_spelling(host.rstrip(".").lower())
    if host in local_names or host in LOCAL_NAMES or is_loopback(host):
        host = "localhost"
    port = port or DEFAULT_PORTS[scheme]
    return f"{host}:{PORT if port in DOORS else port}"


def door(url: str) -> tuple[str, int]:
    """Return host and port that a client of this broker URL connects to; ValueError as above."""
    scheme, host, port = _parts(url)
    return host, port or DEFAULT_PORTS[scheme]


def without_credentials(url: str) -> str:
    """Return a broker's URL without user and password, as it may be shown and handed on."""
    scheme, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{mark}{place.rpartition('@')[2]}{slash}{path}"


def filter_fault(topic: str) -> str | None:
    """Return what is wrong with a topic filter (or ``$share/group/filter``), or None when it is good."""
    group, plain = split_share(topic)
    if group is not None and (not group or set(group) & set("+#") or not plain):
        return "a shared subscription is $share/GROUP/FILTER"
    if not plain:
        return "a topic filter is not empty"
    if "\0" in plain or len(plain.encode(errors="replace")) > MAX_FILTER:
        return "a topic filter has no NUL and at most 65,535 bytes"
    levels = plain.split("/")
    if any("#" in level and level != "#" for level in levels) or "#" in levels[:-1]:
        return "'#' stands alone and last"
    if any("+" in level and level != "+" for level in levels):
        return "'+' stands alone in its level"
    return None


def is_loopback(host: str) -> bool:
    """Tell whether `host` is an address of 127.0.0.0/8."""
    numbers = host.split(".")
    return len(numbers) == OCTETS and numbers[0] == "127" and all(n.isdigit() for n in numbers)


def _parts(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port as urllib.parse.urlsplit would, whose import costs as much as reading a manifest."""
    scheme, mark, rest = url.partition("://")
    scheme = scheme.lower()
    for end in "/?#":
        rest = rest.partition(end)[0]
    # a lock's scope holds no white space
    if not mark or scheme not in DEFAULT_PORTS or any(c.isspace() for c in url):
        raise ValueError(_NO_BROKER)
    place = rest.rpartition("@")[2]
    bracketed = place.startswith("[")
    host, closed, port = place[1:].partition("]") if bracketed else place.partition(":")
    if bracketed and closed and ":" in host and port[:1] in ("", ":"):
        port = port[1:]
    elif bracketed or not host or set(host) & set("[]"):
        raise ValueError(_NO_BROKER)
    short = len(port.lstrip("0")) <= len(str(MAX_PORT))
    if port and not (port.isascii() and port.isdigit() and short and int(port) <= MAX_PORT):
        raise ValueError(_NO_BROKER)
    return scheme, host, int(port) if port else None


def _one_spelling(host: str) -> str:
    """Return an IPv6 address in its shortest form, an IPv4 address inside one as itself; names as they are."""
    if ":" not in host:
        return host
    if host == "::1":
        return host
    import ipaddress  # noqa: PLC0415 - few brokers are named by IPv6 addresses, and it costs milliseconds

    address = ipaddress.IPv6Address(host)
    return str(address.ipv4_mapped or address)
