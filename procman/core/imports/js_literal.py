"""A JavaScript file that exports a literal, read without running it; the rest is refused with its place.

The literal subset: objects, arrays, texts (joined by +), numbers, true, false, null, undefined, ``__dirname`` and
``__filename``; comments and commas at the end; `module.exports =`, `exports.NAME =` and `export default`.
"""

from __future__ import annotations

from collections.abc import Mapping

from procman.core.imports.js_tokens import NotLiteral, Token, token

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
DEEPEST = 60
_GONE = object()
"""Stands for ``undefined``, which JSON has no word for."""
_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None, "undefined": _GONE}
_CODE = frozenset({"function", "async", "new", "await", "class", "typeof"})


def exported(source: str, file: str, folder: str) -> Plain:
    """Return what the module `file` in `folder`, whose text is `source`, exports. NotLiteral says why it is unknown."""
    return _Reader(source, {"__filename": file, "__dirname": folder}).module()


def expression(source: str) -> Plain:
    """Return the one value in `source`: JSON, or what PM2 takes for it. NotLiteral says why it cannot be known."""
    reader = _Reader(source, {})
    value = reader.value(0)
    reader.end()
    return _plain(value)


class _Reader:
    """Reads tokens one after another; `next` is the one that was not taken yet."""

    def __init__(self, source: str, known: Mapping[str, str]) -> None:
        self.source = source
        self.known = known
        self.next, self.after = token(source, 1 if source.startswith("\ufeff") else 0)

    def take(self) -> Token:
        """Return the next token, and go on."""
        taken = self.next
        self.next, self.after = token(self.source, self.after)
        return taken

    def taken(self, *texts: str) -> bool:
        """Tell whether the next token is one of the marks or names `texts`, and take it if so."""
        if self.next.kind in ("mark", "name") and self.next.text in texts:
            self.take()
            return True
        return False

    def expect(self, text: str, where: str) -> None:
        """Take the mark `text`, which is all that may stand here."""
        if not self.taken(text):
            raise NotLiteral(f"{self._shown()} stands where {where} needs '{text}'", self.next.at)

    def module(self) -> Plain:
        """Return what the statements of a module export."""
        found: object = _GONE
        while self.next.kind != "end":
            if self.taken(";"):
                continue
            if self.next.kind == "text":
                self.take()  # 'use strict'
                continue
            name = self._target()
            value = self.value(0)
            found = value if name is None else {**(found if isinstance(found, dict) else {}), name: value}
            if self.next.kind != "end" and self.next.text not in (";", "module", "exports", "export"):
                raise NotLiteral(f"{self._shown()} would have to be run", self.next.at)
        if found is _GONE:
            raise NotLiteral("the file exports nothing", 0)
        return _plain(found)

    def end(self) -> None:
        """Take the end; NotLiteral when something stands before it."""
        self.taken(";")
        if self.next.kind != "end":
            raise NotLiteral(f"{self._shown()} stands after the value", self.next.at)

    def value(self, depth: int) -> object:
        """Return the value that begins here."""
        if depth > DEEPEST:
            raise NotLiteral(f"more than {DEEPEST} levels of brackets", self.next.at)
        value = self._single(depth)
        while self.next.text == "+" and self.next.kind == "mark":
            at = self.take().at
            other = self._single(depth)
            if not (isinstance(value, str) and isinstance(other, str)):
                raise NotLiteral("a sum would have to be run", at)
            value += other
        if self.next.kind == "mark" and self.next.text not in (",", "]", "}", ")", ";", ":"):
            raise NotLiteral(f"{self._shown()} would have to be run", self.next.at)
        return value

    def _target(self) -> str | None:
        """Take what stands before an exported value; return the name it is exported as, or None for the whole."""
        start = self.next
        if self.taken("export") and self.taken("default"):
            return None
        if self.taken("module"):
            self.expect(".", "module")
            self.expect("exports", "module")
        elif not self.taken("exports"):
            raise NotLiteral(f"'{start.text[:40]}' would have to be run", start.at)
        name = self.take().text if self.taken(".") else None
        self.expect("=", "an export")
        return name

    def _single(self, depth: int) -> object:
        found = self.take()
        if found.kind in ("text", "number"):
            return found.value
        if found.kind == "mark":
            return self._bracketed(found, depth)
        if found.kind == "name" and self.next.text not in (".", "(", "=>", "?."):
            if found.text in _WORDS:
                return _WORDS[found.text]
            if found.text in self.known:
                return self.known[found.text]
        raise self._refused(found)

    def _bracketed(self, found: Token, depth: int) -> object:
        """Return the value that begins with the mark `found`."""
        match found.text:
            case "{":
                return self._object(depth)
            case "[":
                return self._array(depth)
            case "(" if self.next.text != ")":
                value = self.value(depth + 1)
                self.expect(")", "a bracket")
                return value
            case "-" | "+" if self.next.kind == "number":
                number = self.take().value
                return -number if found.text == "-" and not isinstance(number, str) else number
        raise self._refused(found)

    def _refused(self, found: Token) -> NotLiteral:
        if found.kind == "end":
            return NotLiteral("the file ends in the middle of a value", found.at)
        return NotLiteral(f"{self._called(found)} would have to be run", found.at)

    def _array(self, depth: int) -> list[object]:
        items: list[object] = []
        while not self.taken("]"):
            items.append(self.value(depth + 1))
            if not self.taken(","):
                self.expect("]", "a list")
                break
        return items

    def _object(self, depth: int) -> dict[str, object]:
        entries: dict[str, object] = {}
        while not self.taken("}"):
            key = self.take()
            if key.kind not in ("text", "name", "number"):
                raise self._refused(key)
            if self.next.text != ":":
                what = "a function" if self.next.text == "(" or self.next.kind == "name" else f"'{key.text[:40]}'"
                raise NotLiteral(f"{what} would have to be run", key.at)
            self.take()
            entries[str(key.value) if key.kind != "name" else key.text] = self.value(depth + 1)
            if not self.taken(","):
                self.expect("}", "an object")
                break
        return entries

    def _called(self, found: Token) -> str:
        """Return `found` with the names that follow it: ``process.env.PORT``."""
        words, start = found.text, found.at + len(found.text)
        if found.kind != "name":
            return {"...": "a spread", "(": "a function"}.get(words, f"'{words[:40]}'")
        if words in _CODE:
            return "a function" if words in ("function", "async") else f"'{words}'"
        while len(words) < 40 and self.source[start : start + 1] == ".":  # noqa: PLR2004 - enough to be known by
            following, end = token(self.source, start + 1)
            words, start = f"{words}.{following.text}", end
        return f"'{words}'"

    def _shown(self) -> str:
        return "the end of the file" if self.next.kind == "end" else f"'{self.next.text[:40]}'"


def _plain(value: object) -> Plain:
    if value is _GONE:
        return None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not _GONE}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str) else None
