"""Words of messages: what a user wrote, shown safely; keys and choices. Knows no finding and no manifest."""

from __future__ import annotations

from collections.abc import Iterable

MOST_SHOWN = 40
LEAST_SURE = 4
_ESCAPES = ((0x100, "\\x{:02x}"), (0x10000, "\\u{:04x}"), (0x110000, "\\U{:08x}"))
_ELSEWHERE = {
    **dict.fromkeys(("script", "exec", "cmd", "entrypoint"), "command"),
    **dict.fromkeys(("cwd", "workdir", "working_dir", "chdir"), "directory"),
    **dict.fromkeys(("max_memory_restart", "mem_limit", "memory_limit"), "memory"),
    **dict.fromkeys(("numprocs", "replicas", "workers", "scale"), "instances"),
    **dict.fromkeys(("port", "address", "bind", "ports"), "listen"),
    **dict.fromkeys(("kill_timeout", "stopwaitsecs", "stopsignal", "stop_grace_period"), "stop"),
    **dict.fromkeys(("min_uptime", "startsecs"), "start"),
    **dict.fromkeys(("max_restarts", "startretries", "autorestart", "restart_delay"), "restart"),
    **dict.fromkeys(("wait_ready", "healthcheck", "health"), "ready"),
    "exec_mode": "kind",
    "environment": "env",
    "uid": "user",
    "apps": "services",
    "programs": "services",
    "processes": "services",
    "name": "project",
}


def visible(text: str) -> str:
    """Return `text` with every character that a terminal would act on or hide written as its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def shown(text: str) -> str:
    """Return `text` in quotes, safe and at most about 40 characters long."""
    cut = text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"
    return f"'{visible(cut)}'"


def dotted(path: Iterable[str]) -> str:
    """Return a path the way people write it: ``services.api.memory``."""
    return ".".join(part if _is_plain(part) else shown(part) for part in path)


def near(word: str, options: Iterable[str]) -> str:
    """Return ``did you mean 'memory'?`` for the option closest to `word`, or an empty string.

    The words of PM2, supervisord and compose for the same thing are close, however they are spelt.
    """
    if len(word) > MOST_SHOWN:
        return ""
    options = tuple(options)
    elsewhere = _ELSEWHERE.get(word.lower())
    if elsewhere in options:
        return f"did you mean '{elsewhere}'?"
    import difflib  # noqa: PLC0415 - only a faulty manifest needs it, and it costs milliseconds

    known = {option.lower(): option for option in options}
    matches = difflib.get_close_matches(word.lower(), known, 1, 0.6)
    return f"did you mean '{known[matches[0]]}'?" if matches else ""


def sole(word: str, options: Iterable[str]) -> str | None:
    """Return the option that `word` surely misspells: one letter off or two swapped, and no other option is near it."""
    if len(word) > MOST_SHOWN or len(word) < LEAST_SURE:
        return None
    import difflib  # noqa: PLC0415 - as in `near`

    known = {option.lower(): option for option in options}
    matches = difflib.get_close_matches(word.lower(), known, 2, 0.6)
    sure = [match for match in matches[:1] if len(matches) == 1 and one_slip(word.lower(), match)]
    return known[sure[0]] if sure else None


def counted(number: int, noun: str) -> str:
    """Return ``1 error`` or ``2 errors``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _is_plain(part: str) -> bool:
    return 0 < len(part) <= MOST_SHOWN and part.isprintable() and not set(part) & {".", " ", "'"}


def one_slip(a: str, b: str) -> bool:
    """Tell whether `a` is `b` but for one letter more, less or other, or two neighbours swapped, or only its case."""
    if abs(len(a) - len(b)) > 1:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    swapped = a[:start] + a[start + 1 : start + 2] + a[start : start + 1] + a[start + 2 :]
    rests = {(a[start + 1 :], b[start + 1 :]), (a[start + 1 :], b[start:]), (a[start:], b[start + 1 :])}
    return b in (a, swapped) or any(x == y for x, y in rests)


def _escape(char: str) -> str:
    code = ord(char)
    form = next(form for limit, form in _ESCAPES if code < limit)
    return form.format(code)
