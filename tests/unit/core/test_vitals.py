"""What doctor says of a machine."""

from __future__ import annotations

import pytest

from procman.core import vitals
from procman.core.checks import Check, Verdict
from procman.core.vitals import Disk, Rival

MIB = 1 << 20
PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("check", "verdict", "words"),
    [
        (vitals.swap(0, 600, 1000), PASS, "needs none"),
        (vitals.swap(0, 610, 1000), FAIL, "61 % of the usable RAM"),
        (vitals.swap(1 << 30, 900, 1000), PASS, "1,024 MiB"),
        (vitals.swap(0, 0, 0), PASS, "0 %"),
        (vitals.limits(()), PASS, "every service"),
        (vitals.limits(("api",)), FAIL, "api"),
        (vitals.hard_limits(2, None, runs=True, written=()), PASS, "cgroup v2"),
        (vitals.hard_limits(None, "no", runs=True, written=()), PASS, "at its next look"),
        (vitals.hard_limits(None, "no", runs=True, written=("api",)), FAIL, "asked for by api"),
        (vitals.hard_limits(None, None, runs=False, written=("api",)), PASS, "once it runs"),
        (vitals.placement("round-robin", None), PASS, "in turn"),
        (vitals.placement("hash", "it needs root"), PASS, "hash: it needs root"),
        (vitals.placement(None, None), PASS, "for several instances"),
        (vitals.ulimits((256, 512), None, 3), FAIL, "at most 512 open files"),
        (vitals.ulimits((1024, 4096), 300, 200), FAIL, "300 processes"),
        (vitals.ulimits((1024, 4096), 4000, 3), PASS, "4000 processes"),
        (vitals.disk(Disk("/var", 100 * MIB, None), 10 * MIB), PASS, "100 MiB free on /var"),
        (vitals.disk(Disk("/var", 70 * MIB, None), 10 * MIB), FAIL, "logs may grow by 10 MiB"),
        (vitals.disk(Disk("/var", 900 * MIB, 10), 0), FAIL, "10 inodes left"),
        (vitals.clock(1.0, 0.0, synchronised=None), FAIL, "never set"),
        (vitals.clock(2e9, 2e9 + 3600, synchronised=True), FAIL, "1h 00m ahead"),
        (vitals.clock(2e9, 2e9 + 1, synchronised=True), PASS, "synchronised"),
        (vitals.broker("mqtt", "h:1883", "Connection refused"), FAIL, "h:1883: Connection refused"),
        (vitals.broker("mqtt", "h:1883", None), PASS, "accepts"),
        (vitals.port("api", "::1:3000", ("is in use by pid 7", "end it"), ours=False), FAIL, "in use by pid 7"),
        (vitals.port("api", "::1:3000", None, ours=True), PASS, "served by this project"),
        (vitals.permissions(("/s/applied.json",), ()), FAIL, "secrets"),
        (vitals.permissions((), ("/s",)), FAIL, "not ours"),
        (vitals.stale((), should_run=True, unfinished=False), FAIL, "ended without procman down"),
        (vitals.stale((), ((7, "node x"),), should_run=True, unfinished=False), FAIL, "pid 7 (node x)"),
        (vitals.stale(("sock",), should_run=False, unfinished=False), FAIL, "sock"),
        (vitals.stale((), should_run=False, unfinished=True), FAIL, "cut short"),
        (vitals.oom(0, ()), PASS, "none"),
        (vitals.oom(3, ()), PASS, "3 since boot"),
        (vitals.oom(3, None), UNKNOWN, "cannot be read"),
        (vitals.oom(3, ("Out of memory: Killed process 7 (node)",)), FAIL, "Killed process 7 (node)"),
        (vitals.rivals(()), PASS, "neither"),
        (vitals.rivals((Rival("api", "PM2 (pid 3) runs it", "pm2 delete 0"),)), FAIL, "api: PM2 (pid 3) runs it"),
    ],
)
def test_each_finding_has_its_verdict(check: Check, verdict: Verdict, words: str) -> None:
    """A verdict, what was seen, and a fix for whatever is not as it should be."""
    assert verdict == check.verdict
    assert words in check.evidence
    assert bool(check.help) == (verdict is not PASS)
