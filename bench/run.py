"""Every benchmark, one after another. Absolute times wander with the machine; the ratios are what counts."""

from __future__ import annotations

import platform
import sys

import consumers
import crash_loops
import launch
import leak
import memory
import memory_watch
import peers
import plan
import status
import validate

BENCHES = {
    "status": status.main,
    "plan": plan.main,
    "leak": leak.main,
    "memory": memory.main,
    "memory-watch": memory_watch.main,
    "launch": launch.main,
    "validate": validate.main,
    "consumers": consumers.main,
    "crash-loops": crash_loops.main,
}


def main() -> int:
    """Run the benchmarks named on the command line, or all; 2 for an unknown name."""
    names = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"no benchmark {unknown[0]}; known: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    print(f"{platform.platform()}, Python {platform.python_version()}")
    for name in names:
        try:
            BENCHES[name]()
        except peers.Unavailable as missing:
            print(f"{name}: not measured: {missing}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
