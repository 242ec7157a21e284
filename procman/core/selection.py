"""Which findings count: chosen and ignored by code, by the beginning of a code or by name. Rules about rules live here.

The instance rules (PM2) always count: a second consumer is what procman is there to prevent. So does whatever keeps a
file from being read: nothing can be said of the rest of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from procman.core.diagnostics import Finding
from procman.core.errors import WrongUse
from procman.core.values import dataclass
from procman.core.words import near

ALWAYS = "PM2"
UNREADABLE = ("PM001", "PM007")

SECRET = frozenset({"PM406", "PM501"})
"""Findings whose place holds a secret: no frame shows it, whatever finding the frame is of, chosen or not."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Beginnings of codes: `chosen` (none: all) less `ignored`."""

    chosen: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def keeps(self, finding: Finding) -> bool:
        """Tell whether `finding` counts."""
        if finding.code.startswith(ALWAYS) or finding.code in UNREADABLE:
            return True
        chosen = not self.chosen or finding.code.startswith(self.chosen)
        return chosen and not finding.code.startswith(self.ignored)


def selection(select: Iterable[str], ignore: Iterable[str], known: Mapping[str, str]) -> Selection:
    """Return what the words of ``--select`` and ``--ignore`` choose; `known` are the names by code.

    WrongUse for a word that is no code, beginning of one or name, and for ignoring what cannot be ignored.
    """
    chosen = _codes(select, "--select", known)
    ignored = _codes(ignore, "--ignore", known)
    for word, code in ignored:
        if code.startswith(ALWAYS) or ALWAYS.startswith(code):
            raise WrongUse(
                f"--ignore {word}: the instance rules ({ALWAYS}xx) cannot be ignored",
                "a second MQTT consumer writes every record twice; mend the manifest instead (procman explain PM201)",
            )
    return Selection(tuple(code for _, code in chosen), tuple(code for _, code in ignored))


def _codes(given: Iterable[str], option: str, known: Mapping[str, str]) -> list[tuple[str, str]]:
    names = {name: code for code, name in known.items()}
    words = [word for text in given for word in re.split(r"[,\s]+", text) if word]
    return [(word, _code(word, option, known, names)) for word in words]


def _code(word: str, option: str, known: Mapping[str, str], names: Mapping[str, str]) -> str:
    code = names.get(word.lower(), word.upper())
    if any(one.startswith(code) for one in known):
        return code
    guess = near(word, [*known, *names])
    raise WrongUse(f"{option} {word}: there is no such rule", guess or "`procman rules` lists codes and names")
