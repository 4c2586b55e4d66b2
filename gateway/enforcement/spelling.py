"""What an inline script says when its strings are spelt out.

Loaders hide their address from anything that reads text: percent-encoded markup, hexadecimal escapes, character
codes, base64, literals put together at run time. Only what a script holds as text is spelt out; nothing is run.

Source: ECMAScript 2025, 12.9.4 (string escapes), 22.1.2.1 (String.fromCharCode), B.2.1.2 (unescape); WHATWG HTML,
8.3 (atob).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

_PERCENT: Final = re.compile(rb"%(?:3[cC]|2[fF])")
_CODES: Final = re.compile(rb"String\s*\.\s*fromCharCode\s*\(\s*((?:(?:0x[0-9a-fA-F]+|\d+)\s*,?\s*){1,4096})\)")
_BASE64: Final = re.compile(rb"""\batob\s*\(\s*(?:"([A-Za-z0-9+/]{8,}={0,2})"|'([A-Za-z0-9+/]{8,}={0,2})')\s*\)""")
_ESCAPE: Final = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|u00([0-9a-fA-F]{2}))")
_JOINED: Final = re.compile(rb"""(?<!\\)(?:"\s*\+\s*"|'\s*\+\s*')""")
_SHORT: Final = 8192
"""Bytes up to which escapes are read: longer scripts hold data, and markup in data is not a loader."""


def spelt_out(script: bytes) -> bytes | None:
    """`script` with its hidden strings in plain text; None if it hides none. Not fit to be run."""
    text = unquote_to_bytes(script) if _PERCENT.search(script) else script
    if b"fromCharCode" in text:
        text = _CODES.sub(_characters, text)
    if b"atob" in text:
        text = _BASE64.sub(_decoded, text)
    if b"\\" in text and len(text) <= _SHORT:
        text = _ESCAPE.sub(_character, text)
    text = _JOINED.sub(b"", text)
    return None if text == script else text


def _characters(match: re.Match[bytes]) -> bytes:
    codes = re.findall(rb"0x[0-9a-fA-F]+|\d+", match[1])
    return b'"' + bytes(code for text in codes if (code := _number(text)) < 256) + b'"'


def _number(text: bytes) -> int:
    return int(text, 16) if text[:2] == b"0x" else int(text[:8])


def _decoded(match: re.Match[bytes]) -> bytes:
    data = match[1] or match[2]
    try:
        return b'"' + base64.b64decode(data + b"=" * (-len(data) % 4)) + b'"'
    except binascii.Error:
        return match[0]


def _character(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1] or match[2], 16)])
