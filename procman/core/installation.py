"""The installation that procman runs from, and the command that changes its packages. Pure."""

from __future__ import annotations

import shlex
from enum import StrEnum

from procman.core.values import dataclass

DISTRIBUTION = "procman-supervisor"
"""The name that installers know procman by (docs/decisions/0030-a-name-of-our-own.md)."""


class Installer(StrEnum):
    """Who looks after the packages beside procman."""

    PIP = "pip"
    PIPX = "pipx"
    UV = "uv"
    OTHER = "other"  # an environment without pip, which the pip of another Python can fill


@dataclass(frozen=True, slots=True)
class Need:
    """A package that procman can do without until it is asked for.

    `module` and `name` are imported from it: the name is there since the oldest version that will do.
    """

    requirement: str
    module: str
    name: str

    @property
    def package(self) -> str:
        """The package's name alone."""
        return self.requirement.partition(">")[0].partition("[")[0]


PAHO = Need("paho-mqtt>=2.0", "paho.mqtt.enums", "CallbackAPIVersion")
SQLALCHEMY = Need("sqlalchemy>=2.0", "sqlalchemy", "NullPool")
PSYCOPG = Need("psycopg[binary]>=3.2", "psycopg", "connect")
PYMYSQL = Need("pymysql>=1.1", "pymysql", "connect")
SUPERVISOR = "supervisor>=4.3,<4.4"


@dataclass(frozen=True, slots=True)
class Installation:
    """One environment: its Python, its installer, and the name that pipx has for it.

    `root`: only another user may write there. `managed`: the system's own, where pip wants to be told twice.
    """

    python: str
    installer: Installer
    name: str = ""
    root: bool = False
    managed: bool = False

    def adding(self, *requirements: str) -> str:
        """Return the command, for a shell, that adds these packages to this very environment."""
        words = {
            Installer.PIPX: ("pipx", "inject", *(("--global",) if self.root else ()), self.name),
            Installer.UV: ("uv", "pip", "install", "--python", self.python),
            Installer.OTHER: ("pip", "--python", self.python, "install"),
            Installer.PIP: (self.python, "-m", "pip", "install"),
        }[self.installer]
        return self._as_owner((*words, *(("--break-system-packages",) if self.managed else ()), *requirements))

    def _as_owner(self, words: tuple[str, ...]) -> str:
        return shlex.join(("sudo", *words) if self.root else words)
