"""A program that only the PATH of `up` finds: the commands on what runs take it from there, as from cron."""

import os
import sys
from pathlib import Path

import pytest

from tests.support.projects import Project, ended, service

pytestmark = pytest.mark.slow


def _with_tool(shop: Project) -> tuple[Path, dict[str, str]]:
    """Write a manifest whose program lies in a folder of its own; return that, and an environment that finds it."""
    folder = shop.folder / "tools"
    folder.mkdir()
    (folder / "shopctl").symlink_to(sys.executable)
    command = ["shopctl", *service("web")[1:]]
    shop.write({"api": shop.api(command=command), "mqtt": shop.mqtt(command=["shopctl", *service("consumer")[1:]])})
    return folder, shop.environment(PATH=f"{folder}:{os.environ['PATH']}")


def test_what_runs_is_restarted_from_cron(shop: Project) -> None:
    """`restart`, `reload`, `scale`, `stop` and `start` need no PATH; afterwards the same program runs as before."""
    folder, shell = _with_tool(shop)
    ended(shop.run("up", env=shell), 0)
    cron = shop.environment(PATH="/nowhere")
    for words in (("restart",), ("reload", "api"), ("scale", "api=3"), ("stop", "mqtt"), ("start", "mqtt")):
        before = shop.pids()
        ended(shop.run(*words, env=cron), 0)
        assert shop.pids() != before
    pids = shop.pids()
    assert pids.keys() == {"api-0", "api-1", "api-2", "mqtt-0"}
    for pid in pids.values():
        assert Path(f"/proc/{pid}/cmdline").read_bytes().startswith(f"{folder}/shopctl\0".encode())


def test_up_names_where_the_program_was(shop: Project) -> None:
    """`up` looks anew: without the program on PATH it refuses, and says where the last `up` found it and what to do."""
    folder, shell = _with_tool(shop)
    cron = shop.environment(PATH="/nowhere")
    ended(shop.run("up", env=cron), 1, "'shopctl' of service 'api' is not an executable program here")
    ended(shop.run("up", env=shell), 0)
    before = shop.pids()
    said = f"'shopctl' of service 'api' is not on this PATH; the last up found {folder}/shopctl"
    advice = f'PATH="{folder}:$PATH" procman up, or `{folder}/shopctl` instead of `shopctl` in the manifest'
    ended(shop.run("up", env=cron), 1, said, advice)
    ended(shop.run("plan", env=cron), 1, said)
    assert shop.pids() == before


def test_a_program_that_is_gone_is_looked_up_anew(shop: Project) -> None:
    """Where the recorded program is no more, `restart` takes what PATH finds now, and refuses when that is nothing."""
    folder, shell = _with_tool(shop)
    ended(shop.run("up", env=shell), 0)
    (folder / "shopctl").unlink()
    before = shop.pids()
    ended(shop.run("restart", env=shop.environment(PATH="/nowhere")), 1, "'shopctl' of service 'api'")
    assert shop.pids() == before
    other = shop.folder / "other"
    other.mkdir()
    (other / "shopctl").symlink_to(sys.executable)
    ended(shop.run("restart", "mqtt", env=shop.environment(PATH=str(other))), 0)
    assert Path(f"/proc/{shop.pids()['mqtt-0']}/cmdline").read_bytes().startswith(f"{other}/shopctl\0".encode())
