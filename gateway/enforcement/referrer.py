"""Referrer policies in the page that tell other hosts the full address (R-53).

Source: HTML Standard, 4.2.5.1 (`meta name=referrer`, its old keywords) and 2.5.5 (`referrerpolicy`).
"""

from __future__ import annotations

from typing import Final

from gateway.enforcement.attributes import StartTag

_TALKATIVE: Final = frozenset(("unsafe-url", "always"))


def is_talkative_meta(tag: StartTag) -> bool:
    """Whether this `meta` gives the whole page a policy that the headers were to prevent."""
    return tag.value("name").strip().lower() == "referrer" and is_talkative(tag.value("content"))


def is_talkative(policy: str) -> bool:
    """Whether `policy` sends the full address to every host."""
    return policy.strip().lower() in _TALKATIVE
