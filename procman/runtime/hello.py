"""The launcher's side of the plugin's socket: say which instance starts, and be given its listening sockets."""

import _socket
import fcntl
import posix
import sys
import time
from _struct import pack

from procman.runtime.becoming import LISTENING
from procman.runtime.exits import GONE, HELD, Refused, printable
from procman.runtime.pauses import rest

ANSWER_WITHIN = 5.0
FAREWELL_WITHIN = 1.0
LARGEST = 4096
MOST = 64
ENDED_WITHIN = 5.0
POLL = 0.002


def greet(store: bytes, parent: int, message: list[bytes], *, listens: int) -> tuple[bytes, bytes]:
    """Tell the plugin at `store` what starts, and wait for its leave; put so many sockets on descriptors from 3 on.

    Returns the file by which this process joins its control group, and its OOM score; either may be empty.

    Refused when nobody answers in time, when the one who answers is not `parent`, and with the plugin's own
    code and reason when it says no.
    """
    try:
        answer, descriptors = _ask(store, b"\0".join(message), ANSWER_WITHIN, parent)
    except OSError as error:
        raise _unanswered(error) from None
    said, _, rest = answer.partition(b"\0")
    code, _, reason = rest.partition(b"\0")
    if said == b"no" and code.isdigit():
        raise Refused(int(code), printable(reason))
    if said != b"ok" or len(descriptors) != listens:
        raise Refused(GONE, "the manager gave no answer that is understood; is it of another version? procman down")
    _put(descriptors)
    return code, reason


def end_orphans(store: bytes, parent: int, unit: bytes) -> list[bytes]:
    """Have the plugin end what was left behind under it, until nothing is left; return the pids.

    Refused when something does not die. An older plugin, which does not know the question, leaves it to the cookie.
    """
    ended: set[bytes] = set()
    deadline = time.monotonic() + ENDED_WITHIN
    while True:
        try:
            answer, _ = _ask(store, b"\0".join((b"orphans", unit)), ANSWER_WITHIN, parent)
        except TimeoutError as error:
            raise _unanswered(error) from None
        except OSError:
            return sorted(ended)  # nobody listens: who has the lock is said first, then the greeting says it
        said, *found = answer.split(b"\0")
        if said != b"ok" or not found:
            return sorted(ended)
        ended.update(found)
        if time.monotonic() > deadline:
            raise Refused(HELD, f"orphans do not die: {printable(b' '.join(found))}; see what blocks them: ps -l")
        rest(POLL)


def report_held(store: bytes, parent: int, unit: bytes, reason: str) -> None:
    """Tell the plugin that `unit` cannot start because its lock is held; nothing to do when it does not listen."""
    text = printable(reason).encode("utf-8")[: LARGEST // 2]
    try:
        _ask(store, b"\0".join((b"held", unit, text)), FAREWELL_WITHIN, parent)
    except (OSError, Refused):
        return


def speak(name: bytes, descriptor: int) -> None:
    """Put a socket on `descriptor`: what is written to it is heard at the abstract socket `name`. It never blocks."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
    sock.connect(b"\0" + name[1:])
    sock.setblocking(False)  # noqa: FBT003 - the signature is socket's
    own = sock.detach()
    if own == descriptor:
        posix.set_inheritable(own, True)  # noqa: FBT003 - the signature is posix's
    else:
        posix.dup2(own, descriptor)
        posix.close(own)


def _ask(store: bytes, message: bytes, within: float, parent: int) -> tuple[bytes, list[int]]:
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    try:
        _connect(sock, store, within)
        sock.settimeout(within)
        credentials = sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
        if _number(credentials) != parent:
            raise Refused(GONE, f"pid {_number(credentials)} answers in place of the manager; restart it: procman down")
        sock.send(message)
        room = _socket.CMSG_SPACE(4 * MOST)
        answer, extra, _, _ = sock.recvmsg(LARGEST, room, _socket.MSG_CMSG_CLOEXEC)
    finally:
        sock.close()
    rights = [data for level, kind, data in extra if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS)]
    return answer, [_number(data[at:]) for data in rights for at in range(0, len(data), 4)]


def _connect(sock: _socket.socket, store: bytes, within: float) -> None:
    """Connect, and wait for room in the queue of who listens: hundreds may start at once. TimeoutError after `within`.

    Only a blocking connect(2) waits for that; with a timeout of Python's own it is none, and ends with EAGAIN at once.
    """
    sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDTIMEO, pack("@ll", int(within), int(within % 1 * 1e6)))
    try:
        sock.connect(store)
    except BlockingIOError:
        raise TimeoutError from None


def _put(descriptors: list[int]) -> None:
    """Move `descriptors` to LISTENING and what follows, first out of the way of each other."""
    above = LISTENING + len(descriptors)
    moved = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, above) for fd in descriptors]
    for number, descriptor in enumerate(moved, LISTENING):
        posix.dup2(descriptor, number)
        posix.close(descriptor)
    for descriptor in descriptors:
        if descriptor >= above:
            posix.close(descriptor)


def _number(data: bytes) -> int:
    return int.from_bytes(data[:4], sys.byteorder)


def _unanswered(error: OSError) -> Refused:
    return Refused(GONE, f"the manager does not answer ({_reason(error)}); see procman status")


def _reason(error: OSError) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else error.strerror or "no reason given"
