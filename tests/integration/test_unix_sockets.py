"""A unix socket gets its mode and owner, and nothing that somebody puts in its place gets them."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from procman.runtime import sockets, unix_sockets
from procman.runtime.sockets import Path as UnixPath

NOBODY = 65534
LEAST = 512

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="giving a file to another user takes root")


@pytest.fixture(params=["the kernel names the file", "the file is looked up"])
def known(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to the bound file: what the kernel tells root, and what is left where it does not."""
    if request.param == "the file is looked up":
        monkeypatch.setattr(unix_sockets, "_SIOCUNIXFILE", 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder, and beside it files of root that must stay as they are."""
    (tmp_path / "run").mkdir()
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "other.sock"))
    return tmp_path / "run"


def state_of(path: Path) -> tuple[int, int, int]:
    """Owner, group and mode of the file itself."""
    found = path.lstat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


def swapping(monkeypatch: pytest.MonkeyPatch, swap: Callable[[Path], None]) -> None:
    """Let somebody change the folder in the instant in which a socket has been bound."""

    class Attacked(socket.socket):
        def bind(self, address: str) -> None:  # type: ignore[override]
            super().bind(address)
            swap(Path(address))

    monkeypatch.setattr(socket, "socket", Attacked)


@needs_root
@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666, 0o777])
@pytest.mark.parametrize(("owner", "group"), [(-1, -1), (NOBODY, -1), (-1, NOBODY), (NOBODY, NOBODY)])
def test_the_socket_has_its_mode_and_owner(folder: Path, mode: int, owner: int, group: int) -> None:
    """Whatever the umask is, and the umask is as it was afterwards."""
    path = folder / "api.sock"
    umask = os.umask(0o077)
    try:
        sock = sockets.listening(UnixPath(str(path), mode, owner, group), LEAST, alone=True)
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(umask)
    with sock, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        assert (max(owner, 0), max(group, 0), mode) == state_of(path)
        sockets.remove(UnixPath(str(path)))
    assert not path.exists()


@needs_root
@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("target", ["../secret", "../other.sock"])
@pytest.mark.parametrize("kind", ["symlink", "hard link", "folder"])
def test_nothing_in_its_place_gets_the_owner(
    folder: Path, monkeypatch: pytest.MonkeyPatch, target: str, kind: str
) -> None:
    """A link in the socket's place, or another folder in the place of its own: root's file keeps owner and mode."""
    victim = (folder / target).resolve()
    before = state_of(victim)

    def swap(path: Path) -> None:
        if kind == "folder":
            folder.rename(folder.with_name("aside"))
            folder.symlink_to(victim.parent)
            victim.rename(victim.parent / "api.sock")
        else:
            path.unlink()
            path.symlink_to(victim) if kind == "symlink" else path.hardlink_to(victim)

    swapping(monkeypatch, swap)
    with contextlib.suppress(PermissionError):  # it is refused where the file had to be looked up
        sockets.listening(UnixPath(str(folder / "api.sock"), 0o666, NOBODY, NOBODY), LEAST, alone=True).close()
    assert before == state_of(victim if kind != "folder" else victim.parent / "api.sock")


@pytest.mark.parametrize("kind", ["file", "socket", "folder"])
def test_only_what_was_bound_is_removed(folder: Path, kind: str) -> None:
    """A file, a socket of somebody else or another folder in the place of ours stays."""
    path = folder / "api.sock"
    sock = sockets.listening(UnixPath(str(path)), LEAST, alone=True)
    if kind == "folder":
        folder.rename(folder.with_name("aside"))
        folder.mkdir()
    else:
        path.unlink()
    if kind == "file":
        path.touch()
    else:
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.bind(str(path))
    sockets.remove(UnixPath(str(path)))
    sock.close()
    assert path.exists()


def test_a_dead_name_is_taken_over(folder: Path) -> None:
    """What a killed manager left behind is removed; a socket that somebody listens on, or a file, is an error."""
    path = folder / "api.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    sockets.listening(UnixPath(str(path)), LEAST, alone=True).close()
    with socket.socket(socket.AF_UNIX) as alive:
        path.unlink()
        alive.bind(str(path))
        alive.listen()
        with pytest.raises(OSError, match="Address already in use"):
            sockets.listening(UnixPath(str(path)), LEAST, alone=True)
    path.unlink()
    path.touch()
    with pytest.raises(OSError, match="Address already in use"):
        sockets.listening(UnixPath(str(path)), LEAST, alone=True)
