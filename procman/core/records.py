r"""The form of a spec file: NUL-ended records of a name, a space and a value. Holds the form, not the meaning.

Arguments and environment values of a process can hold any byte but NUL, so nothing needs quoting; the launcher
reads it with one split and no library (``json`` alone would double its start-up time). Look at one with
``tr '\0' '\n' < FILE``.
"""

HEADER = b"procman-spec 1"


def pack(records: list[tuple[str, str]]) -> bytes:
    """Return the bytes of `records`; ValueError when a name or value cannot be a record."""
    out = [HEADER]
    for name, value in records:
        if not name or " " in name or "\0" in name or "\0" in value:
            raise ValueError(f"record '{name}' cannot hold this value: a NUL, or a bad name")
        out.append(name.encode("ascii") + b" " + value.encode("utf-8", "surrogateescape"))
    return b"\0".join(out) + b"\0"


def unpack(data: bytes) -> list[tuple[str, str]]:
    """Return the records in `data`; ValueError when it is no spec file, or one that was cut off."""
    head, *records = data.split(b"\0")
    if head != HEADER or not records or records.pop() != b"":
        raise ValueError("not a whole procman spec file")
    pairs = []
    for record in records:
        name, space, value = record.partition(b" ")
        if not space:
            raise ValueError("a record has no value")
        pairs.append((name.decode("ascii"), value.decode("utf-8", "surrogateescape")))
    return pairs
