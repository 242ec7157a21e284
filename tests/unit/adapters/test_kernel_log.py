"""What the kernel's log says of processes that its OOM killer has ended."""

from procman.adapters import kernel_log

RECORDS = [
    "6,100,1000000,-;Linux version 6.1",
    "3,200,61000000,-;Out of memory: Killed process 4711 (node) total-vm:900000kB, anon-rss:800000kB\n SUBSYSTEM=x",
    "3,201,62000000,-;Memory cgroup out of memory: Killed process 4712 (python3) total-vm:1kB",
    "3,202;Killed process 9 (damaged)",
    "6,203,63000000,-;somebody wrote: killed process x (y)",
]


def test_kills_are_found_by_pid_with_their_time() -> None:
    """Both the machine's and a group's kills are found; nothing else is taken for one."""
    found = kernel_log.found(RECORDS, 1000.0)
    assert {4711: 1061.0, 4712: 1062.0} == {pid: at for pid, (at, _) in found.items()}
    assert found[4711][1].startswith("Out of memory: Killed process 4711 (node)")
    assert "\n" not in found[4711][1]
