"""gunicorn's gthread worker before it lingered by itself: told to stop, it answers what comes on open connections.

Its own shutdown closes kept-alive and unread connections at once. Newer ones linger (`STOP_KEEPALIVE_LINGER`); they are
left alone.
"""

import os
import time


def mend(module):
    """Change `gunicorn.workers.gthread`."""
    if hasattr(module, "STOP_KEEPALIVE_LINGER"):
        return
    worker = module.ThreadWorker
    notify, handle = worker.notify, worker.handle_request
    limit = float(os.environ["PROCMAN_DRAIN"].partition(" ")[0])

    def handle_exit(self, sig, frame):
        if getattr(self, "_procman_end", None) is None:
            self._procman_end = time.monotonic() + min(limit, max(self.cfg.graceful_timeout - 1, 1))
            self._procman_accepts = True

    def noticed(self):
        notify(self)
        if getattr(self, "_procman_end", None) is not None:
            leave(self)

    def handle_request(self, req, conn):
        if getattr(self, "_procman_end", None) is not None:
            req.force_close()
        return handle(self, req, conn)

    worker.handle_exit, worker.notify, worker.handle_request = handle_exit, noticed, handle_request


def leave(worker):
    """Take `worker` off its listeners, once, and let it end when no connection is left, or its time is over."""
    if worker._procman_accepts:
        worker._procman_accepts = False
        for sock in worker.sockets:
            try:
                worker.poller.unregister(sock)
            except (KeyError, ValueError):
                pass
    if worker.nr_conns <= 0 or time.monotonic() > worker._procman_end:
        worker.alive = False
