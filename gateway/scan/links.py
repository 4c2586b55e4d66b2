"""The pages a page links to, as a polite visitor follows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urldefrag, urljoin, urlsplit

from gateway.enforcement import scanner
from gateway.enforcement.attributes import start_tag
from gateway.enforcement.site import is_first_party

_ANCHOR = re.compile(rb"<(?:a|area|base)[\s/]", re.IGNORECASE)
_NO_PAGE = re.compile(
    r"\.(?:avif|css|csv|docx?|eot|gif|gz|ico|jpe?g|js|json|mp[34]|pdf|png|rss|svg|webm|webp|woff2?|xlsx?|xml|zip)$",
    re.IGNORECASE,
)
_ACT = re.compile(
    r"(?:^|[/?&=_-])(?:log-?out|sign-?out|delete|remove|unsubscribe|add[-_/]to[-_/]cart|cart/add)(?![a-z])",
    re.IGNORECASE,
)
"""Links that do something, whatever HTTP says of GET."""


def links(url: str, html: bytes) -> Iterator[str]:
    """The pages of the same site that the page at `url` links to, without those marked `nofollow`."""
    base = url
    for match in _ANCHOR.finditer(html):
        end = scanner.tag_end(html, match.start())
        if end < 0:
            return
        tag = start_tag(html[match.start() : end])
        target = joined(base, tag.value("href")) if tag.has("href") else ""
        if tag.name == "base":
            base = target or base
        elif target and "nofollow" not in tag.value("rel").lower().split() and is_page_of(target, url):
            yield target


def joined(base: str, href: str) -> str:
    """`href` as an absolute http(s) URL without its fragment; "" if it is none."""
    try:
        target = urldefrag(urljoin(base, href.strip())).url
        parts = urlsplit(target)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    return target if usable else ""


def is_page_of(target: str, url: str) -> bool:
    """May a visit to the site of `url` go on to `target`: same site and port, a page, and no act?"""
    there, here = urlsplit(target), urlsplit(url)
    same = there.port == here.port and is_first_party(there.hostname or "", here.hostname or "")
    asked = f"{there.path}?{there.query}"
    return same and not _NO_PAGE.search(there.path) and not _ACT.search(asked)
