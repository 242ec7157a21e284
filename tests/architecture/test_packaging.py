"""What a user gets from an index: built here, offline, and looked into."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from procman import __version__
from procman.core import consumer_kit
from procman.core.consumer_kit import DATABASES, LANGUAGES
from tests.architecture.repository import ROOT, committed_texts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel built from that sdist, as an index and pip would."""
    folder = tmp_path_factory.mktemp("dist")
    _hatchling("sdist", ROOT, folder)
    # Not tarfile: its safe filter came with 3.11.4, and Debian 12 has 3.11.2.
    _run(["tar", "-xzf", str(_only(folder, "*.tar.gz"))], folder)
    _hatchling("wheel", folder / f"procman_supervisor-{__version__}", folder)
    return folder


def test_the_wheel_holds_every_template(built: Path) -> None:
    """Each file of templates/ lies in the wheel under procman/_templates, byte for byte."""
    with zipfile.ZipFile(_only(built, "*.whl")) as wheel:
        prefix = "procman/_templates/"
        held = {name.removeprefix(prefix): wheel.read(name) for name in wheel.namelist() if name.startswith(prefix)}
    assert held == _files(ROOT / "templates")
    assert held, "templates/ is empty"


def test_the_wheel_holds_what_init_consumer_writes(built: Path) -> None:
    """Each file of every reference consumer lies in the wheel, byte for byte."""
    kits = [consumer_kit.kit(language, database) for language in LANGUAGES for database in DATABASES]
    wanted = {f"{kit.folder}/{name}" for kit in kits for name in kit.files}
    with zipfile.ZipFile(_only(built, "*.whl")) as wheel:
        held = {name: wheel.read(f"procman/_examples/{name}") for name in wanted}
    assert held == {name: (ROOT / "examples" / name).read_bytes() for name in wanted}


def test_the_wheel_holds_every_file_of_the_package(built: Path) -> None:
    """Whatever lies in procman/ and is no cache, py.typed and scripts for node included, is in the wheel."""
    with zipfile.ZipFile(_only(built, "*.whl")) as wheel:
        held = {name.removeprefix("procman/") for name in wheel.namelist() if name.startswith("procman/")}
    assert set(_files(ROOT / "procman")) <= held
    assert "py.typed" in held


def test_the_wheel_names_the_command_and_the_version(built: Path) -> None:
    """Installing the wheel makes a `procman` command, in the version that procman/__init__.py states."""
    with zipfile.ZipFile(_only(built, "*.whl")) as wheel:
        info = f"procman_supervisor-{__version__}.dist-info"
        assert "procman = procman.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
        metadata = wheel.read(f"{info}/METADATA").decode()
    assert f"\nName: procman-supervisor\nVersion: {__version__}\n" in metadata
    assert {"Source", "Documentation", "Changelog"} == set(
        re.findall(r"^Project-URL: (\w+), https://", metadata, re.MULTILINE)
    )


def test_the_sdist_holds_what_git_holds(built: Path) -> None:
    """Each file, executable where git has it so: `make demo` and `make test` run from an unpacked source archive."""
    with tarfile.open(_only(built, "*.tar.gz")) as sdist:
        held = {m.name.partition("/")[2]: bool(m.mode & 0o100) for m in sdist.getmembers() if m.isfile()}
    committed = {name: os.access(ROOT / name, os.X_OK) for name, _ in committed_texts()}
    assert committed == {name: held.get(name) for name in committed}
    assert (held[".ci/run"], held["scripts/setup-venv.sh"], held["Makefile"]) == (True, True, False)
    assert set(held) - set(committed) <= {"PKG-INFO"}


def _hatchling(target: str, source: Path, folder: Path) -> None:
    _run([sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)], source)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
