"""Values of the core with the fields that a test does not care about filled in, and hostile ones for hypothesis."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import strategies as st

from procman.core.budget import Budget
from procman.core.lifecycle import Alive, Policy, Ready, Until
from procman.core.machine import Machine
from procman.core.manifest import (
    Address,
    Consumes,
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
from procman.core.places import Place
from procman.core.quantity import GIB, MIB
from procman.core.spec import Lock, Spec


def service(
    name: str = "api",
    kind: Kind = Kind.SCALABLE,
    *,
    instances: Instances | int = 1,
    memory: int | None = 100 * MIB,
    command: tuple[str, ...] = ("serve",),
    env: tuple[tuple[str, str], ...] = (),
    consumes: Consumes | None = None,
    listen: Address | None = None,
    listens: tuple[Place, ...] = (),
) -> Service:
    """Return a service; a number of instances stands for exactly that many."""
    count = Instances(instances, instances) if isinstance(instances, int) else instances
    more = {"env": env, "consumes": consumes, "listen": listen, "listens": listens}
    return Service(name, kind, command, instances=count, memory=memory, **more)  # type: ignore[arg-type]


def consumer(name: str, *topics: str, broker: str = "mqtt://127.0.0.1", client_id: str | None = None) -> Service:
    """Return a singleton that consumes `topics`."""
    return service(name, Kind.SINGLETON, consumes=Consumes(broker, topics, client_id))


def budget(usable: int, ram: int | None = None) -> Budget:
    """Return a budget with exactly `usable` bytes for services, on a machine of `ram` bytes (else twice as many)."""
    size = 2 * usable if ram is None else ram
    return Budget(Machine(size, None, "test"), reserve=size - usable, manager=0)


def guide() -> Manifest:
    """Return the manifest of the guide with its three profiles, as services are written in the design."""

    def overlay(instances: int, api: int, mqtt: int) -> tuple[tuple[str, Overlay], ...]:
        return (("api", Overlay(Instances(instances, instances), api * MIB)), ("mqtt", Overlay(memory=mqtt * MIB)))

    return Manifest(
        "tiwater",
        (
            service("api", instances=2, memory=400 * MIB),
            service("mqtt", Kind.SINGLETON, memory=300 * MIB),
        ),
        (
            Profile("conservative", 2 * GIB, overlay(2, 400, 300)),
            Profile("stable", 2 * GIB, overlay(1, 500, 350)),
            Profile("maximum", 4 * GIB, overlay(4, 400, 300)),
        ),
    )


def spec(
    service: str = "api",
    instance: int = 0,
    *,
    instances: int = 1,
    kind: Kind = Kind.SCALABLE,
    argv: tuple[str, ...] = ("/bin/serve",),
    env: tuple[tuple[str, str], ...] = (("PATH", "/bin"),),
    directory: str = "/srv",
    state: str = "/state",
    stop: Stop = Stop(),
) -> Spec:
    """Return one instance, ready to launch."""
    return Spec("tiwater", service, instance, instances, kind, argv, env, directory, state, stop=stop)


# What a manifest can say: any text but NUL.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20) | st.sampled_from(
    [
        *("", " ", "%(ENV_HOME)s", "%", "$HOME ${HOME} $$", "a ; b # c", "'\"`\\", "two\nlines\r\n[program:x]", "\t"),
        *("-c", "{{ state }}", "\x1b[31m"),
    ]
)
# What the operating system can hand over: any bytes but NUL, as Python shows them (surrogates for what is no UTF-8).
HOSTILE = TEXTS | st.binary(max_size=20).map(lambda data: os.fsdecode(data.replace(b"\0", b"")))
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,7}", fullmatch=True)
VARIABLE_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True)
SECONDS = st.floats(0, 604800, allow_nan=False)


@st.composite
def specs(draw: st.DrawFn, texts: st.SearchStrategy[str] = HOSTILE) -> Spec:
    """Return a strategy for any instance that a manifest can ask for, with hostile texts."""
    count = draw(st.integers(1, 256))
    variables = draw(st.dictionaries(VARIABLE_NAMES, texts, max_size=3))
    return Spec(
        project=draw(NAMES),
        service=draw(NAMES),
        instance=draw(st.integers(0, count - 1)),
        instances=count,
        kind=draw(st.sampled_from(Kind)),
        argv=tuple(draw(st.lists(texts, min_size=1, max_size=3))),
        env=tuple(sorted(variables.items())),
        directory="/" + draw(texts),
        state="/" + draw(texts),
        user=draw(st.none() | NAMES),
        listen=draw(st.none() | st.builds(Address, st.sampled_from(["127.0.0.1", "::1", "h"]), st.integers(1, 65535))),
        locks=tuple(draw(st.lists(st.builds(Lock, st.just("localhost:1883"), texts), max_size=2))),
        start_time=draw(SECONDS),
        stop=Stop(draw(SECONDS), draw(st.sampled_from(["TERM", "INT", "QUIT"]))),
        restart=draw(restarts()),
        logs=Logs(draw(st.integers(1, 1 << 46)), draw(st.integers(0, 100))),
        alive=draw(
            st.none()
            | st.builds(
                Alive,
                st.none() | st.just("/x y"),
                st.booleans(),
                st.booleans(),
                SECONDS,
                SECONDS,
                st.integers(1, 100),
                SECONDS,
                **_asked(texts),
            )
        ),
        ready=draw(
            st.none()
            | st.builds(
                Ready,
                http=st.none() | st.just("/x y"),
                timeout=SECONDS,
                notify=st.booleans(),
                ipc=st.booleans(),
                tcp=st.booleans() | st.builds(Address, st.just("::1"), st.integers(1, 65535)),
                log=st.none() | texts,
                attempt=SECONDS,
                interval=st.none() | SECONDS.filter(bool),
                successes=st.integers(1, 100),
                start_period=SECONDS,
                **_asked(texts),
            )
        ),
        oneshot=draw(st.booleans()),
        depends_on=tuple(draw(st.dictionaries(NAMES, st.sampled_from(Until), max_size=2)).items()),
    )


def _asked(texts: st.SearchStrategy[str]) -> dict[str, st.SearchStrategy[Any]]:
    status = st.tuples(st.integers(100, 599), st.integers(100, 599))
    return {
        "command": st.lists(texts, max_size=2).map(tuple),
        "status": st.lists(status, min_size=1, max_size=2).map(tuple),
        "body": st.none() | texts,
    }


def restarts() -> st.SearchStrategy[Restart]:
    """Return a strategy for any restart policy that a manifest can ask for."""
    some = SECONDS.map(lambda seconds: seconds + 0.001)
    usual = st.builds(Restart, st.integers(0, 100), some, SECONDS)
    every = st.builds(
        *(Restart, st.integers(0, 100), some, SECONDS, st.sampled_from(Policy), st.integers(1, 10), SECONDS),
        *(st.none() | some, st.lists(st.integers(0, 255), min_size=1, max_size=3).map(tuple)),
    )
    return usual | every
