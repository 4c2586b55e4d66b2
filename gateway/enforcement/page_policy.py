"""What may load in a page: one verdict per URL or script, for one state of consent on one host."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from enum import StrEnum
from typing import NamedTuple

from gateway.enforcement.click_ids import ClickIds
from gateway.enforcement.filter_lists import SERVICE as ON_A_LIST
from gateway.enforcement.filter_lists import Listed
from gateway.enforcement.inline import InlineMarks
from gateway.enforcement.passages import Memory
from gateway.enforcement.url import Base, Target, locate
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, Fate
from gateway.model.service import Service


class Kind(StrEnum):
    """How an element uses a URL."""

    SCRIPT = "script"
    FRAME = "frame"
    OBJECT = "object"
    HINT = "hint"
    IMAGE = "image"
    PIXEL = "pixel"
    STYLE = "style"
    MEDIA = "media"
    PING = "ping"
    REFRESH = "refresh"


_ACTIVE = frozenset((Kind.SCRIPT, Kind.FRAME, Kind.OBJECT, Kind.HINT))


class Verdict(NamedTuple):
    """The fate of an element and whose it is; `services` and `categories` are empty where it is kept.

    `categories` are what the element waits for: all of them must be granted. `UNLISTED` and `SEPARATE` never are.
    """

    fate: Fate
    services: tuple[Service, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def grantable(self) -> bool:
        """Whether granting the categories opens it."""
        return UNLISTED not in self.categories and SEPARATE not in self.categories

    @property
    def unknown(self) -> bool:
        """Whether it is closed because nobody knows whose it is."""
        return self.fate is Fate.REMOVE and not self.services and not self.categories

    @property
    def service(self) -> str:
        """The ids of the services, or "unknown"."""
        return " ".join(service.id for service in self.services) or "unknown"

    @property
    def embed(self) -> bool:
        """Whether this is content a visitor may want to see: it gets a placeholder."""
        return any(service.embed or service.separate for service in self.services)


UNLISTED, SEPARATE = "unlisted", "separate"
KEEP = Verdict(Fate.KEEP)
_MOST_BASES = 16
_MOST_MET = 16
# What was not UTF-8: in the page's own charset it may spell any host, in full-width letters for one.
_UNREADABLE = re.compile("[\udc80-\udcff]")
_CLICK_IDS = ClickIds()
_STRICTNESS = {Fate.KEEP: 0, Fate.HOLD: 1, Fate.REMOVE: 2}


class PagePolicy:
    """The rules of one page: shared by all requests in the same state on the same host.

    `fate` gives the fate of a category under the visitor's decision; `first_party` says whether a
    host is the shop's own; `block_unknown` closes unknown scripts, frames, objects and hints;
    `declared` holds the ids of the services the shop has declared, or None in a trial (R-15); `exempt` says
    that its exempt measurement runs (R-33). Links to other hosts lose `click_ids`. `listed` says whether a
    filter list blocks a third party nobody knows. Policies share one `memory`.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        marks: InlineMarks,
        fate: Callable[[Category], Fate],
        page: Base,
        first_party: Callable[[str], bool],
        *,
        block_unknown: bool = False,
        declared: Collection[str] | None = None,
        click_ids: ClickIds = _CLICK_IDS,
        listed: Listed | None = None,
        exempt: bool = False,
        memory: Memory | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._marks = marks
        self._fates = {category: fate(category) for category in Category}
        self._first_party = first_party
        self._block_unknown = block_unknown
        self._declared = None if declared is None else frozenset(declared)
        self.is_trial = declared is None and not block_unknown
        """Whether strangers pass: the shop has declared nothing yet."""
        self.page = page
        self.click_ids = click_ids
        self._listed = listed
        self._exempt = exempt
        self._address = f"{page.scheme}://{page.host}/"
        self._under: dict[Base, PagePolicy] = {}
        self.met: list[str] = []
        """Third parties nobody knows that `url` was asked about; emptied by who reads it."""
        self._memory = memory or Memory()
        self.remembered = self._memory.part()

    def under(self, href: str) -> PagePolicy:
        """The same rules in a document whose `base` element leads to `href`."""
        target = locate(href, self.page)
        if target is None:
            return self
        folder = target.path.partition("?")[0].rpartition("/")[0] + "/"
        base = Base(self.page.scheme, target.host, folder)
        if base == self.page:
            return self
        if base not in self._under:
            if len(self._under) >= _MOST_BASES:
                self._under.clear()
            self._under[base] = PagePolicy(
                self._catalogue,
                self._marks,
                self._fates.__getitem__,
                base,
                self._first_party,
                block_unknown=self._block_unknown,
                declared=self._declared,
                click_ids=self.click_ids,
                listed=self._listed,
                exempt=self._exempt,
                memory=self._memory,
            )
        return self._under[base]

    def category(self, category: Category) -> Fate:
        """The fate of a whole category."""
        return self._fates[category]

    def opens(self, service: Service) -> bool:
        """Whether what belongs to `service` may load."""
        return self._of(service).fate is Fate.KEEP

    def leaves(self, url: str) -> bool:
        """Whether a link leads to another host, but to no necessary service (payment, sign-in)."""
        target = locate(url, self.page)
        if target is None or self._first_party(target.host):
            return False
        service = self._catalogue.for_url(target.host, target.path)
        return service is None or service.category is not Category.NECESSARY

    def url(self, url: str, kind: Kind) -> Verdict:
        """May this URL load as `kind`?

        A product known by its path alone, on a third party's host that nobody knows, is like that host in a trial.
        """
        target = locate(url, self.page)
        if target is None:
            return KEEP
        if self._first_party(target.host):
            service = self._catalogue.for_path(target.path)
            return self._of(service, kind) if service else KEEP
        if _UNREADABLE.search(target.host):
            return self._like_marketing()
        service = self._catalogue.for_url(target.host, target.path)
        if service and not (self.is_trial and not self._catalogue.knows_host(target.host)):
            return self._of(service, kind)
        if len(self.met) < _MOST_MET:
            self.met.append(target.host)
        if kind in _ACTIVE and self._block_unknown:
            return Verdict(Fate.REMOVE)
        if self._is_listed(target, kind):
            return self._of(ON_A_LIST)
        return self._like_marketing() if kind is Kind.PIXEL or kind is Kind.PING else KEEP

    def _like_marketing(self) -> Verdict:
        """The verdict on something of unknown owner that would only be there to track."""
        fate = self._fates[Category.MARKETING]
        return KEEP if fate is Fate.KEEP else Verdict(fate, (), (Category.MARKETING,))

    def inline(self, script: bytes) -> Verdict:
        """May this inline script run? The strictest of the services it bears marks of decides.

        One that could not be searched is closed.
        """
        owners = self._marks.owners(script)
        if owners is None:
            return Verdict(Fate.REMOVE)
        return strictest(*map(self._of, owners))

    def loaded(self, target: Target) -> Verdict:
        """May an inline script load from this address?"""
        service = self._marks.loaded_from(target)
        return KEEP if service is None else self._of(service)

    def _is_listed(self, target: Target, kind: Kind) -> bool:
        """Whether a filter list of the operator blocks a third party that the catalogue does not know."""
        if self._listed is None:
            return False
        return self._listed(f"{self.page.scheme}://{target.host}{target.path}", self._address, kind.value)

    def _of(self, service: Service, kind: Kind = Kind.SCRIPT) -> Verdict:
        if not service.in_trial and self.is_trial:
            return KEEP
        fate = self._fates[service.category]
        if service.separate:
            gone = fate is Fate.REMOVE and kind not in (Kind.FRAME, Kind.OBJECT)
            return Verdict(Fate.REMOVE if gone else Fate.HOLD, (service,), (SEPARATE,))
        if fate is Fate.HOLD and service.exempt and self._exempt:
            return KEEP
        if self._declared is None or service.category is Category.NECESSARY or service.id in self._declared:
            return KEEP if fate is Fate.KEEP else Verdict(fate, (service,), (service.category,))
        fate = Fate.HOLD if fate is Fate.KEEP else fate
        return Verdict(fate, (service,), (service.category, UNLISTED))


def strictest(*verdicts: Verdict) -> Verdict:
    """One verdict for something that belongs to several: the strictest fate, and everyone it waits for."""
    closed = [verdict for verdict in verdicts if verdict.fate is not Fate.KEEP]
    if len(closed) < 2:
        return closed[0] if closed else KEEP
    fate = max((verdict.fate for verdict in closed), key=_STRICTNESS.__getitem__)
    services = dict.fromkeys(service for verdict in closed for service in verdict.services)
    categories = dict.fromkeys(category for verdict in closed for category in verdict.categories)
    return Verdict(fate, tuple(services), tuple(categories))
