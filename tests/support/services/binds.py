"""An API instance that opens the port it is told, with SO_REUSEPORT, and answers who it is."""

import json
import os
import signal
import socket
import sys

signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), reuse_port=True)
print(f"binds {os.getpid()} listens", flush=True)
while True:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        body = json.dumps({"pid": os.getpid(), "instance": os.environ["PROCMAN_INSTANCE"]}).encode()
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
