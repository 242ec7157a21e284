"""Makes a fork of supervisord deaf to signals until the child has lost supervisord's handlers. Nothing else.

A SIGTERM that reached a child between fork and exec was swallowed by the Python handlers it had inherited; the
stop then waited `stopwaitsecs` and killed. The hooks stay for the life of the process, so they are set once.
"""

from __future__ import annotations

import contextlib
import os
import signal

_HANDLED = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR2,
    signal.SIGCHLD,
    signal.SIGALRM,
)


class _Hooks:
    """`armed` only when supervisord forks services: the fork that makes it a daemon keeps its handlers."""

    installed = False
    armed = False
    mask: set[int] | None = None


def install() -> None:
    """Set the hooks, once per process; they do nothing before `arm`."""
    if not _Hooks.installed:
        _Hooks.installed = True
        os.register_at_fork(before=_before, after_in_parent=_restore, after_in_child=_in_child)


def arm() -> None:
    """Treat every fork from now on as that of a service."""
    _Hooks.armed = True


def own_group(pid: int) -> None:
    """Put the child `pid` in a process group of its own, as it is about to do itself.

    A stop signals the group, which does not exist before the child has run: that signal would be lost.
    """
    with contextlib.suppress(OSError):  # it has exec'd, so it leads its group already, or it has ended
        os.setpgid(pid, pid)


def _before() -> None:
    if _Hooks.armed:
        _Hooks.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)


def _restore() -> None:
    if _Hooks.mask is not None:
        mask, _Hooks.mask = _Hooks.mask, None
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _in_child() -> None:
    if _Hooks.mask is not None:
        for number in _HANDLED:
            signal.signal(number, signal.SIG_DFL)
        _restore()
