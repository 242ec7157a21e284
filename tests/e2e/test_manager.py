"""What supervisord is under `up`: stock, without the libraries that it never needs."""

import subprocess
import sys
from pathlib import Path

import pytest

from procman.runtime.supervisord import UNUSED
from tests.support.projects import Project, ended, supervisor

pytestmark = pytest.mark.slow

LIBRARIES = ("libcrypto", "libssl", "liblzma", "libbz2", "_hashlib")
PLAIN = """
import supervisor.rpcinterface
import supervisor.supervisord
print(open("/proc/self/maps", encoding="utf-8").read())
"""


def test_neither_encryption_nor_compression_is_loaded(running: Project) -> None:
    """None of their libraries is in its memory, where a plain Python that imports the same has them."""
    maps = Path(f"/proc/{running.manager()}/maps").read_text(encoding="utf-8")
    assert [name for name in LIBRARIES if name in maps] == []
    plain = subprocess.run([sys.executable, "-c", PLAIN], capture_output=True, text=True, check=True, timeout=60).stdout
    if not any(name in plain for name in LIBRARIES):
        pytest.skip("this Python has them built in, so that no file of theirs is ever seen")


def test_supervisords_own_tools_still_work(running: Project) -> None:
    """It answers supervisorctl as stock does, and restarts what it is asked to."""
    done = running.run("status", python=(*supervisor("supervisorctl")[1:], "-c", str(running.conf)))
    assert done.code == 0, done.said
    assert done.out.count("RUNNING") == 3
    ended(running.run("restart", "mqtt"), 0)


def test_what_is_left_out_is_guarded_by_the_standard_library() -> None:
    """Each module is one that Python may have been built without; none is of supervisord or of procman."""
    assert set(UNUSED) <= sys.stdlib_module_names
