"""What `consumes` says beyond broker and topics."""

import pytest

from procman.core.manifest import Consumes, Dedup, Session
from tests.support.manifests import load, service


def consumes(more: str) -> Consumes | None:
    """Return what is read of a consumer with `more` keys."""
    manifest, findings, _ = load(service(f"consumes: {{broker: mqtt://h, topics: [a]{more}}}"))
    assert findings == ()
    assert manifest is not None
    return manifest.services[0].consumes


def test_what_is_left_out_is_a_kept_session_at_least_once() -> None:
    """A consumer without a word about it is taken to be one that loses nothing; no guard is assumed."""
    assert consumes("") == Consumes("mqtt://h", ("a",), None, 1, Session.PERSISTENT, None, None)


def test_every_key_is_read() -> None:
    """Quality, session, group and key arrive as written."""
    more = ", client_id: c, qos: 2, session: clean, share: g, dedup: {database: d.db, table: t, key: [a, b]}"
    expected = Consumes("mqtt://h", ("a",), "c", 2, Session.CLEAN, "g", Dedup("d.db", "t", ("a", "b")))
    assert consumes(more) == expected


def test_one_column_needs_no_list() -> None:
    """A key of one column is that column."""
    assert consumes(", dedup: {database: d.db, table: t, key: id}") == Consumes(
        "mqtt://h", ("a",), dedup=Dedup("d.db", "t", ("id",))
    )


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("qos: 3", "services.api.consumes.qos: '3' is not between 0 and 2"),
        ("session: persistant", "services.api.consumes.session: 'persistant' is not a session"),
        ("share: a/b", "services.api.consumes.share: 'a/b' is not a share group"),
        ("dedup: {database: d, table: t}", "services.api.consumes.dedup: the key 'key' is missing"),
        ("dedup: {database: d, table: t, key: []}", "services.api.consumes.dedup.key: the list is empty"),
        (
            'dedup: {database: "x://u:secret@h/\\n", table: t, key: k}',
            "services.api.consumes.dedup.database: this is neither the URL of a database nor a path",
        ),
    ],
)
def test_faults_are_told_at_their_key(more: str, expected: str) -> None:
    """Each fault has its path, and that of a database never repeats the URL."""
    _, findings, _ = load(service(f"consumes: {{broker: mqtt://h, topics: [a], {more}}}"))
    assert [expected] == [f.message for f in findings]
