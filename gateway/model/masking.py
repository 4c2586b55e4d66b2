"""Names that nobody knows, without what could tell one visitor from another (R-151)."""

from __future__ import annotations

import re

_RUNS = re.compile(r"[0-9a-fA-F]{8,}|(?=[a-fA-F]*[0-9])[0-9a-fA-F]{4,}|[0-9]+")
_SEVERAL = re.compile(r"\*(?:[-_.:]?\*)+")
_LONGEST = 80


def masked(name: str) -> str:
    """`name` with digits and hex runs as `*`, cut at 80 characters: `uid_84210` becomes `uid_*`.

    The result is also a pattern that `name` matches, unless it was cut.
    """
    return _SEVERAL.sub("*", _RUNS.sub("*", name))[:_LONGEST]
