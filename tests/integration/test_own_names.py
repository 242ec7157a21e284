"""The names and addresses that mean this host, beside what the system's own tools say."""

import socket

import psutil

from procman.adapters import own_names
from procman.adapters.own_names import local_names


def test_every_address_of_an_interface_is_its_own() -> None:
    """What psutil finds on the interfaces is among the names, in the shortest spelling; so is the host's name."""
    addresses = [a for found in psutil.net_if_addrs().values() for a in found]
    ours = {a.address for a in addresses if a.family == socket.AF_INET}
    ours |= {a.address.partition("%")[0] for a in addresses if a.family == socket.AF_INET6}
    assert ours <= local_names()
    assert {"localhost", socket.gethostname().lower()} <= local_names()


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
    assert list(own_names._listed(hosts, {"192.0.2.2"})) == ["box.example.org", "box", "broker"]
