"""Loaded before a Python service (PYTHONPATH). Waits for the servers it knows and then makes them drain.

Until one of them is imported it does nothing, and it loads nothing but what every interpreter has. What it knows of
each lies in ``../servers``. Runs under the service's own Python, 3.8 and newer, so it uses none of procman.
"""

from __future__ import annotations

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SERVERS = os.path.join(os.path.dirname(HERE), "servers")
KNOWN = {
    "asyncio.selector_events": "asyncio_accept",
    "asyncio.base_events": "asyncio_close",
    "uvicorn.server": "uvicorn",
    "hypercorn.asyncio.tcp_server": "hypercorn",
    "hypercorn.asyncio.run": "hypercorn_worker",
    "hypercorn.protocol.h11": "hypercorn_h11",
    "gunicorn.workers.gthread": "gunicorn",
}


class Finder:
    """Sees an import before everybody else, and stands aside for all but the modules in `KNOWN`."""

    def __init__(self):
        self.busy = None

    def find_spec(self, name, path=None, target=None):
        """Return the spec that the others find, with a loader that mends what it has loaded; None to stand aside."""
        if name not in KNOWN or name == self.busy:
            return None
        from importlib.util import find_spec

        self.busy = name
        try:
            spec = find_spec(name)
        finally:
            self.busy = None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            mend(module, KNOWN[name])

        spec.loader.exec_module = exec_module
        return spec


def mend(module, name):
    """Let ``../servers/NAME.py`` change `module`. What it does not recognize it leaves alone, and says so."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("_procman_" + name, os.path.join(SERVERS, name + ".py"))
    part = module_from_spec(spec)
    try:
        spec.loader.exec_module(part)
        part.mend(module)
    except (AttributeError, ImportError, OSError, TypeError, ValueError) as error:
        sys.stderr.write(f"procman: {module.__name__} is not drained, it is not what it was: {error!r}\n")


def chain():
    """Run the sitecustomize that this one stands in front of, in its name; it may raise as if it were alone."""
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != HERE]
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        from importlib.util import module_from_spec

        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


sys.meta_path.insert(0, Finder())
chain()
