"""A file to be written: where, what, and who may read it. Writing it is an adapter's job."""

from __future__ import annotations

from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file of a rendering. `path` is relative to the folder that is rendered to, `mode` its permissions."""

    path: str
    content: bytes
    mode: int = 0o600


@dataclass(frozen=True, slots=True)
class Page:
    """A template with its values, not rendered yet: the engine's half of a Sheet."""

    path: str
    template: str
    values: dict[str, object]
    mode: int = 0o600
