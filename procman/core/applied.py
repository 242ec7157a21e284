"""What was last asked of a project: enough to look back, and to walk the one road again without the file.

Sizes in bytes. The text and the variables are those of the last `up`, so that `scale` and `start` judge the manifest
that runs, not one that was edited since.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from procman.core.facts import Former

SCHEMA_VERSION = 1

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AppliedService:
    """What looking back needs of one service. `probed`: it listens, so that ready means more than started.

    `hard`: bytes that the kernel lets an instance have, None for no such limit; `least`: the fewest that will do.
    """

    name: str
    kind: str
    instances: int
    memory: int | None
    probed: bool
    hard: int | None = None
    least: int = 1
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Applied:
    """The last applied plan. `path`: the manifest's real path; `stopped`: units that the operator stopped.

    `unfinished`: it is being applied, or whoever applied it was killed half way. `programs`: by service, where each
    word without a path was found, that of its command and of its probes. `shown`: code and message of the findings that
    `up` has shown in full.
    """

    project: str
    path: str
    text: str
    variables: Pairs
    env_files: tuple[tuple[str, Pairs], ...]
    profile: str | None
    scaled: tuple[tuple[str, int], ...]
    stopped: tuple[str, ...]
    services: tuple[AppliedService, ...]
    required: int
    usable: int
    forced: bool = False
    down: bool = False
    unfinished: bool = False
    shed: bool = False
    programs: tuple[tuple[str, Pairs], ...] = ()
    shown: Pairs = ()

    def service(self, name: str) -> AppliedService | None:
        """Return the service called `name`, or None."""
        return next((s for s in self.services if s.name == name), None)

    def former(self, *, used: bool) -> Former:
        """Return where the programs were found; `used`: they are what is meant as long as they run."""
        from procman.core.facts import Former  # noqa: PLC0415 - `status` comes here without

        return Former({name: dict(found) for name, found in self.programs}, used)

    def ended(self) -> Applied:
        """Return this record as `down` leaves it: the profile is remembered, everything else is over."""
        return replace(self, down=True, scaled=(), stopped=(), unfinished=False)


def to_json(applied: Applied) -> bytes:
    """Return `applied` as the bytes of its file."""
    return json.dumps({"schema_version": SCHEMA_VERSION, **asdict(applied)}, indent=1).encode()


def from_json(data: bytes) -> Applied:
    """Return the record in `data`; ValueError when it is none, or of a later version."""
    try:
        raw = json.loads(data)
        if raw.pop("schema_version") != SCHEMA_VERSION:
            raise ValueError("it was written by another version of procman")
        return _from_raw(raw)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is not whole ({error})") from error


def _from_raw(raw: dict[str, object]) -> Applied:
    def pairs(rows: object) -> Pairs:
        return tuple((str(name), str(value)) for name, value in rows)  # type: ignore[attr-defined]

    def groups(rows: object) -> tuple[tuple[str, Pairs], ...]:
        return tuple((str(name), pairs(values)) for name, values in rows)  # type: ignore[attr-defined]

    made = ("variables", "env_files", "scaled", "stopped", "services", "programs", "shown")
    rest = {k: v for k, v in raw.items() if k not in made}
    return Applied(
        **rest,  # type: ignore[arg-type]
        variables=pairs(raw["variables"]),
        env_files=groups(raw["env_files"]),
        scaled=tuple((name, int(count)) for name, count in raw["scaled"]),  # type: ignore[attr-defined]
        stopped=tuple(raw["stopped"]),  # type: ignore[arg-type]
        services=tuple(AppliedService(**row) for row in raw["services"]),  # type: ignore[attr-defined]
        programs=groups(raw.get("programs", ())),
        shown=pairs(raw.get("shown", ())),
    )
