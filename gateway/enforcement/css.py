"""URLs in style sheets: found, judged, and emptied where they may not load.

Source: CSS Syntax Level 3, 4.3.5 and 4.3.6 (string and url tokens; what ends with the sheet is complete);
CSS Cascade 5, 2 (@import); CSS Images 4 (image-set).
"""

from __future__ import annotations

import re
from collections.abc import Callable

_WHITE = rb"[\t\n\f\r ]*+"
_WHITE_OR_COMMENT = rb"(?:[\t\n\f\r ]|/\*(?s:.{0,200}?)\*/)*+"
_DOUBLE = rb"""(?P<double>(?:[^"\\\n\f\r]|\\(?s:.))*+)"""
_SINGLE = rb"""(?P<single>(?:[^'\\\n\f\r]|\\(?s:.))*+)"""
_STRING = rb"""(?:\"""" + _DOUBLE + rb"""(?:"|\Z)|'""" + _SINGLE + rb"""(?:'|\Z))"""
_BARE = rb"""(?P<bare>(?:[^\t\n\f\r "'()\\]|\\(?s:.))++)"""
_IMPORT = rb"@import" + _WHITE_OR_COMMENT
_URL = re.compile(
    rb"(?P<import>" + _IMPORT + rb")?+(?:url|src)\(" + _WHITE + rb"(?:" + _STRING + rb"|" + _BARE + rb")",
    re.IGNORECASE,
)
_IMPORTED = re.compile(_IMPORT + _STRING, re.IGNORECASE)
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
    if b"(" not in style and b"@" not in style:
        return style

    def imported(match: re.Match[bytes]) -> bytes:
        return _judged(match, keep, True)

    def called(match: re.Match[bytes]) -> bytes:
        return _judged(match, keep, match["import"] is not None)

    def option(match: re.Match[bytes]) -> bytes:
        return _judged(match, keep, False)

    def options(match: re.Match[bytes]) -> bytes:
        return _ANY_STRING.sub(option, match[0])

    return _SET.sub(options, _IMPORTED.sub(imported, _URL.sub(called, style)))


def _judged(match: re.Match[bytes], keep: Keep, is_import: bool) -> bytes:
    groups = match.groupdict()
    name = next(name for name in ("double", "single", "bare") if groups.get(name) is not None)
    if keep(_unescape(groups[name]), is_import):
        return match[0]
    before = match[0][: match.start(name) - match.start() - (name != "bare")]
    return before + (_BARE_EMPTY if name == "bare" else _EMPTY)


def _unescape(url: bytes) -> str:
    """CSS escapes resolved (CSS Syntax 4.3.7)."""
    text = url.decode("utf-8", "surrogateescape")
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    if not match[1]:
        return match[2] or ""
    code = int(match[1], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
