"""From a spec file to the command of a probe, which runs as its service does: user, environment and directory.

It never runs as root when the service does not, dies with the manager, and inherits no lock and no listening socket.
"""

import posix

from procman.core.records import unpack
from procman.runtime import becoming, parent, procfs
from procman.runtime.chain import Launch
from procman.runtime.exits import CONFIG, NOT_FOUND, Refused, printable


def run(arguments: list[str]) -> None:
    """Become the command of the probe that `arguments` name; raises SystemExit otherwise."""
    try:
        _become(arguments)
    except Refused as refused:
        posix.write(2, f"{printable(refused.reason)}\n".encode("utf-8", "replace"))
        raise SystemExit(refused.code) from None


def _become(arguments: list[str]) -> None:
    path, kind, pid = arguments
    above, manager = parent.identify(posix.environ)
    parent.die_with(above)
    data = procfs.read(path)
    if data is None:
        raise Refused(CONFIG, f"cannot read the spec file {path}")
    records = unpack(data)
    launch = Launch(records)
    words = [value for name, value in records if name == f"{kind}-exec"]
    launch.env |= {"PROCMAN_MANAGER": manager.decode("ascii"), "PROCMAN_PID": pid}
    if launch.user is not None:
        becoming.user(launch.user)
        parent.die_with(above)  # a change of user clears the death signal
    becoming.inside(launch.cwd)
    words[0] = _found(words[0], launch.env.get("PATH", ""))
    becoming.command(words, launch.env)


def _found(program: str, path: str) -> str:
    if "/" in program:
        return program
    for folder in path.split(":"):
        try:
            runs = posix.access(f"{folder or '.'}/{program}", posix.X_OK)
        except ValueError:
            runs = False
        if runs:
            return f"{folder or '.'}/{program}"
    raise Refused(NOT_FOUND, f"there is no command {program} on the PATH of the service")
