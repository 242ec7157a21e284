"""What the tests need besides Python and is not installed: it is said how to install it, and CI fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.support import postgresql as servers
from tests.support.mariadb import mariadb
from tests.support.packages import how_to_install
from tests.support.postgresql import postgresql
from tests.support.tiwater import mosquitto

SCRIPT = Path(__file__).parents[2] / "scripts" / "test-services.sh"


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
