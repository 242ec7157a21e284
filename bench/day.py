"""What a simulated day leaves behind in the manager: every part of the plugin at work, and a clock that leaps.

A real supervisord with real services: one always over its limit, one that fails for ever, one probed, some given up and
brought back. Only its clock is not: what it would sleep for has passed at once. HOURS=24, some minutes of this machine.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the stand-in for the clock is the tests'

from procman.adapters.state import State
from procman.workflow.history import recorded
from tests.integration.test_plugin_day import lived, units, write_limits
from tests.support import fast_clock
from tests.support.supervised import Lab

HOURS = float(os.environ.get("HOURS", "24"))
PATIENCE = 7200.0


def main() -> None:
    """Print what the manager had after one hour, and after all of them."""
    began = time.monotonic()
    with Lab(units(), plugin=fast_clock.source(every=HOURS * 3600 / 48)) as lab:
        write_limits(lab)
        rows = lived(lab, HOURS, PATIENCE)
        events = Counter(event.event for event in recorded(State(str(lab.state))))
    first, last = rows[2], rows[-1]
    print(f"{last.seconds / 3600:.0f} simulated hours of the manager, in {time.monotonic() - began:.0f} s")
    print(f"  after {first.seconds / 3600:.1f} h: {first.blocks} blocks of Python, {first.resident >> 10} KiB resident")
    print(f"  at the end: {last.blocks - first.blocks:+} blocks, {(last.resident - first.resident) >> 10:+} KiB")
    print(f"  the journal holds {sum(events.values())} events, the newest: {dict(events.most_common(8))}")


if __name__ == "__main__":
    main()
