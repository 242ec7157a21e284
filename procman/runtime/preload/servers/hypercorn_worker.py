"""hypercorn: its workers, which are processes of their own, do not die of the signal that ends it.

The whole process group is told to end. Its first process then tells each worker by an event, and waits for it; the
worker itself has no handler, and would be gone with its open requests. One worker is hypercorn's default.
"""

import os
import signal


def mend(module):
    """Change `hypercorn.asyncio.run`."""
    run = module._run
    told = getattr(signal, "SIG" + os.environ["PROCMAN_DRAIN"].partition(" ")[2])

    def _run(main, *rest, shutdown_trigger=None, **more):
        if shutdown_trigger is not None:  # it is told by somebody else
            signal.signal(told, signal.SIG_IGN)
        return run(main, *rest, shutdown_trigger=shutdown_trigger, **more)

    module._run = _run
