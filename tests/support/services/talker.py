"""Writes numbered lines: as many at once as it is told, then fifty each second."""

import select
import sys

number = 0
while True:
    print(f"line {number:06d} {'x' * 40}", flush=True)
    number += 1
    if number > int(sys.argv[1]):
        select.select([], [], [], 0.02)
