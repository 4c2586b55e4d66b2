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
from gateway.enforcement.attributes import Attribute, StartTag, decode, encode, escape, quoted, start_tag
from gateway.enforcement.edit import Count, Edit
from gateway.enforcement.embed import parked_embed
from gateway.enforcement.inline import script_of_data_url, script_of_javascript_url
from gateway.enforcement.links import edit_link
from gateway.enforcement.loader import without
from gateway.enforcement.page_policy import Kind, PagePolicy, Verdict, strictest
from gateway.enforcement.pixel import is_beacon, is_tiny
from gateway.enforcement.referrer import is_talkative, is_talkative_meta
from gateway.model.categories import Category, Fate


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
    "compression-dictionary": Kind.HINT,
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
    "feimage": {"href": Kind.IMAGE, "xlink:href": Kind.IMAGE},
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
_ADDRESS = re.compile(r"\s*(?:https?:|[/\\])", re.IGNORECASE)
_SEEN = (Kind.IMAGE, Kind.FRAME)
_LAZY_ON = frozenset(("script", "iframe", "img", "source", "video", "embed", "link"))
_WHOLE = frozenset(
    [
        "applet", "bgsound", "embed", "feimage", "fencedframe", "frame", "iframe", "img", "image", "link",
        "portal", "script", "source", "track",
    ]
)
"""Elements that are nothing without their address: refused, the tag goes."""
_SKIPPED = frozenset(("iframe", "script"))
"""Of those, the ones whose content goes with them."""
_CANDIDATE = re.compile(r"[\t\n\f\r ,]*+([^\t\n\f\r ]++)")
_REFRESH = re.compile(r"[\s\d.]*+[;,]?\s*+(?:url\s*+=\s*+)?['\"]?([^'\"]*+)", re.IGNORECASE)
_CATEGORY = "data-consent-category"
_DATA_BLOCK = re.compile(
    r"json|template|html|handlebars|mustache|shader|x-magento|importmap|speculationrules|svg|xml$"
)


def edit(tag: StartTag, policy: PagePolicy, in_noscript: bool = False) -> Edit | None:
    """What to do with `tag`; None to keep it byte for byte. Content of inline scripts is judged apart."""
    change = _SPECIAL.get(tag.name, _addressed)(tag, policy, in_noscript)
    if change is None:
        return _side_effects(tag, policy)
    if not change.output:
        return change
    more = _side_effects(start_tag(change.output), policy)
    return change if more is None else Edit(more.output, False, change.counts + more.counts, embed=change.embed)


def edit_content(tag: StartTag, content: bytes, policy: PagePolicy) -> Edit | None:
    """What to do with a style sheet, or a script without an address, given its text; None to keep both."""
    if tag.name == "style":
        text, counts = filtered_style(content, policy)
        return Edit(tag.source, False, tuple(counts), text) if counts else None
    if _runs(tag):
        return _inline(tag, content, policy)
    kind = _MAPS.get(tag.value("type").strip().lower())
    return _map(tag, content, kind, policy) if kind else None


def _inline(tag: StartTag, content: bytes, policy: PagePolicy) -> Edit | None:
    verdict = policy.inline(content)
    if verdict.fate is Fate.KEEP:
        return None
    if (list_edit := _list(tag, content, policy)) is not None:
        return list_edit
    counts = (Count(verdict.service, "inline script", verdict.fate),)
    if verdict.fate is Fate.REMOVE:
        return Edit(b"", True, counts)
    waits_for = tag.value(_CATEGORY).split()
    if waits_for and tag.value("type") == "text/plain":  # parked already: its tag, or the page as a whole
        if set(verdict.categories) <= set(waits_for):
            return None
        both = " ".join(dict.fromkeys((*waits_for, *verdict.categories)))
        return Edit(tag.edited({_CATEGORY: quoted(_CATEGORY, encode(both))}), False, counts)
    return Edit(_parked_script(tag, {}, verdict), False, counts)


def _list(tag: StartTag, content: bytes, policy: PagePolicy) -> Edit | None:
    """A loader that may run once its list is freed of what may not load; that waits behind it, if it may come."""
    shortened, urls = without(content, lambda url: policy.url(url, Kind.SCRIPT).fate is not Fate.KEEP)
    if not urls or policy.inline(shortened).fate is not Fate.KEEP:
        return None
    verdicts = [policy.url(url, Kind.SCRIPT) for url in urls]
    parked = [
        b'<script async type="text/plain" %s %s></script>'
        % (_marking(verdict), quoted("data-consent-src", escape(url)))
        for url, verdict in zip(urls, verdicts, strict=True)
        if verdict.fate is Fate.HOLD
    ]
    counts = tuple(Count(verdict.service, "script", verdict.fate) for verdict in verdicts)
    return Edit(tag.source, False, counts, shortened, b"".join(parked))


def _runs(tag: StartTag) -> bool:
    """Whether a script of this type is code rather than a data block, now or after some loader has passed."""
    return not _DATA_BLOCK.search(tag.value("type").lower())


def _addressed(tag: StartTag, policy: PagePolicy, in_noscript: bool) -> Edit | None:
    closed = list(_closed(tag, policy, in_noscript))
    if not closed:
        return None
    verdict = strictest(*(item.verdict for item in closed))
    counts = (Count(verdict.service, _what(tag, closed), verdict.fate),)
    embed = parked_embed(tag, verdict) if closed[0].kind is Kind.FRAME else None
    if verdict.fate is Fate.REMOVE:
        if tag.name in _WHOLE and any(not item.name.startswith("data-") for item in closed):
            return Edit(b"", tag.name in _SKIPPED, counts, embed=embed)
        return Edit(tag.edited({item.name: None for item in closed}), False, counts)
    if tag.name == "script":
        return Edit(_parked_script(tag, _moved(tag, closed), verdict), False, counts)
    return Edit(tag.edited(_moved(tag, closed), _marking(verdict)), False, counts, embed=embed)


def _what(tag: StartTag, closed: list[Attribution]) -> str:
    if tag.name == "script":
        return "script"
    return closed[0].kind.value


def _closed(tag: StartTag, policy: PagePolicy, in_noscript: bool) -> Iterator[Attribution]:
    """Every address of the tag that may not load now."""
    names = _ADDRESSES.get(tag.name, {})
    several = _SETS.get(tag.name)
    lazy = tag.name in _LAZY_ON and (tag.name != "script" or _runs(tag))
    pixel: bool | None = None
    for attribute in tag.attributes:
        kind = names.get(attribute.name)
        if kind is None and attribute.name == several:
            kind = Kind.IMAGE
        elif kind is None and lazy and _LAZY.match(attribute.name):
            kind = _lazy_kind(attribute, names)
        if kind is None:
            continue
        if pixel is None:
            pixel = in_noscript or (kind is Kind.IMAGE and is_tiny(tag))
        verdict = _judge(attribute, kind, policy, pixel)
        if verdict.fate is not Fate.KEEP:
            yield Attribution(attribute.name, Kind.PIXEL if pixel and kind in _SEEN else kind, verdict)


def _lazy_kind(attribute: Attribute, names: dict[str, Kind]) -> Kind | None:
    """The kind of address that a lazy loader's attribute holds; None if it holds none."""
    if not _ADDRESS.match(decode(attribute.raw)):
        return None
    return next(iter(names.values()), Kind.IMAGE)


def _judge(attribute: Attribute, kind: Kind, policy: PagePolicy, pixel: bool) -> Verdict:
    value = decode(attribute.raw)
    if attribute.name.endswith("srcset"):
        return _judge_set(value, policy, pixel)
    if kind is Kind.SCRIPT and (script := script_of_data_url(value)) is not None:
        return policy.inline(script)
    if (script := script_of_javascript_url(value)) is not None:
        return policy.inline(script)
    if kind is Kind.IMAGE:
        return policy.url(value, _image_kind(value, pixel))
    if kind is Kind.FRAME and pixel:
        return strictest(policy.url(value, kind), policy.url(value, Kind.PIXEL))
    return policy.url(value, kind)


def _judge_set(value: str, policy: PagePolicy, pixel: bool) -> Verdict:
    """The strictest verdict over a `srcset`."""
    return strictest(*(policy.url(url, _image_kind(url, pixel)) for url in _candidates(value)))


def _image_kind(url: str, pixel: bool) -> Kind:
    return Kind.PIXEL if pixel or is_beacon(url) else Kind.IMAGE


def _candidates(value: str) -> Iterator[str]:
    """The addresses of a `srcset` (HTML 4.8.4.2.1)."""
    position = 0
    while match := _CANDIDATE.match(value, position):
        url = match[1].rstrip(",")
        yield url
        position = match.end()
        if url == match[1]:
            position = value.find(",", position)
            if position < 0:
                return


def _moved(tag: StartTag, closed: list[Attribution]) -> dict[str, bytes | None]:
    """Each closed address under its parked name."""
    changes: dict[str, bytes | None] = {}
    for item in closed:
        raw = next(attribute.raw for attribute in tag.attributes if attribute.name == item.name)
        changes[item.name] = quoted(f"data-consent-{item.name.replace(':', '-')}", raw)
    return changes


def _marking(verdict: Verdict) -> bytes:
    categories = quoted(_CATEGORY, encode(" ".join(verdict.categories)))
    return categories + b" " + quoted("data-consent-service", escape(verdict.service))


def _parked_script(tag: StartTag, changes: dict[str, bytes | None], verdict: Verdict) -> bytes:
    """A script that does not run, at its place, with everything else it had."""
    added = b'type="text/plain" ' + _marking(verdict)
    if tag.has("type"):
        original = next(attribute.raw for attribute in tag.attributes if attribute.name == "type")
        added += b" " + quoted("data-consent-type", original)
    return tag.edited(changes | {"type": None}, added)


def _side_effects(tag: StartTag, policy: PagePolicy) -> Edit | None:
    """Attributes that load on any element: style, background, ping, attributionsrc; and what their referrer tells."""
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
    new, counts = filtered_style(encode(decode(attribute.raw)), policy)
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


def _referrer(attribute: Attribute, policy: PagePolicy) -> tuple[bytes | None, Count | None]:
    return None, Count("unknown", "referrer", Fate.REMOVE) if is_talkative(decode(attribute.raw)) else None


_Change = Callable[[Attribute, PagePolicy], tuple[bytes | None, Count | None]]
_SIDE: dict[str, _Change] = {
    "style": _style,
    "background": _background,
    "ping": _ping,
    "attributionsrc": _attribution,
    "referrerpolicy": _referrer,
}


def filtered_style(text: bytes, policy: PagePolicy) -> tuple[bytes, list[Count]]:
    """A style sheet without the addresses that may not load, and what was taken out."""
    counts: list[Count] = []

    def keep(url: str, imported: bool) -> bool:
        verdict = policy.url(url, Kind.STYLE if imported else _image_kind(url, False))
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
        *(_judge_set(decode(a.raw), policy, False) for a in tag.attributes if a.name == "imagesrcset"),
    )
    if verdict.fate is Fate.KEEP:
        return None
    counts = (Count(verdict.service, kind.value, verdict.fate),)
    if verdict.fate is Fate.REMOVE or kind is Kind.HINT:
        return Edit(b"", False, counts)
    closed = [Attribution(a.name, kind, verdict) for a in tag.attributes if _is_address(a)]
    return Edit(tag.edited(_moved(tag, closed), _marking(verdict)), False, counts)


def _is_address(attribute: Attribute) -> bool:
    return attribute.name in ("href", "imagesrcset") or bool(_LAZY.match(attribute.name))


def _meta(tag: StartTag, policy: PagePolicy, in_noscript: bool) -> Edit | None:
    if is_talkative_meta(tag):
        return Edit(b"", False, (Count("unknown", "referrer", Fate.REMOVE),))
    if tag.value("http-equiv").strip().lower() != "refresh":
        return None
    match = _REFRESH.match(tag.value("content"))
    verdict = policy.url(match[1] if match else "", Kind.REFRESH)
    if verdict.fate is Fate.KEEP:
        return None
    return Edit(b"", False, (Count(verdict.service, "refresh", Fate.REMOVE),))


def _base(tag: StartTag, policy: PagePolicy, in_noscript: bool) -> Edit | None:
    verdict = policy.url(tag.value("href"), Kind.SCRIPT)
    if verdict.fate is Fate.KEEP:
        return None
    return Edit(b"", False, (Count(verdict.service, "base", Fate.REMOVE),))


_QUOTED_URL = re.compile(rb"""(["'])((?:https?:)?(?:\\?/){2}[^"'\s]++)["']""", re.IGNORECASE)
_MAPS = {"importmap": Kind.SCRIPT, "speculationrules": Kind.HINT}


def _map(tag: StartTag, content: bytes, kind: Kind, policy: PagePolicy) -> Edit | None:
    """An import map or speculation rules without the addresses that may not load."""
    counts: list[Count] = []

    def replace(match: re.Match[bytes]) -> bytes:
        verdict = policy.url(match[2].replace(b"\\/", b"/").decode("utf-8", "surrogateescape"), kind)
        if verdict.fate is Fate.KEEP:
            return match[0]
        counts.append(Count(verdict.service, kind.value, Fate.REMOVE))
        return match[1] + b"data:text/javascript," + match[1]

    text = _QUOTED_URL.sub(replace, content)
    return Edit(tag.source, False, tuple(counts), text) if counts else None


def _anchor(tag: StartTag, policy: PagePolicy, in_noscript: bool) -> Edit | None:
    return edit_link(tag, policy)


_SPECIAL: dict[str, Callable[[StartTag, PagePolicy, bool], Edit | None]] = {
    "a": _anchor,
    "area": _anchor,
    "base": _base,
    "link": _link,
    "meta": _meta,
}
