"""By which keys two starts of one program meet."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from procman.runtime.programs import differ, keys

PYTHON = "/usr/bin/python3"


@pytest.fixture(name="app")
def _app(tmp_path: Path) -> Path:
    """A folder of a project: scripts, a program of its own, and a tool in a folder of tools."""
    folder = tmp_path / "app"
    for name in ("consumer.py", "other.py", "conf.yaml", "run", "bin/tool", "bin/task.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / "release").symlink_to(folder)
    return folder


def meet(app: Path, one: str, other: str, *, there: Path | None = None) -> bool:
    """Whether two commands are one program; ``@`` is the folder of the project."""
    words = [[word.replace("@", str(app)) for word in text.split()] for text in (one, other)]
    return bool(keys(words[0], str(app)) & keys(words[1], str(there or app)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{PYTHON} consumer.py", f"{PYTHON} @/consumer.py"),
        (f"{PYTHON} consumer.py", f"{PYTHON} -u ./consumer.py"),
        (f"{PYTHON} consumer.py", f"/usr/bin/env {PYTHON} @/release/consumer.py"),
        (f"{PYTHON} consumer.py x", f"/opt/python3.12 {'@/../app'}/consumer.py x"),
        (f"{PYTHON} consumer.py conf.yaml", f"{PYTHON} consumer.py @/release/conf.yaml"),
        ("@/run --fast", "@/release/run --fast"),
        (f"{PYTHON} bin/task.py", f"{PYTHON} @/bin/task.py"),
        ("@/bin/tool start", "@/bin/tool start"),
        ("/bin/sh -c consumer.py", "/bin/sh -c consumer.py"),
    ],
)
def test_one_program_has_a_key_in_common(app: Path, one: str, other: str) -> None:
    """However the script, its folder and its interpreter are written."""
    assert meet(app, one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{PYTHON} consumer.py", f"{PYTHON} other.py"),
        (f"{PYTHON} consumer.py a", f"{PYTHON} consumer.py b"),
        (f"{PYTHON} consumer.py a", f"{PYTHON} consumer.py"),
        ("@/run conf.yaml", "/bin/cat conf.yaml"),
        (f"/usr/bin/env A=1 {PYTHON} consumer.py", f"/usr/bin/env A=2 {PYTHON} consumer.py"),
        (f"{PYTHON} -m consumer.py a", f"{PYTHON} -m consumer.py b"),
        ("@/bin/tool start", "@/bin/tool stop"),
        ("/nowhere/at/all", "/nowhere/at/all"),
    ],
)
def test_two_programs_have_none(app: Path, one: str, other: str) -> None:
    """Another script, argument, setting or program; and what cannot be found is nobody's."""
    assert not meet(app, one, other)


def test_a_tool_does_what_its_folder_says(app: Path, tmp_path: Path) -> None:
    """`npm start` is another program in another project; a script is the same wherever it is run."""
    assert not meet(app, "@/bin/tool start", "@/bin/tool start", there=tmp_path)
    assert not meet(app, f"{PYTHON} -m consumer", f"{PYTHON} -m consumer", there=tmp_path)
    assert meet(app, "@/run start", "@/run start", there=tmp_path)
    assert meet(app, f"{PYTHON} @/consumer.py", f"{PYTHON} @/consumer.py", there=tmp_path)


def test_a_hard_link_and_a_new_file_of_the_same_name_are_the_program(app: Path) -> None:
    """An inode under another name, and a name with another inode."""
    before = keys([PYTHON, "consumer.py"], str(app))
    os.link(app / "consumer.py", app / "hard.py")
    assert before & keys([PYTHON, "hard.py"], str(app))
    (app / "new").write_text("y")
    (app / "new").replace(app / "consumer.py")
    assert before & keys([PYTHON, "consumer.py"], str(app))


def test_no_argument_stands_in_a_key(app: Path) -> None:
    """A key lies where everybody can read it; an argument can be a password."""
    assert not any("hunter2" in key for key in keys([PYTHON, "consumer.py", "--password=hunter2"], str(app)))


def test_variables_tell_two_services_apart() -> None:
    """Those that only say where it runs do not; what cannot be read is not known to differ."""
    mine = {"QUEUE": "a", "HOME": "/root", "PROCMAN_UNIT": "one-0", "NODE_OPTIONS": "--require x"}
    same = b"\0PROCMAN_UNIT=two-0\0QUEUE=a\0HOME=/home/app\0PATH=/bin\0LISTEN_FDS=1\0"
    assert differ(mine, same) is False
    assert differ(mine, same.replace(b"QUEUE=a", b"QUEUE=b")) is True
    assert differ(mine, same.replace(b"QUEUE=a\0", b"")) is True
    assert differ(mine, same + b"DEBUG=1\0") is True
    assert differ(mine, b"\0QUEUE=b\0") is None
    assert differ(mine, b"") is None
