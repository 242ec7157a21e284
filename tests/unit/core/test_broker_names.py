"""Two URLs of one broker share a name; two brokers share none."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.broker_names import NOTHING, Known, broker_names
from procman.core.mqtt import normalize_broker

OWN = frozenset({"box", "box.local", "localhost", "127.0.0.1", "192.0.2.2", "fd00::2", "::1"})
LISTED = (
    ("127.0.0.1", ("localhost",)),
    ("192.0.2.2", ("box.example.org", "box")),
    ("192.0.2.9", ("broker", "broker.example.org")),
    ("2001:db8::9", ("broker6",)),
    ("192.0.2.30", ("red", "pair")),
    ("192.0.2.31", ("blue", "pair")),
    ("0.0.0.0", ("ads.example", "more-ads.example")),
)
HERE = Known(OWN | {"box.example.org"}, LISTED, ("corp.example", "example.org"))
"""A host that knows names."""

INSIDE = Known(frozenset({"localhost", "127.0.0.1", "192.0.2.3", "cafe"}), (("127.0.0.1", ("localhost",)),))
"""A container on it, with addresses of its own."""

THERE = Known(INSIDE.own, (("192.0.2.2", ("host.internal",)),))
"""One that has a name for its host."""

ONE_PLACE = [
    ("mqtt://localhost", HERE, "mqtt://127.0.0.1", HERE),
    ("mqtt://localhost", HERE, "mqtt://192.0.2.2", HERE),
    ("mqtt://192.0.2.2", HERE, "mqtt://192.0.2.2", INSIDE),
    ("mqtt://localhost", HERE, "mqtt://192.0.2.2", INSIDE),
    ("mqtt://0.0.0.0", HERE, "mqtt://host.internal", THERE),
    ("mqtt://box", HERE, "mqtts://[fd00::2]", INSIDE),
    ("mqtt://192.0.2.2", INSIDE, "mqtt://192.0.2.2", Known(INSIDE.own | {"192.0.2.2"})),
    ("mqtt://broker", HERE, "mqtt://192.0.2.9", INSIDE),
    ("mqtt://broker", HERE, "mqtt://broker.example.org", NOTHING),
    ("mqtt://192.0.2.9", HERE, "mqtt://BROKER.example.org.", NOTHING),
    ("mqtt://pair", HERE, "mqtt://red", HERE),
    ("mqtt://pair", HERE, "mqtt://192.0.2.31", NOTHING),
    ("mqtt://ads.example", HERE, "mqtt://localhost", HERE),
    ("mqtt://other", HERE, "mqtt://other.corp.example", NOTHING),
    ("mqtt://other", NOTHING, "mqtt://other.local", NOTHING),
    ("mqtt://a.b", Known(domains=("c.example",), dots=5), "mqtt://a.b.c.example", NOTHING),
    ("mqtt://127.1", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://0", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://127.0.1", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://0x7f.0.0.1", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://0X7F000001", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://2130706433", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://0177.0.0.1", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://127.000.000.001", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://foo.localhost", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://[::ffff:7f00:1]", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://[::1%25lo]", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://10.9.2055", NOTHING, "mqtt://10.9.8.7", NOTHING),
    ("mqtt://0xa.9.8.7", NOTHING, "mqtt://10.9.8.7.", NOTHING),
    ("mqtt://012.9.8.7", NOTHING, "mqtt://10.9.8.7", NOTHING),
    ("mqtt://012.9.8.7", NOTHING, "mqtt://12.9.8.7", NOTHING),
    ("mqtt://10.09.08.07", NOTHING, "mqtt://10.9.8.7", NOTHING),
    ("mqtt://[::ffff:10.9.8.7]", NOTHING, "mqtt://168364039", NOTHING),
    ("mqtt://[FE80:0::1%eth0]", NOTHING, "mqtt://[fe80::1%2]", NOTHING),
    ("mqtt://[fe80::1]", NOTHING, "mqtt://[fe80::1%25eth0]", NOTHING),
    ("mqtt://bücher.example", NOTHING, "mqtt://XN--bcher-kva.example", NOTHING),
    ("mqtt://BU\u0308CHER.example", NOTHING, "mqtt://bücher.example", NOTHING),
    ("mqtt://straße.example", NOTHING, "mqtt://strasse.example", NOTHING),
    ("mqtt://straße.example", NOTHING, "mqtt://xn--strae-oqa.example", NOTHING),
    ("mqtt://１２７。0.0.1", NOTHING, "mqtt://localhost", NOTHING),  # noqa: RUF001 - as it may be typed
    ("wss://%62roker.example", NOTHING, "mqtts://broker.example", NOTHING),
    ("mqtt://h", NOTHING, "mqtts://h:8883", NOTHING),
    ("mqtt://h", NOTHING, "ws://h", NOTHING),
    ("mqtt://h", NOTHING, "wss://h:443/mqtt", NOTHING),
    ("mqtt://h", NOTHING, "ws://h:8000", NOTHING),
    ("mqtt://h", NOTHING, "wss://h:15676", NOTHING),
    ("mqtt://h:8000", NOTHING, "ws://h:8000", NOTHING),
    ("mqtt://u:p@h:01884", NOTHING, "tcp://h.:1884/x?y#z", NOTHING),
]

TWO_PLACES = [
    ("mqtt://localhost", HERE, "mqtt://192.0.2.9", HERE),
    ("mqtt://192.0.2.2", HERE, "mqtt://192.0.2.22", HERE),
    ("mqtt://192.0.2.2", INSIDE, "mqtt://192.0.2.3", INSIDE),
    ("mqtt://red", HERE, "mqtt://192.0.2.31", HERE),
    ("mqtt://other", HERE, "mqtt://other.example.net", HERE),
    ("mqtt://other.", HERE, "mqtt://other.corp.example", NOTHING),
    ("mqtt://a.b", HERE, "mqtt://a.b.corp.example", NOTHING),
    ("mqtt://ads.example", HERE, "mqtt://192.0.2.9", HERE),
    ("mqtt://broker.example", NOTHING, "mqtt://broker.example.org", NOTHING),
    ("mqtt://h:1883", NOTHING, "mqtt://h:1884", NOTHING),
    ("mqtt://h:8000", NOTHING, "mqtt://h", NOTHING),
    ("ws://h:9002", NOTHING, "mqtt://h", NOTHING),
    ("mqtt://128.0.0.1", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://127.example.org", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://notlocalhost", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://localhost.example", NOTHING, "mqtt://localhost", NOTHING),
    ("mqtt://[fe80::1]", NOTHING, "mqtt://[fe80::2]", NOTHING),
    ("mqtt://xn--bcher-kva.example", NOTHING, "mqtt://bucher.example", NOTHING),
]


def shown(case: object) -> str:
    """The URLs of a case as its name."""
    return case if isinstance(case, str) else "there"


@pytest.mark.parametrize(("one", "known", "other", "elsewhere"), ONE_PLACE)
def test_two_urls_of_one_broker_share_a_name(one: str, known: Known, other: str, elsewhere: Known) -> None:
    """However it is spelled, reached, or seen from a container."""
    assert broker_names(one, known) & broker_names(other, elsewhere)


@pytest.mark.parametrize(("one", "known", "other", "elsewhere"), TWO_PLACES)
def test_two_brokers_share_no_name(one: str, known: Known, other: str, elsewhere: Known) -> None:
    """Another host, or a port that is no usual door."""
    assert not broker_names(one, known) & broker_names(other, elsewhere)


NUMERIC = ["127.1", "0", "127.0.0.1", "0x7f.1", "10.1", "10.0.0.1", "167772161", "012.0.0.1", "::1", "::ffff:10.0.0.1"]
NAMES = ["localhost", "box", "a", "b", "a.x", "b.x", "a.local", "A.", "x.localhost"]
ADDRESSES = ["127.0.0.1", "10.0.0.1", "10.0.0.2", "fd00::1"]
LINES = st.lists(
    st.tuples(
        st.sampled_from(ADDRESSES), st.lists(st.sampled_from(["a", "b", "a.x", "b.x", "box"]), min_size=1).map(tuple)
    ),
    max_size=4,
).map(tuple)
KNOWN = st.builds(
    Known,
    st.sets(st.sampled_from(["10.0.0.1", "fd00::1", "box"])).map(
        lambda own: frozenset({"localhost", "127.0.0.1", *own})
    ),
    LINES,
    st.sampled_from([(), ("x",)]),
)
DOORS = st.sampled_from(["mqtt://%s", "mqtts://u@%s", "ws://%s/mqtt", "WSS://%s", "mqtt://%s:8883"])


def resolve(host: str, known: Known) -> set[str]:
    """Every address that a resolver which has only these tables may find: glibc's, step by step, in any order."""
    name = host.lower().rstrip(".")
    for family in (socket.AF_INET6, socket.AF_INET):
        try:
            packed = socket.inet_pton(family, host) if family == socket.AF_INET6 else socket.inet_aton(host)
        except OSError:
            continue
        mapped = packed.startswith(bytes(10) + b"\xff\xff")
        return {socket.inet_ntop(family, packed) if not mapped else socket.inet_ntoa(packed[12:])}
    candidates = [name]
    if "." not in host:
        candidates += [f"{name}.{domain}" for domain in known.domains] + [f"{name}.local"]
    listed = {address for candidate in candidates for address in known.addresses.get(candidate, ())}
    if (name in ("localhost", "box") and name in known.own) or name.endswith("localhost"):
        listed.add("127.0.0.1")
    return listed


def place(addresses: set[str], known: Known) -> set[str]:
    """The hosts that are connected to: this one under one word."""
    ours = known.own | {"::1", "0.0.0.0"}
    return {"here" if a in ours or a.startswith("127.") else a for a in addresses}


@given(KNOWN, st.sampled_from(NUMERIC + NAMES), st.sampled_from(NUMERIC + NAMES), DOORS, DOORS)
def test_what_a_resolver_takes_to_one_place_shares_a_name(
    known: Known, one: str, other: str, door: str, through: str
) -> None:
    """For any tables: whenever two hosts may be connected to at one address, by whatever door, they meet."""
    urls = [form % (f"[{host}]" if ":" in host else host) for form, host in ((door, one), (through, other))]
    if place(resolve(one, known), known) & place(resolve(other, known), known):
        first, second = (broker_names(url, known) for url in urls)
        assert first & second


@given(KNOWN, KNOWN, st.sampled_from(NUMERIC + NAMES), DOORS, DOORS)
def test_one_url_meets_itself_wherever_it_is_read(
    here: Known, there: Known, host: str, door: str, through: str
) -> None:
    """Whatever two namespaces know: the same host in the URL is the same broker."""
    urls = [form % (f"[{host}]" if ":" in host else host) for form in (door, through)]
    assert broker_names(urls[0], here) & broker_names(urls[1], there)


@given(st.text(max_size=20).map("mqtt://{}".format), KNOWN)
def test_names_are_those_of_before_and_fit_into_a_record(url: str, known: Known) -> None:
    """Whatever is accepted: the one name that older versions locked is among them, none has white space."""
    try:
        usual = {normalize_broker(url, known.own), normalize_broker(url)}
    except ValueError:
        usual = set()
    if not usual:
        with pytest.raises(ValueError):  # noqa: PT011 - half of the messages are Python's
            broker_names(url, known)
        return
    found = broker_names(url, known)
    assert usual <= found
    assert all([name] == name.split() for name in found)


def test_names_stay_few() -> None:
    """A broker elsewhere has a handful; this host as many as it has addresses and names."""
    assert len(broker_names("mqtts://broker.example.org")) == 1
    assert len(broker_names("mqtt://broker", HERE)) <= 6
    assert len(broker_names("mqtt://localhost", HERE)) == len(HERE.own)
