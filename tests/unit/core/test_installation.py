"""The command that adds a package is one for the environment that lacks it."""

import shlex
import tomllib

import pytest

from procman.core.installation import (
    DISTRIBUTION,
    PAHO,
    PSYCOPG,
    PYMYSQL,
    SQLALCHEMY,
    SUPERVISOR,
    Installation,
    Installer,
)
from tests.architecture.repository import ROOT

PYTHON = "/opt/pro man/bin/python"


@pytest.mark.parametrize(
    ("place", "command"),
    [
        (Installation("/v/bin/python", Installer.PIP), "/v/bin/python -m pip install paho-mqtt 'psycopg[binary]>=3.2'"),
        (
            Installation(PYTHON, Installer.PIP, root=True),
            f"sudo '{PYTHON}' -m pip install paho-mqtt 'psycopg[binary]>=3.2'",
        ),
        (
            Installation("/usr/bin/python3", Installer.PIP, managed=True),
            "/usr/bin/python3 -m pip install --break-system-packages paho-mqtt 'psycopg[binary]>=3.2'",
        ),
        (Installation(PYTHON, Installer.PIPX, "ours"), "pipx inject ours paho-mqtt 'psycopg[binary]>=3.2'"),
        (
            Installation(PYTHON, Installer.PIPX, "ours", root=True),
            "sudo pipx inject --global ours paho-mqtt 'psycopg[binary]>=3.2'",
        ),
        (
            Installation(PYTHON, Installer.UV),
            f"uv pip install --python '{PYTHON}' paho-mqtt 'psycopg[binary]>=3.2'",
        ),
        (
            Installation("/v/bin/python", Installer.OTHER),
            "pip --python /v/bin/python install paho-mqtt 'psycopg[binary]>=3.2'",
        ),
    ],
)
def test_a_package_is_added_by_the_installer_that_made_the_place(place: Installation, command: str) -> None:
    """A shell takes the command as it stands, spaces in the path and brackets of an extra included."""
    assert place.adding("paho-mqtt", "psycopg[binary]>=3.2") == command
    assert shlex.split(command)[-1] == "psycopg[binary]>=3.2"


def test_what_is_asked_for_is_what_the_metadata_asks_for() -> None:
    """Requirements in messages, and the name, are those of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [need.requirement for need in (PAHO, PSYCOPG, PYMYSQL, SQLALCHEMY)]
    asked = {need.partition(";")[0] for need in project["optional-dependencies"]["verify"]}
    assert set(needs) == asked - {"psycopg>=3.2"}  # that one is for where there is no wheel of libpq
    assert SUPERVISOR in project["dependencies"]
    assert project["name"] == DISTRIBUTION
    assert [need.package for need in (PAHO, PSYCOPG, PYMYSQL, SQLALCHEMY)] == [
        "paho-mqtt",
        "psycopg",
        "pymysql",
        "sqlalchemy",
    ]
