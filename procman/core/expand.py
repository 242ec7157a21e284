"""From a plan to the instances that carry it: one expansion, shared by `up`, `scale` and `render`. Pure."""

from __future__ import annotations

from posixpath import dirname

from procman.core import heap, members, serving
from procman.core.dependencies import ordered
from procman.core.facts import SYSTEM_PATH, Facts, ServiceFacts
from procman.core.guards import alone
from procman.core.lifecycle import Policy
from procman.core.manifest import Kind, Manifest, Service
from procman.core.mqtt import normalize_broker
from procman.core.plan import Plan
from procman.core.spec import Lock, Spec
from procman.core.topics import bare
from procman.core.values import replace

SERVICE_SCOPE = "service"


def expand(manifest: Manifest, plan: Plan, facts: Facts, state: str) -> tuple[Spec, ...]:
    """Return one Spec per planned instance; `state` is the state directory.

    In the order of the manifest, but behind what a service depends on.
    """
    specs: list[Spec] = []
    known = {service.name: service for service in manifest.services}
    needs = {service.name: [name for name, _ in service.depends_on] for service in manifest.services}
    for service in map(known.__getitem__, ordered(known, needs)):
        count = plan.count(service.name)
        found = facts.services[service.name]
        specs.extend(_spec(manifest.project, service, i, count, found, facts, state) for i in range(count))
    return tuple(specs)


def locks_of(project: str, service: Service, local_names: frozenset[str]) -> tuple[Lock, ...]:
    """Return what one process on the host may hold of `service`: nothing for one that may run more than once.

    Keyed on what is consumed, never on the client id: two ids on one topic are the worst case. A share group does
    not count either: two singletons in one group are still two consumers.
    """
    if not alone(service):
        return ()
    if service.consumes is None or not service.consumes.topics:
        return (Lock(SERVICE_SCOPE, f"{project}/{service.name}"),)
    broker = normalize_broker(service.consumes.broker, local_names)
    return tuple(Lock(broker, bare(topic)) for topic in service.consumes.topics)


def environment(service: Service, known: ServiceFacts) -> tuple[tuple[str, str], ...]:
    """Return the variables a service starts with, sorted: nothing of the shell that ran procman.

    So that `up` from a terminal, from cron and at boot means the same. PATH is the folder of the command, then the
    system's; the env_file comes over these, the manifest's own `env` last.
    """
    variables = {"HOME": known.home, "LANG": "C.UTF-8", "PATH": SYSTEM_PATH}
    if known.executable:
        folder = dirname(known.executable)
        if folder not in SYSTEM_PATH.split(":"):
            variables["PATH"] = f"{folder}:{SYSTEM_PATH}"
    if known.user is not None:
        variables |= {"USER": known.user, "LOGNAME": known.user}
    return tuple(sorted((variables | dict(known.variables) | dict(service.env)).items()))


def _spec(
    project: str, service: Service, instance: int, count: int, known: ServiceFacts, facts: Facts, state: str
) -> Spec:
    served = serving.serving(
        service, known.interpreter, reachable=known.preloads_readable, open_to_all=known.preloads_open
    )
    variables = dict(environment(service, known))
    if known.preloads and (known.preloads_readable or served.preload):
        variables |= serving.environment(served, known.preloads, service, variables)
    variables |= heap.variables(service.runtime, service.memory, served.argv, variables)
    restart = service.restart
    if service.oneshot and restart.policy is Policy.ALWAYS:
        restart = replace(restart, policy=Policy.ON_FAILURE)
    return Spec(
        project=project,
        service=service.name,
        instance=instance,
        instances=count,
        kind=Kind.SINGLETON if alone(service) else service.kind,
        argv=(known.executable or service.command[0], *_told(served.argv[1:], service)),
        env=tuple(sorted({**variables, **members.variables(service, instance, state, known.directory)}.items())),
        directory=known.directory,
        state=state,
        user=service.user,
        listen=service.listen,
        listens=known.places or service.listens,
        binds=_binds(service),
        ready=service.ready and replace(service.ready, command=_found("ready", service.ready.command, known)),
        alive=service.alive and replace(service.alive, command=_found("alive", service.alive.command, known)),
        locks=_locks(project, service, instance, facts.known.own),
        shares=service.kind is Kind.SCALABLE and service.consumes is not None,
        start_time=service.start.time,
        stop=service.stop,
        restart=restart,
        logs=service.logs,
        oneshot=service.oneshot,
        depends_on=service.depends_on,
    )


def _found(key: str, command: tuple[str, ...], known: ServiceFacts) -> tuple[str, ...]:
    """Return the command of a probe with its program resolved, as that of the service is."""
    program = dict(known.probes).get(key)
    return (program, *command[1:]) if program else command


def _binds(service: Service) -> bool:
    return service.listen is not None and serving.opens_itself(service.command)


def _told(words: tuple[str, ...], service: Service) -> tuple[str, ...]:
    """Return `words` with the port in place of ``{port}``, for a server that can be told nothing else."""
    if service.listen is None:
        return words
    port = str(service.listen.port)
    return tuple(serving.told(word, port) if serving.OWN_PORT in word else word for word in words)


def _locks(project: str, service: Service, instance: int, local_names: frozenset[str]) -> tuple[Lock, ...]:
    """Return the locks of one instance: member 0 of a consumer keeps every other consumer of its topics away."""
    if instance and service.consumes is not None:
        return (members.lock(service, instance, local_names),)
    return locks_of(project, service, local_names)
