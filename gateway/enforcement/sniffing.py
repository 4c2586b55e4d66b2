"""Whether an answer is a page: by its Content-Type, or by its first bytes as browsers guess it.

Source: WHATWG MIME Sniffing, sections 5.1 (supplied type) and 7.1 (identifying an unknown type).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from gateway.types import RawHeaders

SNIFFED_BYTES: Final = 1445
"""As much of a body as a browser looks at."""

_PAGES: Final = frozenset((b"text/html", b"application/xhtml+xml"))
_UNUSABLE: Final = frozenset((b"unknown/unknown", b"application/unknown", b"*/*"))
_TAGS: Final = b"!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p"
_MORE_TAGS: Final = b"meta|img|svg|link|form|center|span|section|main|nav|header|noscript"
_HTML = re.compile(b"<(?:" + _TAGS + b"|" + _MORE_TAGS + rb")[ \t\n\x0c\r/>]|<!--|<\?xml", re.I)
_PREFIX = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\n\x0c\r]*")
_LONGEST_TAG: Final = 16
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


class HtmlClaim(Enum):
    """What is known so far."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def claims_html(headers: RawHeaders) -> HtmlClaim:
    """What Content-Type says; UNKNOWN where it is missing or not a media type.

    Of several types, in several lines or one, a single HTML type is enough: which one counts differs
    between browsers.
    """
    usable = False
    for name, value in headers:
        if name == b"content-type":
            if b"html" in value or b"HTML" in value or b"," in value or b"/" not in value or b"*" in value:
                claim = _careful(value)
            else:
                claim = HtmlClaim.UNKNOWN if b"unknown" in value.lower() else _plain(value)
            if claim is HtmlClaim.YES:
                return claim
            usable = usable or claim is HtmlClaim.NO
    return HtmlClaim.NO if usable else HtmlClaim.UNKNOWN


def _plain(value: bytes) -> HtmlClaim:
    return HtmlClaim.YES if value.partition(b";")[0].strip().lower() in _PAGES else HtmlClaim.NO


def _careful(value: bytes) -> HtmlClaim:
    usable = False
    for part in value.split(b","):
        essence = part.partition(b";")[0].strip().lower()
        if essence in _PAGES:
            return HtmlClaim.YES
        usable = usable or (b"/" in essence and essence not in _UNUSABLE)
    return HtmlClaim.NO if usable else HtmlClaim.UNKNOWN


def looks_like_html(start: bytes, *, complete: bool) -> HtmlClaim:
    """Whether a body that begins with `start` would be shown as a page; UNKNOWN while too little came.

    A little more is taken for HTML than a browser would: a page missed would pass with its trackers, a
    text taken for one passes nearly unchanged.
    """
    if start.startswith(_UTF_16):
        return HtmlClaim.NO
    prefix = _PREFIX.match(start)
    rest = start[prefix.end() :] if prefix else start
    if _HTML.match(rest):
        return HtmlClaim.YES
    if complete or (len(rest) >= _LONGEST_TAG) or (rest and not rest.startswith(b"<") and len(start) > 2):
        return HtmlClaim.NO
    return HtmlClaim.UNKNOWN
