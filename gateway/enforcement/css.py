"""URLs in style sheets: found, judged, and emptied where they may not load.

Source: CSS Syntax Level 3, 4.3.6 (url token); CSS Cascade 5, 2 (@import); CSS Images 4 (image-set).
"""

from __future__ import annotations

import re
from collections.abc import Callable

_URL = re.compile(
    rb"""(?P<open>url\(\s*|@import\s+|src\(\s*|image-set\(\s*)"""
    rb"""(?:"(?P<double>(?:[^"\\\n]|\\.)*)"|'(?P<single>(?:[^'\\\n]|\\.)*)'|(?P<bare>[^\s"'()\\;{}]+))""",
    re.IGNORECASE | re.DOTALL,
)
EMPTY = b"data:,"


def filtered(style: bytes, keep: Callable[[str, bool], bool]) -> bytes:
    """`style` with every URL that `keep(url, is_import)` denies replaced by an empty one.

    Bytes that are not part of such a URL stay as they are.
    """

    def replace(match: re.Match[bytes]) -> bytes:
        url = next(match[name] for name in ("double", "single", "bare") if match[name] is not None)
        imported = match["open"][:1] == b"@"
        if imported and url.lower() == b"url":
            return match[0]
        if keep(_unescape(url), imported):
            return match[0]
        return match["open"] + b'"' + EMPTY + b'"' if match["bare"] is None else match["open"] + EMPTY

    return _URL.sub(replace, style)


_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\n\r\f]?|(.))", re.DOTALL)


def _unescape(url: bytes) -> str:
    """CSS escapes resolved (CSS Syntax 4.3.7)."""
    text = url.decode("utf-8", "surrogateescape")
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda m: chr(min(int(m[1], 16), 0x10FFFF)) if m[1] else m[2], text)
