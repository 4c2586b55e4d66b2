"""What a page loads, as the gateway's own rewriter sees it: a policy that keeps everything and takes notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from gateway.enforcement.html import HtmlRewriter
from gateway.enforcement.inline import InlineMarks
from gateway.enforcement.page_policy import KEEP, Kind, PagePolicy, Verdict
from gateway.enforcement.site import normal_host
from gateway.enforcement.url import Base, locate
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, Fate
from gateway.model.service import Service

INLINE = "inline script"
RUN_TIME = "run time"


class Sighting(NamedTuple):
    """One use of something that is not the shop's own; of a service, or of a `host` nobody knows.

    `trial` and `declared` are what happens to it before a visitor has chosen: in a trial, and once services
    are declared. `page` is where it was seen.
    """

    host: str
    kind: str
    service: Service | None
    trial: Fate
    declared: Fate
    page: str


class Recorder:
    """Collects the sightings of one scan; `first_party` says of a host whether it is the shop's own."""

    def __init__(self, catalogue: Catalogue, first_party: Callable[[str], bool]) -> None:
        self._catalogue = catalogue
        self._marks = InlineMarks(catalogue.services, catalogue.for_url)
        self._first_party = first_party
        self.seen: set[Sighting] = set()

    def page(self, url: str, html: bytes) -> None:
        """Note what the page at `url`, in UTF-8 or another superset of ASCII, loads."""
        rewriter = HtmlRewriter(self._listener(url))
        rewriter.write(html)
        rewriter.end()

    def run_time(self, page: str, url: str) -> None:
        """Note a request that a browser made on the page; only what made it can be held, so it is judged mildly."""
        self._listener(page, RUN_TIME).url(url, Kind.MEDIA)

    def _listener(self, page: str, kind: str = "") -> _Listener:
        return _Listener(page, base_of(page), kind, self.seen, self._catalogue, self._marks, self._first_party)


class _Listener(PagePolicy):
    """Keeps everything on one page; its two judges say what enforcing would do."""

    def __init__(
        self,
        name: str,
        page: Base,
        kind: str,
        seen: set[Sighting],
        catalogue: Catalogue,
        marks: InlineMarks,
        first_party: Callable[[str], bool],
    ) -> None:
        super().__init__(catalogue, marks, lambda category: Fate.KEEP, page, first_party)
        self._name = name
        self._kind = kind
        self._notes = seen
        self._known = catalogue
        self._all_marks = marks
        self._own = first_party
        self._trial = PagePolicy(catalogue, marks, _unset, page, first_party)
        self._strict = PagePolicy(
            catalogue, marks, _unset, page, first_party, block_unknown=True, declared=()
        )

    def under(self, href: str) -> PagePolicy:
        moved = super().under(href)
        if moved is self:
            return self
        return _Listener(
            self._name, moved.page, self._kind, self._notes, self._known, self._all_marks, self._own
        )

    def url(self, url: str, kind: Kind) -> Verdict:
        target = locate(url, self.page)
        if target is None or not target.host:
            return KEEP
        if self._own(target.host):
            service = self._known.for_path(target.path)
            if service is None:
                return KEEP
        else:
            service = self._known.for_url(target.host, target.path)
        trial, strict = self._trial.url(url, kind), self._strict.url(url, kind)
        kind_shown = self._kind or kind.value
        self._notes.add(Sighting(target.host, kind_shown, service, trial.fate, strict.fate, self._name))
        return KEEP

    def inline(self, script: bytes) -> Verdict:
        trial, strict = self._trial.inline(script), self._strict.inline(script)
        for service in self._all_marks.owners(script) or ():
            fates = (self._fate(service, trial), self._fate(service, strict))
            self._notes.add(Sighting("", INLINE, service, *fates, self._name))
        return KEEP

    @staticmethod
    def _fate(service: Service, verdict: Verdict) -> Fate:
        return verdict.fate if service in verdict.services else Fate.KEEP


def _unset(category: Category) -> Fate:
    return Fate.KEEP if category is Category.NECESSARY else Fate.HOLD


def base_of(url: str) -> Base:
    """What the addresses of the page at `url` are resolved against."""
    parts = urlsplit(url)
    return Base(parts.scheme, normal_host(parts.hostname or ""), parts.path.rpartition("/")[0] + "/")
