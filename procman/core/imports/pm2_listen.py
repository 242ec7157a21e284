"""How many of an app there are, and the address that they share."""

from __future__ import annotations

import re
from collections.abc import Mapping

from procman.core.imports.draft import Entry, Value
from procman.core.imports.pm2_app import App, instances
from procman.core.imports.pm2_limits import MOST_INSTANCES

SOCKET = (
    "scalable: each instance is handed a socket of one address; a node server takes it as it is, others as the guide's "
    "Listening sockets says"
)
GUESSED = "300M"
_PORT = re.compile(r"[1-9][0-9]{0,4}")


def port(app: App, env: Mapping[str, Value]) -> str | None:
    """Return the port that the app is told: PORT, or an option of its command."""
    said = env.get("PORT")
    if isinstance(said, str) and (_PORT.fullmatch(said) or re.fullmatch(r"\$\{\w+(:-[0-9]+)?\}", said)):
        return said
    args = app.words("args")
    for index, word in enumerate(args):
        found = re.fullmatch(r"(?:--port|-p)(?:=([0-9]+))?", word)
        if found:
            value = found[1] or (args[index + 1] if index + 1 < len(args) else "")
            return value if _PORT.fullmatch(value) else None
    return None


def number(port: str | None) -> str | None:
    """Return the number in a port that may come from a variable: 3000 of ``${PORT:-3000}``."""
    found = re.search("[0-9]+", port or "")
    return found[0] if found else port


def entries(app: App, env: Mapping[str, Value], port: str | None, told: dict[str, str]) -> list[Entry]:
    """Return the keys of a service that may run several times."""
    count = instances(app.values.get("instances", 1))
    entries = [Entry("instances", count if 0 < count <= MOST_INSTANCES else "auto")]
    if count <= 0:
        told["instances"] = "auto: as many as fit in RAM, at most one per core, where PM2 counts CPUs alone"
        if "max_memory_restart" not in app.values:
            entries.append(Entry("memory", GUESSED, "PM2 had no limit; auto needs one: `procman plan --measured`"))
    else:
        told.setdefault("instances", "")
    told.setdefault("exec_mode", SOCKET)
    if port is None:
        return entries
    host = env.get("HOST")
    address = f"{host if isinstance(host, str) and re.fullmatch('[0-9.]+|localhost', host) else '0.0.0.0'}:{port}"  # noqa: S104 - where it listened
    aside = "" if not address.startswith("0.0.0.0") else "127.0.0.1 if a proxy on this host stands in front"  # noqa: S104 - same
    entries.append(Entry("listen", address, aside))
    return entries
