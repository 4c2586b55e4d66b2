"""Turns a choice that was just made into the event that proves it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from gateway.model.categories import OPTIONAL
from gateway.model.choice import Choice
from gateway.model.decision import Decision
from gateway.model.entry import LAYOUTS, SURFACES, Event, Kind, choice_event, subject_tag

DEFAULT_LOCALE: Final = "zh-Hant"
_PLACE: Final = {"banner": "banner", "nojs": "banner", "settings": "settings", "gpc": "signal", "embed": "embed"}
_PAGES: Final = ("me", "do-not-sell")
PLACES: Final = (*dict.fromkeys(_PLACE.values()), *_PAGES)
"""Everything in which something can be chosen, by the text that is archived of it."""


@dataclass(frozen=True, slots=True)
class Interface:
    """In what the choice was made. What is not of the closed lists falls to the default.

    `place` is whose text was shown there, one of `PLACES`: surfaces that show the same have one.
    """

    locale: str = DEFAULT_LOCALE
    layout: str = "plain"
    surface: str = "nojs"
    place: str = "banner"

    @classmethod
    def of(
        cls, locale: object, layout: object, surface: object, page: object = None, *, locales: Collection[str]
    ) -> Interface:
        """Reads what a browser sent; `page` tells those of our own pages apart that are no settings page, `locales`
        are the languages it can have seen."""
        known = surface if isinstance(surface, str) and surface in SURFACES else "nojs"
        place = page if isinstance(page, str) and page in _PAGES and known == "settings" else _PLACE[known]
        return cls(
            locale if isinstance(locale, str) and locale in locales else DEFAULT_LOCALE,
            layout if isinstance(layout, str) and layout in LAYOUTS else "plain",
            known,
            place,
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What every event of this gateway has in common.

    `shown` gives for a locale and a place the SHA-256 (hex) of the notice and of the interface as they were shown;
    `tag_key` is that of `subject_tag`.
    """

    tag_key: bytes
    shown: Callable[[str, str], tuple[str, str]]
    notice_rev: int = 1
    policy_rev: int = 1
    tenant: str = ""

    def event(
        self, kind: Kind, choice: Choice, subject: str, interface: Interface, *, now: float, gpc: bool
    ) -> Event:
        """The event for `choice`, made at `now`; `subject` is the id it is kept under, "" for a refusal."""
        notice_sha256, ui_sha256 = self.shown(interface.locale, interface.place)
        return choice_event(
            kind,
            now=now,
            subject_tag=subject_tag(self.tag_key, subject) if subject else None,
            choices={category.value: int(category in choice.granted) for category in OPTIONAL},
            notice_rev=self.notice_rev,
            notice_sha256=notice_sha256,
            ui_sha256=ui_sha256,
            policy_rev=self.policy_rev,
            tenant=self.tenant,
            locale=interface.locale,
            layout=interface.layout,
            surface=interface.surface,
            signal=int(gpc),
        )

    def gpc_event(self, decision: Decision, *, now: float) -> Event | None:
        """The event for grants that Global Privacy Control withdrew; None if it withdrew none."""
        if decision.choice is None or decision.renewed is None or not decision.withdrawn:
            return None
        interface = Interface(surface="gpc", place="signal")
        return self.event(Kind.GPC, decision.renewed, decision.choice.id, interface, now=now, gpc=True)
