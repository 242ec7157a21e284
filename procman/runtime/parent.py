"""The manager that starts this instance: who it is, and dying with it."""

import _signal  # type: ignore[import-not-found]  # `signal` wraps it in enums, which costs 3 ms
import posix

from procman.runtime import libc, procfs
from procman.runtime.exits import GONE, Refused

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def identify(environment: dict[bytes, bytes]) -> tuple[int, bytes]:
    """Return pid and ``PID.STARTTIME`` of the parent; Refused when the manager that started us is gone.

    The plugin leaves PROCMAN_MANAGER in supervisord's environment. Without it (a start by hand) the parent counts, but
    never pid 1: that is who adopts the children of the dead.
    """
    parent = posix.getppid()
    expected = environment.get(b"PROCMAN_MANAGER")
    found = procfs.identity(parent)
    if found is None or (parent == 1 and expected is None) or expected not in (None, found):
        raise _gone()
    return parent, found


def die_with(parent: int) -> None:
    """Have the kernel kill this process, and what it becomes, when `parent` dies; Refused when it is dead already."""
    if not _prctl(PR_SET_PDEATHSIG, _signal.SIGKILL):
        raise Refused(GONE, "prctl(PR_SET_PDEATHSIG) failed: the kernel will not end this with its manager")
    if posix.getppid() != parent:
        raise _gone()


def adopt_orphans() -> bool:
    """Have the kernel give this process what its descendants leave behind; tell whether it does."""
    return _prctl(PR_SET_CHILD_SUBREAPER, 1)


def restore_signals(kept: tuple[int, ...] = ()) -> None:
    """Undo what Python and those before us ignored or blocked, `kept` apart: a service starts with every default."""
    for number in _signal.valid_signals():
        if number not in kept and _signal.getsignal(number) == _signal.SIG_IGN:
            _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())


def end_quietly() -> None:
    """Let Ctrl-C end the launcher as it ends any program, without a traceback."""
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def kill(pid: int) -> None:
    """Send SIGKILL to `pid`; nothing to do when it is gone or not ours to end (the next look will tell)."""
    try:
        posix.kill(pid, _signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _gone() -> Refused:
    return Refused(GONE, "the manager that started this is gone; start it again: procman up")


def _prctl(option: int, argument: int) -> bool:
    return libc.call("prctl", option, argument, 0, 0, 0) == 0
