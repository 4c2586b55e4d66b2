"""Visitors that say they are crawlers: they get the page without a banner (R-13)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_BOT = re.compile(
    rb"(?<!cu)bot\b|(?<!cu)bot[/;_-]|crawl|spider|slurp|archiver|facebookexternalhit|mediapartners-google|lighthouse"
    rb"|feedfetcher|google-inspectiontool",
    re.IGNORECASE,
)


_LONGEST_REMEMBERED: Final = 512
"""Bytes; browsers' are about 120."""


def is_declared_bot(user_agent: bytes) -> bool:
    """Whether a `User-Agent` names a crawler; an empty or unknown one does not."""
    return _remembered(user_agent) if len(user_agent) <= _LONGEST_REMEMBERED else _names_one(user_agent)


def _names_one(user_agent: bytes) -> bool:
    return _BOT.search(user_agent) is not None


_remembered = lru_cache(maxsize=1024)(_names_one)
