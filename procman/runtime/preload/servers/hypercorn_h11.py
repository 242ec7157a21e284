"""hypercorn: told to stop, it keeps a connection open whose last answer did not say that it would be closed.

An answer that had begun before, such as a long stream, carries no ``Connection: close``: the client may send its next
request. One that carries it is closed by h11's own state.
"""


class Never:
    """An event that is never set."""

    def is_set(self):
        """Return False."""
        return False


class Running:
    """A worker's context as it was before it was told to stop."""

    terminated = Never()

    def __init__(self, context):
        self._context = context

    def __getattr__(self, name):
        return getattr(self._context, name)


def mend(module):
    """Change `hypercorn.protocol.h11`."""
    protocol = module.H11Protocol
    recycle = protocol._maybe_recycle

    async def _maybe_recycle(self):
        context = self.context
        self.context = Running(context)
        try:
            await recycle(self)
        finally:
            self.context = context

    protocol._maybe_recycle = _maybe_recycle
