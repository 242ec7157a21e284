"""What a changed field is told as: enough to trust a diff, never a secret."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from procman.core.changes import command
from procman.core.diff import Do, Running, Wanted, diff
from procman.core.lifecycle import Alive, Ready
from procman.core.manifest import Address, Stop
from procman.core.spec import Lock, compared
from tests.support.values import HOSTILE, VARIABLE_NAMES, spec


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (("node", "a.js"), ("node", "b.js"), "command: argument 1 changed, a.js -> b.js"),
        (("/bin/a", "x"), ("/bin/b", "x"), "command: program changed, /bin/a -> /bin/b"),
        (("a", "--password", "one"), ("a", "--password", "two"), "command: argument 2 changed"),
        (
            ("a", "--token=one"),
            ("a", "--token=two", "x"),
            "command: 1 argument before, 2 arguments now; argument 1 changed",
        ),
        (("a", "x", "y"), ("a", "x"), "command: 2 arguments before, 1 argument now"),
        (("a", "1.py", "2"), ("b", "2.py", "3"), "command: program, argument 1, argument 2 changed"),
    ],
)
def test_a_command_tells_which_argument_changed(old: tuple[str, ...], new: tuple[str, ...], said: str) -> None:
    """Programs and scripts are shown; of any other argument only its number is told."""
    assert [said] == [str(change) for change in command(old, new)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (replace(spec(), listen=Address("127.0.0.1", 3000)), "listen: none -> 127.0.0.1:3000"),
        (replace(spec(), stop=Stop(5.0, "INT")), "stop: TERM 10s -> INT 5s"),
        (replace(spec(), start_time=2.5), "start: 1s -> 2.5s"),
        (replace(spec(), locks=(Lock("host:1883", "a/+"),)), "what is consumed: none -> host:1883 a/+"),
        (replace(spec(), env=()), "env PATH: gone"),
        (replace(spec(), ready=Ready("/h", 5.0, notify=True)), "ready: none -> notify and /h within 5s"),
        (
            replace(spec(), ready=Ready("/h", ipc=True, status=((200, 200), (300, 303)), body="ok", log="up *")),
            "ready: none -> ipc and log 'up *' and /h status 200 300-303 body 'ok' within 10s",
        ),
        (
            replace(spec(), ready=Ready(tcp=True, attempt=1.0, interval=2.0, successes=3, start_period=4.0)),
            "ready: none -> tcp within 10s, 1s for an answer, every 2s, 3 in a row, from 4s on",
        ),
        (
            replace(spec(), alive=Alive(tcp=Address("::1", 80), command=("check", "--password=x"))),
            "alive: none -> tcp [::1]:80 and exec check with 1 argument every 10s, 3 failures of 2s, from 0s on",
        ),
    ],
)
def test_other_fields_show_the_old_and_the_new_value(changed: object, said: str) -> None:
    """Addresses, stop and start times and topics are shown; of a variable only its fate."""
    assert [said] == [str(change) for change in compared(spec(), changed)]  # type: ignore[arg-type]


@given(VARIABLE_NAMES, HOSTILE.filter(lambda text: len(text) > 3), HOSTILE, HOSTILE)
def test_no_value_of_a_variable_and_no_plain_argument_is_told(
    name: str, secret: str, other: str, argument: str
) -> None:
    """Whatever a variable or an argument holds, a difference shows neither its old nor its new value."""
    mark = f"<<{secret}>>"
    old = spec(argv=("/bin/serve", mark), env=((name, mark),))
    new = spec(argv=("/bin/serve", argument), env=((name, other),))
    assert mark not in "".join(map(str, (*compared(old, new), *compared(new, old))))


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [(1 << 20, 2 << 20, ["memory: 1M -> 2M"]), (None, 1 << 20, ["memory: none -> 1M"]), (1 << 20, 1 << 20, [])],
)
def test_a_new_limit_is_a_change_without_a_restart(was: int | None, now: int, said: list[str]) -> None:
    """The instance is kept, and the old and the new limit are shown."""
    seen = Running("api-0", "api", 0, alive=True, state="running", spec=spec(), memory=was, limited=True)
    (action,) = diff((Wanted(spec(), memory=now),), (seen,))
    assert (Do.KEEP, bool(said), False) == (action.do, action.updates, action.restarts)
    assert said == [str(change) for change in action.changes]


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ((400, 600), (400, 800), ["memory.hard: 600M -> 800M"]),
        ((400, 600), (400, None), ["memory.hard: 600M -> none"]),
        ((400, 600), (500, 750), ["memory: 400M -> 500M"]),
        ((400, 600), (500, 600), ["memory: 400M -> 500M"]),
        ((400, 500), (400, 600), ["memory.hard: 500M -> 600M"]),
        ((400, 500), (500, 750), ["memory: 400M -> 500M", "memory.hard: 500M -> 750M"]),
        ((400, 600), (400, 600), []),
    ],
)
def test_a_new_hard_limit_is_shown_too(was: tuple[int, int], now: tuple[int, int | None], said: list[str]) -> None:
    """A hard limit that is written is a change of its own; one that only follows its limit is not told twice."""
    (old, old_hard), (new, new_hard) = was, now
    sizes = {"memory": old << 20, "hard": old_hard << 20}
    seen = Running("api-0", "api", 0, alive=True, state="running", spec=spec(), limited=True, **sizes)
    want = Wanted(spec(), memory=new << 20, hard=None if new_hard is None else new_hard << 20)
    (action,) = diff((want,), (seen,))
    assert (action.do, [str(change) for change in action.changes]) == (Do.KEEP, said)
    assert ("new memory limit, no restart needed" in action.reason) == bool(said)


def test_only_a_replacement_restarts() -> None:
    """A start and a stop end no process that another takes the place of."""
    seen = Running("api-0", "api", 0, alive=True, state="running", spec=spec())
    (replaced,) = diff((Wanted(spec(argv=("/bin/other",))),), (seen,))
    (started,) = diff((Wanted(spec()),), ())
    (stopped,) = diff((), (seen,))
    assert [True, False, False] == [a.restarts for a in (replaced, started, stopped)]
