"""A service that grows by 20 MiB a second, up to as many MiB as its argument says, and ends on SIGTERM."""

import sys
import time


def main() -> None:
    """Grow, then stay."""
    kept: list[bytes] = []
    while True:
        if len(kept) * 2 < int(sys.argv[1]):
            kept.append(b"x" * (2 << 20))
        time.sleep(0.1)


main()
