"""All that visitors of one shop read, as its configuration has it, and the hashes that events name it by."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from gateway.config.settings import BannerLook, Settings
from gateway.endpoints.assets import Asset
from gateway.endpoints.pages import Detail, Pages, Revision
from gateway.enforcement.banner import Banner, Shown
from gateway.enforcement.language import LOCALES, NOTICE_LOCALES, notice_locale
from gateway.interfaces import interfaces
from gateway.ledger.base import Ledger
from gateway.ledger.notices import NoticeArchive
from gateway.model.categories import Category
from gateway.model.evidence import Evidence
from gateway.model.tenant import Tenant
from gateway.notice_page import NoticePage
from gateway.registry import Registry


class Edition:
    """Rendered once, when it is built: `banner` for the shop's pages, `notices` by language, `interfaces` by language
    and place."""

    def __init__(self, settings: Settings, registry: Registry, assets: Mapping[str, Asset]) -> None:
        self._settings = settings
        self._listed = registry.listed
        self._declared = registry.declared
        self._registry = registry
        self._tenant = Tenant.of(settings.scope).name
        rules = registry.rules
        self.shown = Shown(
            settings.prefix,
            rules.notice.rev,
            settings.controller.name,
            len(registry.listed),
            rules.offered,
            rules.sharing,
            _place(settings.banner),
        )
        self._stylesheet, self._script = (assets[name].url(settings.prefix) for name in ("pg.css", "pg.js"))
        sheet, script, embeds = (assets[name].url(settings.prefix) for name in ("cg.css", "cg.js", "em.css"))
        more = [assets[name].file for name in ("wk.js", "dl.js")]
        self.banner = Banner(self.shown, sheet, script, embeds, more)
        self.notices = {locale: NoticePage(settings, registry, locale) for locale in NOTICE_LOCALES}
        made = {locale: interfaces(self.banner, self._pages(), locale) for locale in LOCALES}
        self.interfaces = {(locale, place): text for locale in LOCALES for place, text in made[locale].items()}

    def archive(self, ledger: Ledger) -> NoticeArchive:
        """The revisions of the notice in that record."""
        notices = {locale: notice.text for locale, notice in self.notices.items()}
        return NoticeArchive(ledger, self._tenant, self.shown.rev, notices, self._declared)

    def evidence(self, tag_key: bytes) -> Evidence:
        """What makes events of choices; they name the archived notice and the interface by their SHA-256."""
        notices = {locale: _sha256(notice.text) for locale, notice in self.notices.items()}
        seen = {key: _sha256(text) for key, text in self.interfaces.items()}
        rev = self.shown.rev

        def shown(locale: str, place: str) -> tuple[str, str]:
            return notices[notice_locale(locale)], seen[locale, place]

        return Evidence(tag_key, shown, notice_rev=rev, policy_rev=rev, tenant=self._tenant)

    def pages(self, ledger: Ledger) -> Pages:
        """The pages below the prefix; older notices come from the archive."""
        return replace(self._pages(), old=self.archive(ledger).old)

    def _pages(self) -> Pages:
        settings = self._settings
        return Pages(
            self.shown,
            self._stylesheet,
            self._script,
            settings.language,
            settings.controller.contact,
            notices={locale: notice.content for locale, notice in self.notices.items()},
            log=_log(settings),
            revised=_revised(settings),
            opt_out_label=settings.opt_out_label,
            logo=settings.banner.logo or "",
            breaks=[(line.service.name, line.service.category, line.breaks) for line in self._listed if line.breaks],
            details=_details(settings, self._registry),
        )


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _place(look: BannerLook) -> str:
    layout = {"bar": "", "box": "cg-box", "dialog": "cg-mid"}[look.layout]
    return " ".join(filter(None, (layout, "cg-top" if look.position == "top" else "")))


def _log(settings: Settings) -> list[Revision]:
    """The revision in force and those the configuration tells of, the newest first."""
    policy = settings.policy
    told = {known.rev: Revision(known.rev, known.date, known.changes, known.material) for known in policy.revisions}
    now = told.get(policy.rev, Revision(policy.rev))
    told[policy.rev] = replace(now, date=policy.date or now.date)
    return [told[rev] for rev in sorted(told, reverse=True)]


def _details(settings: Settings, registry: Registry) -> dict[Category, list[Detail]]:
    """What the settings tell of each category: the shop's own cookies first, then the declared services."""
    found: dict[Category, list[Detail]] = {category: [] for category in Category}
    owner, longest = settings.controller.name, settings.policy.grant_days
    for category, lines in found.items():
        own = [(entry.name, entry.days or 0) for entry in settings.cookies if entry.category is category]
        if own:
            lines.append(Detail(owner, cookies=own))
    for line in registry.listings:
        service = line.service
        optional = service.category is not Category.NECESSARY
        days = min(service.days or longest, longest) if optional else service.days
        cookies = [(name, days) for name in service.cookies]
        found[service.category].append(
            Detail(service.name, service.vendor, service.policy_url, line.breaks, service.separate, cookies)
        )
    return found


def _revised(settings: Settings) -> dict[Category, str]:
    revisions = sorted(settings.policy.revisions, key=lambda revision: revision.rev)
    return {category: revision.date for revision in revisions for category in revision.material}
