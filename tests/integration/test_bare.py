"""`make bare` says why it cannot make machines here, and CI does not take that for a success."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "bare.sh"
NOBODY = 65534


@pytest.fixture
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the scripts in a folder that is no checkout."""
    folder = tmp_path_factory.mktemp("bare") / "scripts"
    return shutil.copytree(SCRIPT.parent, folder) / SCRIPT.name


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_without_its_tools_it_is_skipped_with_a_reason(script: Path, tmp_path: Path, ci: str, code: int) -> None:
    """An ordinary user, or root without debootstrap, reads what is missing; with CI=true that is a failure."""
    for name in ("sh", "dirname", "id"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    done = subprocess.run(
        ["sh", script],
        env={"PATH": str(tmp_path), "CI": ci},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    missing = (
        "debootstrap is missing" if os.getuid() == 0 else "it makes and enters a Debian of its own, which takes root"
    )
    assert (code, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith(f"bare: skipped: {missing}")


@pytest.mark.skipif(os.getuid() != 0, reason="becoming another user takes root")
def test_an_ordinary_user_is_told_that_it_takes_root() -> None:
    """The reason names root, and nothing is made."""
    done = subprocess.run(
        ["sh", "-c", SCRIPT.read_text(encoding="utf-8"), "/bin/bare.sh"],
        env={"PATH": os.defpath},
        user=NOBODY,
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (0, "bare: skipped: it makes and enters a Debian of its own, which takes root\n") == (
        done.returncode,
        done.stderr,
    )
