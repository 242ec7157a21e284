"""The files of a reference consumer: which of the examples', and the values of its manifest. Pure."""

from __future__ import annotations

from procman.core.sheet import Page
from procman.core.values import dataclass

LANGUAGES = ("python", "node")
DATABASES = ("sqlite", "postgresql")
PROJECT = "tiwater-consumer"
MANIFEST = "procman.yaml"

_ADDRESS = {
    "sqlite": "${DATABASE:-run/tiwater.db}",
    "postgresql": "${DATABASE:-postgresql://127.0.0.1/tiwater}",
}


@dataclass(frozen=True, slots=True)
class Kit:
    """Files below `folder` of the examples, to be copied flat, and what the manifest says. `notify`: by sd_notify."""

    folder: str
    files: tuple[str, ...]
    command: str
    needs: str
    readings: str
    storage: str
    notify: bool


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
    # node's own SQLite came with 22.5.
    return Kit(
        folder="tiwater-node/src",
        files=(*(f"{name}.js" for name in shared), storage),
        command="node mqtt-consumer.js",
        needs=f"npm install mqtt {'pg' if database == 'postgresql' else '@photostructure/sqlite'}",
        readings="readings.js",
        storage=storage,
        notify=False,  # node cannot write to such a socket without the program systemd-notify
    )


_KITS = {"python": _python, "node": _node}
