"""Spec files: what the launcher reads is what was written, or nothing at all."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procman.core.manifest import Address, Kind, Logs, Restart, Stop
from procman.core.spec import Lock, Spec, decode, differences, encode
from tests.support.values import TEXTS, spec, specs

FEW = settings(max_examples=40)


@FEW
@given(specs())
def test_spec_reads_back(wanted: Spec) -> None:
    """Every spec without a NUL is read back exactly, bytes that are no UTF-8 included."""
    data = encode(wanted)
    assert encode(wanted) == encode(decode(data))
    assert [os.fsencode(arg) for arg in wanted.argv] == [os.fsencode(arg) for arg in decode(data).argv]


@FEW
@given(specs(texts=TEXTS))
def test_spec_of_text_reads_back_as_the_same_value(wanted: Spec) -> None:
    """A spec whose texts are Unicode is equal to what is read back."""
    assert wanted == decode(encode(wanted))


@FEW
@given(specs(), st.data())
def test_cut_off_spec_is_refused(wanted: Spec, data: st.DataObject) -> None:
    """A spec file that was cut anywhere, at the end of a record too, is a ValueError."""
    whole = encode(wanted)
    with pytest.raises(ValueError):  # noqa: PT011 - any of several messages
        decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


@pytest.mark.parametrize("record", ["project", "service", "instance", "instances", "kind", "state", "cwd", "logs"])
def test_spec_without_a_record_is_refused(record: str) -> None:
    """A record that is missing is named."""
    rows = [r for r in encode(spec()).split(b"\0") if r.partition(b" ")[0] != record.encode()]
    with pytest.raises(ValueError, match=f"the spec file lacks '{record}'"):
        decode(b"\0".join(rows))


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda data: b"procman-spec 1\0" + data + b"\0"))
def test_any_bytes_are_a_value_error(data: bytes) -> None:
    """What is no spec file is a ValueError and nothing else."""
    with pytest.raises(ValueError):  # noqa: PT011 - any of several messages
        decode(data)


@FEW
@given(specs(), st.data())
def test_damaged_spec_is_a_spec_or_a_value_error(wanted: Spec, data: st.DataObject) -> None:
    """A flipped byte gives another spec or a ValueError, never another exception."""
    whole = bytearray(encode(wanted))
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode(bytes(whole))
    except ValueError:
        return


@FEW
@given(specs(), st.integers(1, 256))
def test_digest_does_not_hang_on_the_number_of_siblings(wanted: Spec, count: int) -> None:
    """Scaling gives no sibling another digest, so that none is restarted; nor is it a difference."""
    scaled = replace(wanted, instances=count)
    assert (wanted.digest, ()) == (scaled.digest, differences(wanted, scaled))


CHANGES = (
    (replace(spec(), argv=("/bin/other",)), ("command",)),
    (replace(spec(), argv=("/bin/serve", "")), ("command",)),
    (replace(spec(), env=(("PATH", "/usr/bin"),)), ("env PATH",)),
    (replace(spec(), env=()), ("env PATH",)),
    (replace(spec(), env=(("A", ""), ("PATH", "/bin"), ("Z", ""))), ("env A", "env Z")),
    (replace(spec(), directory="/"), ("directory",)),
    (replace(spec(), user="app"), ("user",)),
    (replace(spec(), listen=Address("::1", 1)), ("listen",)),
    (replace(spec(), kind=Kind.SINGLETON), ("kind",)),
    (replace(spec(), locks=(Lock("service", "p/s"),)), ("what is consumed",)),
    (replace(spec(), start_time=2.0), ("start",)),
    (replace(spec(), stop=Stop(5.0)), ("stop",)),
    (replace(spec(), restart=Restart(1)), ("restart",)),
    (replace(spec(), logs=Logs(1)), ("logs",)),
    (replace(spec(), state="/other"), ("state directory",)),
)


@pytest.mark.parametrize(("changed", "said"), CHANGES, ids=lambda value: str(value) if len(str(value)) < 40 else "spec")
def test_every_changed_field_has_its_word_and_its_digest(changed: Spec, said: tuple[str, ...]) -> None:
    """Each field that changes is named, and the name of the spec file changes with it."""
    assert said == differences(spec(), changed)
    assert spec().digest != changed.digest


@FEW
@given(specs(), specs())
def test_no_difference_means_one_digest(one: Spec, other: Spec) -> None:
    """Two specs of one instance without a difference share a digest, and only they."""
    other = replace(other, project=one.project, service=one.service, instance=one.instance)
    assert (not differences(one, other)) == (one.digest == other.digest)


def test_nul_cannot_be_written() -> None:
    """A NUL, which would end a record, is refused and not cut."""
    with pytest.raises(ValueError, match="record 'arg' cannot hold"):
        encode(replace(spec(), argv=("a\0b",)))
