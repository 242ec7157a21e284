"""The files under /run/lock/procman: one folder per scope, in it `guard` and one file per filter. Never unlinked.

Who holds a flock on a file's descriptor holds the filter. Anybody may lock anybody's file, so that one host has one
consumer whoever starts it; nobody can be made to follow a link, and what is not as it should be is never "free".
"""

import fcntl
import posix

from procman.core.topics import bare, broader, filters_overlap
from procman.runtime.exits import HELD, Refused, printable
from procman.runtime.kept import Kept
from procman.runtime.pauses import lock_in_turn, lock_soon

TYPE_CHECKING = False  # that of `typing` costs as much as everything else here
if TYPE_CHECKING:
    from collections.abc import Callable

    Pardon = Callable[["Busy"], bool]

DIRECTORY = "/run/lock/procman"
"""A constant: a variable that moves it would let two consumers run side by side."""

REPAIR = f"sudo install -d -m 1777 {DIRECTORY}"
GUARD = "guard"
PREFIX = "f."
LOOKS_WITHIN, STARTS_WITHIN = 2.0, 10.0
LONGEST_NAME = 200
SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
FILE_TYPE, REGULAR = 0o170000, 0o100000
LOOK = posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC


class Moved(Exception):
    """Somebody deleted or replaced a file while it was being locked."""


class Busy:
    """A lock file that somebody holds: `what` of it is in the way, in words; `program`: only that it runs the same.

    `record`: what the file at `path` said, where another holder writes it anew.
    """

    __slots__ = ("device", "inode", "path", "program", "record", "what")

    def __init__(
        self, what: str, descriptor: int, *, program: bool = False, record: bytes = b"", path: str = ""
    ) -> None:
        found = posix.fstat(descriptor)
        self.what, self.program = what, program
        self.record, self.path = record, path
        self.device, self.inode = found.st_dev, found.st_ino


def encode(text: str) -> str:
    """Return `text` as a file name, percent-encoded; no name begins with a dot."""
    octets = text.encode("utf-8", "surrogateescape")
    name = "".join(chr(o) if chr(o) in SAFE else f"%{o:02X}" for o in octets)
    return "%2E" + name[1:] if name.startswith(".") else name


def decode(name: str) -> str:
    """Return what `encode` made into `name`; a name it never makes is read as ``#``, which collides with all."""
    head, *parts = name.split("%")
    try:
        octets = head.encode() + b"".join(bytes.fromhex(part[:2]) + part[2:].encode() for part in parts)
    except (ValueError, UnicodeEncodeError):
        return "#"
    text = octets.decode("utf-8", "surrogateescape")
    return text if encode(text) == name else "#"


def widen(topic: str, longest: int = LONGEST_NAME) -> str:
    """Return `topic`, or the closest filter that covers it and whose name has at most `longest` bytes.

    Wider is safe: two that overlap still do. ``#`` misses topics that begin with ``$``: where the first level of one is
    so long that only ``#`` would be short enough for what lies below it, all filters with that level become ``#``.
    """
    first = topic.partition("/")[0]
    if first.startswith("$") and len(encode(f"{first}/#")) > longest:
        return "#"
    for candidate in (topic, *broader(topic)):
        if len(encode(candidate)) <= longest:
            return candidate
    return "#"


def folder_of(scope: str) -> str:
    """Return the name of the folder of `scope`; two long ones that begin alike share it, which is safe."""
    return encode(scope)[:LONGEST_NAME]


def path_of(scope: str, name: str) -> str:
    """Return where the file `name` of `scope` lies."""
    return f"{DIRECTORY}/{folder_of(scope)}/{name}"


def attempt(
    scope: str, wanted: set[str], *, create: bool, shared: bool = False, pardoned: "Pardon | None" = None
) -> tuple[list[Kept], list[Busy]]:
    """Try once to lock all filters `wanted` (already widened) in `scope`; `shared`: with others that share them.

    Return (locks, []) with every lock held, or ([], what is in the way), nothing held; what is `pardoned` is not in the
    way. Without `create` nothing is made or kept: it is only looked at. Raises OSError and Moved.
    """
    before = posix.umask(0)  # others must be able to lock here too, whatever the umask of the first
    opened: list[int] = []
    try:
        folder = enter(scope, opened, create=create)
        if folder is None:
            return [], []
        own = {f"{PREFIX}{encode(topic)}" for topic in wanted}
        mine = own if create else set()
        held, busy = [], []
        for name in sorted(mine | _rivals(folder, wanted)):
            mode = fcntl.LOCK_SH if shared and name in own else fcntl.LOCK_EX
            opened.append(_open_file(folder, name, create=create))
            if not lock(scope, name, opened[-1], mode):
                rival = Busy(f"'{printable(decode(name.removeprefix(PREFIX)))}' on {printable(scope)}", opened[-1])
                busy += [] if pardoned and pardoned(rival) else [rival]
            elif name in mine:
                held.append(Kept(opened[-1], path_of(scope, name), mode))
        if busy:
            return [], busy
        taken = {lock.descriptors[0] for lock in held}
        opened = [descriptor for descriptor in opened if descriptor not in taken]
        return held, []
    finally:
        posix.umask(before)
        for descriptor in reversed(opened):  # the guard after all it guards
            posix.close(descriptor)


def enter(scope: str, opened: list[int], *, create: bool) -> int | None:
    """Return a descriptor of the folder of `scope`, its guard held, both in `opened`; None when it is not there."""
    if not _open_folders(scope, opened, create=create):
        return None
    folder = opened[-1]
    _guard(scope, folder, opened, create=create)
    return folder


def lock(scope: str, name: str, descriptor: int, mode: int = fcntl.LOCK_EX) -> bool:
    """Lock the file `name` of `scope`, open as `descriptor`; tell whether nobody had it. Moved when it was replaced."""
    if not _lock(descriptor, mode):
        return False
    _check_place(scope, name, descriptor)
    return True


def is_free(descriptor: int) -> bool:
    """Tell whether nobody holds the open file `descriptor`; it is ours then, until it is closed."""
    return _lock(descriptor)


def look_at(folder: int, name: str) -> int:
    """Return a descriptor of the file `name`, which is there and is a regular file; Moved and Refused otherwise."""
    return _open_file(folder, name, create=False)


def _rivals(folder: int, wanted: set[str]) -> set[str]:
    return {
        name
        for name in posix.listdir(folder)
        if name.startswith(PREFIX)
        and any(filters_overlap(bare(decode(name.removeprefix(PREFIX))), topic) for topic in wanted)
    }


def _guard(scope: str, folder: int, opened: list[int], *, create: bool) -> None:
    """Hold `guard` in `opened`, so that looking at all filters and taking one is a single step."""
    try:
        guard = _open_file(folder, GUARD, create=create)
    except Moved:
        if create:
            raise
        return  # only looking, and nobody was ever here
    opened.append(guard)
    if not (lock_in_turn(guard, STARTS_WITHIN) if create else lock_soon(guard, LOOKS_WITHIN)):
        path = path_of(scope, GUARD)
        raise Refused(HELD, f"cannot know who consumes: {path} stays locked; see who holds it: fuser -v {path}")
    _check_place(scope, GUARD, guard)


def _lock(descriptor: int, mode: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_place(scope: str, name: str, descriptor: int) -> None:
    """Moved when the path no longer names the locked file: who comes next would lock another one."""
    mine = posix.fstat(descriptor)
    try:
        there = posix.stat(path_of(scope, name), follow_symlinks=False)
    except FileNotFoundError:
        raise Moved from None
    if (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino):
        raise Moved


def _open_folders(scope: str, opened: list[int], *, create: bool) -> bool:
    """Add descriptors of the directory and of the folder of `scope`; False when one is missing and not to be made."""
    base = None
    for path in (DIRECTORY, folder_of(scope)):
        try:
            if create:
                _make_directory(path, base)
            base = posix.open(path, LOOK | posix.O_DIRECTORY, dir_fd=base)
        except FileNotFoundError:
            if create:
                raise
            return False
        opened.append(base)
    return True


def _make_directory(path: str, base: int | None) -> None:
    try:
        posix.mkdir(path, 0o1777, dir_fd=base)
    except FileExistsError:
        return


def _open_file(folder: int, name: str, *, create: bool) -> int:
    """Return a descriptor of a lock file. Never O_CREAT on one that exists: fs.protected_regular refuses that."""
    try:
        descriptor = posix.open(name, LOOK, dir_fd=folder)
    except FileNotFoundError:
        descriptor = _create(folder, name) if create else -1
    if descriptor < 0:
        raise Moved
    if posix.fstat(descriptor).st_mode & FILE_TYPE != REGULAR:
        posix.close(descriptor)
        raise Refused(HELD, f"cannot know who consumes: {printable(name)} in {DIRECTORY} is no regular file; remove it")
    return descriptor


def _create(folder: int, name: str) -> int:
    try:
        return posix.open(name, LOOK | posix.O_CREAT | posix.O_EXCL, 0o644, dir_fd=folder)
    except FileExistsError:
        return -1  # somebody was quicker: look again
