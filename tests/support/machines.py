"""Files of machines, in the formats that real ones have: what ``/proc`` and ``/sys/fs/cgroup`` hold on each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

NO_LIMIT_V1 = "9223372036854771712\n"
"""What cgroup v1 says with 4 KiB pages where nothing was set."""

STATUS = "Name:\tprocman\nUmask:\t0022\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\nMems_allowed:\t00000001\n"


def meminfo(
    total: int, available: int, *, swap: tuple[int, int] = (0, 0), huge: int = 0, hugetlb: int | None = None
) -> str:
    """Return a ``/proc/meminfo``; sizes in MiB, `swap` as (total, free), `huge` as the number of 2 MiB pages."""
    rows = [
        ("MemTotal", total),
        ("MemFree", available // 2),
        ("MemAvailable", available),
        ("SwapTotal", swap[0]),
        ("SwapFree", swap[1]),
    ]
    text = "".join(f"{name + ':':<16}{size * 1024:>8} kB\n" for name, size in rows)
    text += f"HugePages_Total:{huge:>8}\nHugePages_Free: {huge:>8}\nHugepagesize:       2048 kB\n"
    return text + ("" if hugetlb is None else f"Hugetlb:        {hugetlb * 1024:>8} kB\n")


def machine(folder: Path, files: Mapping[str, str]) -> str:
    """Write `files` (paths from the root) below `folder` and return it as a root; each machine has eight cores."""
    for name, text in {"proc/self/status": STATUS, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return str(folder)


V2_MOUNT = "29 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1_MOUNTS = (
    "31 23 0:28 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755\n"
    "34 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:16 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,nosuid shared:17 - cgroup cgroup rw,memory\n"
)

BARE_METAL = {
    "proc/meminfo": meminfo(2048, 1700, swap=(1024, 900)),
    "proc/self/cgroup": "0::/user.slice/user-1000.slice/session-3.scope\n",
    "proc/self/mountinfo": V2_MOUNT,
    "sys/fs/cgroup/user.slice/memory.max": "max\n",
    "sys/fs/cgroup/user.slice/user-1000.slice/memory.max": "max\n",
    "sys/fs/cgroup/user.slice/user-1000.slice/cpu.max": "max 100000\n",
    "sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope/memory.max": "max\n",
}
"""A server with a login session under systemd: groups everywhere, limits nowhere."""

SYSTEMD_SLICE = {
    "proc/meminfo": meminfo(16384, 12000),
    "proc/self/cgroup": "0::/system.slice/app.slice/procman.service\n",
    "proc/self/mountinfo": V2_MOUNT,
    "sys/fs/cgroup/system.slice/memory.max": "max\n",
    "sys/fs/cgroup/system.slice/app.slice/memory.max": f"{2048 << 20}\n",
    "sys/fs/cgroup/system.slice/app.slice/memory.high": "max\n",
    "sys/fs/cgroup/system.slice/app.slice/memory.current": f"{900 << 20}\n",
    "sys/fs/cgroup/system.slice/app.slice/memory.stat": f"anon 1\nfile 2\ninactive_file {100 << 20}\n",
    "sys/fs/cgroup/system.slice/app.slice/cpu.max": "150000 100000\n",
    "sys/fs/cgroup/system.slice/app.slice/procman.service/memory.max": f"{4096 << 20}\n",
    "sys/fs/cgroup/system.slice/app.slice/procman.service/memory.current": f"{300 << 20}\n",
}
"""A unit with MemoryMax=4G in a slice with MemoryMax=2G: the slice above is the tighter one."""

CONTAINER_V2 = {
    "proc/meminfo": meminfo(16384, 12000),
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": "1577 1575 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n",
    "sys/fs/cgroup/memory.max": f"{1024 << 20}\n",
    "sys/fs/cgroup/memory.high": "max\n",
    "sys/fs/cgroup/memory.current": f"{64 << 20}\n",
    "sys/fs/cgroup/cpu.max": "max 100000\n",
}
"""A container with a cgroup namespace of its own."""

DOCKER = "/docker/4f1c6cb7a3f0c46b0e2f3b9d3b4c0f5f7a1d2c3b4a5968778695a4b3c2d1e0f9"
CONTAINER_V1 = {
    "proc/meminfo": meminfo(16384, 12000),
    "proc/self/cgroup": f"12:memory:{DOCKER}\n7:cpu,cpuacct:{DOCKER}\n1:name=systemd:{DOCKER}\n0::/system.slice/x\n",
    "proc/self/mountinfo": (
        f"1586 1585 0:31 {DOCKER} /sys/fs/cgroup/cpu,cpuacct ro,nosuid - cgroup cgroup rw,cpu,cpuacct\n"
        f"1590 1585 0:32 {DOCKER} /sys/fs/cgroup/memory ro,nosuid master:17 - cgroup cgroup rw,memory\n"
    ),
    "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{512 << 20}\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{200 << 20}\n",
    "sys/fs/cgroup/memory/memory.stat": f"hierarchical_memory_limit {512 << 20}\ntotal_inactive_file {50 << 20}\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "250000\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
}
"""A container of Docker on cgroup v1: the path of the host, but only its own group mounted."""

NESTED_V1 = {
    "proc/meminfo": meminfo(8192, 7000),
    "proc/self/cgroup": "4:memory:/pods/pod7/main\n",
    "proc/self/mountinfo": V1_MOUNTS,
    "sys/fs/cgroup/memory/memory.limit_in_bytes": NO_LIMIT_V1,
    "sys/fs/cgroup/memory/pods/pod7/memory.limit_in_bytes": f"{1536 << 20}\n",
    "sys/fs/cgroup/memory/pods/pod7/main/memory.limit_in_bytes": NO_LIMIT_V1,
    "sys/fs/cgroup/memory/pods/pod7/main/memory.stat": f"hierarchical_memory_limit {1536 << 20}\n",
}
"""Groups within groups on v1: unlimited, then 1,536 MiB, then unlimited."""

ODDITIES = {
    "proc/meminfo": meminfo(4096, 3000),
    "proc/self/cgroup": "0::/gone/for/good\nnonsense\n4:memory\n",
    "proc/self/mountinfo": "short\n",
    "sys/fs/cgroup/memory.max": "soon\n",
}
"""Groups that are gone, lines that are cut short, a limit that is no number."""
