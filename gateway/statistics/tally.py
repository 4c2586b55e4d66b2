"""Which counters an act raises. Of a choice everything but browser and device can be recounted from its event.

The day is the event's, unless it was recorded more than a day late (`periods.counted_on`): sums over all days agree.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from gateway.model.categories import Category
from gateway.model.entry import Event, Kind
from gateway.statistics.cell import ON_BANNER, VALUES, Cell, granted, refused
from gateway.statistics.visitor import Visitor

_BY_REQUEST: Final = ("browser", "device")


def counted(event: Event, offered: Collection[Category], visitor: Visitor | None) -> tuple[Cell, ...]:
    """What a choice counts as: by its outcome among the `offered` categories, whichever button led to it.

    Everything granted is `accept_all`, nothing `refuse_all`, anything between them `save`. Without a `visitor` the
    counters by browser and device are left out: that is a recount.
    """
    body = event.body
    if event.kind is Kind.GPC:
        return (Cell("gpc"),)
    if event.kind not in (Kind.GRANT, Kind.CHANGE, Kind.REFUSE, Kind.WITHDRAW):
        return ()
    surface, locale = str(body["surface"]), _known(str(body["locale"]))
    if event.kind is Kind.WITHDRAW and surface not in ON_BANNER:
        return _by_all("withdraw", locale, visitor, _rev(event))
    choices = body["choices"]
    assert isinstance(choices, dict)  # noqa: S101 -- the event has checked its body
    yes = {category for category in offered if choices[category]}
    outcome = "accept_all" if yes and len(yes) == len(offered) else "save" if yes else "refuse_all"
    cells = [Cell(outcome, "surface", surface)]
    if surface in ON_BANNER:
        cells += _by_all(outcome, locale, visitor, _rev(event))
        cells += (Cell(granted(c) if c in yes else refused(c)) for c in sorted(offered))
    return tuple(cells)


def shown(locale: str, visitor: Visitor, rev: int) -> tuple[Cell, ...]:
    """What one display of the banner counts as."""
    return _by_all("shown", _known(locale), visitor, rev)


def _known(locale: str) -> str:
    return locale if locale in VALUES["locale"] else "other"


def _rev(event: Event) -> int:
    rev = event.body["notice_rev"]
    assert isinstance(rev, int)  # noqa: S101 -- the event has checked its body
    return rev


def _by_all(what: str, locale: str, visitor: Visitor | None, rev: int) -> tuple[Cell, ...]:
    cells = [Cell(what), Cell(what, "locale", locale), Cell(what, "revision", str(rev))]
    if visitor is not None:
        cells += (Cell(what, name, getattr(visitor, name)) for name in _BY_REQUEST)
    return tuple(cells)
