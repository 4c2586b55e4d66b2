"""Attributes that load, run or report on any element, whatever else it does (R-40, R-53)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.enforcement.attributes import Attribute, StartTag, decode, encode, escape
from gateway.enforcement.edit import Count, Edit
from gateway.enforcement.handlers import LEADING, judge_handler, judge_leading
from gateway.enforcement.page_policy import Kind, PagePolicy, Verdict, strictest
from gateway.enforcement.parking import CATEGORY, marking, moved
from gateway.enforcement.referrer import is_talkative
from gateway.enforcement.scanner import PRESENTATION
from gateway.enforcement.style_sheets import filtered_style
from gateway.model.categories import Category, Fate

_Change = Callable[[Attribute, PagePolicy], tuple[bytes | None, Count | None]]


def edit_common(tag: StartTag, policy: PagePolicy) -> Edit | None:
    """The tag with what its common attributes may not do taken out; None to keep it byte for byte."""
    changes: dict[str, bytes | None] = {}
    counts: list[Count] = []
    waiting: list[Verdict] = []
    for attribute in tag.attributes:
        name = attribute.name
        if name in changes:
            continue
        if (change := _CHANGES.get(name)) is not None:
            new, count = change(attribute, policy)
        elif (verdict := _script(attribute, policy)) is not None:
            new, count = _without_script(tag, name, verdict), Count(verdict.service, "handler", verdict.fate)
            if new is not None:
                waiting.append(verdict)
        else:
            continue
        if count is not None:
            changes[name] = new
            counts.append(count)
    added = marking(strictest(*waiting)) if waiting and not tag.has(CATEGORY) else b""
    return Edit(tag.edited(changes, added), False, tuple(counts)) if changes else None


def _script(attribute: Attribute, policy: PagePolicy) -> Verdict | None:
    """The verdict on an attribute that holds a script which may not run now."""
    if attribute.name.startswith("on"):
        verdict = judge_handler(attribute, policy)
    elif attribute.name in LEADING:
        verdict = judge_leading(attribute, policy)
    else:
        return None
    return None if verdict.fate is Fate.KEEP else verdict


def _without_script(tag: StartTag, name: str, verdict: Verdict) -> bytes | None:
    """A handler waits with its element, unless that waits for less already."""
    waits_for = tag.value(CATEGORY).split()
    if verdict.fate is Fate.REMOVE or (waits_for and not set(verdict.categories) <= set(waits_for)):
        return None
    return moved(tag, [name])[name]


def _styled(attribute: Attribute, policy: PagePolicy) -> tuple[bytes | None, Count | None]:
    new, counts = filtered_style(encode(decode(attribute.raw)), policy)
    if not counts:
        return None, None
    value = escape(new.decode("utf-8", "surrogateescape"))
    return b'%s="%s"' % (attribute.name.encode("ascii"), value), counts[0]


def _background(attribute: Attribute, policy: PagePolicy) -> tuple[bytes | None, Count | None]:
    verdict = policy.url(decode(attribute.raw), Kind.IMAGE)
    return None, None if verdict.fate is Fate.KEEP else Count(verdict.service, "image", verdict.fate)


def _ping(attribute: Attribute, policy: PagePolicy) -> tuple[bytes | None, Count | None]:
    verdict = strictest(*(policy.url(url, Kind.PING) for url in decode(attribute.raw).split()))
    return None, None if verdict.fate is Fate.KEEP else Count(verdict.service, "ping", Fate.REMOVE)


def _attribution(attribute: Attribute, policy: PagePolicy) -> tuple[bytes | None, Count | None]:
    closed = policy.category(Category.MARKETING) is not Fate.KEEP
    return None, Count("unknown", "ping", Fate.REMOVE) if closed else None


def _referrer(attribute: Attribute, policy: PagePolicy) -> tuple[bytes | None, Count | None]:
    return None, Count("unknown", "referrer", Fate.REMOVE) if is_talkative(decode(attribute.raw)) else None


_CHANGES: Final[dict[str, _Change]] = {
    "style": _styled,
    "background": _background,
    "ping": _ping,
    "attributionsrc": _attribution,
    "referrerpolicy": _referrer,
    **dict.fromkeys(PRESENTATION, _styled),
}
