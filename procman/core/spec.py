"""What the launcher must know to become one instance: argv, environment, locks, socket and how it is kept.

The spec file holds what the rendered supervisord file must not: values that the ini cannot express, and secrets.
It is also the memory of what was started: two specs compared field by field give the reason for a replacement.
"""

from __future__ import annotations

from procman.core import changes, probe_records, restart
from procman.core.changes import FieldChange
from procman.core.lifecycle import Alive, Policy, Ready, Until
from procman.core.manifest import Address, Kind, Logs, Restart, Stop
from procman.core.places import Place, from_record, record
from procman.core.records import pack, unpack
from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Lock:
    """A claim that one process on the host may hold: a topic filter within a scope (a broker, or ``service``)."""

    scope: str
    filter: str

    def __str__(self) -> str:
        """Return the form of the spec file; a scope holds no space."""
        return f"{self.scope} {self.filter}"


@dataclass(frozen=True, slots=True)
class Spec:
    """One instance, ready to launch. `state` is the project's state directory; times in seconds.

    `listen`: the first TCP address; `listens`: every place, where that is not all; `binds`: it opens its port itself.
    `shares`: it is a member, and what it consumes may be consumed by others of its service.
    """

    project: str
    service: str
    instance: int
    instances: int
    kind: Kind
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    directory: str
    state: str
    user: str | None = None
    listen: Address | None = None
    listens: tuple[Place, ...] = ()
    binds: bool = False
    ready: Ready | None = None
    alive: Alive | None = None
    locks: tuple[Lock, ...] = ()
    shares: bool = False
    start_time: float = 1.0
    stop: Stop = Stop()
    restart: Restart = Restart()
    logs: Logs = Logs()
    oneshot: bool = False
    depends_on: tuple[tuple[str, Until], ...] = ()

    @property
    def unit(self) -> str:
        """Return the name of the instance: ``api-0``."""
        return f"{self.service}-{self.instance}"

    @property
    def places(self) -> tuple[Place, ...]:
        """Return every place where it listens, in the order of its descriptors."""
        return self.listens or ((self.listen,) if self.listen is not None else ())

    @property
    def digest(self) -> str:
        """Return a name for this content. What concerns siblings is left out: scaling restarts nobody."""
        import hashlib  # noqa: PLC0415 - OpenSSL is 5 ms that a plan does not need

        records = [r for r in to_records(self) if r[0] not in ("instances", "shares")]
        return hashlib.blake2b(pack(records), digest_size=6).hexdigest()


def to_records(spec: Spec) -> list[tuple[str, str]]:
    """Return `spec` as records, in a fixed order."""
    rows = [
        ("project", spec.project),
        ("service", spec.service),
        ("instance", str(spec.instance)),
        ("instances", str(spec.instances)),
        ("kind", spec.kind.value),
        ("state", spec.state),
        ("cwd", spec.directory),
        *(("arg", arg) for arg in spec.argv),
        *(("env", f"{name}={value}") for name, value in spec.env),
        *(("lock", str(lock)) for lock in spec.locks),
    ]
    if spec.user is not None:
        rows.append(("user", spec.user))
    if spec.shares:
        rows.append(("shares", "with its members"))
    rows += [("listen", record(place)) for place in spec.places]
    if spec.binds:
        rows.append(("binds", "its own port"))
    return [
        *rows,
        *probe_records.ready_rows(spec.ready),
        *probe_records.alive_rows(spec.alive),
        *((("oneshot", "yes"),) if spec.oneshot else ()),
        *(("depends", f"{service} {until.value}") for service, until in spec.depends_on),
        ("start-time", repr(spec.start_time)),
        ("stop", f"{spec.stop.signal} {spec.stop.timeout!r}"),
        ("restart", restart.to_text(spec.restart)),
        ("logs", f"{spec.logs.size} {spec.logs.keep}"),
    ]


def encode(spec: Spec) -> bytes:
    """Return the bytes of the spec file; ValueError when a value holds a NUL."""
    return pack(to_records(spec))


def decode(data: bytes) -> Spec:
    """Return the Spec in `data`; ValueError when it is not a whole spec file."""
    one: dict[str, str] = {}
    kinds = ("arg", "env", "lock", "depends", "listen", *probe_records.MANY)
    many: dict[str, list[str]] = {kind: [] for kind in kinds}
    for name, value in unpack(data):
        if name in many:
            many[name].append(value)
        else:
            one[name] = value
    try:
        return _from_parts(one, many)
    except KeyError as missing:
        raise ValueError(f"the spec file lacks {missing}") from None


def _from_parts(one: dict[str, str], many: dict[str, list[str]]) -> Spec:
    places = tuple(from_record(item) for item in many["listen"])
    first = next((place for place in places if isinstance(place, Address)), None)
    signal, _, timeout = one["stop"].partition(" ")
    size, keep = one["logs"].split(" ")
    return Spec(
        project=one["project"],
        service=one["service"],
        instance=int(one["instance"]),
        instances=int(one["instances"]),
        kind=Kind(one["kind"]),
        argv=tuple(many["arg"]),
        env=tuple(_pair(item, "=") for item in many["env"]),
        directory=one["cwd"],
        state=one["state"],
        user=one.get("user"),
        listen=first,
        listens=() if places == (first,) else places,
        binds="binds" in one,
        ready=probe_records.ready_of(one, many),
        alive=probe_records.alive_of(one, many),
        locks=tuple(Lock(*_pair(item, " ")) for item in many["lock"]),
        shares="shares" in one,
        start_time=float(one["start-time"]),
        stop=Stop(float(timeout), signal),
        restart=_restart(one["restart"]),
        logs=Logs(int(size), int(keep)),
        oneshot="oneshot" in one,
        depends_on=tuple((service, Until(far)) for service, far in (_pair(item, " ") for item in many["depends"])),
    )


def _restart(text: str) -> Restart:
    read = restart.from_text(text)
    return Restart(
        read.max, read.within, read.delay, Policy(read.policy), read.factor, read.longest, read.retry, read.codes
    )


def _pair(text: str, mark: str) -> tuple[str, str]:
    left, _, right = text.partition(mark)
    return left, right


def compared(old: Spec, new: Spec) -> tuple[FieldChange, ...]:
    """Return what changed from `old` to `new`, field by field; names of variables, never their values."""
    fields = (
        ("directory", old.directory, new.directory),
        ("user", old.user, new.user),
        ("listen", old.places, new.places),
        ("ready", old.ready, new.ready),
        ("alive", old.alive, new.alive),
        ("kind", old.kind, new.kind),
        ("what is consumed", old.locks, new.locks),
        ("start", old.start_time, new.start_time),
        ("stop", old.stop, new.stop),
        ("restart", old.restart, new.restart),
        ("logs", old.logs, new.logs),
        ("oneshot", old.oneshot, new.oneshot),
        ("depends_on", old.depends_on, new.depends_on),
        ("state directory", old.state, new.state),
    )
    found = (*changes.command(old.argv, new.argv), *changes.variables(old.env, new.env))
    return found + tuple(change for field in fields for change in changes.compared(*field))


def differences(old: Spec, new: Spec) -> tuple[str, ...]:
    """Return the names of what changed from `old` to `new`."""
    return tuple(change.field for change in compared(old, new))
