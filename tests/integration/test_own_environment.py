"""`make` sets up an environment of its own; a `.venv` in the checkout, whatever it is, stays as its user left it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What building procman needs, and nothing from an index.
COPIED = ("LICENSE", "Makefile", "README.md", "examples", "procman", "pyproject.toml", "scripts", "templates")

pytestmark = pytest.mark.slow


def environment(place: Path) -> None:
    """What the README tells to make, with something put into it."""
    venv.create(place, symlinks=True)
    library = Path(sysconfig.get_path("purelib", vars={"base": str(place)}))
    (library / "mine.py").write_text("MINE = 1\n")
    (library / "__pycache__").mkdir()
    (library / "__pycache__" / "mine.pyc").write_bytes(b"compiled")


def link(place: Path) -> None:
    """A link to an environment that lies elsewhere."""
    environment(place.parent.parent / "elsewhere")
    place.symlink_to(place.parent.parent / "elsewhere")


def made_by_an_earlier_make(place: Path) -> None:
    """An environment with the stamp that the set-up once left in it."""
    environment(place)
    (place / ".procman-setup").write_text("set=dev\n")


def file(place: Path) -> None:
    """No environment at all: pyenv and others keep a name in a file."""
    place.write_text("procman-3.11\n")


def dangling_link(place: Path) -> None:
    """A link to what is gone."""
    place.symlink_to(place.parent.parent / "gone")


FORMS = (environment, link, made_by_an_earlier_make, file, dangling_link)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose environment needs no package from an index."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules", "run"))
        else:
            shutil.copy2(source, folder / name)
    (folder / "requirements").mkdir()
    for name in ("run.txt", "shell.txt"):
        (folder / "requirements" / name).write_text("# nothing\n")
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_clean_leaves_the_users_environment_alone(form: Callable[[Path], None], checkout: Path) -> None:
    """`make clean` removes what the targets made, and nothing of `.venv` and of other folders."""
    form(checkout / ".venv")
    (checkout / "dist").mkdir()
    (checkout / "dist" / "mine.whl").write_text("built by hand")
    for name in (".cache/venv/bin", ".mypy_cache", "procman/core/__pycache__"):
        (checkout / name).mkdir(parents=True)
        (checkout / name / "made").touch()
    before = seen(checkout.parent)
    made = {
        f"checkout/{name}" for name in (".cache/venv/bin/made", ".mypy_cache/made", "procman/core/__pycache__/made")
    }
    make(checkout, "clean")
    assert {name: held for name, held in before.items() if name not in made} == seen(checkout.parent)
    assert made <= set(before)


@pytest.mark.timeout(300)
def test_set_up_leaves_the_users_environment_alone(checkout: Path) -> None:
    """Set-up makes an environment beside `.venv`, which is activated; made anew where the checkout is moved to, too."""
    environment(checkout / ".venv")
    before = kept(checkout)
    said = make(checkout, "setup-run")
    assert before == kept(checkout)
    assert "making .cache/venv" in said
    moved = checkout.rename(checkout.with_name("moved"))
    assert "making .cache/venv" in make(moved, "setup-run")
    assert before == kept(moved)
    assert make(moved, "setup-run") == ""
    asked = [str(moved / ".cache/venv/bin/procman"), "--version"]
    done = subprocess.run(asked, check=True, capture_output=True, text=True, env=builds(), timeout=60)
    assert done.stdout.startswith("procman")


def make(checkout: Path, target: str) -> str:
    """Run a target as a user does who has `.venv` activated; return what it said."""
    path = f"{checkout / '.venv' / 'bin'}:{os.environ['PATH']}"
    variables = builds() | {"PATH": path, "VIRTUAL_ENV": str(checkout / ".venv")}
    for name in ("PYTHON", "MAKEFLAGS", "MAKELEVEL"):
        variables.pop(name, None)
    done = subprocess.run(
        ["make", target], cwd=checkout, env=variables, check=False, capture_output=True, text=True, timeout=140
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def builds() -> dict[str, str]:
    """The variables of this process, with what builds procman, and what it imports, found where the tests have it."""
    return {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib"), "PYTHONDONTWRITEBYTECODE": "1"}


def kept(checkout: Path) -> dict[str, bytes | Path]:
    """What `.venv` holds."""
    return seen(checkout, without=(*COPIED, "requirements", ".cache"))


def seen(folder: Path, without: tuple[str, ...] = ()) -> dict[str, bytes | Path]:
    """Each file and link below `folder`, with its content or where it leads to; `without`: names that are left out."""
    found: dict[str, bytes | Path] = {}
    for here, folders, files in os.walk(folder):
        inside = Path(here)
        links = [name for name in folders if (inside / name).is_symlink()]
        folders[:] = [name for name in folders if name not in without and name not in links]
        for name in [*files, *links]:
            if name not in without:
                path = inside / name
                found[str(path.relative_to(folder))] = path.readlink() if path.is_symlink() else path.read_bytes()
    return found
