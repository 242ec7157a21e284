"""uvicorn: told to stop, it answers what comes on open connections, with ``Connection: close``, before it closes them.

Its own shutdown closes every idle and every unread connection at once, and with them requests on their way. A program
that calls ``uvicorn.run(port=PORT)`` by itself is given the socket that procman passed on.
"""

import os
import socket

FIRST = 3
SETTLE = 0.1
LOOK = 0.02


def mend(module):
    """Change `uvicorn.server`."""
    server = module.Server
    make, shutdown = server.__init__, server.shutdown
    limit = float(os.environ["PROCMAN_DRAIN"].partition(" ")[0])

    def __init__(self, config, *rest, **more):
        if config.fd is None and config.uds is None and given(config.port):
            config.fd = FIRST
        make(self, config, *rest, **more)

    async def drained(self, sockets=None):
        await drain(self, sockets, limit)
        return await shutdown(self, sockets)

    server.__init__, server.shutdown = __init__, drained


async def drain(server, sockets, limit):
    """Accept nothing more, and wait until no connection is left, `limit` seconds at most."""
    from asyncio import get_running_loop, sleep

    now = get_running_loop().time
    began = now()
    for part in server.servers:
        part.close()
    for sock in sockets or []:
        sock.close()
    state = server.server_state
    # In place: requests that have begun already share this list.
    state.default_headers.append((b"connection", b"close"))
    for connection in list(state.connections):
        if not hasattr(connection, "cycle"):
            connection.shutdown()  # a WebSocket has no end of its own
    while not server.force_exit and now() - began < limit and (state.connections or now() - began < SETTLE):
        await sleep(LOOK)


def given(port):
    """Tell whether descriptor 3 is a socket that listens on `port`."""
    if os.environ.get("LISTEN_FDS", "0") == "0" or os.environ.get("PORT") != str(port):
        return False
    try:
        with socket.socket(fileno=os.dup(FIRST)) as sock:
            name = sock.getsockname()
            return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)) and name[1:2] == (port,)
    except OSError:
        return False
