"""What waits for consent keeps its place: its address under another name, marked with what it waits for (R-42)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.enforcement.attributes import StartTag, encode, escape, quoted
from gateway.enforcement.page_policy import Verdict

CATEGORY: Final = "data-consent-category"


def moved(tag: StartTag, names: Iterable[str]) -> dict[str, bytes | None]:
    """The changes that put each of the named attributes under its parked name."""
    first = {attribute.name: attribute.raw for attribute in reversed(tag.attributes)}
    return {name: quoted(f"data-consent-{name.replace(':', '-')}", first[name]) for name in names}


def marking(verdict: Verdict) -> bytes:
    """The attributes that say what a parked element waits for, and whose it is."""
    categories = quoted(CATEGORY, encode(" ".join(verdict.categories)))
    return categories + b" " + quoted("data-consent-service", escape(verdict.service))


def parked_script(tag: StartTag, changes: dict[str, bytes | None], verdict: Verdict) -> bytes:
    """A script that does not run, at its place, with everything else it had."""
    added = b'type="text/plain" ' + marking(verdict)
    if tag.has("type"):
        original = next(attribute.raw for attribute in tag.attributes if attribute.name == "type")
        added += b" " + quoted("data-consent-type", original)
    return tag.edited(changes | {"type": None}, added)
