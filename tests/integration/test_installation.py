"""What an environment tells of its installer, and what is said where a package is missing in it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from procman.adapters import installation
from procman.core.checks import Unknown
from procman.core.installation import Need
from tests.architecture.repository import ROOT

ASK = "from procman.adapters import installation; print(installation.this().adding('x>=1'))"


def made(prefix: Path, *marks: str) -> str:
    """Make an environment with these files in it, and return what procman says in it."""
    venv.create(prefix, with_pip=False)
    for mark in marks:
        path = prefix / mark.replace("SITE", f"lib/python{sysconfig.get_python_version()}/site-packages")
        path.parent.mkdir(exist_ok=True, parents=True)
        path.touch()
    done = subprocess.run(
        [prefix / "bin" / "python", "-c", ASK],
        env={"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip().replace(str(prefix), "HERE")


@pytest.mark.parametrize(
    ("place", "marks", "command"),
    [
        ("v", ["SITE/pip/__init__.py"], "HERE/bin/python -m pip install 'x>=1'"),
        ("v", [], "pip --python HERE/bin/python install 'x>=1'"),
        ("v", ["uv-receipt.toml"], "uv pip install --python HERE/bin/python 'x>=1'"),
        ("venvs/ours", ["pipx_metadata.json"], "pipx inject ours 'x>=1'"),
        ("venvs/ours", ["pipx_metadata.json", "SITE/pip/__init__.py"], "pipx inject ours 'x>=1'"),
        ("cache/d0c5", ["pipx_metadata.json", "SITE/pip/__init__.py"], "HERE/bin/python -m pip install 'x>=1'"),
    ],
    ids=["pip", "without pip", "uv tool", "pipx", "pipx with pip", "pipx run"],
)
def test_the_command_is_that_of_the_installer(tmp_path: Path, place: str, marks: list[str], command: str) -> None:
    """An environment of pipx, of uv, or with and without pip is told by what lies in it."""
    assert made(tmp_path / place, *marks) == command


def test_an_environment_of_uv_is_told_by_its_configuration(tmp_path: Path) -> None:
    """`uv venv` leaves no pip, and a line in pyvenv.cfg."""
    made(tmp_path / "v")
    with (tmp_path / "v" / "pyvenv.cfg").open("a", encoding="utf-8") as file:
        file.write("uv = 0.9.0\n")
    python = tmp_path / "v" / "bin" / "python"
    done = subprocess.run(
        [python, "-c", ASK], env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True, text=True
    )
    assert done.stdout == f"uv pip install --python {python} 'x>=1'\n"


def test_an_environment_of_another_user_needs_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this user may not write, pip would fail."""
    monkeypatch.setattr(sys, "prefix", "/opt/v")
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    assert installation.this().adding("x") == f"sudo {sys.executable} -m pip install x"


def test_the_systems_python_wants_to_be_told_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an environment of its own, and with the mark of PEP 668, pip refuses to install otherwise."""
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path))
    assert installation.this().adding("x") == f"{sys.executable} -m pip install --break-system-packages x"


OLD, BROKEN, GONE = (Need(f"{name}>=2.0", f"{name}_package", "new") for name in ("old", "broken", "gone"))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is too old, and one that cannot be imported."""
    for need, code in ((OLD, ""), (BROKEN, "raise ImportError('no pq wrapper available.\\nAttempts made: 3')")):
        (tmp_path / f"{need.module}.py").write_text(code, encoding="utf-8")
        info = tmp_path / f"{need.package}-1.6.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {need.package}\nVersion: 1.6\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("needs", "reason", "command"),
    [
        ([GONE], "gone is not installed", "'gone>=2.0'"),
        ([OLD], "old 1.6 will not do, old>=2.0 would (it has no new)", "'old>=2.0'"),
        ([BROKEN], "broken 1.6 will not do, broken>=2.0 would (no pq wrapper available.)", "'broken>=2.0'"),
        (
            [GONE, Need("here", "sys", "path"), OLD],
            "gone is not installed and old 1.6 will not do, old>=2.0 would (it has no new)",
            "'gone>=2.0' 'old>=2.0'",
        ),
    ],
    ids=["gone", "old", "broken", "two"],
)
def test_what_is_missing_is_named_with_the_command_for_all_of_it(needs: list[Need], reason: str, command: str) -> None:
    """A package that is not there, that is too old, or that cannot be imported, and no other one."""
    with pytest.raises(Unknown, match="so nobody can be asked") as told:
        installation.demand("nobody can be asked", *needs)
    assert str(told.value) == f"{reason}, so nobody can be asked"
    assert told.value.help.endswith(f" install {command}")


def test_nothing_is_said_where_all_is_there() -> None:
    """What can be imported is enough."""
    installation.demand("nobody can be asked", Need("here", "sys", "path"))
