"""Every attack at full size, each with its negative control, then messages; writes the table of docs/guarantees.md.

``python -m tests.chaos.run [--minutes 25] [--seed 1] [NAME...]``. An attack ends when its rounds are done or its share
of the time is over, whichever is first. Exit code 1 when a promise was broken, or a control saw nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import sys

from tests.chaos import messages
from tests.chaos.arena import Tally, fight
from tests.chaos.index import ATTACKS, Attack
from tests.chaos.table import HEAD, Row, write

CONTROL_SECONDS = 25.0
MESSAGES_SHARE = 2.0


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description="Attack the one consumer, and write what came of it.")
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    chosen = [a for a in ATTACKS if not options.names or a.name in options.names]
    left = max(60.0, options.minutes * 60 - CONTROL_SECONDS * len(chosen))
    unit = left / (sum(a.share for a in chosen) + MESSAGES_SHARE)
    broken = 0
    lines = [*HEAD]
    for attack in chosen:
        row = _row(attack, options.seed, unit * attack.share)
        broken += _report(row)
        lines.append(str(row))
    if options.names:
        return int(broken > 0)
    sent = messages.full(unit * MESSAGES_SHARE)
    print(sent, flush=True)
    now = dt.datetime.now(dt.UTC)
    machine = f"{os.cpu_count()} shared cores, Linux {platform.release()}, Python {platform.python_version()}"
    made = f"Made by `make chaos` on {now:%Y-%m-%d} in {options.minutes:g} minutes, seed {options.seed}: {machine}."
    write([made, "", *lines, "", str(sent)])
    return int(broken > 0 or not sent.exact)


def _row(attack: Attack, seed: int, seconds: float) -> Row:
    tally = fight(attack.run, attack.full, seed, locked=True, seconds=seconds)
    control = Tally()
    for number in range(3 if attack.control else 0):  # chance: one short run may see nothing
        control = fight(attack.run, attack.full, seed + number, locked=False, seconds=CONTROL_SECONDS)
        if control.overlaps:
            break
    return Row(attack.title, tally, control if attack.control else None)


def _report(row: Row) -> bool:
    """Print a row and what was broken; tell whether anything was."""
    print(row, flush=True)
    for words in row.with_lock.wrong:
        print(f"  broken: {words}", flush=True)
    blind = row.without is not None and not row.without.overlaps
    if blind:
        print("  the control without the lock saw no overlap: this row proves nothing", flush=True)
    return bool(row.with_lock.wrong or row.with_lock.overlaps or blind)


if __name__ == "__main__":
    sys.exit(main())
