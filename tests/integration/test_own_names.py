"""The names and addresses that mean this host, beside what the system's own tools say; and what it knows of others."""

import socket

import psutil

from procman.runtime import own_names
from procman.runtime.own_names import known


def test_every_address_of_an_interface_is_its_own() -> None:
    """What psutil finds on the interfaces is among the names, in the shortest spelling; so is the host's name."""
    addresses = [a for found in psutil.net_if_addrs().values() for a in found]
    ours = {a.address for a in addresses if a.family == socket.AF_INET}
    ours |= {a.address.partition("%")[0] for a in addresses if a.family == socket.AF_INET6}
    node = socket.gethostname().lower()
    assert ours <= known().own
    assert {"localhost", node, f"{node.partition('.')[0]}.local"} <= known().own


def test_addresses_of_others_are_not() -> None:
    """Networks, broadcast addresses and gateways of the routing table are no names of this host."""
    table = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.0.2.0/30 2 0 2
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.2
           /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
"""
    assert list(own_names._ipv4(table)) == ["192.0.2.2"]
    assert list(own_names._ipv6("fd000000000000000000000000000002 04 40 00 82     eth0\n")) == ["fd00::2"]


def test_hosts_file_adds_names_of_own_addresses() -> None:
    """Names of the loopback network and of own addresses mean this host; those of other addresses do not."""
    hosts = "127.0.1.1 Box.example.org. box # me\n192.0.2.2 broker\n192.0.2.9 other\n# 127.0.0.1 no\n\n"
    assert own_names._listed(own_names._rows(hosts), {"192.0.2.2"}) == ["box.example.org", "box", "broker"]


def test_addresses_of_the_hosts_file_have_one_spelling() -> None:
    """Long and mapped IPv6 addresses are what they mean."""
    rows = own_names._rows("2001:DB8:0:0::1 a\n::ffff:192.0.2.9 b B.\n192.0.2.1\n")
    assert rows == [("2001:db8::1", ("a",)), ("192.0.2.9", ("b", "b"))]


def test_a_list_of_thousands_of_names_is_no_burden() -> None:
    """A hosts file that blocks advertisements gives this host a few of them as names, the first ones."""
    hosts = "127.0.0.1 localhost box\n" + "".join(f"127.0.0.1 ad{n}.example\n" for n in range(5000))
    found = own_names._listed(own_names._rows(hosts), set())
    assert (found[:2], len(found)) == (["localhost", "box"], own_names.MOST)


def test_search_domains_are_those_of_the_last_line() -> None:
    """As the C library reads resolv.conf: the last `search` or `domain` counts, `ndots` says what is short."""
    told = "search old.example\nnameserver 192.0.2.1 # me\nsearch A.example. b.example\noptions rotate ndots:5\n"
    assert own_names._searched(told) == (("a.example", "b.example"), 5)
    assert own_names._searched("nameserver 192.0.2.1\noptions ndots:x\n") == ((), 1)


def test_tables_are_read_to_their_end() -> None:
    """The kernel gives out pieces of a page: a long one is not cut off."""
    with open("/proc/self/smaps", encoding="ascii") as file:  # noqa: PTH123 - a table of the kernel, longer than a page
        assert len(own_names._read("/proc/self/smaps")) > len(file.read()) // 2 > 4096


def test_what_cannot_be_read_says_nothing() -> None:
    """A container without /proc/net or resolv.conf is no fault."""
    assert own_names._read("/nowhere/at/all") == ""
