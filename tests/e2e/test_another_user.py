"""Two users of one host, each with procman, supervisord and a home of its own: one consumer. Needs root to try."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.another_user import AnotherUser, another_user
from tests.support.projects import Project, ended

pytestmark = pytest.mark.slow


@pytest.fixture(name="user")
def _user() -> Iterator[AnotherUser]:
    """The user nobody, and a procman that it can run."""
    root = Path(tempfile.mkdtemp(prefix="pm", dir="/tmp"))
    root.chmod(0o755)
    try:
        found = another_user(root / "site")
        if found is None:
            pytest.skip("another user needs root, and an interpreter that the user nobody can run")
        yield found
    finally:
        shutil.rmtree(root)


def test_users_refuse_each_other(shop: Project, user: AnotherUser) -> None:
    """Root's consumer holds against nobody's `up` and the other way round: 75, and nothing is touched."""
    root = shop.folder.parent
    for folder in (root, shop.folder):
        folder.chmod(0o755)
    shop.write({"mqtt": shop.mqtt(command=["/bin/sleep", "1000"])})
    other = shop.beside("kiosk", root / "u")
    other.write({"mqtt": other.mqtt(command=["/bin/sleep", "1000"])})
    user.own(other.folder, other.home)
    ended(shop.run("up"), 0)
    before = shop.pids()
    ended(user.run(other, "up"), 75, "another user's perhaps", "look as root")
    assert shop.pids() == before
    ended(shop.run("down"), 0)
    ended(user.run(other, "up"), 0)
    try:
        ended(shop.run("up"), 75, f"pid {other.pids()['mqtt-0']}", "stop it there first")
        ours = Project(other.folder, shop.home, other.name, other.scope, other.port)
        done = ended(ours.run("status"), 4, "kiosk is not running", "a project of this name runs as user id")
        assert str(other.state) in done.said
    finally:
        ended(user.run(other, "down"), 0)
