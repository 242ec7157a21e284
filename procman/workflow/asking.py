"""The checks of `verify`, one by one: each asks what is outside and returns verdict, evidence and help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from procman.adapters import broker, canary, catalogs, database, probes
from procman.adapters.state import State
from procman.core import broker_facts, canary_facts, unique_key
from procman.core.broker_place import BrokerPlace
from procman.core.checks import Unknown, Verdict
from procman.core.guards import grouped
from procman.core.manifest import Consumes, Kind, Service, Session
from procman.core.members import authorities
from procman.core.mqtt import without_credentials
from procman.core.observed import Observed
from procman.core.proofs import KEY, SHARE
from procman.core.spec import Spec
from procman.workflow import stranded
from procman.workflow.doctor import stray_check

Answer = tuple[Verdict, str, str]
Asks = Callable[["Consumer"], Answer | None]


@dataclass
class Consumer:
    """One consumer, what runs of it, and what its broker said of itself; `against`: what answered each check.

    `hand_on`: where its project lies, when what waits for members that have failed is to be given to the others.
    """

    service: Service
    spec: Spec
    observed: Observed | None
    hand_on: State | None = None
    against: dict[str, str] = field(default_factory=dict)

    @property
    def consumes(self) -> Consumes:
        """What it consumes."""
        if self.service.consumes is None:
            raise ValueError(f"'{self.service.name}' consumes nothing")
        return self.service.consumes

    @property
    def place(self) -> BrokerPlace:
        """Where its broker is."""
        return BrokerPlace(self.consumes.broker, authorities(self.consumes, self.spec.directory))

    @cached_property
    def _greeting(self) -> broker_facts.Greeting | Unknown:
        try:
            return probes.greet(self.place)
        except Unknown as unknown:
            return unknown

    @property
    def greeting(self) -> broker_facts.Greeting:
        """What the broker speaks; Unknown, each time, when it cannot be reached."""
        if isinstance(self._greeting, Unknown):
            raise self._greeting
        return self._greeting

    @property
    def version(self) -> int:
        """The newest version of MQTT that the broker speaks."""
        return next(number for number, name in broker.VERSIONS.items() if name in self.greeting.versions)

    @property
    def runs(self) -> bool:
        """Whether a process of it runs now."""
        units = self.observed.units if self.observed else ()
        return any(u.pid and u.unit.rpartition("-")[0] == self.service.name for u in units)


def _broker(consumer: Consumer) -> Answer:
    verdict, evidence, advice = broker_facts.judge_broker(consumer.greeting)
    return verdict, f"{without_credentials(consumer.consumes.broker)}: {evidence}", advice


def _session(consumer: Consumer) -> Answer:
    consumes = consumer.consumes
    seen = probes.away(consumer.place, consumes.qos, 1, consumer.version)
    return broker_facts.judge_session(consumes.qos, consumes.session is Session.PERSISTENT, seen)


def _queue_limit(consumer: Consumer) -> Answer | None:
    consumes = consumer.consumes
    if consumes.session is not Session.PERSISTENT or not consumes.qos:
        return None
    count = broker_facts.to_try(broker_facts.needed(consumes.rate, consumes.downtime))
    seen = probes.away(consumer.place, consumes.qos, count, consumer.version)
    return broker_facts.judge_queue(consumes.rate, consumes.downtime, seen)


def _shared(consumer: Consumer) -> Answer | None:
    if not grouped(consumer.consumes):
        return None
    greeting = consumer.greeting
    numbers = {name: number for number, name in broker.VERSIONS.items()}
    found = {name: probes.share(consumer.place, numbers[name]) for name in greeting.versions}
    consumer.against[SHARE] = f"{greeting.product or 'a broker'} at {without_credentials(consumer.consumes.broker)}"
    return broker_facts.judge_share(found)


def _unique_key(consumer: Consumer) -> Answer:
    dedup = consumer.consumes.dedup
    if dedup is None:
        return Verdict.UNKNOWN, "no unique key is declared", "declare `dedup`: database, table and key"
    with database.opened(dedup.database, consumer.spec.directory) as connection:
        answer = unique_key.judge(catalogs.table(connection, dedup.table), dedup.table, dedup.key)
        against = f"{catalogs.product(connection)}, '{dedup.table}' in {database.described(dedup.database)}"
    consumer.against[KEY] = against
    advice = "" if answer.effective else f"make a unique index on exactly ({', '.join(dedup.key)}), all NOT NULL"
    verdict = Verdict.PASS if answer.effective else Verdict.FAIL
    return verdict, f"{against}: {answer.evidence}", advice


def _canary(consumer: Consumer) -> Answer | None:
    consumes = consumer.consumes
    if consumes.canary is None:
        return None
    fault = canary_facts.fault(consumes, consumes.canary)
    if fault is not None or consumes.dedup is None:
        return Verdict.UNKNOWN, fault or "", "see `canary` in the guide"
    if not consumer.runs:
        return Verdict.UNKNOWN, f"no process of '{consumer.service.name}' runs", "procman up, then verify again"
    flight = canary.fly(
        consumer.place, consumer.version, consumes.canary, consumes.dedup, consumer.spec.directory, consumes.qos
    )
    return canary_facts.judge(flight, consumes.canary.topic)


def _strays(consumer: Consumer) -> Answer:
    check = stray_check(consumer.spec, consumer.observed)
    try:
        company = broker_facts.company(consumer.greeting.told)
    except Unknown:
        company = ""
    alone = "singleton" if consumer.service.kind is Kind.SINGLETON else "consumer"
    note = f"{company}, this {alone} among them if it runs; what each subscribes to, only the broker knows"
    return check.verdict, f"{check.evidence}; {note}" if company else check.evidence, check.help


CHECKS: dict[str, Asks] = {
    "broker": _broker,
    "session": _session,
    "queue-limit": _queue_limit,
    SHARE: _shared,
    KEY: _unique_key,
    "canary": _canary,
    "strays": _strays,
    "members": stranded.check,
}
