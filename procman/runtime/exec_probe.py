"""One command that is run to ask one instance. Never waits: it is started, heard and looked at, and ended in time."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from procman.runtime.probe import Settled

if TYPE_CHECKING:
    from procman.runtime.errands import Errand, Errands
    from procman.runtime.probe import Subject
    from procman.runtime.specfile import Known


class Exec(Settled):
    """A command that ends with 0, run as the service is; it is told the pid that it is asked of."""

    asks = dear = True

    def __init__(self, errands: Errands, spec: Known, kind: str, within: float) -> None:
        self.no = False
        self._errands, self._path, self._kind, self._within = errands, spec.path, kind, within
        self._name = os.path.basename(spec.programs[kind])
        self._errand: Errand | None = None
        self._until = 0.0
        self._last = "not asked yet"

    @property
    def awaits(self) -> str:  # type: ignore[override]
        """Return how it ended the last time."""
        return f"exec {self._name}: {self._last}"

    @property
    def busy(self) -> bool:  # type: ignore[override]
        """Tell whether the command runs."""
        return self._errand is not None

    def look(self, subject: Subject) -> bool:
        """Go on with the command; tell whether it has ended with 0."""
        self.no = False
        if self._errand is None:
            try:
                self._errand = self._errands.start(self._path, self._kind, str(subject.pid))
            except OSError as error:
                self._last, self.no = error.strerror or str(error), True
            self._until = time.monotonic() + self._within
            return False
        self._errand.hear()
        code = self._errand.code
        if code is None:
            return self._over()
        what = f"exit status {code}" if code >= 0 else f"ended by signal {-code}"
        said = self._errand.said
        self._last, self.no = f"{what}: {said}" if said else what, code != 0
        self.end()
        return code == 0

    def end(self) -> None:
        """End the command, if it runs."""
        if self._errand is not None:
            self._errand.end()
            self._errand = None

    def _over(self) -> bool:
        if time.monotonic() > self._until:
            self._last, self.no = f"no end within {self._within:g} s", True
            self.end()
        return False
