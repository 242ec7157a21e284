"""The one border between procman and supervisord: nothing procman does inside it may end it.

An exception in a callback of an event ends supervisord, and with it every service; one in an RPC is an HTTP 500.
This is one of the two places that catch `Exception`; the other is the command line's. What takes too long is broken off
by the `watchdog`, and told.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from procman.runtime import watchdog

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.watchdog import Step

    Around = Callable[[str, Callable[..., object]], Callable[..., None]]
    """The form of `Border.around`, for what has callbacks and must not know a border."""

T = TypeVar("T")


class Broken(NamedTuple):
    """What is left of work that raised."""

    text: str


SLOW = "telling of a slow step"


class Border:
    """Runs procman's work and logs what it raised. `write` is replaced when supervisord reloads.

    `slow` is told of a step that took too long: its name, its seconds.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write = write
        self.slow: Callable[[str, float], None] | None = None
        self.watchdog = watchdog.Watchdog(Border.run.__code__)
        self.begun: Callable[[], None] | None = None

    def log(self, text: str) -> None:
        """Write one entry to supervisord's log."""
        self.write(f"procman: {text}")

    def run(
        self, what: str, work: Callable[..., T], *args: object, passing: tuple[type[Exception], ...] = ()
    ) -> T | Broken:
        """Return what `work` returns, or Broken when it raised something that is not in `passing`."""
        step = self.watchdog.enter()
        if self.begun is not None:
            self.begun()
        try:
            result: T | Broken = work(*args)
        except passing:
            self._over(what, step)
            raise
        except Exception as error:  # noqa: BLE001 - the border
            self._over(what, step)
            self.log(f"{what} failed; supervisord goes on: {traceback.format_exc().rstrip()}")
            return Broken(f"{type(error).__name__}: {error}")
        self._over(what, step)
        return result

    def _over(self, what: str, step: Step) -> None:
        seconds = self.watchdog.leave(step)
        if seconds >= watchdog.BUDGET and self.slow is not None and what != SLOW:
            self.run(SLOW, self.slow, what, seconds)

    def around(self, what: str, work: Callable[..., object]) -> Callable[..., None]:
        """Return a callback that runs `work` at this border."""

        def callback(*args: object) -> None:
            self.run(what, work, *args)

        return callback
