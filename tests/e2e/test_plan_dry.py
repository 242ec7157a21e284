"""`plan` writes nothing and changes nothing: seen by the system calls it makes, not by what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.projects import Done, Project, ended, project
from tests.support.tiwater import need

pytestmark = pytest.mark.slow

WRITING = re.compile(r"O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)")
HARMLESS = ("/dev/null", "/dev/tty")
CHANGING = (
    "creat", "mkdir", "mkdirat", "mknod", "mknodat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir",
    "link", "linkat", "symlink", "symlinkat", "truncate", "ftruncate", "chmod", "fchmod", "fchmodat", "chown", "lchown",
    "fchown", "fchownat", "utime", "utimes", "utimensat", "futimesat", "setxattr", "lsetxattr", "fsetxattr", "kill",
    "tkill", "tgkill", "fallocate", "mount",
)  # fmt: skip
OPENING = ("open", "openat", "openat2")
NOBODY = 65534


@pytest.fixture(name="traced", scope="module")
def _traced() -> str:
    """The path of strace; without it the test is skipped, and fails where CI is set."""
    return need("strace", "strace")


@pytest.fixture(name="asked", params=["down", "up"], scope="module")
def _asked(request: pytest.FixtureRequest) -> Iterator[Project]:
    """A project whose manager is down, then one whose manager is up and whose manifest has changed since."""
    with project() as made:
        if request.param == "up":
            made.up()
            made.write({"api": made.api(instances=3, memory="45M"), "mqtt": made.mqtt(env={"NEW": "1"})})
        yield made


def trace(strace: str, asked: Project, *args: str, **options: object) -> tuple[Done, str]:
    """Run a command under strace, without byte code, and return it with all its system calls."""
    log = asked.folder.parent / "trace"
    calls = ",".join((*OPENING, *(f"?{name}" for name in CHANGING), "sendto", "sendmsg", "write"))
    argv = [strace, "-f", "-qq", "-s", "4096", "-e", f"trace={calls}", "-e", "signal=none", "-o", str(log)]
    environment = asked.environment(PYTHONDONTWRITEBYTECODE="1")
    run = subprocess.run(
        [*argv, sys.executable, "-m", "procman", *args],
        cwd=asked.folder, env=environment, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    return Done(args, run.returncode, run.stdout, run.stderr), log.read_text(errors="replace")


def changing(calls: str) -> list[str]:
    """Return the lines that create, open for writing, rename, remove or otherwise change something."""
    found = []
    for line in calls.splitlines():
        match = re.match(r"(?:\d+ +)?(\w+)\(", line)
        name = match[1] if match else ""
        written = name in OPENING and WRITING.search(line) and not any(f'"{path}"' in line for path in HARMLESS)
        if written or name in CHANGING:
            found.append(line)
    return found


def asked_of_the_manager(calls: str) -> set[str]:
    """Return the methods that were called over the manager's socket."""
    return set(re.findall(r"<methodName>([\w.]+)</methodName>", calls))


FORMS = (
    (),
    ("--json",),
    ("--format", "markdown"),
    ("--format", "svg"),
    ("--all",),
    ("--ram", "2G"),
    ("--detailed-exitcode",),
)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: " ".join(form) or "text")
def test_plan_makes_no_call_that_changes_anything(asked: Project, traced: str, form: tuple[str, ...]) -> None:
    """No file is created, opened for writing, renamed or removed, and the manager is asked for its status alone."""
    done, calls = trace(traced, asked, "plan", *form)
    ended(done, 2 if form == ("--detailed-exitcode",) else 0)
    assert "procman.yaml" in calls, "the trace saw nothing"
    assert changing(calls) == []
    assert asked_of_the_manager(calls) == ({"procman.status"} if asked.managers() else set())


def test_the_trace_sees_a_plan_that_is_saved(asked: Project, traced: str) -> None:
    """The negative control: the very detector trips on --out."""
    done, calls = trace(traced, asked, "plan", "--out", "plan.json")
    ended(done, 0)
    assert any("plan.json" in line and "O_CREAT" in line for line in changing(calls))
    assert any("rename" in line for line in changing(calls))


def test_the_trace_sees_what_is_asked_of_the_manager(traced: str, shop: Project) -> None:
    """The negative control for calls: `scale` is seen to change the manager."""
    shop.up()
    _, calls = trace(traced, shop, "scale", "api=1")
    assert asked_of_the_manager(calls) - {"procman.status"}


def test_plan_works_on_a_read_only_file_system(asked: Project) -> None:
    """Manifest, state and sources on read-only mounts: the plan is the same as before."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("read-only mounts need root and unshare")
    expected = ended(asked.run("plan"), 0)
    root = Path(__file__).parents[2]
    mounts = [asked.folder.parent, root]
    script = "".join(f"mount --bind '{m}' '{m}' && mount -o remount,bind,ro '{m}' && " for m in mounts)
    probe = f"! touch '{asked.folder}/probe' 2>/dev/null && "
    command = f"{script}{probe}cd '{asked.folder}' && exec '{sys.executable}' -m procman plan"
    run = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", command],
        env=asked.environment(PYTHONPATH=str(root)), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if "mount:" in run.stderr or "unshare:" in run.stderr:
        pytest.skip(f"no mounts here: {run.stderr.splitlines()[0]}")
    assert (0, steady(expected.out)) == (run.returncode, steady(run.stdout)), run.stderr


def steady(text: str) -> list[str]:
    """Return the lines of a plan without what changes from one second to the next."""
    return [line for line in text.splitlines() if "others need" not in line]


AS_NOBODY = f"""
import contextlib, io, os, sys
from procman.cli.door import run
with contextlib.redirect_stdout(io.StringIO()):
    run(["plan", "--json"])  # imports all there is: the interpreter may lie where nobody else may look
os.setgroups([])
os.setresgid({NOBODY}, {NOBODY}, {NOBODY})
os.setresuid({NOBODY}, {NOBODY}, {NOBODY})
sys.exit(run(["plan", "--json"]))
"""


def test_plan_as_another_user_says_what_it_cannot_see(asked: Project) -> None:
    """Another user may read the manifest but not the state: the plan is made, and what runs is told as unseen."""
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    asked.folder.parent.chmod(0o755)
    asked.write({"api": {"kind": "scalable", "command": "/bin/sleep 9", "instances": 3, "memory": "40M"}})
    before = sorted(asked.folder.parent.rglob("*"))
    done = asked.run(python=("-c", AS_NOBODY))
    document = ended(done, 0).json()
    assert document["fits"] is True
    there = (asked.home / "shop").exists()
    assert bool(document["unseen"]) == there
    assert document["actions"] == [] if there else len(document["actions"]) == 3
    assert before == sorted(asked.folder.parent.rglob("*"))
