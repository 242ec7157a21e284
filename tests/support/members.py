"""A project whose consumer may have members: a reference consumer under procman, its broker and its database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from procman.adapters.broker import Link
from tests.support.projects import Project, Text, ended
from tests.support.tiwater import EXACT, Key, Lab, Message
from tests.support.waiting import wait_until

KEY = ["timestamp", "codigo_tienda", "equipo_id"]


def copied(example: Path, folder: Path) -> Path:
    """Copy an example into `folder`, its packages as a link."""
    packages = shutil.ignore_patterns("node_modules", "run", "__pycache__")
    copy = Path(shutil.copytree(example, folder / example.name, ignore=packages))
    if (example / "node_modules").exists():
        (copy / "node_modules").symlink_to(example / "node_modules")
    return copy


class Shop:
    """The project, the port of its broker, and the lab of one language and database."""

    def __init__(self, project: Project, port: int, lab: Lab) -> None:
        self.project = project
        # A copy of its own: another test's consumer, run by hand, would be a stray of this project.
        self.lab = replace(lab, port=port, example=copied(lab.example, project.folder))
        self.database = self.lab.database.address
        self.command = self.lab.command

    def mqtt(self, instances: int, command: tuple[str, ...] = (), **consumes: object) -> Text:
        """The consumer as a service."""
        url = f"mqtt://127.0.0.1:{self.lab.port}"
        said: Text = {
            "kind": "scalable",
            "command": list(command or self.command),
            "directory": str(self.lab.example),
            "instances": instances,
            "memory": "60M",
            "env": {"DATABASE": self.database, "MQTT_BROKER": url},
            "consumes": {
                "broker": url,
                "topics": ["tiwater/+/data"],
                "client_id": "tiwater",
                "share": "g",
                "dedup": {"database": self.database, "table": "readings", "key": KEY},
                **consumes,
            },
        }
        if "share" in consumes and consumes["share"] is None:
            del said["consumes"]["share"]
        return said

    def begin(self, command: tuple[str, ...] = (), change: Callable[[Text], Text] = dict, **consumes: object) -> None:
        """Start one, wait for its table, and verify its guards. `change` is made to the service."""
        self.project.write({"mqtt": change(self.mqtt(1, command, **consumes))})
        self.project.up()
        wait_until(self.has_table, 60, "the consumer has made its table")
        group = [] if consumes.get("share", "g") is None else ["--only", "shared-subscription"]
        ended(self.project.run("verify", "--only", "unique-key", *group), 0)

    def has_table(self) -> bool:
        """Whether the consumer has made its table."""
        return bool(self.lab.select("SELECT count(*) FROM readings"))

    def waiting(self) -> int:
        """How many sessions wait at the broker for a client that is away."""
        with Link(f"mqtt://127.0.0.1:{self.lab.port}") as link:
            link.subscribe(["$SYS/broker/clients/disconnected"], 0)
            assert link.wait(lambda: bool(link.received), 30), "the broker does not say who is away"
            return int(link.received[-1].payload)

    def keeps(self, number: int) -> bool:
        """Whether the broker keeps a session for this member, which does not run; afterwards it keeps none."""
        url, name = f"mqtt://127.0.0.1:{self.lab.port}", f"tiwater-{number}"
        with Link(url, name, clean=False) as link:
            present = link.session_present
        with Link(url, name):
            return present

    def all_stored(self, published: Mapping[Key, Message]) -> None:
        """Each reading that was published becomes exactly one row, and no session is left at the broker."""
        wait_until(lambda: self.lab.compare(published) == EXACT, 60, f"all rows: {self.lab.compare(published)}")
        wait_until(lambda: self.waiting() == 0, 60, "no session waits")
