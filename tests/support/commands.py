"""The command line in a folder that is no project yet."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.projects import Done


def procman(folder: Path, *args: str, path: str | None = None, **variables: str) -> Done:
    """Run `procman ARGS` in `folder`, with nothing of this process in its environment but PATH."""
    env = {
        "PATH": os.environ["PATH"] if path is None else path,
        "HOME": str(folder),
        "PROCMAN_HOME": str(folder / "home"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "procman", *args],
        cwd=folder,
        env={**env, **variables},
        capture_output=True,
        check=False,
        timeout=90,
    )
    return Done(args, done.returncode, done.stdout.decode(), done.stderr.decode())
