"""What is known of the host a manifest is for. Gathered before and handed in, so that rules stay pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """What the host says of one service. Paths are absolute; None means it is not there.

    `executable` is the first word of the command, resolved. `variables` are those of the env_file.
    """

    directory: str
    directory_exists: bool
    executable: str | None
    home: str = "/"
    user: str | None = None
    user_known: bool = True
    variables: tuple[tuple[str, str], ...] = ()
    env_file_fault: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the host says. `services` by name; `local_names` are names and addresses that mean this host."""

    services: Mapping[str, ServiceFacts] = field(default_factory=dict)
    local_names: frozenset[str] = frozenset()
