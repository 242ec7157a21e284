"""What `doctor` says of a machine, from what was read of it: each finding with its evidence and its fix. Pure.

Sizes in bytes, times in seconds since the epoch.
"""

from __future__ import annotations

from procman.core.checks import Check, Verdict
from procman.core.quantity import MIB, format_size, format_time
from procman.core.values import dataclass

VERY_SAFE_PERCENT = 60
LEAST_FREE = 64 * MIB
LEAST_INODES = 1000
LEAST_DESCRIPTORS = 1024
LEAST_PROCESSES = 256
BUILT = 1_735_689_600.0
"""1 January 2025: a clock before that was never set."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system: free for us, in bytes and inodes; None for inodes where it counts none."""

    path: str
    free: int
    inodes: int | None


@dataclass(frozen=True, slots=True)
class Rival:
    """Another manager that runs, or will run, a service's command: what it is, and what takes the service from it."""

    service: str
    what: str
    fix: str


def swap(total: int, required: int, usable: int) -> Check:
    """Judge swap beside what is planned: above 60 % of the usable RAM a plan is only safe with it."""
    share = required * 100 // usable if usable else 0
    if total:
        return _pass("swap", f"{format_size(total)} of swap")
    if share <= VERY_SAFE_PERCENT:
        return _pass("swap", f"none, and the plan needs {share} % of the usable RAM, so it needs none")
    fix = "fallocate -l 1G /swap && chmod 600 /swap && mkswap /swap && swapon /swap, and a line in /etc/fstab"
    return _fail("swap", f"none, and the plan needs {share} % of the usable RAM: a peak is met by the OOM killer", fix)


def limits(missing: tuple[str, ...]) -> Check:
    """Judge whether every service has a memory limit."""
    if not missing:
        return _pass("limits", "every service has a memory limit")
    fix = "give each one memory: procman plan --measured proposes it"
    return _fail("limits", f"without a memory limit, so neither planned nor held: {', '.join(missing)}", fix)


def hard_limits(version: int | None, reason: str | None, *, runs: bool, written: tuple[str, ...]) -> Check:
    """Judge who holds the hard memory limits; `written`: the services whose manifest asks for one."""
    if version is not None:
        return _pass("hard-limits", f"held by cgroup v{version}")
    if not runs:
        return _pass("hard-limits", "the manager says what holds them once it runs")
    said = f"no control groups ({reason or 'an older manager'}); procman ends what exceeds its limit at its next look"
    if written:
        fix = "run it as root, or as a unit with Delegate=yes, as procman render writes it"
        return Check("", "hard-limits", Verdict.FAIL, f"{said}; asked for by {', '.join(written)}", fix)
    return _pass("hard-limits", said)


def placement(method: str | None, reason: str | None) -> Check:
    """Judge how the manager chooses an instance for a new connection: both ways serve, one is even."""
    if method is None:
        return _pass("placement", "the manager holds no TCP address for several instances")
    if method == "round-robin":
        return _pass("placement", "new connections go to the instances of a service in turn")
    return _pass("placement", f"new connections go to an instance by the kernel's hash: {reason}")


def ulimits(files: tuple[int, int], processes: int | None, needed: int) -> Check:
    """Judge the limits of a process: open files (soft, hard), and how many processes the user may have (None: any)."""
    soft, hard = files
    fix = "raise LimitNOFILE or LimitNPROC in the unit, or nofile and nproc in /etc/security/limits.conf"
    if hard < LEAST_DESCRIPTORS:
        return _fail("ulimits", f"at most {hard} open files, soft {soft}", fix)
    if processes is not None and processes < max(LEAST_PROCESSES, needed * 2):
        return _fail("ulimits", f"at most {processes} processes and threads of this user, with {needed} instances", fix)
    many = "any number of" if processes is None else str(processes)
    return _pass("ulimits", f"{soft} open files, at most {hard}; {many} processes")


def disk(found: Disk, logs: int) -> Check:
    """Judge the file system of the state directory, on which the logs may grow by `logs`."""
    fix = f"make room on the file system of {found.path}, or set logs.size and logs.keep lower"
    if found.inodes is not None and found.inodes < LEAST_INODES:
        return _fail("disk", f"{found.inodes} inodes left on {found.path}", "remove many small files there")
    said = f"{format_size(found.free)} free on {found.path}; logs may grow by {format_size(max(0, logs))}"
    return _fail("disk", said, fix) if found.free < LEAST_FREE + logs else _pass("disk", said)


def clock(now: float, newest: float, *, synchronised: bool | None) -> Check:
    """Judge the clock: `newest` is the time of the last event that is known."""
    fix = "set it, and keep it right: timedatectl set-ntp true"
    if now < BUILT:
        return _fail("clock", "the machine's clock was never set", fix)
    if newest > now + 60:
        ahead = format_time(newest - now)
        return _fail("clock", f"the history has events from {ahead} ahead: the clock was set back", fix)
    said = {True: "the kernel's clock is synchronised", False: "nothing synchronises it", None: "it cannot be asked"}
    return _pass("clock", f"goes forward; {said[synchronised]}")


def broker(service: str, address: str, fault: str | None) -> Check:
    """Judge whether a broker can be reached."""
    if fault is None:
        return Check(service, "broker", Verdict.PASS, f"{address} accepts connections")
    fix = "start it, or correct consumes.broker; see its log, and a firewall between"
    return Check(service, "broker", Verdict.FAIL, f"{address}: {fault}", fix)


def port(service: str, address: str, fault: tuple[str, str] | None, *, ours: bool) -> Check:
    """Judge a listening address: `ours` while the project's manager has it. `fault`: why not, and what helps."""
    if ours:
        return Check(service, "port", Verdict.PASS, f"{address} is served by this project")
    if fault is None:
        return Check(service, "port", Verdict.PASS, f"{address} is free")
    said, cure = fault
    return Check(service, "port", Verdict.FAIL, f"{address} {said}", cure)


def permissions(open_paths: tuple[str, ...], foreign: tuple[str, ...]) -> Check:
    """Judge the state directory: readable by others, or owned by others."""
    if foreign:
        return _fail("permissions", f"not ours: {', '.join(foreign)}", "run procman as that user, or chown them")
    if open_paths:
        fix = f"chmod go-rwx {' '.join(open_paths)}"
        return _fail("permissions", f"others may read or write {', '.join(open_paths)}: values may be secrets", fix)
    return _pass("permissions", "the state directory is its owner's alone")


def stale(
    left: tuple[str, ...], behind: tuple[tuple[int, str], ...] = (), *, should_run: bool, unfinished: bool
) -> Check:
    """Judge what is left of a manager that does not run: files, processes `behind`; or of a command cut short."""
    if behind:
        said = ", ".join(f"pid {pid} ({words})" for pid, words in behind)
        return _fail("stale-state", f"a dead manager left behind: {said}", "procman up or procman down ends it")
    if should_run:
        said = "the record says it runs, and no manager answers: it ended without procman down"
        return _fail("stale-state", said, "procman up")
    if unfinished:
        return _fail("stale-state", "a change is under way, or was cut short", "procman up finishes it")
    if left:
        return _fail("stale-state", f"left by a manager that is gone: {', '.join(left)}", "procman down removes it")
    return _pass("stale-state", "nothing is left of an earlier manager")


def oom(count: int, killed: tuple[str, ...] | None) -> Check:
    """Judge OOM kills since boot. `killed`: those of the whole machine in the kernel's log; None: it is unreadable."""
    if killed:
        fix = "give every service a memory limit that fits: procman plan; procman why SERVICE says what was hit"
        return _fail("oom-kills", f"the machine ran out of memory since boot: {'; '.join(killed)}", fix)
    if count and killed is None:
        said = f"{count} since boot, and the kernel's log cannot be read"
        return Check("", "oom-kills", Verdict.UNKNOWN, said, "run it as root: sudo procman doctor")
    return _pass(
        "oom-kills",
        f"{count} since boot, none of them for the whole machine as far as the kernel's log goes"
        if count
        else "none since boot",
    )


def rivals(found: tuple[Rival, ...]) -> Check:
    """Judge whether another manager runs, or will run, a service's command."""
    if not found:
        return _pass("other-managers", "neither PM2 nor a systemd unit runs a service's command")
    said = "; ".join(f"{rival.service}: {rival.what}" for rival in found)
    return _fail("other-managers", said, "; ".join(dict.fromkeys(rival.fix for rival in found)))


def _pass(name: str, evidence: str) -> Check:
    return Check("", name, Verdict.PASS, evidence)


def _fail(name: str, evidence: str, fix: str) -> Check:
    return Check("", name, Verdict.FAIL, evidence, fix)
