"""asyncio: who waits for a server to be closed does so until the connections it has accepted reached their protocol.

They are set up in a task of a later turn: a caller that counts its connections right after ``close()`` misses them.
"""

TURNS = 0.02


def mend(module):
    """Change `asyncio.base_events`."""
    wait = module.Server.wait_closed

    async def wait_closed(self):
        from asyncio import sleep

        await sleep(TURNS)
        return await wait(self)

    module.Server.wait_closed = wait_closed
