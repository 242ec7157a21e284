"""Who may consume: a singleton's locks taken, or only asked for. Three answers: mine, another's, unknown.

"Cannot know" is never "free". The command line asks `probe`; the launcher calls `acquire`, which ends survivors.
"""

import posix
import time

from procman.core.topics import bare
from procman.runtime import lockfiles, procfs
from procman.runtime.exits import HELD, Refused, printable
from procman.runtime.kept import Kept, Limits
from procman.runtime.parent import kill
from procman.runtime.survivors import ANOTHER, OWN, SURVIVOR, UNKNOWN, Identity, relation

FREE = "free"
DYING_WITHIN = 2.0
SURE_WITHIN = 1.0
POLL = 0.003
LOOK_AGAIN = 0.02
MOVES = 50


class Holder:
    """A process that holds a lock. `relation` is SURVIVOR, OWN, ANOTHER or UNKNOWN; `text` says who it is."""

    __slots__ = ("pid", "relation", "text")

    def __init__(self, pid: int, relation_: str, text: str) -> None:
        self.pid = pid
        self.relation = relation_
        self.text = text


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


def cookie(claims: list[str]) -> bytes:
    """Return the mark of a singleton with the locks `claims` (``SCOPE FILTER`` each), for PROCMAN_COOKIE."""
    return ", ".join(claims).encode("utf-8", "surrogateescape")


def probe(claims: list[str], me: Identity) -> Verdict:
    """Return who has `claims`, the worst answer of all; takes, makes and ends nothing."""
    verdict = Verdict(FREE)
    for scope, wanted in by_scope(claims):
        _, busy = _attempt(scope, wanted, create=False)
        found = judge(busy, me) if busy else Verdict(FREE)
        verdict = max(verdict, found, key=lambda v: _WORSE.index(v.answer))
    return verdict


def acquire(claims: list[str], me: Identity, *, above: int) -> list[Kept]:
    """Take every lock of `claims` and return them, at descriptors from `above` on; survivors in the way are ended.

    The descriptors are inherited by what this process becomes, which so holds the lock itself. Refused (HELD) when
    another has one, and when that cannot be known; then none is held.
    """
    limits = Limits()
    held: list[Kept] = []
    try:
        for scope, wanted in by_scope(claims):  # sorted: two that need the same scopes cannot refuse each other
            held += _take(scope, wanted, me)
        limits.place(held, above)
    except (OSError, Refused):
        for lock in held:
            lock.close()
        raise
    finally:
        limits.restore()
    return held


def by_scope(claims: list[str]) -> list[tuple[str, set[str]]]:
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
        found = [_holder(pid, me) for pid in procfs.pids() if procfs.holds(pid, file.device, file.inode)]
        holders += found
        worst = max((holder.relation for holder in found), key=_WORSE.index, default=UNKNOWN)
        if not reason or _WORSE.index(worst) > _WORSE.index(answer):
            answer, reason = worst, _say(file, worst, found)
    return Verdict(answer, tuple(holders), reason)


_WORSE = (FREE, SURVIVOR, OWN, UNKNOWN, ANOTHER)


def _take(scope: str, wanted: set[str], me: Identity) -> list[Kept]:
    started = time.monotonic()
    ended: set[int] = set()
    while True:
        held, busy = _attempt(scope, wanted, create=True)
        if not busy:
            _report(me, ended)
            return held
        verdict = judge(busy, me)
        waited = time.monotonic() - started
        # A holder that is just dying shows no environment, then no descriptor: it is looked at again for a while.
        if verdict.answer in (ANOTHER, OWN) or waited > (DYING_WITHIN if ended else SURE_WITHIN):
            raise Refused(HELD, verdict.reason)
        if verdict.answer == SURVIVOR:
            for holder in verdict.holders:
                kill(holder.pid)
                ended.add(holder.pid)
        time.sleep(POLL if ended else LOOK_AGAIN)


def _attempt(scope: str, wanted: set[str], *, create: bool) -> tuple[list[Kept], list[lockfiles.Busy]]:
    try:
        for _ in range(MOVES):
            try:
                return lockfiles.attempt(scope, wanted, create=create)
            except lockfiles.Moved:
                time.sleep(POLL)
    except OSError as error:
        path = f"{lockfiles.DIRECTORY}/{lockfiles.folder_of(scope)}"
        raise Refused(
            HELD, f"cannot know who consumes, {path}: {error.strerror}; repair it: {lockfiles.REPAIR}"
        ) from None
    raise Refused(
        HELD, f"cannot know who consumes: files in {lockfiles.DIRECTORY} keep vanishing; find what deletes them"
    )


def _holder(pid: int, me: Identity) -> Holder:
    environment = procfs.environ(pid)
    is_to_me = relation(pid, environment, me)
    text = f"pid {pid} ({procfs.words(pid)}, user id {procfs.owner(pid)})"
    unit, state, project = (procfs.value(environment, b"PROCMAN_" + name) for name in (b"UNIT", b"STATE", b"PROJECT"))
    if unit and state:
        text += f", {printable(project or b'?')} {printable(unit)}, state in {printable(state)}"
    return Holder(pid, is_to_me, text)


def _say(file: lockfiles.Busy, answer: str, holders: list[Holder]) -> str:
    what = f"'{printable(file.filter)}' on {printable(file.scope)}"
    who = "; ".join(h.text for h in holders if h.relation == answer)
    if answer == UNKNOWN:
        seen = (
            f"{who}, whose manager cannot be known" if who else "a process that cannot be seen, another user's perhaps"
        )
        return f"{what} is held by {seen}; look as root: sudo lslocks"
    if answer == SURVIVOR:
        return f"{what} is still held by {who}, left behind by a dead manager; end it: kill -9 {holders[0].pid}"
    return f"{what} is held by {who}; stop it there first"


def _report(me: Identity, ended: set[int]) -> None:
    if ended:
        pids = ", ".join(map(str, sorted(ended)))
        posix.write(2, b"procman: %b: ended %b, which held the lock for a dead manager\n" % (me.unit, pids.encode()))
