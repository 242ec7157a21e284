"""How a service comes to the address it shares, and how its open requests end: read from the words of its command.

A socket lies at descriptor 3 when the service starts, with the variables of socket activation. Some servers take it by
themselves, some want an option, some a preload of `runtime/preload`, and some cannot. Pure; looks at no file.
"""

from __future__ import annotations

from procman.core.argv import PACKAGE_RUNNERS, SHELLS, Call, calls
from procman.core.manifest import Address, Service
from procman.core.values import dataclass

NODE, PYTHON, EITHER = "node", "python", "either"
OWN_PORT = "{port}"
WRITTEN = "{{port}}"
"""What writes ``{port}`` itself. A ``$`` before the brace leaves it alone, too."""
"""A command with this word is told its port and opens it by itself."""

_NODE = frozenset({"node", "nodemon", "ts-node", "tsx", "next", "nest", "nuxt", "fastify", *PACKAGE_RUNNERS})
_PYTHON = frozenset({"python", "uvicorn", "hypercorn", "gunicorn"})
# What opens a port of its own and takes no other, with what to do instead.
_DEAF = {
    "granian": "use uvicorn or hypercorn",
    "daphne": "write --fd 3 in its command",
    "flask": "its server is for development: use gunicorn",
    "waitress": "use gunicorn",
    "waitress-serve": "use gunicorn",
    "http.server": "it is for development: use uvicorn or gunicorn",
    "bun": "run it with node",
    "deno": "run it with node",
    "php": "its server is for development: use one that takes LISTEN_FDS",
}
_CHANGES_ROOT = frozenset({"chroot", "bwrap", "unshare", "nsenter", "firejail", "docker", "podman", "systemd-nspawn"})
_READERS = frozenset({"cat", "tee", "logger", "true", "wait", "exit", "sed", "grep", "awk", "jq", "ts", "rotatelogs"})
"""What follows a server in the text of a shell and is none."""
_SERVERS = frozenset({"uvicorn", "hypercorn", "gunicorn"})
_WARY = frozenset("IE")


@dataclass(frozen=True, slots=True)
class Serving:
    """How one service is given its address. `server`: who takes it, or None where nothing is known of the program.

    `argv`: the command that is run; `added` and `removed`: its words that are not those of the manifest. `preload`:
    ``node``, ``python``, ``either`` where a script or another program may start one of them, or None; `drains`: it ends
    the open requests. `fault`: why the address cannot be used, and `advice` what to do then.
    """

    argv: tuple[str, ...]
    server: str | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    preload: str | None = None
    drains: bool = False
    fault: str = ""
    advice: str = ""

    def __str__(self) -> str:
        """Return it in words: ``uvicorn is given --fd 3, and drained by a preload``."""
        if self.server is None or self.fault:
            return ""
        if self.server == NODE and self.preload == NODE:
            how = "takes the address by a preload"
        elif self.added:
            how = f"is given {' '.join(self.added)}"
        elif self.removed:
            how = f"takes the address without {' '.join(self.removed)}"
        else:
            how = "takes the address"
        end = "drained by a preload" if self.drains else "drained as it does by itself"
        if self.drains and self.server == "gunicorn":
            end = "drained by itself, or before gunicorn 27 by a preload"
        return f"{self.server} {how}, and is {end}"


def opens_itself(command: tuple[str, ...]) -> bool:
    """Tell whether `command` is told the port of ``listen``, which its program then opens."""
    return any(told(word, "") != told(word, "0") for word in command if OWN_PORT in word)


def told(word: str, port: str) -> str:
    """Return `word` with the port in place of ``{port}``, for a server that can be told nothing else."""
    parts = (
        f"${OWN_PORT}".join(p.replace(OWN_PORT, port) for p in w.split(f"${OWN_PORT}")) for w in word.split(WRITTEN)
    )
    return OWN_PORT.join(parts)


def serving(
    service: Service, interpreter: str | None = None, *, reachable: bool = True, open_to_all: bool = True
) -> Serving:
    """Return how `service` comes to its address. `interpreter`: what runs its program, by the program's first line.

    `reachable`: the account it runs as can read the preloads; `open_to_all`: so can any other that it may become.
    """
    plain, every = Serving(service.command), calls(service.command)
    if not service.places:
        return plain
    if opens_itself(service.command):
        told_a_port = not every or any(isinstance(place, Address) for place in service.places)
        return plain if told_a_port else _portless(service, every[-1])
    return _by_program(service, every, interpreter, reachable=reachable, open_to_all=open_to_all)


def environment(found: Serving, folder: str, service: Service, known: dict[str, str]) -> dict[str, str]:
    """Return the variables that load the preload of `found` from `folder`, before what `known` has of them.

    The limit of a drain lies below the stop's: what is left then is ended by the program, not by SIGKILL.
    """
    added: dict[str, str] = {}
    if found.preload in (NODE, EITHER) or (service.ready is not None and service.ready.ipc):
        path = f"{folder}/node.cjs".replace("\\", "\\\\").replace('"', '\\"')
        added["NODE_OPTIONS"] = f'--require "{path}" {known.get("NODE_OPTIONS", "")}'.rstrip()
    if found.preload in (PYTHON, EITHER):
        before = known.get("PYTHONPATH", "")
        added["PYTHONPATH"] = f"{folder}/python:{before}" if before else f"{folder}/python"
    if found.drains:
        limit = max(service.stop.timeout / 2, service.stop.timeout - 1)
        added["PROCMAN_DRAIN"] = f"{limit:g} {service.stop.signal}"
    return added


def _by_program(
    service: Service, every: tuple[Call, ...], interpreter: str | None, *, reachable: bool, open_to_all: bool
) -> Serving:
    """Return it for what runs: the last of the programs `every`, none of which is there for the file of a script."""
    call = every[-1] if every else Call("", (), ())
    if call.name in _DEAF:
        return _deaf(service, call, call.name, _DEAF[call.name])
    name = call.name if call.name in _NODE | _PYTHON else interpreter
    if name in _NODE:
        return _node(service, reachable=reachable)
    if name in _PYTHON:
        return _python(service, call, name, reachable=reachable)
    server = next((c for c in reversed(every) if c.name in _SERVERS), None)
    if server is not None and call.name in _READERS:
        return _python(service, server, server.name, reachable=reachable)
    if not open_to_all or any(c.name in _CHANGES_ROOT for c in every):
        return Serving(service.command)
    return Serving(service.command, preload=EITHER, drains=service.drain)


def _node(service: Service, *, reachable: bool) -> Serving:
    if not reachable:
        why = f"'{service.user}' cannot read what procman loads before node"
        return Serving(service.command, NODE, fault=why, advice="install procman where every user can read it")
    return Serving(service.command, NODE, preload=NODE, drains=service.drain)


def _python(service: Service, call: Call, name: str, *, reachable: bool) -> Serving:
    if call.name == "uvicorn" and (fault := _uvicorn_fault(call, service)):
        return Serving(service.command, call.name, fault=fault[0], advice=fault[1])
    added, removed = _options(call, service)
    direct = not SHELLS & set(call.around) and service.command[-len(call.words) :] == call.words
    if (added or removed) and not direct:
        advice = f"write {' '.join(added)} in its command" if added else f"leave {' '.join(removed)} out"
        return Serving(service.command, call.name, fault=f"{call.name} runs inside {call.around[0]}", advice=advice)
    argv = service.command
    if removed:
        head = argv[: len(argv) - len(call.args)]
        argv = (*head, *_without(call.args, removed))
    drains = service.drain and reachable and not _wary(call)
    server = call.name if call.name in _PYTHON else name
    preload = PYTHON if drains else None
    return Serving((*argv, *added), server, added, removed, preload, drains=drains)


def _uvicorn_fault(call: Call, service: Service) -> tuple[str, str] | None:
    """Return why uvicorn cannot take the address, and what to do; it takes one, and none beside its own."""
    if _values(call.args, "--uds"):
        return "--uds in its command has it open a socket of its own", "leave --uds out: procman opens the address"
    if len(service.places) > 1:
        return f"uvicorn takes one address, and this has {len(service.places)}", "use hypercorn or gunicorn"
    return None


def _options(call: Call, service: Service) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words a server lacks, and those that stand in the way."""
    if call.name == "uvicorn":
        return (() if _values(call.args, "--fd") else ("--fd", "3")), ()
    bound = _values(call.args, "-b", "--bind")
    handed = tuple(word for value, words in bound for word in words if value.startswith("fd://"))
    if call.name == "gunicorn":
        return (), handed  # with LISTEN_FDS too it would take the descriptor twice, and close it once too often
    if call.name == "hypercorn" and not handed:
        ports = {f":{place.port}" for place in service.places if isinstance(place, Address)}
        same = tuple(word for value, words in bound for word in words if f":{value.rpartition(':')[2]}" in ports)
        return tuple(w for n in range(len(service.places)) for w in ("-b", f"fd://{3 + n}")), same
    return (), ()


def _values(args: tuple[str, ...], *names: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return every value of the options `names`, with the words it stands in."""
    found = []
    for index, word in enumerate(args):
        for name in names:
            if word == name and index + 1 < len(args):
                found.append((args[index + 1], args[index : index + 2]))
            elif word.startswith(f"{name}="):
                found.append((word[len(name) + 1 :], (word,)))
    return found


def _without(args: tuple[str, ...], removed: tuple[str, ...]) -> tuple[str, ...]:
    """Return `args` without the words of `removed`, which stand in it in that order."""
    left = list(removed)
    kept = []
    for word in args:
        if left and word == left[0]:
            left.pop(0)
        else:
            kept.append(word)
    return tuple(kept)


def _wary(call: Call) -> bool:
    """Tell whether python is told to ignore PYTHONPATH: ``python -I``, ``-E``."""
    options = []
    for word in call.words[1:]:
        if not word.startswith("-") or word == "-m":
            break
        options.append(word)
    return any(not word.startswith("--") and _WARY & set(word[1:]) for word in options)


def _deaf(service: Service, call: Call, server: str, advice: str) -> Serving:
    return Serving(service.command, server, fault=f"{call.name} opens a port of its own", advice=advice)


def _portless(service: Service, call: Call) -> Serving:
    why = f"{OWN_PORT} in its command is a port, and a unix socket has none"
    return Serving(service.command, call.name, fault=why, advice=f"listen on HOST:PORT; {WRITTEN} is the plain text")
