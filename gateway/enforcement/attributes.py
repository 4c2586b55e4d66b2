"""The attributes of one start tag: read them, and write the tag anew with some of them changed.

Source: HTML Standard, 13.2.5.32–40 (attribute states) and 13.2.5.72–80 (character references).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.entities import html5
from typing import NamedTuple

_ATTRIBUTE = re.compile(
    rb"""[\t\n\x0c\r /]*+([^\t\n\x0c\r />][^\t\n\x0c\r />=]*+)"""
    rb"""(?:[\t\n\x0c\r ]*+=[\t\n\x0c\r ]*+"""
    rb"""(?:"([^"]*+)"|'([^']*+)'|([^\t\n\x0c\r >"'][^\t\n\x0c\r >]*+)|(?=>)))?+"""
)
_NAME = re.compile(rb"<[a-zA-Z][^\t\n\x0c\r />]*")
_REFERENCE = re.compile(r"&(?:#[xX][0-9a-fA-F]+;?|#[0-9]+;?|[a-zA-Z][a-zA-Z0-9]*;?)")
_FOLLOWS = re.compile(r"[=a-zA-Z0-9]")
_LONGEST_NAME = max(map(len, html5))
_MOST_DIGITS = 7
"""Of a character's number, leading zeros apart; longer ones are beyond Unicode."""


class Attribute(NamedTuple):
    """One attribute as it stands in the tag: lower-case name, raw value, span with the space before."""

    name: str
    raw: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class StartTag:
    """A start tag: its bytes and the attributes in order, repeated names included.

    A browser keeps the first of repeated attributes; `value` does too, and `edited` removes all of them.
    """

    source: bytes
    name: str
    attributes: tuple[Attribute, ...]

    def has(self, name: str) -> bool:
        return any(attribute.name == name for attribute in self.attributes)

    def value(self, name: str) -> str:
        """The decoded value of the first attribute of that name; "" where it is missing or empty."""
        for attribute in self.attributes:
            if attribute.name == name:
                return decode(attribute.raw)
        return ""

    def edited(self, changes: Mapping[str, bytes | None], added: bytes = b"") -> bytes:
        """The tag with each named attribute replaced (`name="value"` bytes), or dropped where None.

        A replacement takes the place of the first of that name; further ones go. `added` stands at the end.
        """
        out, position, done = [], 0, set()
        for attribute in self.attributes:
            if attribute.name not in changes:
                continue
            out.append(self.source[position : attribute.start])
            new = changes[attribute.name]
            if new is not None and attribute.name not in done:
                out.append(b" " + new)
            done.add(attribute.name)
            position = attribute.end
        out.append(self.source[position:])
        tag = b"".join(out)
        if not added:
            return tag
        close = len(tag) - (2 if tag.endswith(b"/>") and not self._ends_unquoted else 1)
        return tag[:close].rstrip(b" ") + b" " + added + tag[close:]

    @property
    def _ends_unquoted(self) -> bool:
        """Whether a slash before the closing bracket belongs to an unquoted value."""
        return bool(self.attributes) and self.attributes[-1].end == len(self.source) - 1


def start_tag(source: bytes) -> StartTag:
    """Read one complete start tag, from "<" to ">"."""
    head = _NAME.match(source)
    if head is None:
        raise ValueError(f"not a start tag: {source[:40]!r}")
    found = []
    position, last = head.end(), len(source) - 1
    while position < last:
        match = _ATTRIBUTE.match(source, position, last + 1)
        if match is None or match.end() > last:
            break
        raw = match[match.lastindex] if match.lastindex and match.lastindex > 1 else b""
        found.append(Attribute(match[1].lower().decode("latin-1"), raw, match.start(), match.end()))
        position = match.end()
    return StartTag(source, source[1 : head.end()].lower().decode("latin-1"), tuple(found))


def decode(raw: bytes) -> str:
    """A raw attribute value as the browser reads it: UTF-8 where it is, character references resolved.

    A named reference without its semicolon stays as it is before "=" or a letter or digit (13.2.5.73).
    """
    text = raw.decode("utf-8", "surrogateescape")
    return _REFERENCE.sub(_resolve, text) if "&" in text else text


def _resolve(match: re.Match[str]) -> str:
    reference = match[0]
    if reference[1] == "#":
        return _character(reference[2:].rstrip(";"))
    name = reference[1:]
    if name in html5:
        follows = match.string[match.end() : match.end() + 1]
        return reference if not name.endswith(";") and _FOLLOWS.match(follows) else html5[name]
    for length in range(min(len(name) - 1, _LONGEST_NAME), 1, -1):
        if name[:length] in html5:
            return reference if _FOLLOWS.match(name[length]) else html5[name[:length]] + name[length:]
    return reference


def _character(number: str) -> str:
    """The character of a numeric reference, "x41" or "65" (13.2.5.80)."""
    digits, base = (number[1:], 16) if number[0] in "xX" else (number, 10)
    digits = digits.lstrip("0")
    code = int(digits or "0", base) if len(digits) <= _MOST_DIGITS else 0
    if not 0 < code < 0x110000 or 0xD800 <= code < 0xE000:
        return "\ufffd"
    if 0x80 <= code < 0xA0:
        return bytes((code,)).decode("cp1252", "ignore") or chr(code)
    return chr(code)


def quoted(name: str, value: bytes) -> bytes:
    """`name="value"` for a value in raw form (references as they were) that may hold any quote."""
    return name.encode("latin-1") + b'="' + value.replace(b'"', b"&quot;") + b'"'


def encode(value: str) -> bytes:
    """The bytes of a decoded value: what was not UTF-8 comes back as it was."""
    return value.encode("utf-8", "surrogateescape")


def escape(value: str) -> bytes:
    """Text as a double-quoted attribute value."""
    return encode(html.escape(value, quote=True))
