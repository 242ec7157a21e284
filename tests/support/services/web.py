"""An API instance: answers every request on descriptor 3 with who it is, and ends on SIGTERM."""

import json
import os
import signal
import socket
import sys


def main() -> None:
    """Answer one connection after another."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    listener = socket.socket(fileno=3)
    who = {"pid": os.getpid(), "instance": os.environ["PROCMAN_INSTANCE"], "colour": os.environ.get("COLOUR", "")}
    body = json.dumps(who).encode()
    print(f"web {os.getpid()} listens", flush=True)
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


main()
