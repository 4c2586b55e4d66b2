"""Which character encoding a page is in, and UTF-8 for those the rewriter cannot read as bytes.

In every ASCII-compatible encoding of the web `<`, `"` and the letters of tags are the same bytes, so such
pages stay as they are. UTF-16 and ISO-2022-JP are not like that: they are decoded first.
Source: WHATWG HTML, "determining the character encoding"; WHATWG Encoding, labels.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import Final, Protocol

from gateway.enforcement import scanner
from gateway.enforcement.attributes import StartTag, start_tag
from gateway.enforcement.iso_2022_jp import Iso2022Jp

PRESCAN_BYTES: Final = 1024
"""How far browsers look for a meta element."""

_UTF_16LE: Final = "utf-16-le"
_UTF_16BE: Final = "utf-16-be"
_ISO_2022_JP: Final = "iso-2022-jp"
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

_SURE = re.compile(
    rb"utf-?8|(?:windows-|cp)125[0-8]|iso-?8859-(?:1[0134-6]|[1-9])|(?:us-)?ascii|koi8-[ru]|big5|gbk|gb2312|gb18030"
    rb"|shift[_-]jis|x-sjis|windows-31j|euc-(?:jp|kr)|ks_c_5601-1987|macintosh|tis-620|windows-874"
)
"""Labels that every browser obeys (WHATWG Encoding, 4.2). After any other it may look further: so do we."""
_HEADER = re.compile(rb"""charset\s*=\s*(?:"([^"]*)"?|'([^']*)'?|([^\s;,"']+))""", re.I)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.S)
_ESCAPES = re.compile(rb"\x1b(?:\$[@B]|\([IJ])")
"""What browsers guess ISO-2022-JP by."""
_WHITE: Final = b"\t\n\x0c\r "
_IN_CONTENT = re.compile(
    rb"""charset[\t\n\x0c\r ]*+=[\t\n\x0c\r ]*+(?:"([^"]*)"|'([^']*)'|([^\t\n\x0c\r ;"'][^\t\n\x0c\r ;]*))""", re.I
)
_BEGINS = re.compile(rb"<[a-zA-Z!/?]")
_META = re.compile(rb"<meta[\s/][^>]*", re.I)
_META_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([^\s"'/>;]+)""", re.I)
_XML_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([^"'>]+)""", re.I)


@lru_cache(maxsize=256)
def header_charset(content_type: bytes) -> bytes:
    """The charset a Content-Type names, in lower case; empty when it names none."""
    found = _HEADER.search(content_type)
    return next(filter(None, found.groups()), b"").strip().lower() if found else b""


def meta_charsets(start: bytes) -> list[bytes]:
    """What the first bytes of a page declare in an XML declaration or meta elements, in lower case.

    Which of several counts depends on what the browser makes of those before: any may.
    """
    start = start[:PRESCAN_BYTES]
    declared = _XML_ENCODING.match(start)
    metas = (_META_CHARSET.search(meta) for meta in _META.findall(_COMMENT.sub(b"", start)))
    return [found[1].strip().lower() for found in (declared, *metas) if found]


def meta_charset(start: bytes) -> bytes:
    """The first declaration that the standard's prescan finds, in lower case; empty where there is none (13.2.3.2)."""
    start = start[:PRESCAN_BYTES]
    position = start.find(b"<")
    while position >= 0:
        end = scanner.tag_end(start, position)
        if end > 0 and scanner.tag_name(start, position) == "meta" and start[position + 1] != 0x2F:
            label = _label(start_tag(start[position:end]))
            if label in _CODECS or _SURE.fullmatch(label):
                return label
        if end < 0:
            end = scanner.markup_end(start, position)
        if end < 0 and _BEGINS.match(start, position):
            break
        position = start.find(b"<", max(end, position + 1))
    declared = _XML_ENCODING.match(start)
    return declared[1].strip().lower() if declared else b""


def _label(meta: StartTag) -> bytes:
    """What a meta element declares; references are not resolved here."""
    values = {attribute.name: attribute.raw for attribute in reversed(meta.attributes)}
    if "charset" in values:
        return values["charset"].strip(_WHITE).lower()
    found = _IN_CONTENT.search(values.get("content", b""))
    if found is None or values.get("http-equiv", b"").lower() != b"content-type":
        return b""
    return next(filter(None, found.groups()), b"").strip(_WHITE).lower()


def needs_decoding(content_type: bytes, start: bytes) -> str | None:
    """The Python codec of a page beginning with `start`; None where its bytes can be read as they are."""
    for mark, codec in _BOMS:
        if start.startswith(mark):
            return codec or None
    named = header_charset(content_type)
    if named in _CODECS:
        return _CODECS[named]
    if _SURE.fullmatch(named):
        return None
    for mark, codec in _XML_STARTS:
        if start.startswith(mark):
            return codec
    # A meta element that could be read as ASCII cannot be UTF-16: browsers take UTF-8 then.
    if any(_CODECS.get(name) == _ISO_2022_JP for name in meta_charsets(start)):
        return _ISO_2022_JP
    return None if _SURE.fullmatch(meta_charset(start)) or not _ESCAPES.search(start) else _ISO_2022_JP


def is_declared(content_type: bytes, start: bytes) -> bool:
    """Whether a page that begins with `start` says what it is in a way that nothing later can change."""
    if _SURE.fullmatch(header_charset(content_type)) or start.startswith(_BOMS[0][0]):
        return True
    return _SURE.fullmatch(meta_charset(start)) is not None


class _Decoder(Protocol):
    def decode(self, data: bytes, final: bool = False) -> str: ...


class Transcoder:
    """Bytes of `codec` in, UTF-8 out; what cannot be decoded becomes U+FFFD, a byte order mark goes."""

    def __init__(self, codec: str) -> None:
        self._decoder: _Decoder = (
            Iso2022Jp() if codec == _ISO_2022_JP else codecs.getincrementaldecoder(codec)("replace")
        )
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


class Undeclared:
    """Guards a page that has not said its charset before its start had to be sent.

    It may declare ISO-2022-JP later, or browsers may guess it: escape sequences can no longer be decoded
    then. They are taken out, so the browser reads what the rewriter read.
    """

    def write(self, data: bytes) -> bytes:
        """The data without escapes."""
        return data.replace(b"\x1b", b"") if b"\x1b" in data else data

    def end(self) -> bytes:
        """Nothing is held back."""
        return b""
