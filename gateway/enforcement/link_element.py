"""`link` elements that make the browser load or prepare something (HTML Standard, 4.6.7)."""

from __future__ import annotations

from typing import Final

from gateway.enforcement.addresses import LAZY, judge_link, judge_set
from gateway.enforcement.attributes import Attribute, StartTag, decode
from gateway.enforcement.edit import Count, Edit
from gateway.enforcement.page_policy import Kind, PagePolicy, strictest
from gateway.enforcement.parking import marking, moved
from gateway.model.categories import Fate

_LOADING_RELS: Final[dict[str, Kind]] = {
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


def edit_link_element(tag: StartTag, policy: PagePolicy) -> Edit | None:
    """What to do with a `link`; None to keep it byte for byte. Hints are worth nothing later: they never wait."""
    rels = tag.value("rel").lower().split()
    kinds = [_LOADING_RELS[rel] for rel in rels if rel in _LOADING_RELS]
    if not kinds:
        return None
    kind = Kind.HINT if Kind.HINT in kinds else kinds[0]
    verdict = strictest(
        *(
            judge_link(decode(a.raw), kind, policy)
            for a in tag.attributes
            if a.name == "href" or LAZY.match(a.name)
        ),
        *(judge_set(decode(a.raw), policy, False) for a in tag.attributes if a.name == "imagesrcset"),
    )
    if verdict.fate is Fate.KEEP:
        return None
    counts = (Count(verdict.service, kind.value, verdict.fate),)
    if verdict.fate is Fate.REMOVE or kind is Kind.HINT:
        return Edit(b"", False, counts)
    names = [attribute.name for attribute in tag.attributes if _is_address(attribute)]
    return Edit(tag.edited(moved(tag, names), marking(verdict)), False, counts)


def _is_address(attribute: Attribute) -> bool:
    return attribute.name in ("href", "imagesrcset") or bool(LAZY.match(attribute.name))
