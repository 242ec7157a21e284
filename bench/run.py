"""Every benchmark, one after another. Absolute times wander with the machine; the ratios are what counts."""

from __future__ import annotations

import platform
import sys

import consumers
import crash_loops
import day
import launch
import leak
import memory
import memory_watch
import peers
import plan
import status
import validate
import watch

BENCHES = {
    "status": status.main,
    "plan": plan.main,
    "leak": leak.main,
    "memory": memory.main,
    "memory-watch": memory_watch.main,
    "launch": launch.main,
    "validate": validate.main,
    "crash-loops": crash_loops.main,
}
# Ten minutes each and more: only where they are named.
LONG = {
    "day": day.main,
    "consumer-kills": consumers.kills,
    "consumer-scale": consumers.scale,
    "consumer-watch": watch.main,
    "consumer-guards": consumers.guards,
    "consumer-speed": consumers.speed,
}


def main() -> int:
    """Run the benchmarks named on the command line, or all but the long ones; 2 for an unknown name."""
    known = {**BENCHES, **LONG}
    names = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark {unknown[0]}; known: {', '.join(known)}", file=sys.stderr)
        return 2
    print(f"{platform.platform()}, Python {platform.python_version()}")
    for name in names:
        try:
            known[name]()
        except peers.Unavailable as missing:
            print(f"{name}: not measured: {missing}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
