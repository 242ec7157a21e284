"""The door to a running supervisord: its RPCs over the project's unix socket, as typed calls. Decides nothing.

One connection per call, because supervisord closes it after each answer. Standard library only, and of that only
what starts fast.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import struct
from collections.abc import Callable

from procman.adapters import manager_report, xml_values
from procman.adapters.patience import LONGEST, Patience
from procman.adapters.xml_values import Value
from procman.core.errors import Failed, NotRunning
from procman.core.observed import Observed

ANSWER_WITHIN = 10.0
LARGEST_ANSWER = 16 << 20

NOT_RUNNING = 70
"""supervisord's fault for stopping what does not run."""

ALREADY_STARTED = 60
"""supervisord's fault for starting what runs."""

STILL_RUNNING = 91
"""The plugin's fault for replacing what is being replaced."""

_GONE = (FileNotFoundError, ConnectionRefusedError, ConnectionResetError, BrokenPipeError)
_HELP_BUSY = "see the end of supervisord.log in the project's state directory"
_HELP_VERSION = "another version of procman started it: `procman down`, then `procman up`"


class Fault(Failed):
    """supervisord refused a call: `code` is one of supervisor's `Faults`, `text` its words."""

    def __init__(self, method: str, code: int, text: str) -> None:
        super().__init__(f"supervisord refused {method}: {text}", _HELP_BUSY)
        self.code = code
        self.text = text


class Client:
    """Calls the supervisord that listens on the unix socket `path`, which may do nothing for `timeout` seconds.

    While it works, its answer is waited for longer, and `told` is called with words for that.

    Every method raises NotRunning when nobody listens there, Fault when supervisord refuses, and Failed when it
    does not answer in time or not in a way that is understood.
    """

    def __init__(self, path: str, timeout: float = ANSWER_WITHIN, told: Callable[[str], None] | None = None) -> None:
        self.path = path
        self.timeout = timeout
        self.told = told

    def status(self) -> Observed:
        """Return the manager and every unit, seen in one call."""
        try:
            return manager_report.observed(json.loads(str(self._call("procman.status"))))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Failed(f"supervisord's report is not understood: {error!r}", _HELP_VERSION) from None

    def reload_config(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Let supervisord read its file again; return the names (added, changed, removed). Nothing is started."""
        result = self._call("supervisor.reloadConfig")
        match result:
            case [[list(added), list(changed), list(removed)]]:
                return _names(added), _names(changed), _names(removed)
        raise Failed(f"supervisord's answer to reloadConfig is not understood: {result!r}", _HELP_VERSION)

    def add(self, unit: str) -> None:
        """Add `unit` from the file that was read last; it starts when the file says so."""
        self._call("supervisor.addProcessGroup", unit)

    def remove(self, unit: str) -> None:
        """Forget the stopped `unit`."""
        self._call("supervisor.removeProcessGroup", unit)

    def start(self, unit: str, *, wait: bool = False) -> None:
        """Start `unit`, and with `wait` return when it has stayed up."""
        self._call("supervisor.startProcess", f"{unit}:{unit}", wait)

    def stop(self, unit: str, *, wait: bool = False) -> None:
        """Stop `unit`, and with `wait` return when it is down (supervisord is busy all that time)."""
        self._call("supervisor.stopProcess", f"{unit}:{unit}", wait)

    def replace(self, unit: str, reason: str) -> int:
        """Let the manager replace `unit` by what the file says, and return the job's number; does not wait for it."""
        return int(str(self._call("procman.replace", unit, reason)))

    def renew(self, units: list[str], reason: str) -> None:
        """Let the manager stop all of `units`, and make each anew by what the file says; does not wait for it."""
        self._call("procman.renew", list(units), reason)

    def call_off(self, unit: str) -> None:
        """Let a replacement of `unit` that is not ready yet fail, so that the old process serves on."""
        self._call("procman.call_off", unit)

    def hurry(self, unit: str) -> None:
        """Let the manager start `unit` at once if it waits for its next start after a failure."""
        self._call("procman.hurry", unit)

    def retire(self, unit: str) -> None:
        """Let the manager stop `unit` once new connections have left it; does not wait for it."""
        self._call("procman.retire", unit)

    def shutdown(self) -> None:
        """Let supervisord stop everything and end; does not wait for it."""
        self._call("supervisor.shutdown")

    def release(self, service: str, n: int) -> None:
        """Close the listening sockets of `service` from slot `n` on; their instances must be down."""
        self._call("procman.release", service, n)

    def _call(self, method: str, *arguments: Value) -> Value:
        try:
            body = self._exchange(xml_values.call(method, *arguments))
            return xml_values.answer(body)
        except xml_values.RemoteFault as fault:
            raise Fault(method, fault.code, fault.text) from None
        except ValueError as error:
            raise Failed(f"supervisord's answer to {method} is not understood: {error}", _HELP_VERSION) from None
        except TimeoutError as late:
            raise Failed(f"supervisord did not answer {method} {late}", _HELP_BUSY) from None
        except OSError as error:
            raise _unreachable(self.path, error) from None

    def _exchange(self, body: bytes) -> bytes:
        """Send one request and return the body of the response. TimeoutError, with words, when it takes too long."""
        head = f"POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(LONGEST)
            try:
                sock.connect(self.path)
                sock.sendall(head + body)
            except TimeoutError:
                raise TimeoutError(f"within {LONGEST:g} s") from None
            return _payload(_received(sock, Patience(_peer(sock), self.timeout, self.told), self.timeout))


def peer_pid(path: str) -> int:
    """Return the pid of the process that listens on the unix socket `path`; NotRunning when there is none."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(ANSWER_WITHIN)
            sock.connect(path)
            return _peer(sock)
    except OSError as error:
        raise _unreachable(path, error) from None


def _peer(sock: socket.socket) -> int:
    size = struct.calcsize("=iii")
    pid, _uid, _gid = struct.unpack("=iii", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(pid)


def _unreachable(path: str, error: OSError) -> NotRunning | Failed:
    if isinstance(error, _GONE):
        return NotRunning(f"no manager listens on {path}", "procman up starts it")
    return Failed(f"cannot reach the manager on {path}: {error.strerror or error}", "are you the user who runs it?")


def _received(sock: socket.socket, patience: Patience, idle: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    sock.settimeout(patience.slice)
    while True:
        try:
            part = sock.recv(1 << 16)
        except TimeoutError:
            if patience.lasts():
                continue
            late = f"for {LONGEST:g} s, though it works" if patience.busy else f"within {idle:g} s"
            raise TimeoutError(late) from None
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            raise ValueError(f"it is larger than {LARGEST_ANSWER >> 20} MiB")


def _payload(response: bytes) -> bytes:
    if not response:
        raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    head, _, payload = response.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    status = first.split(" ", 2)[1:]
    if status[:1] != ["200"]:
        raise ValueError(f"HTTP {' '.join(status)}")
    for name, _, value in (field.partition(":") for field in fields):
        if name.lower() == "content-length" and int(value) != len(payload):
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    return payload


def _names(items: list[Value]) -> tuple[str, ...]:
    return tuple(str(item) for item in items)
