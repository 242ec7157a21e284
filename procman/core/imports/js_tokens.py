"""JavaScript's text to tokens, as far as literals need: names, numbers, texts and marks. Each knows where it begins."""

from __future__ import annotations

import re

from procman.core.values import dataclass

_SPACE = re.compile(r"(?:[\s\ufeff]+|//[^\n\u2028\u2029]*|/\*.*?\*/)*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?n?"
)
_TEXT = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`""", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|.))", re.DOTALL)
_PLAIN = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "0": "\0",
    "\n": "",
    "\r\n": "",
    "\u2028": "",
}
_MARKS = ("...", "=>", "?.", "??", "||", "&&")


class NotLiteral(ValueError):
    """What cannot be read without running it, and the offset at which it stands."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is ``name``, ``number``, ``text``, ``mark`` or ``end``; `value` is what a number or text stands for."""

    kind: str
    text: str
    at: int
    value: str | int | float = ""


def token(source: str, start: int) -> tuple[Token, int]:
    """Return the token at or after `start`, and where it ends. NotLiteral for what is none."""
    space = _SPACE.match(source, start)
    at = space.end() if space else start
    if at >= len(source):
        return Token("end", "the end of the file", at), at
    char = source[at]
    if char in "\"'`":
        return _text(source, at)
    number = _NUMBER.match(source, at) if char.isdigit() or char == "." else None
    if number:
        return Token("number", number[0], at, _number(number[0], at)), number.end()
    name = _NAME.match(source, at)
    if name:
        return Token("name", name[0], at), name.end()
    if source.startswith("/*", at):
        raise NotLiteral("a comment that is opened here is never closed", at)
    mark = next((m for m in _MARKS if source.startswith(m, at)), char)
    return Token("mark", mark, at), at + len(mark)


def _text(source: str, at: int) -> tuple[Token, int]:
    found = _TEXT.match(source, at)
    if found is None:
        raise NotLiteral("a quote that is opened here is never closed", at)
    inner = found[0][1:-1]
    if source[at] == "`" and re.search(r"(?<!\\)(?:\\\\)*\$\{", inner):
        raise NotLiteral("a text with ${...} in it has to be run", at)
    return Token("text", found[0], at, _ESCAPE.sub(_unescaped, inner)), found.end()


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is None:
        return _PLAIN.get(match[4], match[4])
    return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else "\ufffd"  # noqa: PLR2004 - the last character there is


def _number(text: str, at: int) -> int | float:
    digits = text.replace("_", "").removesuffix("n")
    try:
        if digits[:2].lower() in ("0x", "0o", "0b"):
            return int(digits, 0)
        return int(digits) if digits.isdigit() else float(digits)
    except ValueError as error:
        raise NotLiteral(f"{text[:40]} is no number", at) from error
