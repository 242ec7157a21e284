"""XML-RPC's form of calls and answers, over expat alone: `xmlrpc.client` takes 47 ms to import. No transport.

Only the types that supervisord sends: int, boolean, double, string, array, struct.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers.expat import ExpatError, ParserCreate

Value = int | float | str | list["Value"] | dict[str, "Value"]
"""A bool is an int. XML-RPC has no null."""

_SCALARS: dict[str, Callable[[str], Value]] = {
    "int": int,
    "i4": int,
    "i8": int,
    "double": float,
    "boolean": lambda text: text == "1",
}
_TEXTS = ("string", "dateTime.iso8601", "base64")


class RemoteFault(Exception):
    """The other side answered with a fault."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{text} ({code})")
        self.code = code
        self.text = text


def call(method: str, *arguments: Value) -> bytes:
    """Return the body that calls `method`; ValueError for a text that XML cannot carry."""
    parameters = "".join(f"<param>{_value(a)}</param>" for a in arguments)
    text = f"<methodCall><methodName>{_text(method)}</methodName><params>{parameters}</params></methodCall>"
    return b"<?xml version='1.0'?>" + text.encode()


def answer(body: bytes) -> Value:
    """Return the value in a response; RemoteFault when it is a fault, ValueError when it is no response."""
    reader = _Reader()
    try:
        reader.parse(body)
    except (ExpatError, IndexError, KeyError) as error:
        raise ValueError(f"no XML-RPC response: {error}") from None
    if len(reader.values) != 1 or reader.marks:
        raise ValueError("no XML-RPC response: it holds no value, or several")
    value = reader.values[0]
    if reader.fault:
        raise _fault(value)
    return value


def _fault(value: Value) -> RemoteFault:
    if not isinstance(value, dict):
        raise ValueError("no XML-RPC response: a fault without a code")  # noqa: TRY004 - the body is wrong
    code, text = value.get("faultCode"), value.get("faultString")
    return RemoteFault(code if isinstance(code, int) else 0, str(text))


def _value(value: Value) -> str:
    if isinstance(value, bool):
        inner = f"<boolean>{int(value)}</boolean>"
    elif isinstance(value, int):
        inner = f"<int>{value}</int>"
    elif isinstance(value, float):
        inner = f"<double>{value!r}</double>"
    elif isinstance(value, str):
        inner = f"<string>{_text(value)}</string>"
    elif isinstance(value, list):
        inner = "<array><data>" + "".join(_value(item) for item in value) + "</data></array>"
    else:
        members = (f"<member><name>{_text(k)}</name>{_value(v)}</member>" for k, v in value.items())
        inner = f"<struct>{''.join(members)}</struct>"
    return f"<value>{inner}</value>"


def _text(text: str) -> str:
    if any(_forbidden(c) for c in text):
        raise ValueError("XML cannot carry a control character or half a surrogate pair")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _forbidden(char: str) -> bool:
    return (char < " " and char not in "\t\n\r") or "\ud800" <= char <= "\udfff" or char in "\ufffe\uffff"


class _Reader:
    """Builds the values of one response from expat's events; `marks` is where each open array or struct began."""

    def __init__(self) -> None:
        self.values: list[Value] = []
        self.marks: list[int] = []
        self.fault = False
        self._text: list[str] = []
        self._typed = False

    def parse(self, body: bytes) -> None:
        """Read `body`; ExpatError, IndexError, KeyError or ValueError when it is not well formed."""
        parser = ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = self._text.append
        # supervisord sends no document type: entities would be an attack
        parser.StartDoctypeDeclHandler = _refuse
        parser.Parse(body, True)  # noqa: FBT003 - expat takes no keywords

    def _open(self, tag: str, _attributes: object) -> None:
        self._text.clear()
        if tag in ("struct", "array"):
            self.marks.append(len(self.values))
        elif tag == "value":
            self._typed = False
        elif tag == "fault":
            self.fault = True

    def _close(self, tag: str) -> None:
        text = "".join(self._text)
        self._text.clear()
        if tag in _SCALARS:
            self._add(_SCALARS[tag](text))
        elif tag in _TEXTS or (tag == "value" and not self._typed):
            self._add(text)
        elif tag == "name":
            self.values.append(text)
        elif tag in ("struct", "array"):
            self._gather(tag)

    def _add(self, value: Value) -> None:
        self.values.append(value)
        self._typed = True

    def _gather(self, tag: str) -> None:
        start = self.marks.pop()
        items = self.values[start:]
        del self.values[start:]
        self._add(items if tag == "array" else _struct(items))


def _struct(items: list[Value]) -> dict[str, Value]:
    names, values = items[::2], items[1::2]
    if len(names) != len(values):
        raise ValueError("a member lacks its value")
    return {str(name): value for name, value in zip(names, values, strict=True)}


def _refuse(*_: object) -> None:
    raise ValueError("no XML-RPC response: it declares a document type")
