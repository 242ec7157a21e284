"""Throws broken manifests at `procman validate`: bytes, text and structure mutated from good ones, from a seed.

Each case runs the whole command in a worker under limits of the kernel, and must end with a documented exit code, no
internal error, within its time. Every fault is printed with the seed that makes it again:

  python bench/fuzz_validate.py --seconds 1800 --seed 1
  python bench/fuzz_validate.py --again 1:4711
"""

# ruff: noqa: E501 - tables of things to throw

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import sys
import time
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from copy import deepcopy
from pathlib import Path

import yaml

from procman.cli.door import run

ROOT = Path(__file__).resolve().parent.parent
SECONDS, MEMORY = 2.0, 200 << 20
BATCH = 250
FORMS = ("text", "json", "github", "gitlab", "sarif", "junit")
NUMBERS: tuple[object, ...] = (0, 1, 2, -1, 256, 257, 1.5, 10**40, float("inf"), float("nan"), True, None)
WORDS: tuple[object, ...] = (
    "", " ", "x", "auto", "400M", "400MB", "400Mi", "9" * 5000, "0600", "22:22", "on", "~", "\0", "\ud800", "é\u0301名",
    "127.0.0.1:80", ":80", "[::1]:80", "mqtt://u:p@h:1/x", "mqtt://[", "mqtt://h:99999999", "#", "+/#", "$share/g/#",
    "$share//a", "${A", "${A:-x}", "$${A}", "${}", "a b 'c", "sh -c 'pm2 -i max'", "node -i 4 --max-old-space-size=9e9",
    "gunicorn -w 4", "# procman: ignore[PM301] why", "procman: ignore[", "x" * 70_000, "singleton", "scalable", "\x85\u2028",
)  # fmt: skip
SHAPES: tuple[object, ...] = ([], {}, [[]], [{}], {"": ""}, {"a": {"a": {"a": 1}}}, ["a"] * 300, [None, 1, "x"])
PLAUSIBLE: tuple[object, ...] = (
    1, 2, "auto", {"min": 1, "max": 3}, "400M", "60T", "32M", "10s", "1ms", "1h", "25%", "90%", "singleton", "scalable",
    "npm run start", "sh -c 'exec node x'", "nohup node x &", "node --inspect=0.0.0.0 --max-old-space-size=4096 x.js",
    "pm2 start x -i 4", "gunicorn -w 4 app", "uvicorn app:app --workers 3 --reload", "python3 x.py", "/usr/bin/node x",
    ["node", "x.js"], ["sh", "-c", "node x"], "0.0.0.0:3000", "127.0.0.1:3000", "[::]:3000", "KILL", "TERM", "root", ".env",
    {"PASSWORD": "hunter22", "NODE_OPTIONS": "--max-old-space-size=900", "PM2_HOME": "/x"}, {"AWS_SECRET": "AKIA" + "A" * 16},
    {"broker": "mqtt://u:pw@broker:1883", "topics": ["#"]}, {"broker": "tcp://h", "topics": ["a/+"], "qos": 0, "clean": True},
    {"broker": "mqtt://h", "topics": ["$share/g/a/#", "a/b"], "client_id": "c", "session": "persistent", "qos": 1},
    {"http": "/health", "timeout": "5s"}, {"timeout": "1s", "signal": "KILL"}, {"max": 100, "within": "1s", "delay": "1h"},
    {"kind": "singleton", "command": "node c.js", "memory": "1G", "instances": 2}, {"kind": "scalable", "command": "x"},
    {"ram": "1G", "services": {"api": {"instances": 9, "memory": "2G"}, "mqtt": {"instances": "auto"}}}, {"size": "1K", "keep": 0},
)  # fmt: skip
KEYS = (
    "memroy", "instances", "consumes", "x-a", "listen", "ready", "user", "env", "stop", "restart", "start", "logs", "memory",
    "shell", "directory", "env_file", "kind", "command", "weight", "api", "api2", "mqtt", "mqtt2", "defaults", "profiles",
)  # fmt: skip
FITTING: dict[object, tuple[object, ...]] = {
    "kind": ("singleton", "scalable"),
    "command": tuple(v for v in PLAUSIBLE if isinstance(v, list) or (isinstance(v, str) and " " in v)),
    "instances": (1, 2, 256, "auto", {"min": 1, "max": 3}, {"min": 2}),
    "memory": ("1M", "32M", "400M", "1G", "60T"),
    "listen": ("0.0.0.0:3000", "127.0.0.1:3000", "[::]:3000", "localhost:3000"),
    "timeout": ("1ms", "1s", "1h"), "time": ("1s", "1h"), "delay": ("1s", "1h"), "within": ("1s", "60s"), "max": (0, 1, 100),
    "ram": ("auto", "512M", "2G"), "reserve": ("1%", "90%", "64M"), "signal": ("TERM", "KILL"), "shell": (True, False),
    "env": tuple(v for v in PLAUSIBLE if isinstance(v, dict) and any(str(k).isupper() for k in v)),
    "consumes": tuple(v for v in PLAUSIBLE if isinstance(v, dict) and "broker" in v),
    "broker": ("mqtt://h", "mqtts://u:p@h", "tcp://127.0.0.1", "ws://[::1]:80/x"),
    "topics": (["#"], ["a/#", "a/+"], ["$share/g/a/#"], ["$share/h/a/#"], ["$SYS/#"]),
    "user": ("root", "app", "nobody"), "directory": ("/", "..", "/usr"), "env_file": (".env", "/etc/passwd"),
    "services": ({"api": {"kind": "scalable", "command": "x"}, "api2": {"kind": "singleton", "command": "npm start"}},),
}  # fmt: skip
SPLICES = (
    b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\t", b"\r\n", b"\r", b"&a ", b"*a", b"<<: *a\n", b"!!python/object:x ",
    b"- ", b": ", b"? ", b"{", b"}", b"[", b"]", b"|\n", b">-\n", b"'", b'"', b"%YAML 1.1\n---\n", b"---\n", b"...\n",
    b"# procman: ignore[PM103] r\n", b"# procman: ignore[PM201] r", b"\xc2\x85", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\\ud800",
    b"${", b"}" * 9, b"[" * 40, b"  " * 40, b"\xcc\x81" * 30, b"services:", b"instances: 3\n", b"kind: singleton\n",
)  # fmt: skip


def seeds() -> list[bytes]:
    """Return good manifests: the examples', and one with everything in it."""
    sys.path.insert(0, str(ROOT))
    from tests.support.manifests import GOOD  # noqa: PLC0415 - found only now

    files = sorted(ROOT.glob("examples/*/procman.yaml"))
    return [GOOD.encode(), *(file.read_bytes() for file in files)]


def case(seed: int, number: int, good: list[bytes]) -> tuple[bytes, list[str]]:
    """Return the bytes and the options of one case, always the same for the same numbers."""
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - to be repeated, not to be secret
    data = chance.choice(good)
    if chance.random() < 0.8:  # noqa: PLR2004
        data = _structure(data, chance)
    for _ in range(chance.choice((0, 0, 0, 0, 0, 1, 2, 40))):
        data = _bytes(data, chance, good)
    options = ["--format", chance.choice(FORMS), chance.choice(("--offline", "--online")), "--fail-on", "hint"]
    options += chance.choice(([], [], ["--fix"], ["--diff"], ["--statistics"], ["--explain-fixes"], ["--ram", "2G"]))
    options += chance.choice(
        ([], [], [], ["--large"], ["--select", "PM3"], ["--ignore", "PM1,PM6"], ["--severity", "error"])
    )
    return data, options


def _structure(data: bytes, chance: random.Random) -> bytes:
    document = _numbers(yaml.load(data, Loader=yaml.BaseLoader))  # noqa: S506 - our own examples; text only
    for _ in range(chance.randint(1, 4)):
        holder, key = chance.choice(list(_slots(document)))
        act = chance.random()
        if key in FITTING and act < 0.7:  # noqa: PLR2004
            holder[key] = deepcopy(chance.choice(FITTING[key]))
        elif act < 0.6:  # noqa: PLR2004
            holder[key] = deepcopy(
                chance.choice(chance.choice((NUMBERS, WORDS, SHAPES, PLAUSIBLE, PLAUSIBLE, PLAUSIBLE)))
            )
        elif act < 0.8 and isinstance(holder, dict):  # noqa: PLR2004
            holder[chance.choice([str(w) for w in WORDS[:20]] + ["memroy", "instances", "consumes", "x-a"])] = (
                holder.pop(key)
            )
        else:
            del holder[key]
    if chance.random() < 0.5:  # noqa: PLR2004
        return json.dumps(document, indent=chance.choice((None, 1))).encode()
    return yaml.safe_dump(document, allow_unicode=True, width=chance.choice((20, 80, 10**6))).encode("utf-8", "replace")


def _numbers(node: object) -> object:
    """Return `node` with the numbers that BaseLoader reads as text."""
    if isinstance(node, dict):
        return {key: _numbers(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_numbers(item) for item in node]
    return int(node) if isinstance(node, str) and node.isdigit() and not node.startswith("0") else node


def _slots(node: object) -> list[tuple[dict[object, object] | list[object], object]]:
    found: list[tuple[dict[object, object] | list[object], object]] = []
    if isinstance(node, dict | list):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            found += [(node, key), *_slots(node[key])]  # type: ignore[call-overload,index,unused-ignore]
    return found or [({"x": 1}, "x")]


def _bytes(data: bytes, chance: random.Random, good: list[bytes]) -> bytes:  # noqa: PLR0911 - one per way  # noqa: PLR0911 - one way each
    at = chance.randint(0, len(data))
    to = min(len(data), at + chance.choice((0, 1, 1, 3, 20, 200)))
    lines = data.splitlines(keepends=True)
    match chance.randint(0, 7):
        case 0:
            return data[:at] + bytes(chance.randrange(256) for _ in range(chance.randint(1, 4))) + data[to:]
        case 1 | 2:
            return data[:at] + chance.choice(SPLICES) * chance.choice((1, 1, 1, 3, 50)) + data[to:]
        case 3:
            return data[:at] + data[to:]
        case 4:
            return data[:to] + data[at:to] * chance.choice((1, 2, 30)) + data[to:]
        case 5:
            other = chance.choice(good)
            return data[:at] + other[chance.randint(0, len(other)) :]
        case 6:
            chance.shuffle(lines)
            return b"".join(lines)
        case _:
            return b"\n".join(b" " * chance.randint(0, 3) + line for line in data.split(b"\n"))


def judged(data: bytes, options: list[str], folder: Path) -> str:
    """Run one case and return what was wrong with it, an empty text when nothing was."""
    file = folder / "procman.yaml"
    file.write_bytes(data)
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    began = time.process_time()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(["validate", str(file), *options])
    spent = time.process_time() - began
    said = err.getvalue()
    if "internal error" in said or "Traceback" in said:
        return said.strip().splitlines()[0]
    if code not in (0, 1, 2):
        return f"exit code {code}"
    if code == 2 and "goes with" not in said and "no such profile" not in said:  # noqa: PLR2004
        return f"wrong use: {said.strip()[:200]}"
    return f"took {spent:.1f} s" if spent > SECONDS else ""


def batch(seed: int, first: int, folder: Path) -> int:
    """Run a batch in a child under the kernel's limits and return how many of its cases were at fault."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code < 0 or code == 255:  # noqa: PLR2004
            number = (folder / "number").read_text()
            print(f"FAULT {seed}:{number} ended by {code}", flush=True)
        return abs(code)
    try:
        os._exit(min(254, _cases(seed, first, folder)))
    finally:
        os._exit(255)


def _cases(seed: int, first: int, folder: Path) -> int:
    base = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (base + MEMORY, base + MEMORY))
    good, faults = seeds(), 0
    for number in range(first, first + BATCH):
        (folder / "number").write_text(str(number))
        fault = judged(*case(seed, number, good), folder)
        if fault:
            faults += 1
            print(f"FAULT {seed}:{number} {fault}", flush=True)
    return faults


def main() -> int:
    """Fuzz for a time, or repeat one case; 1 when there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", metavar="SEED:NUMBER", help="run one case, and leave its manifest here")
    asked = parser.parse_args()
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"procman-fuzz-{os.getpid()}"  # noqa: S108 - made below, 0700
    folder.mkdir(mode=0o700)
    if asked.again:
        seed, number = map(int, asked.again.split(":"))
        data, options = case(seed, number, seeds())
        (folder / "case.yaml").write_bytes(data)
        print(folder / "case.yaml", options, judged(data, options, folder) or "no fault", sep="\n")
        return 0
    ends, first, totals = time.monotonic() + asked.seconds, 0, Counter[str]()
    while time.monotonic() < ends:
        totals["faults"] += batch(asked.seed, first, folder)
        totals["cases"] += BATCH
        first += BATCH
    print(f"{totals['cases']} cases from seed {asked.seed}: {totals['faults']} faults")
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()
    return int(totals["faults"] > 0)


if __name__ == "__main__":
    sys.exit(main())
