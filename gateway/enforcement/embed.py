"""Frames a visitor may want to see: they become click-to-load placeholders of the same size (R-85)."""

from __future__ import annotations

import re
from typing import NamedTuple

from gateway.enforcement.attributes import StartTag, quoted
from gateway.enforcement.page_policy import Verdict
from gateway.model.categories import Category, Fate
from gateway.model.service import Service

_NUMBER = re.compile(r"\s*(\d{1,4})(?:\.\d*)?\s*(?:px)?\s*$", re.IGNORECASE)


class Embed(NamedTuple):
    """What a placeholder stands for: the service, the parked element with its end tag, and where it leads.

    `width` and `height` are CSS pixels, 0 where the element does not say.
    """

    service: Service
    element: bytes
    link: str
    width: int
    height: int


def parked_embed(tag: StartTag, verdict: Verdict) -> Embed | None:
    """The embed for a frame that may not load now; None if it is none, or shall be gone without a trace.

    After a refusal only comfort (a map, a video) can still be loaded by a click; a refused tracker leaves
    no address in the page.
    """
    if tag.name != "iframe" or not tag.has("src") or not verdict.embed or len(verdict.services) != 1:
        return None
    service = verdict.services[0]
    if verdict.fate is Fate.REMOVE and service.category is not Category.PREFERENCES:
        return None
    raw = next(attribute.raw for attribute in tag.attributes if attribute.name == "src")
    element = tag.edited({"src": quoted("data-consent-src", raw), "hidden": None}, b"hidden") + b"</iframe>"
    return Embed(service, element, tag.value("src").strip(), _pixels(tag, "width"), _pixels(tag, "height"))


def _pixels(tag: StartTag, name: str) -> int:
    match = _NUMBER.match(tag.value(name))
    return int(match[1]) if match else 0
