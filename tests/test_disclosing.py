"""What the notice in force says, taken from the configuration."""

from __future__ import annotations

import pytest

from gateway.config.settings import Controller, Policy, PolicyRevision, ServiceEntry, Settings
from gateway.disclosing import disclose
from gateway.model.categories import OPTIONAL, Category
from gateway.model.disclosure import Disclosure, Party, archived, read
from gateway.registry import Registry


def disclosed(settings: Settings, locale: str = "en") -> Disclosure:
    return disclose(settings, Registry(settings), locale)


def test_the_defaults_name_every_category_and_leave_gaps_open() -> None:
    notice = disclosed(Settings())
    assert tuple(purpose.category for purpose in notice.purposes) == OPTIONAL
    assert notice.controller == Party()
    assert (notice.rev, notice.date, notice.jurisdiction, notice.grant_days) == (1, "", "TW", 185)
    assert (notice.url, notice.withdrawal) == ("/_choices/notice/1", "/_choices/")
    assert [purpose.codes for purpose in notice.purposes] == [("090",), ("157",), ("040",)]
    assert {purpose.recipients for purpose in notice.purposes} == {()}


def test_declared_services_are_the_recipients_of_their_category() -> None:
    services = (
        ServiceEntry(id="google-analytics", role="processor", regions=("US",), code="158", why="To count"),
        ServiceEntry(id="own-till", category=Category.NECESSARY, hosts=("till.example",)),
    )
    (statistics,) = disclosed(Settings(services=services)).purposes
    (recipient,) = statistics.recipients
    assert (recipient.id, recipient.name, recipient.role) == ("google-analytics", "Google Analytics", "processor")
    assert (recipient.why, bool(recipient.breaks)) == ("To count", True)
    assert statistics.regions == ("TW", "US")
    assert statistics.codes == ("157", "158")


def test_services_of_the_shops_own_tell_nobody() -> None:
    own = ServiceEntry(id="meter", category=Category.STATISTICS, hosts=("meter.hill.example",))
    (statistics,) = disclosed(Settings(services=(own,), first_party=("hill.example",))).purposes
    assert statistics.recipients == ()
    (statistics,) = disclosed(Settings(services=(own,))).purposes
    assert [recipient.id for recipient in statistics.recipients] == ["meter"]


def test_a_separate_service_is_named_as_one_that_no_category_covers() -> None:
    services = (ServiceEntry(id="google-analytics"), ServiceEntry(id="hotjar", separate=True))
    (statistics,) = disclosed(Settings(services=services)).purposes
    assert [recipient.id for recipient in statistics.covered] == ["google-analytics"]
    assert len(statistics.recipients) == 2


def test_the_period_is_the_configured_one() -> None:
    notice = disclosed(Settings(policy=Policy(grant_days=90)))
    assert (notice.grant_days, notice.purposes[0].period) == (90, "P90D")


def test_it_is_in_the_language_that_was_shown() -> None:
    english, chinese = (disclosed(Settings(), locale).purpose(Category.MARKETING) for locale in ("en", "zh-Hant"))
    assert english.name == "Marketing and personalisation"
    assert chinese.name != english.name
    assert chinese.purpose != english.purpose


@pytest.mark.parametrize(
    ("contact", "email"),
    [("privacy@hill.example", "privacy@hill.example"), ("02-1234-5678", ""), ("mail a@b.example", ""), ("", "")],
)
def test_a_contact_is_an_address_only_if_it_looks_like_one(contact: str, email: str) -> None:
    notice = disclosed(Settings(controller=Controller(name="Hill Ltd", contact=contact)))
    assert notice.controller == Party(name="Hill Ltd", contact=contact, email=email)


def test_revision_and_date_are_those_in_force() -> None:
    revisions = (PolicyRevision(rev=1, date="2026-01-01"), PolicyRevision(rev=2, date="2026-05-01"))
    assert disclosed(Settings(policy=Policy(rev=2, revisions=revisions))).date == "2026-05-01"
    assert disclosed(Settings(policy=Policy(rev=2, date="2026-06-01", revisions=revisions))).date == "2026-06-01"


def test_it_can_be_archived() -> None:
    notice = disclosed(Settings(services=(ServiceEntry(id="google-analytics"),)))
    assert read(archived(notice)) == notice
