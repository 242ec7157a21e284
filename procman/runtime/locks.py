"""Who may consume: a singleton's locks taken, or only asked for. Three answers: mine, another's, unknown.

"Cannot know" is never "free". The command line asks `probe`; the launcher calls `acquire`, which ends survivors.
"""

import posix
import time

from procman.core.topics import bare
from procman.runtime import deedfiles, lockfiles, procfs
from procman.runtime.exits import HELD, Refused, printable
from procman.runtime.kept import Kept, Limits
from procman.runtime.parent import kill
from procman.runtime.pauses import rest
from procman.runtime.survivors import ANOTHER, OWN, SURVIVOR, UNKNOWN, Identity, relation

TYPE_CHECKING = False  # that of `typing` costs as much as everything else here
if TYPE_CHECKING:
    from collections.abc import Iterator

    from procman.runtime.wanted import Wanted

Scopes = list[tuple[str, set[str]]]
Found = tuple[list[Kept], list[lockfiles.Busy]]

FREE = "free"
DYING_WITHIN = 2.0
SURE_WITHIN = 1.0
POLL = 0.003
LOOK_AGAIN = 0.02
MOVES = 50


class Holder:
    """A process that holds a lock. `relation` is SURVIVOR, OWN, ANOTHER or UNKNOWN; `text` says who it is.

    `starts`: it is not yet what it starts, so its variables are not those of a service.
    """

    __slots__ = ("pid", "relation", "starts", "text")

    def __init__(self, pid: int, relation_: str, text: str, *, starts: bool) -> None:
        self.pid = pid
        self.relation = relation_
        self.text = text
        self.starts = starts


class Verdict:
    """The answer to who has a lock: FREE, SURVIVOR, OWN, ANOTHER or UNKNOWN.

    SURVIVOR: all holders were left behind by a dead manager, a start would end them. OWN: the manager that was asked
    for runs it. `reason` is one line with the next step, empty when free.
    """

    __slots__ = ("answer", "holders", "reason")

    def __init__(self, answer: str, holders: tuple[Holder, ...] = (), reason: str = "") -> None:
        self.answer = answer
        self.holders = holders
        self.reason = reason


def probe(wanted: "Wanted", me: Identity) -> Verdict:
    """Return who has what is `wanted`, the worst answer of all; takes, makes and ends nothing."""
    verdict = Verdict(FREE)
    for step in _steps(wanted):
        _, found = _asked(step, me, create=False)
        verdict = max(verdict, found, key=lambda v: _WORSE.index(v.answer))
    return verdict


def acquire(wanted: "Wanted", me: Identity, *, above: int) -> list[Kept]:
    """Take every lock that is `wanted` and return them, at descriptors from `above` on; survivors in the way are ended.

    The descriptors are inherited by what this process becomes, which so holds the lock itself. Refused (HELD) when
    another has one, and when that cannot be known; then none is held.
    """
    limits = Limits()
    held: list[Kept] = []
    try:
        for step in _steps(wanted):  # in one order: two that need the same cannot refuse each other
            held += _take(step, me)
        limits.place(held, above)
    except (OSError, Refused):
        for lock in held:
            lock.close()
        raise
    finally:
        limits.restore()
    return held


def by_scope(claims: list[str]) -> Scopes:
    """Return the filters of `claims` (``SCOPE FILTER``) by scope, sorted; widened, and without ``$share/group/``."""
    scopes: dict[str, set[str]] = {}
    for claim in claims:
        scope, _, topic = claim.partition(" ")
        scopes.setdefault(scope, set()).add(lockfiles.widen(bare(topic)))
    return sorted(scopes.items())


def judge(busy: list[lockfiles.Busy], me: Identity) -> Verdict:
    """Return who holds the files `busy`, as seen by `me`: one holder that is no survivor decides."""
    answer, holders, reason = SURVIVOR, [], ""
    for file in busy:
        found = [_holder(pid, me) for pid in _pids(file)]
        holders += found
        worst = max((holder.relation for holder in found), key=_WORSE.index, default=UNKNOWN)
        if file.program and worst == ANOTHER and any(holder.starts for holder in found):
            worst = UNKNOWN
        if not reason or _WORSE.index(worst) > _WORSE.index(answer):
            answer, reason = worst, _say(file, worst, found)
    return Verdict(answer, tuple(holders), reason)


_WORSE = (FREE, SURVIVOR, OWN, UNKNOWN, ANOTHER)


class _Step:
    """One folder in which something is locked, or with `looks` only looked for."""

    __slots__ = ("filters", "looks", "scope", "wanted")

    def __init__(self, wanted: "Wanted", scope: str, filters: set[str], *, looks: bool) -> None:
        self.wanted = wanted
        self.scope = scope
        self.filters = filters
        self.looks = looks

    def attempt(self, *, create: bool) -> Found:
        try:
            for _ in range(MOVES):
                try:
                    return self._attempt(create=create and not self.looks)
                except lockfiles.Moved:
                    rest(POLL)
        except OSError as error:
            path = f"{lockfiles.DIRECTORY}/{lockfiles.folder_of(self.scope)}"
            raise Refused(
                HELD, f"cannot know who consumes, {path}: {error.strerror}; repair it: {lockfiles.REPAIR}"
            ) from None
        raise Refused(
            HELD, f"cannot know who consumes: files in {lockfiles.DIRECTORY} keep vanishing; find what deletes them"
        )

    def _attempt(self, *, create: bool) -> Found:
        if self.scope == deedfiles.SCOPE:
            return deedfiles.attempt(self.wanted.deed, self._pardoned, create=create)
        if self.scope in self.wanted.KINDS:
            return lockfiles.attempt(self.scope, self.filters, create=create)
        shared = self.wanted.deed.shares
        return lockfiles.attempt(self.scope, self.filters, create=create, shared=shared, pardoned=self._pardoned)

    def _pardoned(self, rival: lockfiles.Busy) -> bool:
        """Tell whether nobody who holds `rival` is in the way, by what their environments say."""
        if not rival.program and not self.wanted.deed.shares:
            return False
        found = [procfs.environ(pid) for pid in _pids(rival)]
        return bool(found) and all(self.wanted.pardons(environment, program=rival.program) for environment in found)


def _steps(wanted: "Wanted") -> list[_Step]:
    """Return what is asked, in the order of all: the deeds, where new starts meet, then the folders of brokers."""
    held = [_Step(wanted, scope, filters, looks=False) for scope, filters in wanted.held()]
    watched = [_Step(wanted, scope, filters, looks=True) for scope, filters in wanted.watched()]
    return [_Step(wanted, deedfiles.SCOPE, set(), looks=False), *held, *watched]


def _pids(file: lockfiles.Busy) -> "Iterator[int]":
    return (pid for pid in procfs.pids() if procfs.holds(pid, file.device, file.inode))


def _asked(step: _Step, me: Identity, *, create: bool) -> tuple[list[Kept], Verdict]:
    """Try `step` once; return what it gave, and who is in the way. Nobody is named for what another one held."""
    for _ in range(MOVES):
        held, busy = step.attempt(create=create)
        if not busy:
            return held, Verdict(FREE)
        verdict = judge(busy, me)
        if all(not file.path or deedfiles.says(file.path) == file.record for file in busy):
            break
        rest(POLL)  # it has ended, and the next one has written over its record: look again
    return [], verdict


def _take(step: _Step, me: Identity) -> list[Kept]:
    started = time.monotonic()
    ended: set[int] = set()
    while True:
        held, verdict = _asked(step, me, create=True)
        if verdict.answer == FREE:
            _report(me, ended)
            return held
        waited = time.monotonic() - started
        # A holder that is just dying shows no environment, then no descriptor: it is looked at again for a while.
        if verdict.answer in (ANOTHER, OWN) or waited > (DYING_WITHIN if ended else SURE_WITHIN):
            raise Refused(HELD, verdict.reason)
        if verdict.answer == SURVIVOR:
            for holder in verdict.holders:
                kill(holder.pid)
                ended.add(holder.pid)
        rest(POLL if ended else LOOK_AGAIN)


def _holder(pid: int, me: Identity) -> Holder:
    environment = procfs.environ(pid)
    is_to_me = relation(pid, environment, me)
    text = f"pid {pid} ({procfs.words(pid)}, user id {procfs.owner(pid)})"
    unit, state, project = (procfs.value(environment, b"PROCMAN_" + name) for name in (b"UNIT", b"STATE", b"PROJECT"))
    if unit and state:
        text += f", {printable(project or b'?')} {printable(unit)}, state in {printable(state)}"
    return Holder(pid, is_to_me, text, starts=unit is None)


def _say(file: lockfiles.Busy, answer: str, holders: list[Holder]) -> str:
    who = "; ".join(h.text for h in holders if h.relation == answer)
    end = "; if they are two services, give one an argument of its own" if file.program else ""
    if answer == UNKNOWN:
        seen = (
            f"{who}, whose manager cannot be known" if who else "a process that cannot be seen, another user's perhaps"
        )
        return f"{file.what} is held by {seen}; look as root: sudo lslocks{end}"
    if answer == SURVIVOR:
        return f"{file.what} is still held by {who}, left behind by a dead manager; end it: kill -9 {holders[0].pid}"
    return f"{file.what} is held by {who}; stop it there first{end}"


def _report(me: Identity, ended: set[int]) -> None:
    if ended:
        pids = ", ".join(map(str, sorted(ended)))
        posix.write(2, b"procman: %b: ended %b, which held the lock for a dead manager\n" % (me.unit, pids.encode()))
