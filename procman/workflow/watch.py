"""`verify --watch`: checks again and again, and what becomes of a check that fails. Stays small: checks run in a child.

It is started as a service of the project like any other, so that supervisord keeps it and procman needs no daemon. A
guard that fails, or a canary, is an event and takes a scaled consumer back to one. What waits for a member that has
failed is handed on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from procman.adapters import journal
from procman.core.checks import Check, Verdict
from procman.core.errors import NotRunning
from procman.core.proofs import GUARDS
from procman.workflow.project import Project, find

DECISIVE = (*GUARDS, "canary")
"""Checks that keep a consumer from having company when they fail."""

LONGEST = 600.0
"""Seconds that one round may take."""

LINES = 3

Say = Callable[[str], None]


@dataclass
class Watch:
    """What to verify, how often (`every`, seconds), and what each check said last."""

    file: str | None
    services: tuple[str, ...]
    only: tuple[str, ...]
    every: float
    environment: Mapping[str, str]
    say: Say
    last: dict[tuple[str, str], Verdict] = field(default_factory=dict)

    def forever(self) -> None:
        """Check again and again; ends with the process."""
        while True:
            began = time.monotonic()
            self.round()
            time.sleep(max(0.0, self.every - (time.monotonic() - began)))

    def round(self) -> tuple[Check, ...]:
        """Check once, note what changed, and take back to one whoever lost a guard. NotRunning: nothing was applied."""
        project = find(self.file, self._shell())
        if project is None or project.applied.down:
            raise NotRunning("the project is not running", "start it with procman up; watch it as one of its services")
        checks = self._checks()
        for check in checks:
            self._note(project, check)
        for name in dict.fromkeys(c.service for c in checks if c.verdict is Verdict.FAIL and c.name in DECISIVE):
            self._reduce(project, name)
        return checks

    def _checks(self) -> tuple[Check, ...]:
        only = [word for name in self.only for word in ("--only", name)]
        done = self._procman("verify", "--applied", "--hand-on", "--json", *only, "--", *self.services)
        try:
            rows = json.loads(done.stdout)["checks"]
            return tuple(Check(r["service"], r["name"], Verdict(r["verdict"]), r["evidence"], r["help"]) for r in rows)
        except (ValueError, LookupError, TypeError):
            self.say(f"could not verify: {_words(done)}")
            return ()

    def _note(self, project: Project, check: Check) -> None:
        """Say and note a verdict that differs from the one before; the first one when it is not PASS."""
        key = (check.service, check.name)
        before = self.last.get(key, Verdict.PASS)
        self.last[key] = check.verdict
        if check.verdict is not before:
            self.say(f"{check.verdict} {check.service} {check.name}: {check.evidence}")
            unit = f"{check.service}-0"
            journal.note_check(project.state, unit, check.name, check.verdict.value, check.evidence)

    def _reduce(self, project: Project, name: str) -> None:
        service = project.applied.service(name)
        if service is None or service.instances <= 1:
            return
        self.say(f"{name} goes back to one: a guard of it has failed")
        done = self._procman("scale", f"{name}=1")
        if done.returncode:
            self.say(f"{name} could not be taken back to one: {_words(done)}")

    def _procman(self, *words: str) -> subprocess.CompletedProcess[str]:
        file = ["--file", self.file] if self.file else []
        command = [sys.executable, "-m", "procman", words[0], *file, *words[1:]]
        try:
            return subprocess.run(
                command,
                env=self._shell(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST,
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 1, "", f"it took longer than {LONGEST:.0f} s")

    def _shell(self) -> dict[str, str]:
        """Return the environment of a child: a service knows its project's home by the mark that procman gave it."""
        state = self.environment.get("PROCMAN_STATE")
        home = {"PROCMAN_HOME": os.path.dirname(state)} if state else {}  # noqa: PTH120
        return {**home, **self.environment}


def _words(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr or done.stdout).strip().splitlines()
    return "; ".join(lines[-LINES:]) or f"exit code {done.returncode}"
