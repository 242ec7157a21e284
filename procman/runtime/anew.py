"""Takes a unit that is down out of supervisord and puts it in again by another configuration, as ``update`` would.

Called by the manager itself: two RPCs for each of a hundred units keep it busy for seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from procman.runtime import specfile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from procman.runtime.inside import GroupConfig, Supervisord


def make(supervisord: Supervisord, config: GroupConfig) -> None:
    """Let the unit of `config`, which is down, be what that says; it starts by itself if it says so.

    LookupError when it is not down, or not there.
    """
    if not supervisord.remove_process_group(config.name):
        raise LookupError(f"{config.name} has not ended")
    supervisord.add_process_group(config)


def alone(supervisord: Supervisord, configs: Iterable[GroupConfig]) -> set[str]:
    """Return the units of `configs` that must never be two, as they are or as they will be."""
    found = set()
    for config in configs:
        now = supervisord.process_groups[config.name].config.process_configs
        if any(specfile.of(each.command).alone for each in (*now, *config.process_configs)):
            found.add(config.name)
    return found
