"""What the tests need besides Python and is not installed: it is said how to install it, and CI fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.support import postgresql as servers
from tests.support.mariadb import mariadb
from tests.support.packages import how_to_install
from tests.support.postgresql import postgresql
from tests.support.tiwater import mosquitto, need

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "test-services.sh"
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    ("start", "package"),
    [
        (lambda folder: mosquitto(folder, 1), "mosquitto"),
        (lambda _folder: postgresql(), "postgresql"),
        (lambda _folder: mariadb(), "mariadb-server"),
    ],
    ids=["mosquitto", "PostgreSQL", "MariaDB"],
)
@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_missing_server_skips_and_fails_in_ci(
    start: Callable[[Path], AbstractContextManager[object]],
    package: str,
    ci: str,
    outcome: type[BaseException],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A test that needs it is skipped with the command that installs it; with CI=true it fails with the same words."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(shutil, "which", lambda *_words, **_more: None)
    monkeypatch.setattr(servers, "DEBIAN", tmp_path)
    with pytest.raises(outcome, match=f"is not installed: {re.escape(how_to_install(package))}"), start(tmp_path):
        pass


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
@pytest.mark.parametrize("shell", [["sh"], ["dash"], ["bash"], ["busybox", "sh"]], ids=" ".join)
def test_set_up_names_what_is_missing(shell: list[str], ci: str, code: int, tmp_path: Path) -> None:
    """The script of the set-up says the command, needs no bash, and ends with 1 in CI alone."""
    program = shutil.which(shell[0]) or pytest.skip(f"{shell[0]} is not here")
    for name in ("cat", "dirname", "id", "sort", "tr"):  # and no apt-get, so that nothing is installed
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    (tmp_path / "dnf").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "dnf").chmod(0o755)
    done = subprocess.run(
        [program, *shell[1:], str(SCRIPT)],
        env={"PATH": str(tmp_path), "CI": ci, "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert "dnf install libfaketime" in done.stderr
    assert {"nodejs", "npm", "openssl"} <= set(done.stderr.split())


@pytest.mark.parametrize(
    ("ci", "there", "code", "said"),
    [
        ("", False, 0, "check: shell is skipped, shellcheck is not here: "),
        ("true", False, 2, "check: CI=true, so this is a failure"),
        ("true", True, 2, "SC3044"),
    ],
    ids=["missing", "missing in CI", "on PATH"],
)
def test_scripts_are_checked_by_what_is_there(ci: str, there: bool, code: int, said: str, tmp_path: Path) -> None:
    """Where there is no wheel of shellcheck `make shell` takes the one on PATH, or says that it skips and why."""
    make, checker = need("make", "make"), shutil.which("shellcheck", path=f"{BIN}:{os.environ['PATH']}")
    shutil.copy2(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text("#!/bin/sh\nmapfile -t words\n")
    (tmp_path / "bin").mkdir()
    for name in ("id", "sort", "tr"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or "")
    if there:
        (tmp_path / "bin" / "shellcheck").symlink_to(checker or pytest.skip("shellcheck is not here"))
    done = subprocess.run(
        [make, "--old-file=setup-dev", "shell"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "bin"), "CI": ci},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert said in done.stdout
