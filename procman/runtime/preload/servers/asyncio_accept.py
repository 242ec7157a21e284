"""asyncio: a connection that is accepted in the turn in which its server closes is served, not dropped.

`BaseSelectorEventLoop._accept_connection2` attaches it to a server that has no sockets any more; the assertion in
`Server._attach` fails, is logged nowhere that a user looks, and the client is reset. Such a connection needs no server.
"""


def mend(module):
    """Change `asyncio.selector_events`."""
    loop = module.BaseSelectorEventLoop
    accept = loop._accept_connection2

    async def _accept_connection2(self, protocol_factory, conn, extra, sslcontext=None, server=None, *rest, **more):
        if server is not None and getattr(server, "_sockets", True) is None:
            server = None
        return await accept(self, protocol_factory, conn, extra, sslcontext, server, *rest, **more)

    loop._accept_connection2 = _accept_connection2
