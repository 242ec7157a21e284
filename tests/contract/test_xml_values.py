"""The XML-RPC codec against the standard library's."""

from __future__ import annotations

import xmlrpc.client

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.adapters import xml_values
from procman.adapters.xml_values import RemoteFault, Value

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"))) | st.sampled_from(
    ["a\tb\nc\rd", "<&>]]>", "  "]
)
SCALARS = st.integers(-(2**31), 2**31 - 1) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS | st.booleans()
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=20
)


@given(VALUES)
def test_answer_reads_what_the_standard_library_writes(value: Value) -> None:
    """Every answer that `xmlrpc.client` can write, as supervisord does, is read as the same value."""
    body = xmlrpc.client.dumps((value,), methodresponse=True)
    # the library writes a bare CR, which XML reads as LF; supervisord's answers share that
    expected = xmlrpc.client.loads(body)[0][0]
    assert expected == xml_values.answer(body.encode())


@given(st.lists(VALUES, max_size=3))
def test_call_is_read_by_the_standard_library(arguments: list[Value]) -> None:
    """Every call is read by `xmlrpc.client` as the same method and arguments."""
    read, method = xmlrpc.client.loads(xml_values.call("procman.release", *arguments).decode())
    assert ("procman.release", arguments) == (method, list(read))


@given(st.integers(-1000, 1000), TEXTS)
def test_fault_is_raised_with_code_and_text(code: int, text: str) -> None:
    """A fault arrives as an exception with its code and text."""
    body = xmlrpc.client.dumps(xmlrpc.client.Fault(code, text)).encode()
    with pytest.raises(RemoteFault) as caught:
        xml_values.answer(body)
    assert (code, text.replace("\r", "\n")) == (caught.value.code, caught.value.text)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_value_error(body: bytes) -> None:
    """What is no response is a ValueError and nothing else."""
    with pytest.raises(ValueError):  # noqa: PT011 - expat's words
        xml_values.answer(body)


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<params></params>",
        "<params><param><value><int>x</int></value></param></params>",
        "<fault><value>no struct</value></fault>",
        "<params><param><value>1</value><value>2</value></param></params>",
        "<params><param><value><struct><member><name>n</name></member></struct></value></param></params>",
        "<params></array></params>",
    ],
)
def test_damaged_response_is_a_value_error(inner: str) -> None:
    """A response without exactly one whole value is refused."""
    with pytest.raises(ValueError):  # noqa: PT011 - expat's words
        xml_values.answer(f"<methodResponse>{inner}</methodResponse>".encode())


def test_document_type_is_refused() -> None:
    """A declared document type, which entity bombs need, is refused."""
    body = b'<!DOCTYPE x [<!ENTITY a "b">]><methodResponse><params/></methodResponse>'
    with pytest.raises(ValueError, match="document type"):
        xml_values.answer(body)


@pytest.mark.parametrize("text", ["\0", "\x1b[0m", "\ud800"])
def test_text_that_xml_cannot_carry_is_refused(text: str) -> None:
    """A control character is a ValueError here and not a broken request there."""
    with pytest.raises(ValueError, match="cannot carry"):
        xml_values.call("m", text)
