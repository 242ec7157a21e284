"""What one running singleton holds, whole: under every name of its broker, which topics, and which program. Pure.

Two deeds clash when both would handle the same messages. Where one of the two does not say what it consumes, the
program they run decides. The launcher loads this on every start of a singleton: few imports here.
"""

from procman.core.records import pack, unpack
from procman.core.topics import bare, filters_overlap

UNREADABLE = "what a record that cannot be read says"


class Clash:
    """What two deeds have in common, in words; `program`: it is only that they run one program."""

    __slots__ = ("program", "words")

    def __init__(self, words: str, *, program: bool = False) -> None:
        self.words = words
        self.program = program


class Deed:
    """`state` and `service` say whose it is; `shares`: members of that service may hold the same.

    `names`: every ``host:port`` of the broker; `filters`: bare ones; `programs`: every form of what is run.
    """

    __slots__ = ("filters", "names", "programs", "service", "shares", "state", "unit")

    def __init__(self, state: str, service: str, unit: str, *, shares: bool = False) -> None:
        self.state = state
        self.service = service
        self.unit = unit
        self.shares = shares
        self.names: frozenset[str] = frozenset()
        self.filters: frozenset[str] = frozenset()
        self.programs: frozenset[str] = frozenset()

    def clash(self, other: "Deed") -> Clash | None:
        """Return what keeps this one from being taken beside `other`, or None."""
        ours = self.state == other.state
        if ours and self.unit == other.unit:
            return Clash(f"the instance {other.unit}")
        if ours and self.service == other.service and self.shares:
            return None
        if self.filters and other.filters:
            return self._same_messages(other)
        # Two services of one project may run one program: its manifest says what tells them apart.
        same = self.programs & other.programs if not ours else frozenset()
        return Clash(f"the program {_path(min(same))}", program=True) if same else None

    def pack(self) -> bytes:
        """Return it as bytes; `read` gives it back."""
        rows = [("state", self.state), ("service", self.service), ("unit", self.unit)]
        rows += [("shares", "with its members")] if self.shares else []
        many = (("name", self.names), ("filter", self.filters), ("program", self.programs))
        return pack([*rows, *((kind, value) for kind, values in many for value in sorted(values))])

    def _same_messages(self, other: "Deed") -> Clash | None:
        shared = self.names & other.names
        if not shared:
            return None
        topic = next((t for t in sorted(other.filters) for mine in self.filters if filters_overlap(t, mine)), None)
        return Clash(f"'{topic}' on {_shown(shared)}") if topic is not None else None


def read(data: bytes) -> Deed:
    """Return the deed in `data`; ValueError when it is none."""
    rows = unpack(data)
    one = dict(rows)
    try:
        deed = Deed(one["state"], one["service"], one["unit"], shares="shares" in one)
    except KeyError as missing:
        raise ValueError(f"the deed lacks {missing}") from None
    deed.names, deed.filters, deed.programs = (
        frozenset(value for kind, value in rows if kind == wanted) for wanted in ("name", "filter", "program")
    )
    return deed


def filters_of(claims: list[str], kinds: frozenset[str]) -> set[str]:
    """Return the bare filters of `claims` (``SCOPE FILTER``) on brokers; scopes in `kinds` are none."""
    parts = (claim.partition(" ") for claim in claims)
    return {bare(topic) for scope, _, topic in parts if scope not in kinds}


def _shown(names: frozenset[str]) -> str:
    """Return the name of a broker that a reader knows best: this host's, else the shortest."""
    return min(names, key=lambda name: (not name.startswith("localhost:"), len(name), name))


def _path(program: str) -> str:
    return program.partition(" ")[2]
