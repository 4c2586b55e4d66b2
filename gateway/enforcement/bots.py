"""Visitors that say they are crawlers: they get the page without a banner (R-13)."""

from __future__ import annotations

import re

_BOT = re.compile(
    rb"(?<!cu)bot\b|(?<!cu)bot[/;_-]|crawl|spider|slurp|archiver|facebookexternalhit|mediapartners-google|lighthouse"
    rb"|feedfetcher|google-inspectiontool",
    re.IGNORECASE,
)


def is_declared_bot(user_agent: bytes) -> bool:
    """Whether a `User-Agent` names a crawler; an empty or unknown one does not."""
    return _BOT.search(user_agent) is not None
