"""From a spec file to the running service: each step in its order, then exec. Nothing of it stays resident.

Every step ends in success or in Refused, which becomes one line on stderr and an exit code (`exits`).
"""

import posix

from procman.core.records import unpack
from procman.runtime import becoming, parent, procfs, survivors
from procman.runtime.becoming import octets
from procman.runtime.exits import CONFIG, HELD, Refused, printable

TYPE_CHECKING = False  # that of `typing` costs as much as everything else here
if TYPE_CHECKING:
    from procman.runtime.kept import Kept
    from procman.runtime.wanted import Wanted

ONCE = ("project", "service", "instance", "instances", "kind", "state", "cwd")
SINGLETON = "singleton"
AGAIN = "render it again: procman up"


class Launch:
    """What the spec file says, and what the steps add: variables for the service."""

    __slots__ = (
        *("argv", "claims", "cwd", "env", "kind", "kept", "listen", "notifies", "service", "shares", "speaks"),
        *("state", "unit", "user"),
    )

    def __init__(self, records: list[tuple[str, str]]) -> None:
        one = dict(records)
        for name in ONCE:
            if not one.get(name):
                raise ValueError(f"it lacks {name}")
        self.service, self.kind, self.state, self.cwd = (one[n] for n in ("service", "kind", "state", "cwd"))
        self.unit = f"{self.service}-{one['instance']}"
        self.kept: list[Kept] = []
        self.argv = [value for name, value in records if name == "arg"]
        self.claims = [value for name, value in records if name == "lock"]
        self.user = one.get("user")
        places = [value for name, value in records if name == "listen"]
        self.listen = places if "binds" not in one else []
        self.notifies = ("ready", "notify ") in records or ("alive", "notify ") in records
        self.speaks = ("ready", "ipc ") in records
        self.shares = "shares" in one
        self.env = dict(_variable(value) for name, value in records if name == "env")
        self.env |= {f"PROCMAN_{name.upper()}": one[name] for name in ONCE[:4]}
        self.env |= {"PROCMAN_STATE": self.state, "PROCMAN_UNIT": self.unit}
        for place in reversed(places):
            port, _, host = place.partition(" ")
            if port.isdigit():
                self.env |= {"HOST": host, "PORT": port}
        if ("alive", "notify ") in records:
            self.env["WATCHDOG_USEC"] = str(int(float(one["alive-times"].partition(" ")[0]) * 1e6))
        self._check(one)

    def wanted(self) -> "Wanted":
        """Return what a singleton needs to hold."""
        from procman.core.deeds import Deed  # noqa: PLC0415 - an API instance need not load it
        from procman.runtime import programs, wanted  # noqa: PLC0415 - same

        deed = Deed(self.state, self.service, self.unit, shares=self.shares)
        deed.programs = programs.keys(self.argv, self.cwd)
        return wanted.Wanted(deed, self.claims, self.env)

    def _check(self, one: dict[str, str]) -> None:
        if self.kind not in (SINGLETON, "scalable"):
            raise ValueError(f"it knows no kind '{printable(self.kind)}'")
        if (self.kind == SINGLETON) != bool(self.claims):
            raise ValueError("a singleton has locks, and nothing else has")
        if not all(claim.partition(" ")[0] and claim.partition(" ")[2] for claim in self.claims):
            raise ValueError("a lock has no scope or no filter")
        if not self.argv or not self.argv[0]:
            raise ValueError("it lacks a command")
        if not (one["instance"].isdigit() and one["instances"].isdigit()):
            raise ValueError("an instance is no number")
        if not all(map(_is_place, self.listen)):
            raise ValueError("listen is no address")


def run(arguments: list[str], environment: dict[bytes, bytes] = posix.environ, *, clear: bool = False) -> None:
    """Become the service of the spec file named in `arguments`; raises SystemExit otherwise.

    `environment` is that of supervisord's child; `clear`: it is known that no earlier start has left anything alive.
    """
    parent.end_quietly()
    name = arguments[0].rpartition("/")[2] if arguments else "launch"
    try:
        launch = _load(arguments)
        name = launch.unit
        _launch(launch, environment, clear=clear)
    except Refused as refused:
        _say(name, refused.reason)
        raise SystemExit(refused.code) from None
    except OSError as error:
        _say(name, f"cannot start: {error.strerror}; look at the host's limits, then start it again")
        raise SystemExit(HELD) from None


def _load(arguments: list[str]) -> Launch:
    if len(arguments) != 1:
        raise Refused(CONFIG, "usage: python -I -S launch.py SPEC; supervisord runs this, see procman up")
    path = arguments[0]
    data = procfs.read(path)
    if data is None:
        raise Refused(CONFIG, f"cannot read the spec file {printable(path)}; {AGAIN}")
    try:
        return Launch(unpack(data))
    except ValueError as error:
        raise Refused(CONFIG, f"{printable(path)}: {printable(str(error))}; {AGAIN}") from None


def _launch(launch: Launch, environment: dict[bytes, bytes], *, clear: bool) -> None:
    pid, manager = parent.identify(environment)
    parent.die_with(pid)
    store = environment.get(b"PROCMAN_STORE")
    try:
        if store and launch.kind == SINGLETON:
            _end_orphans(launch, store, pid)
        _make_sure(launch, manager, clear=clear)
        _become(launch, environment, pid, manager)
    except Refused as refused:
        if refused.code == HELD and store:
            from procman.runtime.hello import report_held  # noqa: PLC0415 - loads _socket, only needed here

            report_held(store, pid, octets(launch.unit), refused.reason)
        raise


def _become(launch: Launch, environment: dict[bytes, bytes], pid: int, manager: bytes) -> None:
    launch.env["PROCMAN_MANAGER"] = manager.decode("ascii")
    if "PROCMAN_MQTT_BROKER" in launch.env:
        from procman.runtime import tokens  # noqa: PLC0415 - consumers only

        launch.env["PROCMAN_MQTT_TOKEN"] = tokens.fresh(launch.state, launch.unit)
    _greet(launch, environment.get(b"PROCMAN_STORE"), pid, environment.get(b"PROCMAN_NOTIFY"))
    if launch.user is not None:
        becoming.user(launch.user)
        parent.die_with(pid)  # a change of user clears the death signal
    becoming.inside(launch.cwd)
    for lock in launch.kept:
        lock.prove()
    becoming.command(launch.argv, launch.env)


def _end_orphans(launch: Launch, store: bytes, pid: int) -> None:
    """End what an earlier start left under this manager: before the lock is asked for, since it may hold it."""
    from procman.runtime.hello import end_orphans  # noqa: PLC0415 - a start by hand need not load _socket

    ended = end_orphans(store, pid, octets(launch.unit))
    if ended:
        _say(launch.unit, f"ended what an earlier start left behind: {b', '.join(ended).decode()}")


def _make_sure(launch: Launch, manager: bytes, *, clear: bool) -> None:
    """Hold the locks, and leave nothing alive of an earlier start: Refused when another has them."""
    me = survivors.Identity(octets(launch.state), octets(launch.unit), manager)
    if launch.kind == SINGLETON:
        from procman.runtime import locks  # noqa: PLC0415 - an API instance need not load it

        wanted = launch.wanted()
        me = survivors.Identity(me.state, me.unit, manager, wanted)
        launch.env["PROCMAN_COOKIE"] = wanted.cookie
        launch.env["PROCMAN_PROGRAM"] = "\n".join(sorted(wanted.deed.programs))
        sockets = len(launch.listen) + launch.speaks
        launch.kept = locks.acquire(wanted, me, above=becoming.LISTENING + sockets)
    ended = [] if clear else survivors.clear(me)
    if ended:
        _say(launch.unit, f"ended what an earlier start left behind: {', '.join(ended)}")


def _greet(launch: Launch, store: bytes | None, pid: int, notify: bytes | None) -> None:
    message = [b"start", octets(launch.unit), octets(launch.state)]
    if launch.listen:
        count = len(launch.listen)
        message += map(octets, (launch.service, launch.env["PROCMAN_INSTANCE"], *launch.listen))
        launch.env |= {"LISTEN_FDS": str(count), "LISTEN_PID": str(posix.getpid())}
        launch.env["LISTEN_FDNAMES"] = ":".join([launch.service] * count)
        if not store:
            raise Refused(
                CONFIG, "its listening socket is held by procman's plugin, which is not there; use procman up"
            )
    if store:
        from procman.runtime.hello import greet  # noqa: PLC0415 - a start by hand need not load _socket

        group, score = greet(store, pid, message, listens=len(launch.listen))
        if group:
            _write(launch.unit, group, b"0", "a hard memory limit")
        if score:
            _write(launch.unit, b"/proc/self/oom_score_adj", score, "its place in the order of the OOM killer")
    if launch.notifies and notify:
        launch.env["NOTIFY_SOCKET"] = notify.decode("ascii")
    if launch.speaks and notify:
        from procman.runtime.hello import speak  # noqa: PLC0415 - few services need it

        descriptor = becoming.LISTENING + len(launch.listen)
        speak(notify, descriptor)
        launch.env["PROCMAN_READY_FD"] = str(descriptor)


def _write(unit: str, path: bytes, value: bytes, what: str) -> None:
    """Write what the kernel keeps of this process. Without it the service runs all the same, and says so."""
    try:
        descriptor = posix.open(path, posix.O_WRONLY | posix.O_CLOEXEC)
        try:
            posix.write(descriptor, value)
        finally:
            posix.close(descriptor)
    except OSError as error:
        _say(unit, f"runs without {what}: {error.strerror}: {printable(path)}")


def _is_place(text: str) -> bool:
    first, _, rest = text.partition(" ")
    return rest != "" and (first == "unix" or first.isdigit())


def _variable(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not name or not mark:
        raise ValueError("an env record has no name or no value")
    return name, value


def _say(unit: str, reason: str) -> None:
    line = f"procman: {printable(unit)}: {reason}\n".encode("utf-8", "replace")
    try:
        posix.write(2, line)
    except OSError:
        return  # a closed log: the exit code still says it
