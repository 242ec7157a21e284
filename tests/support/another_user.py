"""Another user of this host, with procman and supervisord of its own: what root runs must hold against it, and back."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import procman
from tests.support.projects import Done, Project

USER = "nobody"
PACKAGES = ("click", "dotenv", "jinja2", "markupsafe", "psutil", "supervisor", "yaml")


@dataclass(frozen=True, slots=True)
class AnotherUser:
    """Runs Python as `nobody`, with a copy of procman that it can read: a checkout is often closed to others."""

    python: str
    site: Path

    @property
    def options(self) -> dict[str, object]:
        """What Popen is given besides."""
        entry = pwd.getpwnam(USER)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def variables(self, shop: Project) -> dict[str, str]:
        """The environment of its commands."""
        return {**shop.environment(), "PYTHONPATH": str(self.site), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, shop: Project, *args: str) -> Done:
        """Run a command of procman in the project `shop`, which must be this user's."""
        command = [self.python, "-m", "procman", *args]
        given = {"cwd": shop.folder, "env": self.variables(shop), "stdin": subprocess.DEVNULL, **self.options}
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=90, **given)  # type: ignore[call-overload]
        return Done(args, done.returncode, done.stdout, done.stderr)

    def own(self, *folders: Path) -> None:
        """Give folders, and what is in them, to the user."""
        entry = pwd.getpwnam(USER)
        for folder in folders:
            folder.mkdir(exist_ok=True)
            for path in (folder, *folder.rglob("*")):
                os.chown(path, entry.pw_uid, entry.pw_gid)


def another_user(folder: Path, source: Path | None = None) -> AnotherUser | None:
    """Return the other user; None without root, or without an interpreter it can run.

    Its copy is made in `folder`, from the package in `source`, else from the one under test.
    """
    if os.geteuid() != 0:
        return None
    folder.mkdir(mode=0o755)
    source = Path(procman.__file__).parent if source is None else source / "procman"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source, folder / "procman", ignore=ignore)
    if (source.parent / "templates").is_dir():
        shutil.copytree(source.parent / "templates", folder / "templates")
    for name in PACKAGES:
        found = importlib.util.find_spec(name)
        if found is not None and found.origin is not None:
            shutil.copytree(Path(found.origin).parent, folder / name, ignore=ignore)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for python in (sys.executable, "/usr/bin/python3"):
        user = AnotherUser(python, folder)
        if _runs(user):
            return user
    return None


def _runs(user: AnotherUser) -> bool:
    command = [user.python, "-m", "procman", "--version"]
    given = {"cwd": "/", "env": {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(user.site)}, **user.options}
    try:
        done = subprocess.run(command, check=False, capture_output=True, **given)  # type: ignore[call-overload]
    except PermissionError:
        return False
    return bool(done.returncode == 0)
