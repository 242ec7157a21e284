"""Every attack in small, its negative controls, and messages end to end; `make chaos` runs them in full."""

import pytest

from tests.chaos import descendants, messages
from tests.chaos.arena import Arena, Tally, fight
from tests.chaos.index import ATTACKS, Attack
from tests.chaos.table import BEGIN, END, Row, write

pytestmark = pytest.mark.slow

SEED = 7
CONTROLS = [attack for attack in ATTACKS if attack.name == "kills"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_never_two_consumers(attack: Attack) -> None:
    """No consumer ever met another, consumers lived again, and every command kept its promise."""
    tally = fight(attack.run, attack.small, SEED, locked=True, seconds=attack.seconds)
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.overlaps == 0
    assert tally.acquisitions >= 1


@pytest.mark.parametrize("attack", CONTROLS, ids=lambda attack: attack.name)
def test_the_witness_sees_two_without_the_lock(attack: Attack) -> None:
    """The same attack on a copy of procman without the lock: the witness reports overlaps."""
    tallies = (fight(attack.run, attack.small, SEED + n, locked=False, seconds=attack.seconds) for n in range(3))
    assert any(tally.overlaps for tally in tallies)


def test_a_consumer_that_hides_is_ended_before_the_next() -> None:
    """Forked twice, descriptors closed, environment wiped: killed again and again, it never meets itself."""
    hidden = ("leave", "setsid", "leave", "close", "wipe")

    def attack(arena: Arena, _rounds: int) -> None:
        descendants.escape(arena, hidden)

    tally = fight(attack, 1, SEED, locked=True, seconds=8.0)
    assert (tally.overlaps, tally.wrong) == (0, [])
    assert tally.acquisitions > 2


def test_messages_are_rows_exactly_once() -> None:
    """5,000 messages at a thousand a second with 5 faults or more: as many rows, with their values, none twice."""
    sent = messages.flow(5000, 5, SEED)
    assert sent.exact, str(sent)


def test_the_table_is_put_between_its_markers(tmp_path: object) -> None:
    """What stands around it stays; a row names overlaps with the lock and without."""
    page = tmp_path / "page.md"  # type: ignore[operator]
    page.write_text(f"# A\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    row = str(Row("SIGKILL", Tally(3, 2, 9, 0, [0.5, 2.0]), Tally(acquisitions=4, overlaps=5)))
    assert row == "| SIGKILL | 3 | 2 | 9 | **0** | 1.2 s | 2.0 s | 5 in 9 starts |"
    write([row], page)
    assert page.read_text(encoding="utf-8") == f"# A\n{BEGIN}\n{row}\n{END}\nafter\n"
