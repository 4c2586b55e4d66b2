"""The content of the notice: six items for each category (PDPA Art. 8(1)), and tables made from the register."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from gateway.config.register import is_third_party
from gateway.config.settings import Settings
from gateway.disclosing import RIGHTS, disclose, purpose_of
from gateway.enforcement.templates import render
from gateway.enforcement.texts import texts
from gateway.model.categories import OPTIONAL, Category
from gateway.model.disclosure import Disclosure, Purpose, archived
from gateway.model.notice_text import NoticeText
from gateway.model.register import CODES_OF, Listing
from gateway.registry import Registry

_PAGES: Final = {"inspect": "/me", "copy": "/me", "correct": "/", "stop": "/me", "delete": "/me"}
"""Where below the prefix a right can be used without writing to anybody."""

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Provider:
    """One line of the provider table, in words."""

    name: str
    vendor: str
    role: str
    kind: str
    why: str
    code: str
    regions: str
    policy_url: str
    breaks: str
    exempt: str


@dataclass(frozen=True, slots=True)
class Cookie:
    """One line of the cookie table, in words."""

    name: str
    vendor: str
    code: str
    kind: str
    lifetime: str
    breaks: str


class NoticePage:
    """The notice in force in one language: `content` is its markup, `text` the canonical bytes that are archived."""

    def __init__(self, settings: Settings, registry: Registry, locale: str) -> None:
        self._settings = settings
        self._registry = registry
        self._words = texts(locale)
        facts = disclose(settings, registry, locale)
        self.content = self._render(facts)
        self.text = archived(NoticeText.of(facts, self.content))

    def _render(self, facts: Disclosure) -> str:
        settings, words = self._settings, self._words
        necessary = purpose_of(settings, self._registry, Category.NECESSARY, words)
        lines = self._registry.listings
        others = [line for line in lines if is_third_party(line.service, settings.first_party)]
        return render(
            "notice_content.html",
            t=words,
            facts=facts,
            gaps=list(_gaps(facts)),
            offered=[purpose.category for purpose in facts.purposes],
            kinds=[(purpose, self._six(purpose, facts)) for purpose in (necessary, *facts.purposes)],
            functions=self._with_link("notice.functions", self._url("/functions"), words["functions.title"]),
            providers=[self._provider(line) for line in lines],
            cookies=list(self._cookies(facts)),
            sent=[self._provider(line) for line in others],
            dnt=settings.dnt,
            optout=(settings.opt_out_label or words["optout"]) if self._shares else "",
            optout_url=self._url("/do-not-sell"),
            rights=[(words[f"right.{right}"], self._url(_PAGES[right]) if right in _PAGES else "") for right in RIGHTS],
            years=settings.evidence_years,
            mail=self._with_link("mail", "#contact", words["mail.link"]),
            own=settings.policy.texts.of(words.locale),
        )

    @property
    def _shares(self) -> bool:
        rules = self._registry.rules
        return bool(rules.sharing & rules.offered)

    def _six(self, purpose: Purpose, facts: Disclosure) -> list[Row]:
        words, who = self._words, facts.controller
        rights = words["comma"].join(facts.rights)
        codes = words.say("notice.purpose", code=self._codes(purpose.codes))
        named = [part or words["notice.gap"] for part in (who.name, who.contact)]
        return [
            ("who", " · ".join(named)),
            ("purpose", words["gap"].join([purpose.purpose, codes])),
            ("data", words["semicolon"].join(purpose.data)),
            ("use", words["gap"].join(self._use(purpose, facts))),
            ("rights", words.say("right.how", rights=rights)),
            ("refusing", purpose.refusing),
        ]

    def _use(self, purpose: Purpose, facts: Disclosure) -> Iterator[str]:
        words = self._words
        yield words.say("period.optional", days=facts.grant_days) if purpose.period else words["period.necessary"]
        regions = self._regions(purpose.regions)
        yield words.say("where", regions=regions) if regions else words["where.none"]
        others = [one.name + (f" · {words['notice.separate']}" if one.separate else "") for one in purpose.recipients]
        alone = words["whom.own" if self._registry.listings else "whom.trial"]
        yield words.say("whom", recipients=words["comma"].join([words["whom.own"], *others]) if others else alone)
        yield purpose.method

    def _provider(self, line: Listing) -> Provider:
        words, service = self._words, line.service
        kind = words[f"category.{service.category}"]
        exempt = words.say("notice.exempt", service=service.name, until=line.exempt_until, reason=line.exempt_reason)
        return Provider(
            service.name,
            service.vendor,
            line.role,
            f"{kind} · {words['notice.separate']}" if service.separate else kind,
            line.why or words[f"why.{service.category}"],
            line.code,
            self._regions(line.regions),
            service.policy_url,
            line.breaks or words[f"breaks.{service.category}"],
            exempt if line.exempt_until else "",
        )

    def _cookies(self, facts: Disclosure) -> Iterator[Cookie]:
        """The cookie of the choice, the shop's listed ones, then those of each service."""
        words, policy = self._words, self._settings.policy
        days = max(policy.grant_days, policy.refusal_days) + 1
        yield Cookie(
            "consent · __Secure-consent",
            facts.controller.name,
            CODES_OF[Category.NECESSARY][0],
            words["category.necessary"],
            words.say("notice.days", days=days),
            words["notice.cookie.gone"],
        )
        for entry in self._settings.cookies:
            code = entry.code or CODES_OF[entry.category][0]
            breaks = words[f"breaks.{entry.category}"]
            yield self._cookie(entry.name, facts.controller.name, code, entry.category, entry.days or 0, breaks)
        for line in self._registry.listings:
            service = line.service
            breaks = line.breaks or words[f"breaks.{service.category}"]
            for name in service.cookies:
                vendor = service.vendor or service.name
                yield self._cookie(name, vendor, line.code, service.category, service.days, breaks)

    def _cookie(self, name: str, vendor: str, code: str, category: Category, days: int, breaks: str) -> Cookie:
        words, longest = self._words, self._settings.policy.grant_days
        if category in OPTIONAL:
            days = min(days or longest, longest)
        lifetime = words.say("notice.days", days=days) if days else words["notice.session"]
        return Cookie(name, vendor, code, words[f"category.{category}"], lifetime, breaks)

    def _codes(self, codes: Sequence[str]) -> str:
        """The purposes with their official names; a code of the shop's own policy stands alone."""
        known = self._words.keys()
        names = ((code, f"code.{code}") for code in codes)
        return self._words["comma"].join(f"{code} {self._words[key]}" if key in known else code for code, key in names)

    def _regions(self, regions: Sequence[str]) -> str:
        known = self._words.keys()
        keys = ((region, f"region.{region}") for region in regions)
        return self._words["comma"].join(self._words[key] if key in known else region for region, key in keys)

    def _url(self, path: str) -> str:
        return f"{self._settings.prefix}{path}?lang={self._words.locale}"

    def _with_link(self, key: str, url: str, text: str) -> Markup:
        link = Markup('<a href="{}">{}</a>').format(url, text)
        return escape(self._words[key]).format(link=link)


def _gaps(facts: Disclosure) -> Iterator[str]:
    if not facts.controller.name:
        yield "controller"
    if not facts.controller.contact:
        yield "contact"
    if not facts.date:
        yield "date"
