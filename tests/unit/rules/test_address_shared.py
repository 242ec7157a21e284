"""Two services listen on one address."""

from __future__ import annotations

import pytest

from procman.rules import address_shared as rule
from tests.support.judging import Told, judged

TWO = """
    services:
      api: {{kind: scalable, command: a, listen: "{0}"}}
      web: {{kind: scalable, command: b, listen: "{1}"}}
"""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("127.0.0.1:3000", "127.0.0.1:3000"),
        ("127.0.0.1:3000", "0.0.0.0:3000"),
        ("0.0.0.0:3000", "10.0.0.1:3000"),
        ("127.0.0.1:3000", "[::]:3000"),
        ("localhost:3000", "127.0.0.1:3000"),
        ("[::1]:3000", "localhost:3000"),
        ("0.0.0.0:3000", "[::]:3000"),
        ("[::1]:3000", "[0:0:0:0:0:0:0:1]:3000"),
    ],
)
def test_addresses_that_collide_are_told(one: str, other: str) -> None:
    """One address, every address and the names of the loopback collide on one port."""
    expected = Told(
        "PM104",
        "address-shared",
        "error",
        f"'web' listens on {other}, which 'api' takes ({one})",
        "give each service a port of its own",
        f'6: "{other}"',
        (("'api' listens here", f'5: "{one}"'),),
    )
    assert [expected] == judged(rule, TWO.format(one, other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("127.0.0.1:3000", "127.0.0.1:3001"),
        ("127.0.0.1:3000", "127.0.0.2:3000"),
        ("127.0.0.1:3000", "[::1]:3000"),
        ("0.0.0.0:3000", "0.0.0.0:3001"),
        ("localhost:3000", "10.0.0.1:3000"),
        ("0.0.0.0:3000", "[::1]:3000"),
    ],
)
def test_addresses_that_do_not_collide_are_fine(one: str, other: str) -> None:
    """Another port, another address of the loopback and the other family are free."""
    assert judged(rule, TWO.format(one, other)) == []


def test_instances_share_the_address_of_their_service() -> None:
    """That is what `listen` is for."""
    text = 'services: {api: {kind: scalable, command: a, instances: 4, listen: "127.0.0.1:3000"}}'
    assert judged(rule, text) == []


@pytest.mark.parametrize(
    ("listen", "said"),
    [
        ("127.0.0.1:3000, 127.0.0.1:3000", "127.0.0.1:3000 twice"),
        ("0.0.0.0:3000, 127.0.0.1:3000", "0.0.0.0:3000 and 127.0.0.1:3000, which are one address"),
    ],
)
def test_a_service_in_its_own_way_is_told(listen: str, said: str) -> None:
    """One service that names an address twice is not told to give each service its own."""
    text = f"""
    services:
      api: {{kind: scalable, command: a, listen: [{listen}]}}
    """
    (problem,) = judged(rule, text)
    assert (problem.message, problem.help) == (f"'api' listens on {said}", "leave one of them out")
