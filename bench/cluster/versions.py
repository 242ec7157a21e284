"""Runs the tests of the Python preload with old and with the newest versions of the servers, from PyPI.

python bench/cluster/versions.py [NAME=VERSION ...]     # without arguments both sets
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "bench" / "servers"
TESTS = "tests/integration/test_preload_python.py"
SETS = {
    "old": ("uvicorn==0.30.6", "hypercorn==0.17.3", "gunicorn==23.0.0"),
    "newest": ("uvicorn", "hypercorn", "gunicorn"),
}


def main() -> int:
    """Run every set; 1 when a test failed."""
    asked = tuple(word.replace("=", "==", 1) if "==" not in word else word for word in sys.argv[1:])
    sets = {"asked": asked} if asked else SETS
    return max(_tested(name, wanted) for name, wanted in sets.items())


def _tested(name: str, wanted: tuple[str, ...]) -> int:
    folder = CACHE / name
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--quiet", *SETS["newest"], *wanted], check=True)
    freeze = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout.split()
    print(f"{name}: {', '.join(line for line in freeze if line.split('==')[0].lower() in SETS['newest'])}", flush=True)
    environment = {**os.environ, "SERVERS_BIN": str(folder / "bin")}
    return int(
        subprocess.run([sys.executable, "-m", "pytest", "-q", TESTS], cwd=ROOT, env=environment, check=False).returncode
        != 0
    )


if __name__ == "__main__":
    sys.exit(main())
