"""The scripts that set up an environment find a Python that outlives it."""

import os
import subprocess
import sys
import venv
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "find-python.sh"


def test_an_activated_environment_does_not_make_itself_anew(tmp_path: Path) -> None:
    """`make` with an environment activated makes its own with the Python below it, which outlives the activated one."""
    venv.create(tmp_path / ".venv", symlinks=True)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}/.venv/bin:{os.environ['PATH']}",
        "VIRTUAL_ENV": f"{tmp_path}/.venv",
    }
    environment.pop("PYTHON", None)
    done = subprocess.run([SCRIPT], env=environment, check=True, capture_output=True, text=True, timeout=60)
    found = done.stdout.strip()
    assert not Path(found).is_relative_to(tmp_path)
    version = "import sys; print(sys.version_info[:2])"
    said = subprocess.run([found, "-c", version], check=True, capture_output=True, text=True, timeout=60).stdout
    assert said.strip() == str(tuple(sys.version_info[:2]))
