"""What a client far away loses: its handshakes take a while, and meanwhile instances are retired or replaced.

Speaks TCP itself, over a tun device in a network namespace of its own, because a kernel without netem delays nothing.
Needs root, `unshare` and `ip`.

python bench/cluster/far.py --delays 0.1,0.5,0.9,2
"""

from __future__ import annotations

import argparse
import collections
import fcntl
import os
import random
import select
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

from arena import arena

TUNSETIFF = 0x400454CA
TUN_WITHOUT_HEAD = 0x1001
HERE, THERE = "10.77.0.1", "10.77.0.2"
SYN, RST, PSH, ACK = 2, 4, 8, 16
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
RATE, SECONDS, AFTER = 60.0, 8.0, 4.0
STEPS = {"scale": [["scale", "api=1"], ["scale", "api=4"]], "reload": [["reload", "api"]]}
INSIDE = "--inside"


@dataclass(slots=True)
class Connection:
    """One connection: the next octets that each side is to send, by number, and what has come of it."""

    began: float
    ours: int
    theirs: int | None = None
    answer: bytes = b""
    fate: str = "no answer"


@dataclass(slots=True)
class Far:
    """A client whose round trip takes `delay` seconds; RATE handshakes a second for SECONDS."""

    port: int
    delay: float
    tun: int = field(init=False)
    connections: dict[int, Connection] = field(default_factory=dict)
    _due: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the device and give it an address."""
        self.tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.tun, TUNSETIFF, struct.pack("16sH", b"pmfar", TUN_WITHOUT_HEAD))
        for words in (["addr", "add", f"{HERE}/24", "dev", "pmfar"], ["link", "set", "pmfar", "up"]):
            subprocess.run(["ip", *words], check=True)

    def run(self) -> None:
        """Begin handshakes at their times, finish them `delay` later, and take what comes."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < SECONDS + self.delay + AFTER:
            if len(self.connections) < min(passed, SECONDS) * RATE:
                port = 1025 + len(self.connections)
                self.connections[port] = Connection(time.monotonic(), random.getrandbits(31))
                self._send(port, SYN)
                self.connections[port].ours += 1
            while self._due and self._due[0][0] <= time.monotonic():
                port = self._due.pop(0)[1]
                self._send(port, ACK)
                self._send(port, PSH | ACK, REQUEST)
                self.connections[port].ours += len(REQUEST)
            if select.select([self.tun], [], [], 0.002)[0]:
                self._take(os.read(self.tun, 4096))

    def _take(self, packet: bytes) -> None:
        if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:  # noqa: PLR2004 - IPv4
            return
        segment = packet[20:]
        _source, port, number, _acknowledged, offset, flags = struct.unpack("!HHIIBB", segment[:14])
        data = segment[(offset >> 4) * 4 :]
        one = self.connections.get(port)
        if one is None:  # of the measurement before
            return
        if flags & RST:
            one.fate = one.fate if one.answer else "reset"
        elif flags & SYN and one.theirs is None:
            one.theirs = number + 1
            self._due.append((one.began + self.delay, port))
        elif data and number == one.theirs:
            one.answer, one.theirs = one.answer + data, number + len(data)
            one.fate = "answered" if one.answer.startswith(b"HTTP/1.1 200") else "wrong"
            self._send(port, ACK)

    def _send(self, port: int, flags: int, data: bytes = b"") -> None:
        one = self.connections[port]
        ends = socket.inet_aton(THERE) + socket.inet_aton(HERE)
        numbers = (port, self.port, one.ours & 0xFFFFFFFF, (one.theirs or 0) & 0xFFFFFFFF)
        head = struct.pack("!HHIIBBHHH", *numbers, 5 << 4, flags, 65535, 0, 0)
        checked = _checksum(ends + struct.pack("!HH", socket.IPPROTO_TCP, len(head) + len(data)) + head + data)
        segment = head[:16] + struct.pack("!H", checked) + head[18:] + data
        outer = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, socket.IPPROTO_TCP, 0) + ends
        os.write(self.tun, outer[:10] + struct.pack("!H", _checksum(outer)) + outer[12:] + segment)


def _checksum(data: bytes) -> int:
    padded = data + b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def measured(delay: float, name: str) -> int:
    """Print what became of the handshakes while `name` was done, and return how many were not answered."""
    with arena("node", 4, host="0.0.0.0") as made:  # noqa: S104 - the namespace has no other network
        far = Far(made.port, delay)
        client = threading.Thread(target=far.run)
        client.start()
        time.sleep(1 + delay)
        for words in STEPS[name]:
            made.run(*words)
        client.join()
        os.close(far.tun)
    fates = collections.Counter(one.fate for one in far.connections.values())
    print(f"{name:7} round trip {delay:4.2f} s: {', '.join(f'{n} {fate}' for fate, n in fates.items())}", flush=True)
    return len(far.connections) - fates["answered"]


def main() -> int:
    """Enter a namespace, and measure every delay; 1 when something was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--delays", default="0.05,0.3,0.6,0.9", help="of the round trip, in seconds")
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not given.inside:
        if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "ip"))):
            sys.exit("needs root, and the programs unshare and ip: they are in util-linux and iproute2")
        own = [sys.executable, __file__, "--delays", given.delays, INSIDE]
        return subprocess.run(["unshare", "--net", *own], check=False).returncode
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    delays = [float(text) for text in given.delays.split(",")]
    return int(sum(measured(delay, name) for name in STEPS for delay in delays) > 0)


if __name__ == "__main__":
    sys.exit(main())
