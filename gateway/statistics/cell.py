"""What a counter is known by. Nothing in it comes from one visitor: every part is of a closed list, or masked.

A counter has one dimension at most, so that no two can ever be crossed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from gateway.model.categories import Category
from gateway.model.entry import SURFACES
from gateway.statistics.visitor import BROWSERS, DEVICES


class Cell(NamedTuple):
    """One counter of one UTC day: what was counted, and for the counters of one dimension which value it had.

    `what` is one of `EVENTS`, `granted:CATEGORY`, `refused:CATEGORY`, `enforced:KIND` (`KINDS`), `seen:cookie` or
    `seen:host`. Decisions without a dimension, and by locale, browser, device and revision, are those made on the
    banner; by surface they are all of them.
    """

    what: str
    dimension: str = ""
    value: str = ""


Counts: TypeAlias = Mapping[Cell, int]

DECISIONS: Final = ("accept_all", "refuse_all", "save")
EVENTS: Final = ("shown", *DECISIONS, "withdraw", "expired", "gpc", "cookieless")
KINDS: Final = (
    "cookies_cut",
    "set_cookie_dropped",
    "cookies_expired",
    "scripts",
    "frames",
    "pixels",
    "hints",
    "headers",
    "click_ids",
    "other",
)
"""What is enforced, by service (R-151)."""

ON_BANNER: Final = ("banner", "nojs")
"""Surfaces of the first layer, with script and without."""

VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "locale": ("en", "id", "ja", "ko", "th", "vi", "zh-Hant", "other"),
    "browser": BROWSERS,
    "device": DEVICES,
    "surface": tuple(sorted(SURFACES - {"gpc"})),
}
"""The closed lists; a language that is not on it is `other`. The gpc surface decides nothing: it only withdraws."""


def granted(category: Category) -> str:
    """The name of the counter of its grants."""
    return f"granted:{category}"


def refused(category: Category) -> str:
    """The name of the counter of its refusals."""
    return f"refused:{category}"
