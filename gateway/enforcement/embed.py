"""What a visitor may want to see: it becomes click-to-load placeholders (R-85).

A frame, or an object that works like one, keeps its place and its size as a frame without an address; the
placeholder lies over it. What scripts would build (a chat, a map) has no place of its own: its scripts stay
parked in the page, and one button for the service stands at the window's edge.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gateway.enforcement.attributes import StartTag, quoted, start_tag
from gateway.enforcement.page_policy import Verdict
from gateway.enforcement.pixel import is_tiny
from gateway.enforcement.url import Base, locate
from gateway.model.categories import Category, Fate

END = b"</iframe>"
_FRAMES = frozenset(("embed", "iframe", "object"))
_WEB = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_PAGES = (
    (r"www\.youtube(?:-nocookie)?\.com/embed/(?!videoseries|live_stream)([\w-]{11})\b", "www.youtube.com/watch?v="),
    (r"player\.vimeo\.com/video/(\d+)(?!\w)", "vimeo.com/"),
)
"""Players that refuse to be opened as a page, and the page that shows the same."""


class Embed(NamedTuple):
    """What a placeholder stands for.

    `name` is the service's in words, `vendor` who is behind it.
    `element` is a frame with its end tag, its address parked; empty for a service whose scripts are parked.
    `category` is what "always allow" would grant, None where no category opens it. `once` says whether it can
    be loaded at all. `link` leads to the content, "" where there is none; `title` is the frame's own.
    """

    service: str
    name: str
    vendor: str
    category: Category | None
    element: bytes = b""
    link: str = ""
    title: str = ""
    once: bool = True


def parked_embed(tag: StartTag, verdict: Verdict, closed: Sequence[str], page: Base) -> Embed | None:
    """The embed for a frame that may not load now; None if it is none, or shall be gone without a trace.

    `closed` names the attributes whose addresses may not load. After a refusal only comfort (a map, a video)
    can still be loaded by a click; a refused tracker leaves no address in the page. A frame of an unknown
    host shows why it is missing, and can be visited, not loaded.
    """
    if tag.name not in _FRAMES or not closed or tag.has("srcdoc") or is_tiny(tag):
        return None
    name = next((name for name in ("src", "data") if name in closed), closed[0])
    raw = next(attribute.raw for attribute in tag.attributes if attribute.name == name)
    link = tag.value(name).strip()
    target = locate(link, page)
    if target is None or not _WEB.match(link):
        return None
    title = " ".join((tag.value("title") or tag.value("aria-label")).split())
    if verdict.unknown:
        return Embed("unknown", target.host, target.host, None, _frame(tag, closed), link, title, once=False)
    offer = offered(verdict, target.host)
    if offer is None:
        return None
    frame = _frame(tag, closed, quoted("data-consent-src", raw))
    return offer._replace(element=frame, link=_page(link), title=title)


def parked_scripts(verdict: Verdict) -> Embed | None:
    """The embed for a script that may not run now, if a visitor may want what it builds."""
    offer = offered(verdict)
    if offer is None:
        return None
    service = verdict.services[0]
    return offer if service.category is Category.PREFERENCES or service.separate else None


def offered(verdict: Verdict, host: str = "") -> Embed | None:
    """What a visitor can load of something closed; None where there is nothing to see, or nothing to be had.

    A service that is many ("Audio players (…, …)") goes by the `host` at hand.
    """
    if not verdict.embed or len(verdict.services) != 1:
        return None
    service = verdict.services[0]
    if verdict.fate is Fate.REMOVE and service.category is not Category.PREFERENCES:
        return None
    kind, _, many = service.name.partition(" (")
    name = (host or kind) if "," in many else service.name
    category = service.category if verdict.grantable else None
    return Embed(service.id, name, service.vendor or name, category)


def anchored(element: bytes, name: str) -> bytes:
    """The frame with an anchor of that name, which its placeholder is laid over (CSS Anchor Positioning)."""
    tag = start_tag(element.removesuffix(END))
    anchor = b"anchor-name:" + name.encode("ascii")
    raw = next((attribute.raw for attribute in tag.attributes if attribute.name == "style"), None)
    if raw is None:
        return tag.edited({}, quoted("style", anchor)) + END
    return tag.edited({"style": quoted("style", raw.rstrip(b"; \t\n\f\r") + b";" + anchor)}) + END


def _frame(tag: StartTag, closed: Sequence[str], address: bytes = b"") -> bytes:
    """The element as a frame, without the addresses in `closed` but with `address`.

    Without its address an object is no box of its own, so it could not hold the place.
    """
    tag = start_tag(b"<iframe" + tag.source[1 + len(tag.name) :])
    gone = dict.fromkeys((*closed, "data", "src", "type", "inert"))
    return tag.edited(gone, address + b" inert" if address else b"inert") + END


def _page(link: str) -> str:
    for player, page in _PAGES:
        if found := re.match(_WEB.pattern + player, link, re.IGNORECASE):
            return f"https://{page}{found[1]}"
    return link
