"""A service that is handed descriptors: waits on its listening sockets, and says that it is ready as it was told to."""

import os
import select
import socket

if "PROCMAN_READY_FD" in os.environ:
    os.write(int(os.environ["PROCMAN_READY_FD"]), b"READY=1")
if "NOTIFY_SOCKET" in os.environ:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.connect("\0" + os.environ["NOTIFY_SOCKET"][1:])
        manager.send(b"READY=1")
sockets = [3 + number for number in range(int(os.environ.get("LISTEN_FDS", "0")))]
while True:
    select.select(sockets, [], [])
