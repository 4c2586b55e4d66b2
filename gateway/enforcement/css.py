"""URLs in style sheets: found, judged, and emptied where they may not load.

Source: CSS Syntax Level 3, 4.3.5 and 4.3.6 (string and url tokens; what ends with the sheet is complete);
CSS Cascade 5, 2 (@import); CSS Images 4 (image-set).
"""

from __future__ import annotations

import re
from collections.abc import Callable

_WHITE = rb"[\t\n\f\r ]*+"
_WHITE_OR_COMMENT = rb"(?:[\t\n\f\r ]|/\*(?s:.{0,200}?)\*/)*+"
# After a byte beyond ASCII a backslash may be half of a character (Shift_JIS, Big5, GBK): it escapes nothing then.
# To end a string too early does no harm, what follows is searched as well.
_HALF = rb"[\x80-\xff]\\?+"
_DOUBLE = rb"""(?P<double>(?:""" + _HALF + rb"""|[^"\\\n\f\r\x80-\xff]|\\(?s:.))*+)"""
_SINGLE = rb"""(?P<single>(?:""" + _HALF + rb"""|[^'\\\n\f\r\x80-\xff]|\\(?s:.))*+)"""
_STRING = rb"""(?:\"""" + _DOUBLE + rb"""(?:"|\\?\Z)|'""" + _SINGLE + rb"""(?:'|\\?\Z))"""
_BARE = (
    rb"""(?P<bare>(?:""" + _HALF + rb"""|[^\t\n\f\r "'()\\\x80-\xff]"""
    rb"""|\\[0-9a-fA-F]{1,6}+(?:\r\n|[ \t\n\r\f])?+|\\[^0-9a-fA-F])++)"""
)


def _word(word: str, spelt: bool) -> bytes:
    """A pattern for a name, in which any letter may be `spelt` as an escape (CSS Syntax 4.3.7)."""
    if not spelt:
        return word.encode()
    ways = (
        rf"(?:{c}|\\0{{0,4}}(?:{ord(c):x}|{ord(c) - 32:x})(?:\r\n|[ \t\n\r\f])?+|\\{c if c > 'f' else '(?!)'})"
        for c in word
    )
    return "".join(ways).encode()


def _addresses(spelt: bool) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """The patterns for `url()` and `src()`, and for the string of an `@import`."""
    imports = b"@" + _word("import", spelt) + _WHITE_OR_COMMENT
    functions = rb"(?:" + _word("url", spelt) + rb"|" + _word("src", spelt) + rb")\("
    return (
        re.compile(
            rb"(?P<import>" + imports + rb")?+" + functions + _WHITE + rb"(?:" + _STRING + rb"|" + _BARE + rb")",
            re.IGNORECASE,
        ),
        re.compile(imports + _STRING, re.IGNORECASE),
    )


_PLAIN = _addresses(False)
_SPELT = _addresses(True)
# Strings become addresses by ways that cannot be followed: `image-set(var(--name))`, `image()`, long comments.
_OUT = rb"(?:[\x00-\x20]|\\[\n\r\f])*+(?:[hH\\]|[/\\][/\\])"
_OPENS = re.compile(_OUT)
_ABSOLUTE = re.compile(rb"""(?=["']""" + _OUT + rb")" + _STRING)
_LEADS_OUT = re.compile(r"[\x00-\x20]*(?:https?:|[/\\]{2})", re.IGNORECASE)
_SET = re.compile(
    rb"""image-set\((?:[^()"']|"[^"\n]*+"|'[^'\n]*+'|\([^()]*+\))*+""",
    re.IGNORECASE,
)
_ANY_STRING = re.compile(_STRING)
_EMPTY = b'"data:,"'
_BARE_EMPTY = b"data:,"
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\n\r\f])?|\n|(.))", re.DOTALL)

Keep = Callable[[str, bool], bool]


def filtered(style: bytes, keep: Keep) -> bytes:
    """`style` with every URL that `keep(url, is_import)` denies replaced by an empty one.

    Bytes that are not part of such a URL stay as they are.
    """
    if b"(" not in style and b"@" not in style and b"\\" not in style:
        return style

    def imported(match: re.Match[bytes]) -> bytes:
        return _judged(match, keep, True)

    def called(match: re.Match[bytes]) -> bytes:
        return _judged(match, keep, match["import"] is not None)

    def option(match: re.Match[bytes]) -> bytes:
        return _judged(match, keep, False)

    def options(match: re.Match[bytes]) -> bytes:
        return _ANY_STRING.sub(option, match[0])

    def absolute(match: re.Match[bytes]) -> bytes:
        return _judged(match, keep, False) if _LEADS_OUT.match(_unescape(_value(match))) else match[0]

    url, import_ = _SPELT if b"\\" in style else _PLAIN
    return _ABSOLUTE.sub(absolute, _SET.sub(options, import_.sub(imported, url.sub(called, style))))


def _judged(match: re.Match[bytes], keep: Keep, is_import: bool) -> bytes:
    name = _form(match)
    if keep(_unescape(match[name]), is_import):
        return match[0]
    before = match[0][: match.start(name) - match.start() - (name != "bare")]
    if name == "bare":
        return before + _BARE_EMPTY
    # Its closing quote must not open an address with what follows.
    return before + _EMPTY + (b"/**/" if _OPENS.match(match.string, match.end()) else b"")


def _form(match: re.Match[bytes]) -> str:
    groups = match.groupdict()
    return next(name for name in ("double", "single", "bare") if groups.get(name) is not None)


def _value(match: re.Match[bytes]) -> bytes:
    value: bytes = match[_form(match)]
    return value


def _unescape(url: bytes) -> str:
    """CSS escapes resolved (CSS Syntax 4.3.7)."""
    text = url.decode("utf-8", "surrogateescape")
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    if not match[1]:
        return match[2] or ""
    code = int(match[1], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
