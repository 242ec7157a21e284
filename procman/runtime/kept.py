"""The descriptors by which a service holds its locks: where nothing closes them by chance, and proved before exec.

A lock lives as long as one descriptor of its open file does. Each has one high up: above the limit that a loop over all
descriptors goes to where the hard limit allows, above what a shell script or a socket is put on in any case. The first
few have another right above the sockets: the kernel lets go of the highest first when a process dies, so these locks go
after the connection to the broker.
"""

import fcntl
import posix
import resource

from procman.runtime.exits import HELD, Refused, printable

CEILING = 4096
"""No lock goes to this number: a table of descriptors is as long as its highest, and each fork copies it."""

LOW = 16
"""So many locks have a second, low descriptor: those count against the limit of the service."""

AGAIN = "start it again; if it comes back, see what opens descriptors before it starts"


class Kept:
    """A lock of this process on the file `device`:`inode` at `path`; `mode` is how it was locked."""

    __slots__ = ("descriptors", "device", "inode", "mode", "path")

    def __init__(self, descriptor: int, path: str, mode: int = fcntl.LOCK_EX) -> None:
        found = posix.fstat(descriptor)
        self.descriptors = [descriptor]
        self.device, self.inode = found.st_dev, found.st_ino
        self.path = path
        self.mode = mode

    def prove(self) -> None:
        """Refused unless every descriptor is this file, locked, goes over exec, and the path still names it."""
        for descriptor in self.descriptors:
            fault = self._fault(descriptor)
            if fault:
                where = f"{printable(self.path)} at descriptor {descriptor}"
                raise Refused(HELD, f"does not hold its lock {where}: {fault}; {AGAIN}")

    def close(self) -> None:
        """Let go of it."""
        for descriptor in self.descriptors:
            posix.close(descriptor)
        self.descriptors = []

    def _fault(self, descriptor: int) -> str:
        try:
            mine, there = posix.fstat(descriptor), posix.stat(self.path, follow_symlinks=False)
            if (mine.st_dev, mine.st_ino) != (self.device, self.inode):
                return "that is another file by now"
            if (there.st_dev, there.st_ino) != (self.device, self.inode):
                return "the file was replaced"
            if fcntl.fcntl(descriptor, fcntl.F_GETFD) & fcntl.FD_CLOEXEC:
                return "it would be closed on exec"
            fcntl.flock(descriptor, self.mode | fcntl.LOCK_NB)  # nothing changes when it is held, as it should be
        except OSError as error:
            return f"{error.strerror}".lower()
        return ""


class Limits:
    """The limit of open files, out of the way while locks are taken: services get it back as it was."""

    __slots__ = ("hard", "soft")

    def __init__(self) -> None:
        self.soft, self.hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._set(self.hard)

    def restore(self) -> None:
        """Set the limit as it was; descriptors above it stay open."""
        self._set(self.soft)

    def place(self, locks: list[Kept], above: int) -> None:
        """Move `locks`, in their order, to where they stay; nothing below `above` is used."""
        ceiling = CEILING if self.hard == resource.RLIM_INFINITY else min(self.hard, CEILING)
        soft = CEILING if self.soft == resource.RLIM_INFINITY else self.soft
        high = max(above, min(soft, ceiling - len(locks)))
        for number, lock in enumerate(locks):
            (descriptor,) = lock.descriptors
            # F_DUPFD takes the lowest that is free, and what it gives is inherited.
            lock.descriptors = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, high)]
            if number < LOW:
                lock.descriptors.append(fcntl.fcntl(descriptor, fcntl.F_DUPFD, above))
            posix.close(descriptor)

    def _set(self, soft: int) -> None:
        if self.soft != self.hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, self.hard))
