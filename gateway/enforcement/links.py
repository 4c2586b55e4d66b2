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
"""Where a link leads; in SVG the old name counts where the new one is missing."""
_UNRELATED: Final = frozenset(("noopener", "noreferrer"))


def edit_link(tag: StartTag, policy: PagePolicy) -> Edit | None:
    """What to do with an `a` or `area` while marketing is not granted; None to keep it byte for byte."""
    if policy.category(Category.MARKETING) is Fate.KEEP:
        return None
    address = next((found for name in ADDRESSES for found in tag.attributes if found.name == name), None)
    if address is None or not policy.leaves(url := decode(address.raw)):
        return None
    changes: dict[str, bytes | None] = {}
    rest, names = policy.click_ids.url(encode(url))
    if names:
        changes[address.name] = quoted(address.name, _raw(rest, address.raw))
    added = b""
    if _UNRELATED.isdisjoint(tag.value("rel").lower().split()):
        rel = next((found.raw.strip() for found in tag.attributes if found.name == "rel"), b"")
        new = quoted("rel", rel + b" noopener" if rel else b"noopener")
        if tag.has("rel"):
            changes["rel"] = new
        else:
            added = new
    if not changes and not added:
        return None
    return Edit(tag.edited(changes, added), False, (Count("unknown", "click id", Fate.REMOVE),) * len(names))


def _raw(value: bytes, before: bytes) -> bytes:
    """`value` as an attribute holds it: with references if it had some `before`, or needs them now."""
    text = value.decode("utf-8", "surrogateescape")
    plain = encode(decode(before)) == before and decode(value) == text
    return value if plain else escape(text)
