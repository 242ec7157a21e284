"""Files are written whole or not at all, on real file systems that refuse."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from procman.adapters import files
from procman.core.errors import Failed

AGAIN = "then run the command again"
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts file systems")


def names(folder: Path) -> list[str]:
    """Return the names in `folder`."""
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def full_disk(folder: Path) -> Iterator[Path]:
    """Yield a file system of 64 KiB."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "procman-test", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"cannot mount a tmpfs: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def longest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow over `size` bytes; writing more is EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)


def test_new_content_and_mode_replace_the_old(tmp_path: Path) -> None:
    """The content is there in whole, the mode whatever the umask, and nothing lies beside it."""
    path = tmp_path / "a"
    path.write_bytes(b"old, and longer")
    path.chmod(0o644)
    before = os.umask(0o077)
    try:
        files.write_whole(str(path), b"new", 0o640)
    finally:
        os.umask(before)
    assert (b"new", 0o640, ["a"]) == (path.read_bytes(), stat.S_IMODE(path.stat().st_mode), names(tmp_path))


def test_reader_keeps_what_it_opened(tmp_path: Path) -> None:
    """Who has the old file open reads the old content to its end: it is replaced, not written over."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        files.write_whole(str(path), b"new")
        assert (b"old", b"new") == (reader.read(), path.read_bytes())


@root
def test_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """On a full disk the old file stays as it was, no half of the new one is left, and the advice is room."""
    with full_disk(tmp_path / "disk") as folder:
        path = folder / "a"
        path.write_bytes(b"old")
        with pytest.raises(Failed) as caught:
            files.write_whole(str(path), b"x" * (128 << 10))
        assert (
            f"cannot write {path}: No space left on device",
            f"make room on the file system of {folder}, {AGAIN}",
        ) == (caught.value.message, caught.value.help)
        assert (b"old", ["a"]) == (path.read_bytes(), names(folder))
        files.write_whole(str(path), b"fits")
        assert path.read_bytes() == b"fits"


def test_file_that_may_not_grow_leaves_the_old_file(tmp_path: Path) -> None:
    """A limit on the size of files is met like a full disk, by anybody and not only by root."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with longest_file(4096), pytest.raises(Failed) as caught:
        files.write_whole(str(path), b"x" * 8192)
    assert (f"cannot write {path}: File too large", b"old", ["a"]) == (
        caught.value.message,
        path.read_bytes(),
        names(tmp_path),
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [("gone/a", "No such file or directory"), ("file/a", "Not a directory"), ("taken", "Is a directory")],
)
def test_place_that_cannot_be_written_is_said(name: str, reason: str, tmp_path: Path) -> None:
    """A missing folder, a file in its place and a folder of that name are Failed, with the system's reason."""
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "taken").mkdir()
    with pytest.raises(Failed) as caught:
        files.write_whole(str(tmp_path / name), b"new")
    assert f"cannot write {tmp_path / name}: {reason}" == caught.value.message
    assert ["file", "taken"] == names(tmp_path)


def test_folder_of_another_owner_is_said_to_a_plain_user(tmp_path: Path) -> None:
    """An unwritable folder is Failed and the file in it untouched; asked in a process without root's powers."""
    folder = tmp_path / "closed"
    folder.mkdir()
    path = folder / "a"
    path.write_bytes(b"old")
    path.chmod(0o644)
    folder.chmod(0o555)
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o555)
    program = (
        "import os, sys; os.geteuid() or (os.setgroups([]), os.setresgid(*[65534] * 3), os.setresuid(*[65534] * 3))"
    )
    program += "\nfrom procman.adapters import files\ntry: files.write_whole(sys.argv[1], b'new')"
    program += "\nexcept files.Failed as error: print(error.message); print(error.help)"
    done = subprocess.run(
        [sys.executable, "-c", "import procman.adapters.files\n" + program, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    expected = f"cannot write {path}: Permission denied\ncheck the folder's owner and permissions, {AGAIN}\n"
    assert (expected, b"old", ["a"]) == (done.stdout, path.read_bytes(), names(folder))


def test_link_planted_beside_the_file_is_not_followed(tmp_path: Path) -> None:
    """The file that is written first has a name that can be guessed: a link in its place is refused, not followed."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / f"a.{os.getpid()}.new").symlink_to(victim)
    with pytest.raises(Failed, match="cannot write"):
        files.write_whole(str(tmp_path / "a"), b"new")
    assert victim.read_bytes() == b"precious"


def test_folders_are_made_private(tmp_path: Path) -> None:
    """What leads to the folder is made too; the folder itself gets its mode even when it was there."""
    files.make_folder(str(tmp_path / "a" / "b"))
    (tmp_path / "a" / "b").chmod(0o755)
    files.make_folder(str(tmp_path / "a" / "b"))
    assert 0o700 == stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode)


def test_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A file where a folder should be is Failed, with another place as the advice."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Failed) as caught:
        files.make_folder(str(tmp_path / "file" / "state"))
    assert f"cannot make the folder {tmp_path}/file/state: Not a directory" == caught.value.message
    assert "PROCMAN_HOME" in caught.value.help


def test_absent_is_not_unreadable(tmp_path: Path) -> None:
    """A file that is not there is None; one that cannot be read is Failed, never "not there"."""
    (tmp_path / "a").write_bytes(b"x")
    assert (b"x", None) == (files.read_if_there(str(tmp_path / "a")), files.read_if_there(str(tmp_path / "b")))
    with pytest.raises(Failed, match=f"cannot read {tmp_path}: Is a directory"):
        files.read_if_there(str(tmp_path))


def test_removing_and_listing_take_absence_for_done(tmp_path: Path) -> None:
    """What is gone already is removed; a folder that is not there has no names."""
    (tmp_path / "b").write_bytes(b"")
    (tmp_path / "a").write_bytes(b"")
    assert ["a", "b"] == files.names(str(tmp_path))
    files.remove(str(tmp_path / "a"))
    files.remove(str(tmp_path / "a"))
    assert (["b"], []) == (files.names(str(tmp_path)), files.names(str(tmp_path / "gone")))
