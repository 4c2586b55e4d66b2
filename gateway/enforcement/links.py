"""Links to other hosts: without per-person ids, and without a handle on the page they came from (R-62).

Links are never wrapped. All addresses of necessary services (payment, sign-in) stay byte for byte: they
may be signed.
"""

from __future__ import annotations

from typing import Final

from gateway.enforcement.attributes import StartTag, decode, encode, escape, quoted
from gateway.enforcement.edit import Count, Edit
from gateway.enforcement.page_policy import PagePolicy
from gateway.model.categories import Category, Fate

ADDRESSES: Final = ("href", "xlink:href")
_UNRELATED: Final = frozenset(("noopener", "noreferrer"))


def edit_link(tag: StartTag, policy: PagePolicy) -> Edit | None:
    """What to do with an `a` or `area`; None to keep it byte for byte."""
    address = next((attribute for attribute in tag.attributes if attribute.name in ADDRESSES), None)
    if address is None or not policy.leaves(url := decode(address.raw)):
        return None
    changes: dict[str, bytes | None] = {}
    counts: tuple[Count, ...] = ()
    if policy.category(Category.MARKETING) is not Fate.KEEP:
        rest, names = policy.click_ids.url(encode(url))
        if names:
            changes[address.name] = quoted(address.name, _raw(rest))
            counts = (Count("unknown", "click id", Fate.REMOVE),) * len(names)
    rel = next((attribute for attribute in tag.attributes if attribute.name == "rel"), None)
    if _UNRELATED.isdisjoint(tag.value("rel").lower().split()):
        new = b" ".join(filter(None, (rel.raw.strip() if rel else b"", b"noopener")))
        if rel:
            changes["rel"] = quoted("rel", new)
        else:
            return Edit(tag.edited(changes, quoted("rel", new)), False, counts)
    return Edit(tag.edited(changes), False, counts) if changes else None


def _raw(value: bytes) -> bytes:
    """`value` as an attribute holds it: as it is, or with references if it would be read otherwise."""
    text = value.decode("utf-8", "surrogateescape")
    return value if decode(value) == text else escape(text)
