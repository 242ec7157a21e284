"""An API instance that drains: it answers until it is told to end, then finishes what it has accepted, and goes.

Arguments: ``slow=SECONDS`` before it listens, ``health=STATUS`` of GET /health, ``die`` at start, ``deaf``: never
listens, ``select``: waits by select(2), ``notify``: says READY=1 when a file called ``go`` appears in its directory.
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import time
from pathlib import Path

FIRST = 3


def main() -> None:
    """Answer one connection after another, on every socket it was given."""
    said = dict(item.partition("=")[::2] for item in sys.argv[1:])
    if "die" in said:
        print("steady: no database", flush=True)
        sys.exit(3)
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(write)
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    time.sleep(float(said.get("slow", 0)))
    waiting = selectors.SelectSelector() if "select" in said else selectors.DefaultSelector()
    waiting.register(read, selectors.EVENT_READ)
    listeners = [socket.socket(fileno=FIRST + n) for n in range(int(os.environ["LISTEN_FDS"]))]
    for listener in listeners if "deaf" not in said else ():
        listener.listen(5)  # as programs do that were given a socket: the backlog must survive it
        listener.setblocking(False)
        waiting.register(listener, selectors.EVENT_READ)
    print(f"steady {os.getpid()} listens", flush=True)
    while True:
        if "notify" in said and Path("go").exists():
            said.pop("notify")
            notify()
        for key, _ in waiting.select(0.05 if "notify" in said else None):
            if not isinstance(key.fileobj, socket.socket):
                sys.exit(0)
            answer(key.fileobj, said)


def answer(listener: socket.socket, said: dict[str, str]) -> None:
    """Answer the next connection with who this is."""
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        return
    with connection:
        connection.settimeout(10)
        request = connection.recv(65536)
        who = {"pid": os.getpid(), "instance": os.environ["PROCMAN_INSTANCE"], "colour": os.environ.get("COLOUR", "")}
        body = json.dumps(who).encode()
        status = said.get("health", "200") if b" /health " in request else "200"
        with contextlib.suppress(OSError):  # the client has gone
            connection.sendall(b"HTTP/1.0 %b -\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body))


def notify() -> None:
    """Say READY=1 as sd_notify(3) does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"READY=1\n", os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))


main()
