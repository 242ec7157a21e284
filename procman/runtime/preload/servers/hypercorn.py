"""hypercorn: told to stop, it leaves idle connections to their keep-alive timeout, and says ``Connection: close``.

Its own shutdown closes them at once, and with them requests on their way. Waits a little less than its graceful
timeout, after which it would cancel what is open.
"""

import asyncio

MARGIN = 0.3


def mend(module):
    """Change `hypercorn.asyncio.tcp_server`."""
    server = module.TCPServer
    make = server.__init__
    if not callable(server._idle_timeout) or not callable(server._initiate_server_close):
        raise TypeError("no _idle_timeout")

    def __init__(self, app, loop, config, context, *rest, **more):
        make(self, app, loop, config, context, *rest, **more)
        last_headers(config, context.terminated)

    async def _idle_timeout(self):
        idle = self.config.keep_alive_timeout
        told = asyncio.ensure_future(self.context.terminated.wait())
        try:
            done, _ = await asyncio.wait({told}, timeout=idle)
        finally:
            told.cancel()
        if done:
            await asyncio.sleep(max(0, min(idle, self.config.graceful_timeout - MARGIN)))
        await asyncio.shield(self._initiate_server_close())

    server.__init__, server._idle_timeout = __init__, _idle_timeout


def last_headers(config, terminated):
    """Let `config` add ``Connection: close`` to what is answered after `terminated`."""
    if getattr(config, "_procman", False):
        return
    headers = config.response_headers

    def response_headers(protocol):
        more = [(b"connection", b"close")] if protocol == "h11" and terminated.is_set() else []
        return headers(protocol) + more

    config._procman, config.response_headers = True, response_headers
