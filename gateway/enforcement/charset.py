"""Which character encoding a page is in, and UTF-8 for those the rewriter cannot read as bytes.

In every ASCII-compatible encoding of the web `<`, `"` and the letters of tags are the same bytes, so such
pages stay as they are. UTF-16 and ISO-2022-JP are not like that: they are decoded first.
Source: WHATWG HTML, "determining the character encoding"; WHATWG Encoding, labels.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

PRESCAN_BYTES: Final = 1024
"""How far browsers look for a meta element."""

_UTF_16LE: Final = "utf-16-le"
_UTF_16BE: Final = "utf-16-be"
_ISO_2022_JP: Final = "iso2022_jp_ext"
_CODECS: Final[dict[bytes, str]] = {
    **dict.fromkeys(
        (b"utf-16", b"utf-16le", b"ucs-2", b"csunicode", b"iso-10646-ucs-2", b"unicode", b"unicodefeff"),
        _UTF_16LE,
    ),
    **dict.fromkeys((b"utf-16be", b"unicodefffe"), _UTF_16BE),
    **dict.fromkeys((b"iso-2022-jp", b"csiso2022jp"), _ISO_2022_JP),
}
_BOMS: Final = ((b"\xef\xbb\xbf", ""), (b"\xff\xfe", _UTF_16LE), (b"\xfe\xff", _UTF_16BE))
_XML_STARTS: Final = ((b"<\x00?\x00x\x00", _UTF_16LE), (b"\x00<\x00?\x00x", _UTF_16BE))

_HEADER = re.compile(rb"""charset\s*=\s*(?:"([^"]*)"?|'([^']*)'?|([^\s;,"']+))""", re.I)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.S)
_META = re.compile(rb"<meta[\s/][^>]*", re.I)
_META_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([^\s"'/>;]+)""", re.I)
_XML_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([^"'>]+)""", re.I)


def header_charset(content_type: bytes) -> bytes:
    """The charset a Content-Type names, in lower case; empty when it names none."""
    found = _HEADER.search(content_type)
    return next(filter(None, found.groups()), b"").strip().lower() if found else b""


def meta_charset(start: bytes) -> bytes:
    """The charset the first bytes of a page declare in a meta element or XML declaration, or nothing."""
    start = start[:PRESCAN_BYTES]
    declared = _XML_ENCODING.match(start)
    if declared:
        return declared[1].strip().lower()
    for meta in _META.findall(_COMMENT.sub(b"", start)):
        found = _META_CHARSET.search(meta)
        if found:
            name: bytes = found[1].lower()
            return name
    return b""


def needs_decoding(content_type: bytes, start: bytes) -> str | None:
    """The Python codec of a page beginning with `start`; None where its bytes can be read as they are."""
    for mark, codec in _BOMS:
        if start.startswith(mark):
            return codec or None
    named = header_charset(content_type)
    if named:
        return _CODECS.get(named)
    for mark, codec in _XML_STARTS:
        if start.startswith(mark):
            return codec
    codec = _CODECS.get(meta_charset(start), "")
    # A meta element that could be read as ASCII cannot be UTF-16: browsers take UTF-8 then.
    return _ISO_2022_JP if codec == _ISO_2022_JP else None


class Transcoder:
    """Bytes of `codec` in, UTF-8 out; what cannot be decoded becomes U+FFFD, a byte order mark goes."""

    def __init__(self, codec: str) -> None:
        self._decoder = codecs.getincrementaldecoder(codec)("replace")
        self._first = True

    def write(self, data: bytes) -> bytes:
        """The UTF-8 for what is complete so far."""
        return self._encode(self._decoder.decode(data))

    def end(self) -> bytes:
        """The rest."""
        return self._encode(self._decoder.decode(b"", final=True))

    def _encode(self, text: str) -> bytes:
        if self._first and text:
            self._first = False
            text = text.removeprefix("\ufeff")
        return text.encode("utf-8", "replace")


class LateDeclaration:
    """Guards a page without a declared charset whose start has been sent already.

    Should one of the next pieces still declare ISO-2022-JP within the first 1024 bytes, escape sequences
    can no longer be decoded: they are taken out, so the browser reads what the rewriter read.
    """

    def __init__(self) -> None:
        self._start = b""
        self._found = False

    def write(self, data: bytes) -> bytes:
        """The data, without escapes once they mean something."""
        if not self._found and len(self._start) < PRESCAN_BYTES:
            self._start = (self._start + data)[:PRESCAN_BYTES]
            self._found = _CODECS.get(meta_charset(self._start)) == _ISO_2022_JP
        return data.replace(b"\x1b", b"") if self._found else data

    def end(self) -> bytes:
        """Nothing is held back."""
        return b""
