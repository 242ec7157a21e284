"""Says why it cannot work, and ends with 3; after so many seconds when a number is given."""

import select
import sys

if len(sys.argv) > 1:
    print("crasher works", flush=True)
    select.select([], [], [], float(sys.argv[1]))
print("crasher: cannot reach the database", flush=True)
sys.exit(3)
