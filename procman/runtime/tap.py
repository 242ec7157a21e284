"""Hears what one process writes, as supervisord reads it and before it is in the log: whole, and of no other process.

The file would not do: it is rotated in between, and during a replacement two processes write to one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.inside import LogRecord, Process


class Tap:
    """One more handler of the log of `process`; `hear` gets each piece and must not raise (see `border`)."""

    level = 0
    closed = False

    def __init__(self, process: Process, hear: Callable[[bytes], None]) -> None:
        self._hear = hear
        self._logs = [d.childlog for d in process.dispatchers.values() if getattr(d, "childlog", None) is not None]
        for log in self._logs:
            log.handlers.append(self)

    def end(self) -> None:
        """Hear nothing more."""
        for log in self._logs:
            log.handlers = [handler for handler in log.handlers if handler is not self]

    def emit(self, record: LogRecord) -> None:
        """Pass on what was written; supervisord calls this."""
        self._hear(record.msg)

    def flush(self) -> None:
        """Keep nothing."""

    def close(self) -> None:
        """Hold nothing open."""

    def reopen(self) -> None:
        """Hold nothing open."""

    def remove(self) -> None:
        """Have no file."""
