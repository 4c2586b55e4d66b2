"""The attributes in which elements name what they load, and which of a tag's may not load now (R-40).

Source: HTML Standard (each element's content attributes); SVG 2, 5.5, 9.1 and the animation module, 2.2; the
old attributes of plugins and pictures that some reader may still honour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gateway.enforcement.attributes import Attribute, StartTag, decode
from gateway.enforcement.inline import script_of_data_url, script_of_javascript_url
from gateway.enforcement.page_policy import KEEP, Kind, PagePolicy, Verdict, strictest
from gateway.enforcement.pixel import is_beacon, is_picture, is_tiny
from gateway.enforcement.style_sheets import judge_data_sheet
from gateway.model.categories import Fate


class Attribution(NamedTuple):
    """One address of an element that may not load now."""

    name: str
    kind: Kind
    verdict: Verdict


_LINKED: Final = {"href": Kind.IMAGE, "xlink:href": Kind.IMAGE}
_ANIMATED: Final = dict.fromkeys(("to", "from", "by", "values"), Kind.IMAGE)
_ADDRESSES: Final[dict[str, dict[str, Kind]]] = {
    "script": {"src": Kind.SCRIPT, "href": Kind.SCRIPT, "xlink:href": Kind.SCRIPT},
    "iframe": {"src": Kind.FRAME},
    "frame": {"src": Kind.FRAME},
    "fencedframe": {"src": Kind.FRAME},
    "portal": {"src": Kind.FRAME},
    "object": {"data": Kind.OBJECT, "classid": Kind.OBJECT, "codebase": Kind.OBJECT, "archive": Kind.OBJECT},
    "applet": {"code": Kind.OBJECT, "codebase": Kind.OBJECT, "archive": Kind.OBJECT},
    "embed": {"src": Kind.OBJECT},
    "param": {"value": Kind.OBJECT},
    "html": {"manifest": Kind.HINT},
    "img": {"src": Kind.IMAGE, "lowsrc": Kind.IMAGE, "dynsrc": Kind.IMAGE},
    "image": {"src": Kind.IMAGE, **_LINKED},
    "input": {"src": Kind.IMAGE},
    "source": {"src": Kind.MEDIA},
    "track": {"src": Kind.MEDIA},
    "audio": {"src": Kind.MEDIA},
    "bgsound": {"src": Kind.MEDIA},
    "video": {"src": Kind.MEDIA, "poster": Kind.IMAGE},
    **dict.fromkeys(
        ("feimage", "filter", "lineargradient", "mpath", "pattern", "radialgradient", "textpath", "tref", "use"),
        _LINKED,
    ),
    **dict.fromkeys(("animate", "set"), _ANIMATED | _LINKED),
}
_SETS: Final = {"img": "srcset", "source": "srcset", "link": "imagesrcset"}
# Lazy loaders copy these into the real attribute at run time; there the gateway no longer sees them.
LAZY: Final = re.compile(r"data-(?!consent-)(?=[a-z0-9_-]*+$)[a-z0-9_-]*?(?:src|href|url|lazy|original)")
_ADDRESS = re.compile(r"\s*(?:https?:|[/\\])", re.IGNORECASE)
_SEEN: Final = (Kind.IMAGE, Kind.FRAME)
_LAZY_ON: Final = frozenset(("script", "iframe", "img", "source", "video", "embed", "link"))
WHOLE: Final = frozenset(
    [
        "applet", "bgsound", "embed", "feimage", "fencedframe", "frame", "iframe", "img", "image", "link", "param",
        "portal", "script", "source", "track", "tref", "use",
    ]
)
"""Elements that are nothing without their address: refused, the tag goes."""
_CANDIDATE = re.compile(r"[\t\n\f\r ,]*+([^\t\n\f\r ]++)")
_DATA_BLOCK = re.compile(
    r"json|template|html|handlebars|mustache|shader|x-magento|importmap|speculationrules|svg|xml$"
)


def runs(tag: StartTag) -> bool:
    """Whether a script of this type is code rather than a data block, now or after some loader has passed."""
    return not _DATA_BLOCK.search(tag.value("type").lower())


def closed(tag: StartTag, policy: PagePolicy, in_noscript: bool) -> Iterator[Attribution]:
    """Every address of the tag that may not load now."""
    names = _ADDRESSES.get(tag.name, {})
    several = _SETS.get(tag.name)
    lazy = tag.name in _LAZY_ON and (tag.name != "script" or runs(tag))
    pixel: bool | None = None
    lenient = policy.is_trial and not in_noscript
    for attribute in tag.attributes:
        kind = names.get(attribute.name)
        if kind is None and attribute.name == several:
            kind = Kind.IMAGE
        elif kind is None and lazy and LAZY.match(attribute.name):
            kind = _lazy_kind(attribute, names)
        if kind is None:
            continue
        if pixel is None:
            pixel = in_noscript or (kind is Kind.IMAGE and is_tiny(tag))
        shown = lenient and pixel and is_picture(decode(attribute.raw))
        verdict = _judge(attribute, kind, policy, pixel and not shown)
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
        return judge_set(value, policy, pixel)
    if attribute.name == "values":
        return strictest(*(policy.url(url, kind) for url in value.split(";")))
    if kind is Kind.SCRIPT and (script := script_of_data_url(value)) is not None:
        return policy.inline(script)
    if (script := script_of_javascript_url(value)) is not None:
        return policy.inline(script)
    if kind is Kind.IMAGE:
        return policy.url(value, image_kind(value, pixel))
    if kind is Kind.FRAME and pixel:
        return strictest(policy.url(value, kind), policy.url(value, Kind.PIXEL))
    return policy.url(value, kind)


def judge_link(value: str, kind: Kind, policy: PagePolicy) -> Verdict:
    """May the resource of a `link` load? A style sheet in a `data:` address answers for what it loads itself."""
    sheet = judge_data_sheet(value, policy) if kind is Kind.STYLE else KEEP
    return sheet if sheet is not KEEP else policy.url(value, kind)


def judge_set(value: str, policy: PagePolicy, pixel: bool) -> Verdict:
    """The strictest verdict over a `srcset`."""
    return strictest(*(policy.url(url, image_kind(url, pixel)) for url in _candidates(value)))


def image_kind(url: str, pixel: bool) -> Kind:
    """Whether an image is one to be seen."""
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
