"""The checked manifest: a located document, read by the table of keys, becomes a Manifest and findings.

Every fault is told at once. What is broken is read as its default or left out, so that the rules can judge the rest.
"""

from __future__ import annotations

import shlex
from typing import TypeVar

from procman.core import alive_keys, consumer_fields, consumer_keys, keys, ready_keys
from procman.core import life_keys as life
from procman.core.diagnostics import Finding, by_place
from procman.core.document import Entry, Mapping, Node, places_of
from procman.core.kinds import Fault, Field, Sink, Values
from procman.core.lifecycle import Policy, Start, Until
from procman.core.listen_keys import LISTEN
from procman.core.manifest import (
    Address,
    BudgetRule,
    Instances,
    Kind,
    Logs,
    Manifest,
    Overlay,
    Profile,
    Restart,
    Service,
    Stop,
)
from procman.core.memory_keys import MEMORY, PRESSURE, RUNTIME
from procman.core.source import Path
from procman.core.values import replace
from procman.core.words import shown

T = TypeVar("T")

UNNAMED = "unnamed"
UNREADABLE = ("false",)


def check(document: Node, file: str, base: str) -> tuple[Manifest | None, list[Finding]]:
    """Return the manifest in `document` and every fault of it; no manifest when no services can be read.

    `file` is the name for findings, `base` the folder of the manifest. A project without a good name is ``unnamed``,
    a service without a good command runs ``false``; one without a good kind or name is left out.
    """
    whole = _with_defaults(document)
    sink = Sink(file, places_of(whole))
    defaults = document.get("defaults") if isinstance(document, Mapping) else None
    if defaults is not None:
        # Before the services that share them, so that a fault in them is told under their own name.
        keys.DEFAULTS.kind.read(defaults, ("defaults",), sink)
    read = keys.MANIFEST.read(whole, (), sink)
    manifest = None if read is None else _manifest(read, file, base, sink)
    return manifest, list(by_place(list(sink.found.values())))


def _with_defaults(document: Node) -> Node:
    """Return `document` with its ``defaults`` laid under each service, every value with its own place."""
    if not isinstance(document, Mapping):
        return document
    defaults, services = document.get("defaults"), document.get("services")
    if not isinstance(defaults, Mapping) or not isinstance(services, Mapping):
        return document
    laid = replace(services, entries=tuple(_laid(entry, defaults) for entry in services.entries))
    entries = (replace(e, value=laid) if e.key == "services" else e for e in document.entries)
    return replace(document, entries=tuple(entries))


def _laid(entry: Entry, defaults: Mapping) -> Entry:
    if not isinstance(entry.value, Mapping):
        return entry
    return replace(entry, value=keys.SHARED.over(entry.value, defaults))


def _manifest(read: Values, file: str, base: str, sink: Sink) -> Manifest | None:
    services = read.get(keys.SERVICES)
    if services is None:
        return None
    budget = read.get(keys.BUDGET) or Values()
    reserve_bytes, reserve_share = budget.get(keys.RESERVE) or (None, None)
    found = (_service(name, values, sink) for name, values in services)
    _check_names(read, [name for name, _ in services], sink)
    return Manifest(
        project=read.get(keys.PROJECT) or UNNAMED,
        services=tuple(service for service in found if service is not None),
        profiles=tuple(_profile(name, values) for name, values in read.get(keys.PROFILES) or ()),
        budget=BudgetRule(
            budget.get(keys.BUDGET_RAM), reserve_bytes, reserve_share, shed=budget.get(PRESSURE) == "shed"
        ),
        file=file,
        base=base,
        places=sink.places,
    )


def _service(name: str, read: Values, sink: Sink) -> Service | None:
    at = ("services", name)
    command, kind = _command(read, at, sink), read.get(keys.KIND)
    if kind is None:
        return None
    ready, consumes = read.get(ready_keys.READY), read.get(consumer_keys.CONSUMES)
    memory, hard = read.get(MEMORY) or (None, None)
    alive = read.get(alive_keys.ALIVE)
    listen = read.get(LISTEN) or ()
    places = listen if isinstance(listen, tuple) else (listen,)
    return Service(
        name=name,
        kind=Kind(kind),
        command=command,
        shell=read.get(keys.SHELL) or False,
        instances=_instances(read) or Instances(),
        memory=memory,
        hard=hard,
        runtime=read.get(RUNTIME),
        weight=read.get(keys.WEIGHT) or 1,
        listen=next((place for place in places if isinstance(place, Address)), None),
        listens=() if len(places) == 1 and isinstance(places[0], Address) else places,
        drain=read.get(keys.DRAIN) != "off",
        ready=ready_keys.ready(ready) if ready is not None else None,
        alive=alive_keys.alive(alive) if alive is not None else None,
        env=read.get(keys.ENV) or (),
        env_file=read.get(keys.ENV_FILE),
        directory=read.get(keys.DIRECTORY) or ".",
        user=read.get(keys.USER),
        consumes=consumer_fields.consumes(consumes) if consumes is not None else None,
        start=Start(_or(_part(read, life.START).get(life.START_TIME), Start().time)),
        stop=_stop(_part(read, life.STOP)),
        restart=_restart(_part(read, life.RESTART)),
        logs=_logs(_part(read, life.LOGS)),
        oneshot=read.get(life.ONESHOT) or False,
        depends_on=tuple((other, Until(far)) for other, far in read.get(life.DEPENDS_ON) or ()),
    )


def _command(read: Values, at: Path, sink: Sink) -> tuple[str, ...]:
    """Return the argv. How a text is read depends on ``shell``, so this cannot be the table's."""
    command, shell = read.get(keys.COMMAND), read.get(keys.SHELL)
    span = sink.places.value(*at, "command")
    if command is None:
        return UNREADABLE
    if isinstance(command, tuple):
        if shell:
            fault = Fault("shell: true takes the command as one text, not a list", "write one text, or leave shell out")
            sink.add((*at, "command"), span, fault)
        return command
    if shell:
        return ("sh", "-c", command)
    try:
        words = tuple(shlex.split(command)) or UNREADABLE
    except ValueError as error:
        advice = "close the quote, or write the command as a list"
        sink.add((*at, "command"), span, Fault(f"the command cannot be split: {str(error).lower()}", advice))
        return UNREADABLE
    if not words[0]:
        sink.add(
            (*at, "command"), span, Fault("the command begins with an empty word", "begin with the program to run")
        )
        return UNREADABLE
    return words


def _instances(read: Values) -> Instances | None:
    wanted = read.get(keys.INSTANCES)
    return None if wanted is None else Instances(*wanted)


def _stop(read: Values) -> Stop:
    usual = Stop()
    return Stop(_or(read.get(life.STOP_TIMEOUT), usual.timeout), read.get(life.STOP_SIGNAL) or usual.signal)


def _restart(read: Values) -> Restart:
    usual, backoff = Restart(), _part(read, life.BACKOFF)
    return Restart(
        _or(read.get(life.RESTART_MAX), usual.max),
        _or(read.get(life.RESTART_WITHIN), usual.within),
        _or(read.get(life.RESTART_DELAY), usual.delay),
        Policy(read.get(life.RESTART_POLICY) or usual.policy),
        _or(backoff.get(life.BACKOFF_FACTOR), usual.factor),
        _or(backoff.get(life.BACKOFF_MAX), usual.longest),
        read.get(life.RESTART_RETRY) if read.has(life.RESTART_RETRY) else usual.retry,
        read.get(life.SUCCESS_CODES) or usual.codes,
    )


def _logs(read: Values) -> Logs:
    usual = Logs()
    return Logs(read.get(life.LOGS_SIZE) or usual.size, _or(read.get(life.LOGS_KEEP), usual.keep))


def _profile(name: str, read: Values) -> Profile:
    overlays = read.get(keys.OVERLAYS) or ()
    changed = tuple((service, _overlay(part)) for service, part in overlays)
    return Profile(name, read.get(keys.PROFILE_RAM), changed)


def _overlay(read: Values) -> Overlay:
    memory, hard = read.get(MEMORY) or (None, None)
    return Overlay(_instances(read), memory, hard)


def _check_names(read: Values, names: list[str], sink: Sink) -> None:
    """Record each service that a profile changes or another depends on, and that there is not."""
    named: list[Path] = []
    for profile, values in read.get(keys.PROFILES) or ():
        named += (("profiles", profile, "services", service) for service, _ in values.get(keys.OVERLAYS) or ())
    for service, values in read.get(keys.SERVICES) or ():
        named += (("services", service, "depends_on", other) for other, _ in values.get(life.DEPENDS_ON) or ())
    for at in named:
        if at[-1] not in names:
            fault = Fault(f"there is no service {shown(at[-1])}", sink.guess(at[-1], names), "PM003")
            sink.add(at, sink.places.key(*at), fault)


def _part(read: Values, key: Field[Values]) -> Values:
    return read.get(key) or Values()


def _or(value: T | None, usual: T) -> T:
    return usual if value is None else value
