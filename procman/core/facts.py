"""What is known of the host a manifest is for. Gathered before and handed in, so that rules stay pure."""

from __future__ import annotations

from collections.abc import Mapping

from procman.core.broker_names import NOTHING, Known
from procman.core.places import Place
from procman.core.values import dataclass, field

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where a service finds programs when neither its manifest nor its env_file says: nothing of the shell's."""


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """What the host says of one service. Paths are absolute; None means it is not there.

    `executable` is the first word of the command, resolved; where it is None, `former` is where the last `up` found it,
    if it still runs. `variables` are those of the env_file. Modes are permission
    bits. `script`: what package.json says of the script that the command names. `interpreter`: what the first line of
    the executable names, bare (``node``). `preloads`: the folder of `runtime/preload`, which the account of the service
    can read or not, and which is open to every account or not. `places`: where it listens, when there are several or
    unix sockets, located on this host; `owners_unknown` of those are no users or groups here. `probes`: the programs of
    the commands that ``ready`` and ``alive`` ask with, resolved.
    """

    directory: str
    directory_exists: bool
    executable: str | None
    home: str = "/"
    user: str | None = None
    user_known: bool = True
    variables: tuple[tuple[str, str], ...] = ()
    env_file_fault: str | None = None
    env_file_mode: int | None = None
    directory_mode: int | None = None
    executable_mode: int | None = None
    script: str | None = None
    interpreter: str | None = None
    preloads: str = ""
    preloads_readable: bool = True
    preloads_open: bool = True
    places: tuple[Place, ...] = ()
    owners_unknown: tuple[str, ...] = ()
    probes: tuple[tuple[str, str | None], ...] = ()
    former: str | None = None


@dataclass(frozen=True, slots=True)
class Former:
    """Where the last `up` found the programs of each service, by the word that the manifest has.

    `used`: they are what is meant as long as they run, so that nothing depends on the PATH of today.
    """

    programs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    used: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the host says. `services` by name; `known`: what it knows of names, its own and others'.

    `open_files`: how many one process may have at most; None: any number. `root`: procman runs as root.
    """

    services: Mapping[str, ServiceFacts] = field(default_factory=dict)
    known: Known = NOTHING
    open_files: int | None = None
    root: bool = False
