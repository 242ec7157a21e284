"""Brokers under all their spellings, and faults of topic filters."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.mqtt import filter_fault, normalize_broker

SHARED = "a shared subscription is $share/GROUP/FILTER"
LAST = "'#' stands alone and last"
ALONE = "'+' stands alone in its level"


@pytest.mark.parametrize(
    "url",
    [
        "mqtt://localhost",
        "mqtt://localhost:1883",
        "MQTT://LocalHost.",
        "tcp://127.0.0.1:1883/",
        "mqtt://127.8.9.10",
        "mqtt://[::1]",
        "mqtt://[0:0:0:0:0:0:0:1]:1883",
        "mqtt://[::ffff:127.0.0.1]",
        "mqtt://0.0.0.0",
        "mqtt://user:p%40ss@localhost?clean=1#x",
        "mqtts://ip6-localhost:1883",
        "mqtts://localhost",
        "ssl://localhost:8883",
        "ws://localhost/mqtt",
        "wss://localhost",
        "ws://localhost:9001",
        "mqtt://Here",
        "mqtt://here.example.",
    ],
)
def test_spellings_of_one_broker_are_equal(url: str) -> None:
    """Scheme, case, credentials, a final dot, names of this host and usual ports do not count: TLS is another door."""
    assert normalize_broker(url, frozenset({"here", "here.example"})) == "localhost:1883"


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("mqtts://h", "h:1883"),
        ("mqtts://h:18830", "h:18830"),
        ("mqtt://h:1884", "h:1884"),
        ("mqtt://128.0.0.1", "128.0.0.1:1883"),
        ("mqtt://127.example.org", "127.example.org:1883"),
        ("mqtt://10.0.0.1", "10.0.0.1:1883"),
        ("mqtt://[2001:DB8::1]", "2001:db8::1:1883"),
        ("mqtt://[2001:db8:0:0:0:0:0:1]", "2001:db8::1:1883"),
    ],
)
def test_other_brokers_stay_apart(url: str, broker: str) -> None:
    """Another host, or a port that brokers do not usually have, is another broker."""
    assert broker == normalize_broker(url)


@pytest.mark.parametrize(
    "url",
    [
        *("", "localhost", "localhost:1883", "http://h", "mqtt:h", "mqtt:///x", "mqtt://:1883", "mqtt://h:port"),
        *("mqtt://h:70000", "mqtt://[::1", "mqtt://[::1::]", "mqtt://a b", "mqtt://a\tb", "mqtt://h\n"),
        *("mqtt://u:secret@h:x", "mqtt://u:secret@", "mqtt://u:secret@[1:2]"),
    ],
)
def test_what_is_no_broker_url_is_refused_and_not_repeated(url: str) -> None:
    """No scheme of MQTT, no host, a bad port or white space is a ValueError, which never holds a password."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - half of the messages are Python's
        normalize_broker(url)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=30) | st.text(max_size=20).map("mqtt://{}".format))
def test_broker_is_a_lock_scope_or_a_value_error(url: str) -> None:
    """Whatever is accepted has no white space, so that a spec file can hold it as the scope of a lock."""
    try:
        broker = normalize_broker(url)
    except ValueError:
        return
    assert [broker] == broker.split()


@pytest.mark.parametrize("topic", ["a", "a/b", "/", "+", "#", "+/a/#", "a//b", "$SYS/#", "$share/g/a/+", "é/a b", "$a"])
def test_good_filter_has_no_fault(topic: str) -> None:
    """Every form of MQTT is accepted, empty levels and `$` included."""
    assert filter_fault(topic) is None


@pytest.mark.parametrize(
    ("topic", "fault"),
    [
        ("", "a topic filter is not empty"),
        ("a\0b", "a topic filter has no NUL and at most 65,535 bytes"),
        ("é" * 32768, "a topic filter has no NUL and at most 65,535 bytes"),
        ("#/a", LAST),
        ("a/#/b", LAST),
        ("a#", LAST),
        ("a/b#", LAST),
        ("##", LAST),
        ("a+", ALONE),
        ("+a/b", ALONE),
        ("a/++", ALONE),
        ("$share/g/", SHARED),
        ("$share/g", SHARED),
        ("$share//a", SHARED),
        ("$share/+/a", SHARED),
        ("$share/#/a", SHARED),
        ("$share/g/a#", LAST),
    ],
)
def test_faulty_filter_is_told_why(topic: str, fault: str) -> None:
    """Wildcards beside other characters, `#` before the end and broken share groups are faults."""
    assert fault == filter_fault(topic)


URL_PARTS = st.sampled_from(["h", "a.b", "Host", ":", "1883", "0", "70000", "/", "?", "#", "@", "u", "-", "é"])
PORTS = {"mqtt": 1883, "wss": 1883}


@given(st.sampled_from(["mqtt://", "WSS://", ""]), st.lists(URL_PARTS, max_size=6).map("".join))
def test_urls_are_taken_apart_as_the_standard_library_does(scheme: str, rest: str) -> None:
    """Host and port are those of urllib.parse.urlsplit, whose import costs too much; IPv6 has its cases above."""
    try:
        parts = urlsplit(scheme + rest)
        expected = f"{parts.hostname}:{parts.port or PORTS[parts.scheme]}" if parts.hostname else None
    except (ValueError, KeyError):
        expected = None
    try:
        found = normalize_broker(scheme + rest)
    except ValueError:
        found = None
    assert expected == found
