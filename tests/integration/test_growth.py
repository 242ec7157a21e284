"""A day of looking, in little: what keeps looking at memory keeps nothing more for it."""

from __future__ import annotations

import gc
import os
import tracemalloc

from procman.core import caps
from procman.runtime.cgroup import Groups
from procman.runtime.chronicle import Chronicle
from procman.runtime.journal import Journal
from procman.runtime.usage import Usage

LOOKS = 1500
KIB = 1 << 10


def test_looking_again_and_again_keeps_nothing(tmp_path: object) -> None:
    """After many more looks, judgements and events no more memory is in use than after the first of them."""
    usage = Usage(lambda: [(f"api-{i}", os.getpid()) for i in range(5)], clock=lambda: 0.0)
    journal = Journal(str(tmp_path))
    chronicle = Chronicle(journal, usage.of, Groups())
    watched = caps.Watched()

    def look(number: int) -> None:
        usage.turn()
        chronicle.look()
        verdict = caps.judge(watched, usage.of("api-0").last, 1 << 20, None, float(number))
        if verdict == caps.REPLACE:
            caps.replaced(watched, float(number))
        journal.note("tick", "api-0", number=number)

    for number in range(200):
        look(number)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(200, 200 + LOOKS):
        look(number)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 256 * KIB, f"{grown >> 10} KiB more after {LOOKS} looks"
