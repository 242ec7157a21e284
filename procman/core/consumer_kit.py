"""The files of a reference consumer: which of the examples', and the values of its manifest. Pure."""

from __future__ import annotations

import json

from procman.core.sheet import Page, Sheet
from procman.core.values import dataclass

LANGUAGES = ("python", "node")
DATABASES = ("sqlite", "postgresql")
PROJECT = "tiwater-consumer"
MANIFEST = "procman.yaml"
PACKAGE = "package.json"

NODE = ">=18.2"
"""The versions of node that the consumer runs on."""
NODE_PACKAGES = {"sqlite": {"@photostructure/sqlite": "^1.2.1"}, "postgresql": {"pg": "^8.23.1"}}
NODE_MQTT = {"mqtt": "^5.16.0"}
"""What it imports. Not the newest of each: @photostructure/sqlite 2 is for node 22 and later."""

_ADDRESS = {
    "sqlite": "${DATABASE:-run/tiwater.db}",
    "postgresql": "${DATABASE:-postgresql://127.0.0.1/tiwater}",
}


@dataclass(frozen=True, slots=True)
class Kit:
    """Files below `folder` of the examples, to be copied flat, and what the manifest says. `notify`: by sd_notify.

    `packages`: what a package.json beside them asks for, by name; empty for what has none.
    """

    folder: str
    files: tuple[str, ...]
    command: str
    needs: str
    readings: str
    storage: str
    notify: bool
    packages: tuple[tuple[str, str], ...] = ()


def kit(language: str, database: str) -> Kit:
    """Return the consumer in `language` for `database`; KeyError for what there is none for."""
    return _KITS[language](database)


def manifest(language: str, database: str) -> Page:
    """Return the page of its manifest."""
    wanted = kit(language, database)
    values: dict[str, object] = {
        "language": language,
        "needs": wanted.needs,
        "project": PROJECT,
        "command": wanted.command,
        "notify": wanted.notify,
        "database": _ADDRESS[database],
        "readings": wanted.readings,
        "storage": wanted.storage,
    }
    return Page(MANIFEST, "consumer/procman.yaml.j2", values, 0o644)


def package(language: str, database: str) -> Sheet | None:
    """Return the package.json beside it: the versions it was tested with, and CommonJS whatever lies above."""
    packages = dict(kit(language, database).packages)
    if not packages:
        return None
    document = {
        "name": PROJECT,
        "private": True,
        "type": "commonjs",
        "engines": {"node": NODE},
        "dependencies": packages,
    }
    return Sheet(PACKAGE, f"{json.dumps(document, indent=2)}\n".encode(), 0o644)


def _python(database: str) -> Kit:
    storage = f"storage_{database}.py"
    shared = ("consumer", "broker_link", "broker_url", "readings", "storage", "supervision", "writer")
    return Kit(
        folder="tiwater",
        files=(*(f"{name}.py" for name in shared), storage),
        command="${PYTHON:-python3} consumer.py",
        needs="pip install paho-mqtt" + (" 'psycopg[binary]'" if database == "postgresql" else ""),
        readings="readings.py",
        storage=storage,
        notify=True,
    )


def _node(database: str) -> Kit:
    storage = f"storage-{database}.js"
    shared = ("mqtt-consumer", "broker-link", "readings", "storage", "supervision", "writer")
    packages = {**NODE_MQTT, **NODE_PACKAGES[database]}
    return Kit(
        folder="tiwater-node/src",
        files=(*(f"{name}.js" for name in shared), storage),
        command="${NODE:-node} mqtt-consumer.js",
        needs="npm install " + " ".join(f"{name}@{_major(wanted)}" for name, wanted in packages.items()),
        readings="readings.js",
        storage=storage,
        notify=False,  # node cannot write to such a socket without the program systemd-notify
        packages=tuple(packages.items()),
    )


def _major(wanted: str) -> str:
    return wanted.removeprefix("^").partition(".")[0]


_KITS = {"python": _python, "node": _node}
