"""MQTT topic filters, compared as MQTT does. The launcher loads this on every start: no imports here.

Source: MQTT 5.0, sections 4.7 (topic filters) and 4.8.2 (shared subscriptions); 3.1.1 has the same filters.
"""


def split_share(topic: str) -> tuple[str | None, str]:
    """Return (share group, filter) of a subscription: ``$share/g/a/b`` is ("g", "a/b"), else (None, topic)."""
    if topic.startswith("$share/"):
        group, _, rest = topic[len("$share/") :].partition("/")
        return group, rest
    return None, topic


def bare(topic: str) -> str:
    """Return the filter of a subscription: what a broker delivers, without how it shares it out.

    ``$queue/`` and ``$exclusive/`` are EMQX's; where a broker takes them for a topic, two are told apart too little.
    """
    for prefix in ("$queue/", "$exclusive/"):
        if topic.startswith(prefix):
            return topic[len(prefix) :]
    return split_share(topic)[1]


def filters_overlap(one: str, other: str) -> bool:
    """Tell whether some topic matches both filters (without ``$share``), wildcards and ``$``-topics included."""
    a, b = one.split("/"), other.split("/")
    if _hides_dollar(a[0], b[0]) or _hides_dollar(b[0], a[0]):
        return False
    for i in range(max(len(a), len(b))):
        left = a[i] if i < len(a) else None
        right = b[i] if i < len(b) else None
        if left == "#" or right == "#":
            return True
        if left is None or right is None:
            return False
        if left != right and "+" not in (left, right):
            return False
    return True


def broader(topic: str) -> list[str]:
    """Return filters that cover `topic`, closest first: its levels cut from the end, each closed by ``#``.

    The last is ``#``, which misses topics that begin with ``$``: see `procman.runtime.lockfiles.widen`.
    """
    levels = topic.split("/")
    return ["/".join([*levels[:kept], "#"]) for kept in range(len(levels) - 1, -1, -1)]


def _hides_dollar(wild: str, first: str) -> bool:
    return wild in ("+", "#") and first.startswith("$")
