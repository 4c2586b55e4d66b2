"""The headers of an answer that let others in or send the visitor's data out, changed as one policy says.

Sources: Referrer Policy (W3C), Permissions Policy (W3C), Reporting API and NEL (W3C), RFC 8288 (Link).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.enforcement import csp
from gateway.enforcement.headers import add_vary, drop, get_all, members
from gateway.enforcement.url import refresh_target
from gateway.model.ad_features import AD_FEATURES
from gateway.types import RawHeaders

Judge = Callable[[str, str], bool]
"""`judge(url, kind)`: whether a URL may stay; kind is `script`, `style`, `image`, `font`, `media`, `frame`,
`fetch`, `hint` (preconnect, prefetch, …), `refresh`, `rules` (speculation rules) or `report`."""

Lost = Callable[[], None]
"""Hears of every header that goes, or is cut, without an address that was judged."""


def _nothing() -> None:
    """Hears of nothing."""


_REFERRER_STRICTNESS: Final = (
    b"unsafe-url",
    b"no-referrer-when-downgrade",
    b"origin-when-cross-origin",
    b"origin",
    b"strict-origin-when-cross-origin",
    b"strict-origin",
    b"same-origin",
    b"no-referrer",
)
"""From the most talkative to the most silent, for what other hosts get to see."""
_SHARED_CACHES: Final = frozenset(
    (b"age", b"edge-control", b"expires", b"pragma", b"surrogate-control", b"x-accel-expires")
)
_REPORTING: Final = frozenset((b"nel", b"report-to", b"reporting-endpoints"))
_MEASUREMENT: Final = re.compile(rb"observe-browsing-topics|attribution-reporting-.+")
_WATCHED: Final = _REPORTING | csp.NAMES | {b"link", b"refresh", b"speculation-rules", b"observe-browsing-topics"}

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"|\\?\Z)')
_LINK = re.compile(rb"""\s*<([^>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s";,]*))?)*)\s*""")
_PARAMETER = re.compile(rb""";\s*([^\s=;,]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*)))?""")
_ITEM = rb"""(?:"(?:[ !#-\[\]-~]|\\["\\])*"|[A-Za-z*][!#-'*+./0-:A-Z^-z|~-]*|-?[0-9]{1,15}(?:\.[0-9]{1,3})?|\?[01])"""
_PARAMETERS = rb"(?: *; *[a-z*][a-z0-9_.*-]*(?:=" + _ITEM + rb")?)*"
# A member of a dictionary (RFC 9651, 3.2).
_MEMBER = re.compile(
    rb"[a-z*][a-z0-9_.*-]*(?:=(?:" + _ITEM + rb"|\( *(?:" + _ITEM + _PARAMETERS + rb"(?: +|(?=\))))*\)))?"
    + _PARAMETERS
)
_HINTS: Final = frozenset(
    (b"dns-prefetch", b"preconnect", b"prefetch", b"prerender", b"compression-dictionary")
)
_PRELOAD_KINDS: Final = {
    b"script": "script", b"worker": "script", b"style": "style", b"image": "image", b"font": "font",
    b"audio": "media", b"video": "media", b"track": "media", b"document": "frame", b"object": "frame",
    b"embed": "frame",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeaderPolicy:
    """What the headers of one visitor's answers become.

    `marketing`: whether marketing is granted. `dnt`: whether DNT decides anything, so caches must tell it
    apart. `no_store`: pages carry granted trackers and must not come back from the back/forward cache.
    `handover`: a payment or sign-in path, whose partner needs to see the shop's origin.
    `own`: the source that lets the banner through the shop's own policies, "" to add none.
    """

    judge: Judge
    lost: Lost = _nothing
    marketing: bool = False
    dnt: bool = True
    no_store: bool = False
    handover: bool = False
    own: str = ""
    features: Sequence[str] = AD_FEATURES

    def page(self, headers: RawHeaders) -> RawHeaders:
        """The headers of a page: caching, referrer, browser features, and all that `any` does."""
        headers = uncached(self.any(headers), no_store=self.no_store)
        if self.own:
            headers = [(n, csp.with_source(v, self.own) if n in csp.NAMES else v) for n, v in headers]
        headers = add_vary(headers, b"Cookie", b"Sec-GPC", *((b"DNT",) if self.dnt else ()))
        headers = referrer(headers, self._referrer(), self.lost)
        return headers if self.marketing else permissions(headers, self.features, self.lost)

    def any(self, headers: RawHeaders) -> RawHeaders:
        """The headers of any answer: side doors closed, the rest as it was."""
        if not any(name in _WATCHED or name[:11] == b"attribution" for name, _ in headers):
            return headers
        kept: RawHeaders = []
        for name, value in headers:
            if name == b"link":
                value = link(value, self.judge, self.lost)
                if value:
                    kept.append((name, value))
            elif self._keeps(name, value):
                kept.append((name, value))
        kept = self._unheard(kept)
        # Without a group of the same answer NEL reports to one the browser remembers from another time.
        return kept if any(name == b"report-to" for name, _ in kept) else self._without_nel(kept)

    def _without_nel(self, headers: RawHeaders) -> RawHeaders:
        for _ in get_all(headers, b"nel"):
            self.lost()
        return drop(headers, b"nel")

    def _unheard(self, headers: RawHeaders) -> RawHeaders:
        """The shop's content security policies without report targets that may not hear."""
        if not any(name in csp.NAMES for name, _ in headers):
            return headers
        groups = csp.reporting_groups(headers)
        lines = (
            (name, csp.without_reports(value, lambda url: self.judge(url, "report"), groups, self.lost))
            if name in csp.NAMES
            else (name, value)
            for name, value in headers
        )
        return [(name, value) for name, value in lines if value or name not in csp.NAMES]

    def _keeps(self, name: bytes, value: bytes) -> bool:
        if name == b"report-to":
            return self._all(report_urls(value), "report")
        if name == b"reporting-endpoints":
            return self._all(_strings(value), "report")
        if name == b"refresh":
            target = refresh_target(value.decode("latin-1"))
            return not target or self.judge(target, "refresh")
        if name == b"speculation-rules":
            return self._all(_strings(value), "rules")
        if not self.marketing and _MEASUREMENT.fullmatch(name):
            self.lost()
            return False
        return True

    def _all(self, urls: Sequence[str] | None, kind: str) -> bool:
        if urls is None:
            self.lost()
            return False
        return all(self.judge(url, kind) for url in urls)

    def _referrer(self) -> bytes:
        if self.handover:
            return b"strict-origin"
        return b"strict-origin-when-cross-origin" if self.marketing else b"same-origin"


def uncached(headers: RawHeaders, *, no_store: bool = False) -> RawHeaders:
    """`Cache-Control: private, no-cache`, with `no-store` where it was or is wanted; none shared."""
    stored = not no_store and b"no-store" not in map(bytes.lower, members(headers, b"cache-control"))
    value = b"private, no-cache" if stored else b"private, no-cache, no-store"
    # Cache-Control, and what is said to one cache alone: CDN-Cache-Control and its kin (RFC 9213).
    kept = [line for line in headers if line[0] not in _SHARED_CACHES and not line[0].endswith(b"cache-control")]
    return [*kept, (b"cache-control", value)]


def referrer(headers: RawHeaders, least: bytes, lost: Lost = _nothing) -> RawHeaders:
    """`Referrer-Policy` at least as silent as `least`; a stricter value of the shop stays.

    Of several values the last one a browser knows counts.
    """
    values = members(headers, b"referrer-policy")
    known = [value.lower() for value in values if value.lower() in _REFERRER_STRICTNESS]
    order = _REFERRER_STRICTNESS.index
    value = known[-1] if known and order(known[-1]) > order(least) else least
    if known and order(known[-1]) < order(least):
        lost()
    return [*drop(headers, b"referrer-policy"), (b"referrer-policy", value)]


def permissions(headers: RawHeaders, features: Sequence[str], lost: Lost = _nothing) -> RawHeaders:
    """`Permissions-Policy` with each of `features` switched off; the shop's other entries stay.

    Browsers ignore a policy with a fault in it whole (RFC 9651, 4.2): such a one goes, or ours would be ignored too.
    """
    value, whole = _permissions(members(headers, b"permissions-policy"), tuple(features))
    if not whole:
        lost()
    return [*drop(headers, b"permissions-policy"), (b"permissions-policy", value)]


@lru_cache(maxsize=256)
def _permissions(said: tuple[bytes, ...], features: tuple[str, ...]) -> tuple[bytes, bool]:
    """The value, and whether nothing of the shop's was lost."""
    names = {feature.encode() for feature in features}
    kept = [member for member in said if member.partition(b"=")[0].strip().lower() not in names]
    if not all(map(_MEMBER.fullmatch, kept)):
        kept = []
    off = [feature.encode() + b"=()" for feature in features]
    return b", ".join([*kept, *off]), {member.strip() for member in said} <= {*kept, *off}


def report_urls(value: bytes) -> list[str] | None:
    """Where the groups of a Report-To header send reports; None when it cannot be read."""
    try:
        groups = json.loads(b"[" + value + b"]")
        return [str(endpoint["url"]) for group in groups for endpoint in group.get("endpoints", ())]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return None


def _strings(value: bytes) -> list[str]:
    """The quoted strings of a structured field (RFC 9651, section 3.3.3)."""
    return [re.sub(r"\\(.)", r"\1", text) for text in _QUOTED.findall(value.decode("latin-1"))]


def link(value: bytes, judge: Judge, lost: Lost = _nothing) -> bytes:
    """A Link header without the hints and resources that may not be loaded; byte for byte if all may.

    An entry that cannot be parsed goes with all that follow it.
    """
    kept: list[bytes] = []
    place = 0
    changed = False
    while place < len(value):
        found = _LINK.match(value, place)
        if found is None or value[found.end() : found.end() + 1] not in (b"", b","):
            changed = True
            lost()
            break
        if _loads(found[1], found[2], judge):
            kept.append(found[0].strip())
        else:
            changed = True
        place = found.end() + 1
    return b", ".join(kept) if changed else value


def _loads(url: bytes, parameters: bytes, judge: Judge) -> bool:
    """Whether one link may stay: links that load nothing always may."""
    found = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(parameters)}
    target = url.decode("utf-8", "replace").strip()
    if b"imagesrcset" in found:
        sources = found[b"imagesrcset"].decode("utf-8", "replace").split(",")
        if not all(judge(source.split()[0], "image") for source in sources if source.split()):
            return False
    kinds = {_kind(rel, found.get(b"as", b"").lower()) for rel in found.get(b"rel", b"").lower().split()}
    return all(judge(target, kind) for kind in kinds - {""})


def _kind(rel: bytes, destination: bytes) -> str:
    if rel in _HINTS:
        return "hint"
    if rel == b"preload":
        return _PRELOAD_KINDS.get(destination, "fetch")
    return {b"modulepreload": "script", b"stylesheet": "style", b"icon": "image", b"manifest": "fetch"}.get(
        rel, ""
    )
