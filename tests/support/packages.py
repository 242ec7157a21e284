"""How what is missing gets installed on this system, by the names that Debian has for it."""

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "packages.sh"


def how_to_install(*packages: str) -> str:
    """The command for this system; the names alone where the script that knows it is not here."""
    try:
        done = subprocess.run(
            ["/bin/sh", str(SCRIPT), "hint", *packages], check=True, capture_output=True, text=True, timeout=60
        )
    except subprocess.CalledProcessError:
        return f"install {' '.join(packages)}"
    return done.stdout.strip()
