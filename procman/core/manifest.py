"""The manifest as typed values. Sizes in bytes, times in seconds; every value keeps its place in `places`.

A value made here has passed the field table (`core.fields`); what the rules say of it is not known yet.
"""

from __future__ import annotations

from enum import StrEnum

from procman.core import places
from procman.core.lifecycle import Alive, Policy, Ready, Start, Until
from procman.core.source import Comment, Places
from procman.core.values import dataclass, field, replace

Address = places.Address
__all__ = ["Ready"]


class Kind(StrEnum):
    """How often a service may run: exactly once, or as often as fits."""

    SINGLETON = "singleton"
    SCALABLE = "scalable"


@dataclass(frozen=True, slots=True)
class Instances:
    """The wanted number of instances: between `low` and `high`; `high` is None for ``auto``."""

    low: int = 1
    high: int | None = 1


@dataclass(frozen=True, slots=True)
class Stop:
    """How an instance is ended: `signal` to its process group, then SIGKILL after `timeout` seconds."""

    timeout: float = 10.0
    signal: str = "TERM"


@dataclass(frozen=True, slots=True)
class Restart:
    """What follows an end (see `core.restart.decide`). `codes` are the exit codes of success; `retry` None is never."""

    max: int = 5
    within: float = 60.0
    delay: float = 1.0
    policy: Policy = Policy.ALWAYS
    factor: int = 2
    longest: float = 60.0
    retry: float | None = 300.0
    codes: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Logs:
    """One log file per instance, rotated at `size` bytes, with `keep` older files beside it."""

    size: int = 10 << 20
    keep: int = 3


class Session(StrEnum):
    """What the broker keeps while the consumer is away: everything it subscribed to, or nothing."""

    PERSISTENT = "persistent"
    CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Dedup:
    """Where a message that comes twice becomes one row: the columns of a unique key. `database` may hold a password."""

    database: str
    table: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Canary:
    """A reading that may be sent through the real path. `topic` and `payload` hold ``{tag}``, ``{n}`` and ``{time}``.

    `column`: where the tag ends up, by which its rows are counted and removed.
    """

    topic: str
    payload: str
    column: str


@dataclass(frozen=True, slots=True)
class Consumes:
    """What a consumer takes from an MQTT broker, and how; `broker` is the URL as written, password included.

    `rate`: messages a second; `downtime`: the seconds that it may be away without a loss. `ca`: a file, as written.
    """

    broker: str
    topics: tuple[str, ...]
    client_id: str | None = None
    qos: int = 1
    session: Session = Session.PERSISTENT
    share: str | None = None
    dedup: Dedup | None = None
    rate: int | None = None
    downtime: float | None = None
    canary: Canary | None = None
    ca: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """One named entry of the manifest: a command and its rules. `memory` is bytes per instance.

    `runtime`: node or java, whose heap follows the limit. `hard`: bytes that the kernel lets an instance have; None:
    half as much again as `memory`; 0: no such limit.
    `weight` is its share where the count is open (see `core.share`); `drain`: procman may see to its open requests.
    `listen`: its first TCP address; `listens`: every place, where that is not all (see `places`).
    """

    name: str
    kind: Kind
    command: tuple[str, ...]
    shell: bool = False
    instances: Instances = Instances()
    memory: int | None = None
    hard: int | None = None
    runtime: str | None = None
    weight: int = 1
    listen: Address | None = None
    listens: tuple[places.Place, ...] = ()
    drain: bool = True
    ready: Ready | None = None
    alive: Alive | None = None
    env: tuple[tuple[str, str], ...] = ()
    env_file: str | None = None
    directory: str = "."
    user: str | None = None
    consumes: Consumes | None = None
    start: Start = Start()
    stop: Stop = Stop()
    restart: Restart = Restart()
    logs: Logs = Logs()
    oneshot: bool = False
    depends_on: tuple[tuple[str, Until], ...] = ()

    @property
    def places(self) -> tuple[places.Place, ...]:
        """Return every place where it listens, in the order of its descriptors."""
        return self.listens or ((self.listen,) if self.listen is not None else ())


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a profile (or `scale`) changes of one service; None leaves it as it is."""

    instances: Instances | None = None
    memory: int | None = None
    hard: int | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of instance counts and memory limits for a size of machine (`ram`, bytes)."""

    name: str
    ram: int | None
    services: tuple[tuple[str, Overlay], ...] = ()


@dataclass(frozen=True, slots=True)
class BudgetRule:
    """`ram`: bytes, or None for the machine's. `reserve`: bytes or a share of RAM, or None for the default.

    `shed`: while the machine is short of memory, instances are given up.
    """

    ram: int | None = None
    reserve_bytes: int | None = None
    reserve_share: float | None = None
    shed: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """One project. `file` is the name under which findings speak of it, `base` the folder it lies in.

    `written`: the services of the file, when a profile or `scale` is laid over them. `comments`: those that speak to
    procman; `whole`: everything in the file could be read.
    """

    project: str
    services: tuple[Service, ...]
    profiles: tuple[Profile, ...] = ()
    budget: BudgetRule = BudgetRule()
    file: str = "procman.yaml"
    base: str = "/"
    places: Places = field(default_factory=Places, compare=False, repr=False)
    profile: str | None = None
    scaled: tuple[tuple[str, int], ...] = ()
    written: tuple[Service, ...] = field(default=(), compare=False, repr=False)
    comments: tuple[Comment, ...] = field(default=(), compare=False, repr=False)
    whole: bool = field(default=True, compare=False, repr=False)

    def service(self, name: str) -> Service | None:
        """Return the service called `name`, or None."""
        return next((s for s in self.services if s.name == name), None)


def with_profile(manifest: Manifest, name: str) -> Manifest:
    """Return `manifest` with the profile `name` laid over its services as written; KeyError when there is none.

    What another profile or `scale` had laid over them is gone: no profile is measured through another.
    """
    profile = next((p for p in manifest.profiles if p.name == name), None)
    if profile is None:
        raise KeyError(name)
    overlays = dict(profile.services)
    written = manifest.written or manifest.services
    services = tuple(_overlaid(s, overlays[s.name]) if s.name in overlays else s for s in written)
    return replace(manifest, services=services, profile=name, scaled=(), written=written)


def with_scale(manifest: Manifest, counts: dict[str, int]) -> Manifest:
    """Return `manifest` with the named services at exactly these counts, and the override on record."""
    asked = {name: Instances(count, count) for name, count in counts.items()}
    services = tuple(replace(s, instances=asked.get(s.name, s.instances)) for s in manifest.services)
    written = manifest.written or manifest.services
    return replace(manifest, services=services, scaled=tuple(sorted(counts.items())), written=written)


def overridden(manifest: Manifest) -> tuple[tuple[str, int], ...]:
    """Return what `scale` has set of `manifest` that it does not say by itself, under its profile."""
    written = replace(manifest, services=manifest.written or manifest.services)
    own = with_profile(manifest, manifest.profile) if manifest.profile else written
    return tuple(
        (name, count)
        for name, count in manifest.scaled
        if (service := own.service(name)) is None or service.instances != Instances(count, count)
    )


def _overlaid(service: Service, overlay: Overlay) -> Service:
    return replace(
        service,
        instances=service.instances if overlay.instances is None else overlay.instances,
        memory=service.memory if overlay.memory is None else overlay.memory,
        hard=service.hard if overlay.memory is None else overlay.hard,
    )
