"""What a start of a singleton needs to hold, read off its spec and this host: its claims, its deed, and where to look.

Asked at the moment of the start and in the namespace where it happens, since that decides which names a broker has.
"""

from procman.core.broker_names import Known, broker_names
from procman.core.deeds import Deed, filters_of
from procman.core.mqtt import normalize_broker
from procman.core.topics import bare
from procman.runtime import lockfiles, own_names, procfs, programs
from procman.runtime.locks import Scopes, by_scope

SERVICE, MEMBER = "service", "member"
WHOSE = (b"STATE", b"SERVICE", b"UNIT")


class Wanted:
    """`claims` (``SCOPE FILTER``): the spec's, then those of what a member shares; `deed`: all that it holds, in one.

    `environment`: the variables of the service, to be compared with another's.
    """

    __slots__ = ("_known", "claims", "deed", "environment")
    KINDS = frozenset((SERVICE, MEMBER))
    """Scopes of claims that name no broker."""

    def __init__(self, deed: Deed, claims: list[str], environment: dict[str, str]) -> None:
        """`deed` says whose it is; what it holds is added to it."""
        self._known: Known | None = None
        self.deed = deed
        self.environment = environment
        self.claims = list(claims)
        url = environment.get("PROCMAN_MQTT_BROKER", "")
        if any(claim.startswith(f"{MEMBER} ") for claim in claims):
            deed.shares = True
            topics = environment.get("PROCMAN_MQTT_TOPICS", "").split("\n")
            self.claims += [f"{scope} {bare(topic)}" for scope in self._usual(url)[:1] for topic in topics if topic]
        filters = filters_of(self.claims, self.KINDS)
        deed.filters = frozenset(map(lockfiles.widen, filters))
        if filters:
            scopes = {claim.partition(" ")[0] for claim in self.claims} - self.KINDS
            deed.names = frozenset(scopes | self._names(url))

    @property
    def cookie(self) -> str:
        """Return the mark of what it holds, for PROCMAN_COOKIE: its claims, joined."""
        return ", ".join(self.claims)

    def held(self) -> Scopes:
        """Return the scopes in which it locks every filter, sorted: those that another version may know it by."""
        scopes = dict(by_scope(self.claims))
        for scope in self._usual(self.environment.get("PROCMAN_MQTT_BROKER", "")) if self.deed.filters else ():
            scopes.setdefault(scope, set()).update(self.deed.filters)
        return sorted(scopes.items())

    def watched(self) -> Scopes:
        """Return the scopes in which nobody may hold a filter: the other names of its broker."""
        held = {scope for scope, _ in self.held()}
        return [(scope, set(self.deed.filters)) for scope in sorted(self.deed.names - held)]

    def is_sibling(self, environment: bytes) -> bool:
        """Tell whether a process with this `procfs.environ` is another member of the same consumer."""
        theirs = Deed(*(_said(environment, name) for name in WHOSE))
        ours = self.deed.shares and theirs.state == self.deed.state and theirs.service == self.deed.service
        return ours and theirs.unit not in ("", self.deed.unit)

    def pardons(self, environment: bytes, *, program: bool) -> bool:
        """Tell whether who holds a lock is not in the way, by its `procfs.environ`; `program`: it runs the same one."""
        if program:
            return programs.differ(self.environment, environment) is True
        return self.is_sibling(environment)

    def meets(self, environment: bytes, runs: frozenset[str] = frozenset()) -> bool:
        """Tell whether a process with this `procfs.environ`, and the programs it `runs`, handles some of the same."""
        theirs = self._deed_of(environment)
        theirs.programs |= runs
        clash = self.deed.clash(theirs)
        if clash is not None and clash.program:
            return programs.differ(self.environment, environment) is False
        return clash is not None

    def _deed_of(self, environment: bytes) -> Deed:
        deed = Deed(*(_said(environment, name) for name in WHOSE))
        claims = _said(environment, b"COOKIE").split(", ")
        # What holds a claim on a service's name consumes nothing that is known, whatever its own variables say.
        if not claims[0].startswith(f"{SERVICE} "):
            topics = {bare(topic) for topic in _said(environment, b"MQTT_TOPICS").split("\n") if topic}
            deed.filters = frozenset(filters_of(claims, self.KINDS) | topics)
            scopes = {claim.partition(" ")[0] for claim in claims} - self.KINDS
            deed.names = frozenset(scopes | self._names(_said(environment, b"MQTT_BROKER")))
        deed.programs = frozenset(_said(environment, b"PROGRAM").split("\n")) - {""}
        return deed

    def _names(self, url: str) -> frozenset[str]:
        try:
            return broker_names(url, self._host()) if url else frozenset()
        except ValueError:
            return frozenset()

    def _usual(self, url: str) -> list[str]:
        """Return the scopes that other versions of procman may lock for this broker, here and in a container."""
        try:
            usual = [normalize_broker(url, self._host().own), normalize_broker(url)] if url else []
        except ValueError:
            return []
        local = [name for name in self._names(url) if name.startswith("localhost:")]
        return list(dict.fromkeys([*usual, *local]))

    def _host(self) -> Known:
        if self._known is None:
            self._known = own_names.known()
        return self._known


def _said(environment: bytes, name: bytes) -> str:
    return (procfs.value(environment, b"PROCMAN_" + name) or b"").decode("utf-8", "surrogateescape")
