"""What happens to one start tag: kept byte for byte, parked in place, or gone (R-40 to R-46).

Parked: the address moves to `data-consent-src` (or `-srcset`, `-href`, `-data`) and scripts get
`type="text/plain"`; the banner's script puts them back. Removed: the tag goes, or only the
attribute where the element has a life without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gateway.enforcement import css
from gateway.enforcement.attributes import Attribute, StartTag, decode, escape, quoted
from gateway.enforcement.inline import script_of_data_url
from gateway.enforcement.page_policy import KEEP, Kind, PagePolicy, Verdict, strictest
from gateway.enforcement.pixel import is_beacon, is_tiny
from gateway.model.categories import Category, Fate


class Count(NamedTuple):
    """One thing that was enforced, for the statistics: whose, what kind of thing, and what became of it."""

    service: str
    what: str
    fate: Fate


class Edit(NamedTuple):
    """What replaces a start tag; with `skip` everything up to and including its end tag goes too."""

    output: bytes
    skip: bool = False
    counts: tuple[Count, ...] = ()


class Attribution(NamedTuple):
    """One address of an element that may not load now."""

    name: str
    kind: Kind
    verdict: Verdict


_LOADING_RELS: dict[str, Kind] = {
    "stylesheet": Kind.STYLE,
    "icon": Kind.IMAGE,
    "apple-touch-icon": Kind.IMAGE,
    "apple-touch-icon-precomposed": Kind.IMAGE,
    "apple-touch-startup-image": Kind.IMAGE,
    "mask-icon": Kind.IMAGE,
    "manifest": Kind.STYLE,
    "preconnect": Kind.HINT,
    "dns-prefetch": Kind.HINT,
    "preload": Kind.HINT,
    "modulepreload": Kind.HINT,
    "prefetch": Kind.HINT,
    "prerender": Kind.HINT,
    "subresource": Kind.HINT,
    "import": Kind.SCRIPT,
}

_ADDRESSES: dict[str, dict[str, Kind]] = {
    "script": {"src": Kind.SCRIPT, "href": Kind.SCRIPT, "xlink:href": Kind.SCRIPT},
    "iframe": {"src": Kind.FRAME},
    "frame": {"src": Kind.FRAME},
    "fencedframe": {"src": Kind.FRAME},
    "portal": {"src": Kind.FRAME},
    "object": {"data": Kind.OBJECT, "classid": Kind.OBJECT, "codebase": Kind.OBJECT, "archive": Kind.OBJECT},
    "applet": {"code": Kind.OBJECT, "codebase": Kind.OBJECT, "archive": Kind.OBJECT},
    "embed": {"src": Kind.OBJECT},
    "img": {"src": Kind.IMAGE, "lowsrc": Kind.IMAGE, "dynsrc": Kind.IMAGE},
    "image": {"src": Kind.IMAGE, "href": Kind.IMAGE, "xlink:href": Kind.IMAGE},
    "input": {"src": Kind.IMAGE},
    "source": {"src": Kind.MEDIA},
    "track": {"src": Kind.MEDIA},
    "audio": {"src": Kind.MEDIA},
    "bgsound": {"src": Kind.MEDIA},
    "video": {"src": Kind.MEDIA, "poster": Kind.IMAGE},
}
_SETS = {"img": "srcset", "source": "srcset", "link": "imagesrcset"}
# Lazy loaders copy these into the real attribute at run time; there the gateway no longer sees them.
_LAZY = re.compile(r"data-(?!consent-)[a-z0-9_-]*(?:src|href|url|lazy|original)[a-z0-9_-]*$")
_LAZY_ON = frozenset(("script", "iframe", "img", "source", "video", "embed", "link"))
_PARKED = {"src": "data-consent-src", "srcset": "data-consent-srcset", "href": "data-consent-href", "data": "data-consent-data"}
_WHOLE = frozenset("applet bgsound embed fencedframe frame iframe img image link portal script source track".split())
"""Elements that are nothing without their address: refused, the tag goes."""
_SKIPPED = frozenset(("applet", "iframe", "script", "fencedframe"))
"""Of those, the ones whose content goes with them."""
_CANDIDATE = re.compile(r"[\s,]*([^\s,]\S*[^\s,]|[^\s,])(?:\s+[^,]*)?")
_REFRESH = re.compile(r"[\s\d.]*[;,]?\s*(?:url\s*=\s*)?['\"]?([^'\"]*)", re.IGNORECASE)
_DATA_BLOCK = re.compile(r"json|template|html|handlebars|mustache|shader|x-magento|importmap|speculationrules|svg|xml$")


def edit(tag: StartTag, policy: PagePolicy, in_noscript: bool = False) -> Edit | None:
    """What to do with `tag`; None to keep it byte for byte. Content of inline scripts is judged apart."""
    special = _SPECIAL.get(tag.name)
    if special is not None:
        return special(tag, policy, in_noscript) or _side_effects(tag, policy)
    return _addressed(tag, policy, in_noscript) or _side_effects(tag, policy)


def edit_inline(tag: StartTag, content: bytes, policy: PagePolicy) -> Edit | None:
    """The same for a script without an address, given its text; None to keep both."""
    if not content.strip() or not runs(tag):
        return None
    verdict = policy.inline(content)
    if verdict.fate is Fate.KEEP:
        return None
    counts = (Count(verdict.service, "inline script", verdict.fate),)
    if verdict.fate is Fate.REMOVE:
        return Edit(b"", True, counts)
    return Edit(_parked_script(tag, {}, verdict), False, counts)


def runs(tag: StartTag) -> bool:
    """Whether a script of this type is code rather than a data block, now or after some loader has passed."""
    kind = tag.value("type").strip().lower()
    return not _DATA_BLOCK.search(kind)


def _addressed(tag: StartTag, policy: PagePolicy, in_noscript: bool) -> Edit | None:
    closed = list(_closed(tag, policy, in_noscript))
    if not closed:
        return None
    verdict = strictest(*(item.verdict for item in closed))
    counts = (Count(verdict.service, _what(tag, closed), verdict.fate),)
    if verdict.fate is Fate.REMOVE:
        if tag.name in _WHOLE and any(not item.name.startswith("data-") for item in closed):
            return Edit(b"", tag.name in _SKIPPED, counts)
        return Edit(tag.edited({item.name: None for item in closed}), False, counts)
    if tag.name == "script":
        return Edit(_parked_script(tag, _moved(tag, closed), verdict), False, counts)
    return Edit(tag.edited(_moved(tag, closed), _marking(verdict)), False, counts)


def _what(tag: StartTag, closed: list[Attribution]) -> str:
    if tag.name == "script":
        return "script"
    return closed[0].kind.value


def _closed(tag: StartTag, policy: PagePolicy, in_noscript: bool) -> Iterator[Attribution]:
    """Every address of the tag that may not load now."""
    names = _ADDRESSES.get(tag.name, {})
    several = _SETS.get(tag.name)
    lazy = tag.name in _LAZY_ON
    pixel: bool | None = None
    for attribute in tag.attributes:
        kind = names.get(attribute.name)
        if kind is None and attribute.name == several:
            verdict = _judge_set(attribute, policy, in_noscript)
            if verdict.fate is not Fate.KEEP:
                yield Attribution(attribute.name, Kind.IMAGE, verdict)
            continue
        if kind is None and lazy and _LAZY.match(attribute.name):
            kind = next(iter(names.values()), Kind.IMAGE)
            if b"//" not in attribute.raw:
                continue
        if kind is None:
            continue
        value = decode(attribute.raw)
        if kind in (Kind.IMAGE, Kind.FRAME):
            if pixel is None:
                pixel = in_noscript or is_tiny(tag)
            if pixel or (kind is Kind.IMAGE and is_beacon(value)):
                kind = Kind.PIXEL
        verdict = _judge(value, kind, policy)
        if verdict.fate is not Fate.KEEP:
            yield Attribution(attribute.name, kind, verdict)


def _judge(value: str, kind: Kind, policy: PagePolicy) -> Verdict:
    if kind is Kind.SCRIPT and (script := script_of_data_url(value)) is not None:
        return policy.inline(script)
    return policy.url(value, kind)


def _judge_set(attribute: Attribute, policy: PagePolicy, in_noscript: bool) -> Verdict:
    """The strictest verdict over a `srcset`."""
    kind = Kind.PIXEL if in_noscript else Kind.IMAGE
    return strictest(*(policy.url(match[1], kind) for match in _CANDIDATE.finditer(decode(attribute.raw))))


def _moved(tag: StartTag, closed: list[Attribution]) -> dict[str, bytes | None]:
    """Each closed address under its parked name."""
    changes: dict[str, bytes | None] = {}
    for item in closed:
        raw = next(attribute.raw for attribute in tag.attributes if attribute.name == item.name)
        parked = _PARKED.get(item.name)
        changes[item.name] = quoted(parked or f"data-consent-{item.name.replace(':', '-')}", raw)
    return changes


def _marking(verdict: Verdict) -> bytes:
    categories = " ".join(verdict.categories)
    return b'data-consent-category="%s" data-consent-service="%s"' % (categories.encode(), escape(verdict.service))


def _parked_script(tag: StartTag, changes: dict[str, bytes | None], verdict: Verdict) -> bytes:
    """A script that does not run, at its place, with everything else it had."""
    added = b'type="text/plain" ' + _marking(verdict)
    if tag.has("type"):
        original = next(attribute.raw for attribute in tag.attributes if attribute.name == "type")
        added += b" " + quoted("data-consent-type", original)
    return tag.edited(changes | {"type": None}, added)


def _side_effects(tag: StartTag, policy: PagePolicy) -> Edit | None:
    """Attributes that load on any element: style, background, ping, attributionsrc."""
    changes: dict[str, bytes | None] = {}
    counts: list[Count] = []
    for attribute in tag.attributes:
        change = _SIDE.get(attribute.name)
        if change is None or attribute.name in changes:
            continue
        new, count = change(attribute, policy)
        if count is not None:
            changes[attribute.name] = new
            counts.append(count)
    return Edit(tag.edited(changes), False, tuple(counts)) if changes else None


def _style(attribute: Attribute, policy: PagePolicy) -> tuple[bytes | None, Count | None]:
    text = decode(attribute.raw).encode("utf-8", "surrogateescape")
    new, counts = filtered_style(text, policy)
    if not counts:
        return None, None
    return b'style="' + escape(new.decode("utf-8", "surrogateescape")) + b'"', counts[0]


def _background(attribute: Attribute, policy: PagePolicy) -> tuple[bytes | None, Count | None]:
    verdict = policy.url(decode(attribute.raw), Kind.IMAGE)
    return None, None if verdict.fate is Fate.KEEP else Count(verdict.service, "image", verdict.fate)


def _ping(attribute: Attribute, policy: PagePolicy) -> tuple[bytes | None, Count | None]:
    verdict = strictest(*(policy.url(url, Kind.PING) for url in decode(attribute.raw).split()))
    return None, None if verdict.fate is Fate.KEEP else Count(verdict.service, "ping", Fate.REMOVE)


def _attribution(attribute: Attribute, policy: PagePolicy) -> tuple[bytes | None, Count | None]:
    closed = policy.category(Category.MARKETING) is not Fate.KEEP
    return None, Count("unknown", "ping", Fate.REMOVE) if closed else None


_Change = Callable[[Attribute, PagePolicy], tuple[bytes | None, Count | None]]
_SIDE: dict[str, _Change] = {
    "style": _style,
    "background": _background,
    "ping": _ping,
    "attributionsrc": _attribution,
}


def filtered_style(text: bytes, policy: PagePolicy) -> tuple[bytes, list[Count]]:
    """A style sheet without the addresses that may not load, and what was taken out."""
    counts: list[Count] = []

    def keep(url: str, imported: bool) -> bool:
        verdict = policy.url(url, Kind.STYLE if imported else Kind.IMAGE)
        if verdict.fate is not Fate.KEEP:
            counts.append(Count(verdict.service, "style", Fate.REMOVE))
        return verdict.fate is Fate.KEEP

    return css.filtered(text, keep), counts


def _link(tag: StartTag, policy: PagePolicy, in_noscript: bool) -> Edit | None:
    rels = tag.value("rel").lower().split()
    kinds = [_LOADING_RELS[rel] for rel in rels if rel in _LOADING_RELS]
    if not kinds:
        return None
    kind = Kind.HINT if Kind.HINT in kinds else kinds[0]
    verdict = strictest(
        *(policy.url(decode(a.raw), kind) for a in tag.attributes if a.name == "href" or _LAZY.match(a.name)),
        *(_judge_set(a, policy, False) for a in tag.attributes if a.name == "imagesrcset"),
    )
    if verdict.fate is Fate.KEEP:
        return None
    counts = (Count(verdict.service, kind.value, verdict.fate),)
    if verdict.fate is Fate.REMOVE or kind is Kind.HINT:
        return Edit(b"", False, counts)
    closed = [Attribution(a.name, kind, verdict) for a in tag.attributes if a.name in ("href", "imagesrcset")]
    return Edit(tag.edited(_moved(tag, closed), _marking(verdict)), False, counts)


def _meta(tag: StartTag, policy: PagePolicy, in_noscript: bool) -> Edit | None:
    if tag.value("http-equiv").strip().lower() != "refresh":
        return None
    match = _REFRESH.match(tag.value("content"))
    verdict = policy.url(match[1], Kind.REFRESH) if match else KEEP
    if verdict.fate is Fate.KEEP:
        return None
    return Edit(b"", False, (Count(verdict.service, "refresh", Fate.REMOVE),))


def _base(tag: StartTag, policy: PagePolicy, in_noscript: bool) -> Edit | None:
    verdict = policy.url(tag.value("href"), Kind.SCRIPT)
    return None if verdict.fate is Fate.KEEP else Edit(b"", False, (Count(verdict.service, "base", Fate.REMOVE),))


_QUOTED_URL = re.compile(rb"""["']((?:https?:)?(?:\\?/){2}[^"'\s]+)["']""", re.IGNORECASE)


def edit_map(tag: StartTag, content: bytes, policy: PagePolicy) -> Edit | None:
    """An import map or speculation rules: closed if any address in it is."""
    kind = Kind.HINT if "speculation" in tag.value("type").lower() else Kind.SCRIPT
    urls = (match[1].replace(b"\\/", b"/").decode("utf-8", "replace") for match in _QUOTED_URL.finditer(content))
    verdict = strictest(*(policy.url(url, kind) for url in urls))
    if verdict.fate is Fate.KEEP:
        return None
    return Edit(b"", True, (Count(verdict.service, kind.value, Fate.REMOVE),))


_SPECIAL: dict[str, Callable[[StartTag, PagePolicy, bool], Edit | None]] = {
    "base": _base,
    "link": _link,
    "meta": _meta,
}
