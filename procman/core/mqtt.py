"""What two MQTT consumers have in common: the broker. And what is wrong with a filter; `topics` compares them.

Source: MQTT 5.0, sections 4.7 (topic filters) and 4.8.2 (shared subscriptions); 3.1.1 has the same filters.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from procman.core.topics import filters_overlap, split_share

__all__ = ["filter_fault", "filters_overlap", "normalize_broker", "split_share"]

DEFAULT_PORTS = {"mqtt": 1883, "tcp": 1883, "mqtts": 8883, "ssl": 8883, "ws": 80, "wss": 443}
LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "::1", "0.0.0.0", "::", ""})  # noqa: S104 - names, nothing is bound


def normalize_broker(url: str, local_names: frozenset[str] = LOCAL_NAMES) -> str:
    """Return ``host:port`` of a broker URL so that two spellings of one broker are equal.

    Credentials, case and scheme do not count; every name in `local_names` and 127.0.0.0/8 is ``localhost``.
    ValueError when it is no broker URL; the message never repeats it.
    """
    parts = urlsplit(url)
    # urlsplit takes line ends out of the host without a word, and a lock's scope holds no white space
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or any(c.isspace() for c in url):
        raise ValueError(f"no broker URL; write {', '.join(sorted(DEFAULT_PORTS))}://HOST[:PORT]")
    host = _one_spelling(parts.hostname.rstrip(".").lower())
    if host in local_names or host in LOCAL_NAMES or _is_loopback(host):
        host = "localhost"
    return f"{host}:{parts.port or DEFAULT_PORTS[parts.scheme]}"


def filter_fault(topic: str) -> str | None:
    """Return what is wrong with a topic filter (or ``$share/group/filter``), or None when it is good."""
    group, plain = split_share(topic)
    if group is not None and (not group or set(group) & set("+#") or not plain):
        return "a shared subscription is $share/GROUP/FILTER"
    if not plain:
        return "a topic filter is not empty"
    if "\0" in plain or len(plain.encode(errors="replace")) > 65535:
        return "a topic filter has no NUL and at most 65,535 bytes"
    levels = plain.split("/")
    if any("#" in level and level != "#" for level in levels) or "#" in levels[:-1]:
        return "'#' stands alone and last"
    if any("+" in level and level != "+" for level in levels):
        return "'+' stands alone in its level"
    return None


def _one_spelling(host: str) -> str:
    """Return an IPv6 address in its shortest form, an IPv4 address inside one as itself; names as they are."""
    if ":" not in host:
        return host
    import ipaddress  # noqa: PLC0415 - few brokers are named by IPv6 addresses, and it costs milliseconds

    address = ipaddress.IPv6Address(host)
    return str(address.ipv4_mapped or address)


def _is_loopback(host: str) -> bool:
    numbers = host.split(".")
    return len(numbers) == 4 and numbers[0] == "127" and all(n.isdigit() for n in numbers)
