"""Every rule, by name. A new rule is one new file and one line here."""

from __future__ import annotations

from procman.rules import (
    address_shared,
    client_id_shared,
    command_missing,
    consumer_scaled,
    directory_missing,
    env_file_unreadable,
    memory_undeclared,
    over_budget,
    profile_over_ram,
    singleton_scaled,
    topics_overlap,
    user_unknown,
)
from procman.rules.base import Rule

RULES: tuple[Rule, ...] = (
    command_missing,
    directory_missing,
    env_file_unreadable,
    user_unknown,
    over_budget,
    profile_over_ram,
    memory_undeclared,
    address_shared,
    singleton_scaled,
    consumer_scaled,
    topics_overlap,
    client_id_shared,
)
