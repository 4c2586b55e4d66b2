"""What a usable configuration lacks, and what its owner is told."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from gateway.config.review import is_gap, review
from gateway.config.settings import (
    Controller,
    CookieEntry,
    EvidenceHold,
    FileSettings,
    Policy,
    PolicyLanguages,
    PolicyRevision,
    PolicyTexts,
    ServiceEntry,
)
from gateway.enforcement.catalogue_data import load_catalogue
from gateway.model.categories import Category

CATALOGUE = load_catalogue()
TODAY = date(2026, 11, 25)
OWN = ServiceEntry(
    id="own",
    category=Category.PREFERENCES,
    marks=("own_chat",),
    code="090",
    basis="19-1-5",
    use="d",
    why="answers",
    breaks="chat",
    reviewed_by="shop",
    date="2026-11-01",
)
SOUND = FileSettings(
    controller=Controller(name="山目選物有限公司", contact="privacy@shop.example"),
    policy=Policy(date="2026-11-01"),
    services=(OWN,),
)
replace = msgspec.structs.replace


def gaps(settings: FileSettings) -> list[str]:
    return [gap.key for gap in review(settings, CATALOGUE, TODAY).gaps]


def warnings(settings: FileSettings) -> list[str]:
    return [str(warning) for warning in review(settings, CATALOGUE, TODAY).warnings]


def declaring(**values: object) -> FileSettings:
    return replace(SOUND, services=(replace(OWN, **values),))


def test_a_complete_configuration_is_passed_over_in_silence() -> None:
    assert (gaps(SOUND), warnings(SOUND)) == ([], [])


def test_a_trial_lacks_nothing_and_is_told_what_it_is() -> None:
    assert gaps(FileSettings()) == []
    keys = [warning.partition(" =")[0] for warning in warnings(FileSettings())]
    assert keys == ["policy.date", "controller.name", "controller.contact", "services"]


@pytest.mark.parametrize("value", ["", "TODO", "tbd", "xxx", "…", "<name>", "{controller}", "your company", "N/A"])
def test_a_name_that_is_none_is_a_gap(value: str) -> None:
    assert gaps(replace(SOUND, controller=Controller(name=value, contact="a@b.example"))) == ["controller.name"]
    assert gaps(replace(FileSettings(), controller=Controller(name="A", contact=value))) == [
        "policy.date", "controller.contact",
    ]  # fmt: skip


@pytest.mark.parametrize("sound", [SOUND, FileSettings()], ids=["a shop", "a trial"])
def test_a_statement_about_gpc_needs_the_date_it_tells(sound: FileSettings) -> None:
    assert "owns_root" in gaps(replace(sound, owns_root=True, policy=Policy()))
    assert "owns_root" not in gaps(replace(sound, owns_root=True, policy=Policy(date="2026-11-01")))
    assert "owns_root" not in gaps(replace(sound, policy=Policy()))


def test_a_notice_without_a_date_is_a_gap() -> None:
    assert gaps(replace(SOUND, policy=Policy())) == ["policy.date"]


def test_a_service_of_the_shops_own_says_everything_and_all_that_is_missing_is_told() -> None:
    bare = ServiceEntry(id="own", category=Category.PREFERENCES, marks=("own_chat",))
    told = [f"services[1].{key}" for key in ("code", "basis", "use", "why", "breaks", "reviewed_by", "date")]
    assert gaps(replace(SOUND, services=(OWN, replace(bare, id="other")))) == told


def test_a_service_of_the_catalogue_needs_nothing_more() -> None:
    assert gaps(replace(SOUND, services=(ServiceEntry(id="google-analytics"),))) == []


@pytest.mark.parametrize(
    ("settings", "key", "expected"),
    [
        pytest.param(replace(SOUND, mode="report"), "mode", "changes nothing", id="report mode"),
        pytest.param(replace(SOUND, unknown="pass"), "unknown", "unknown third parties pass", id="unknown pass"),
        pytest.param(replace(SOUND, untouched_paths=("/",)), "untouched_paths", "no page is rewritten", id="all paths"),
        pytest.param(
            replace(SOUND, policy=Policy(date="2026-11-01", grant_days=183)), "policy.grant_days", "184", id="short yes"
        ),
        pytest.param(
            replace(SOUND, policy=Policy(date="2026-11-01", refusal_days=183)),
            "policy.refusal_days",
            "184",
            id="short no",
        ),
        pytest.param(declaring(hosts=("chat.example",)), "services[0].contract", "the contract with own", id="vendor"),
        pytest.param(declaring(contract="1"), "services[0].last_review", "last checked", id="never reviewed"),
        pytest.param(
            declaring(contract="1", last_review="2025-11-24"), "services[0].last_review", "12 months", id="old review"
        ),
        pytest.param(
            replace(SOUND, policy=Policy(date="2026-11-01", purposes=("040",))),
            "services[0].code",
            "a purpose in policy.purposes: 040",
            id="a purpose the policy does not name",
        ),
        pytest.param(
            declaring(category=Category.NECESSARY, code="137"), "services[0].code", "filed under 148", id="security"
        ),
        pytest.param(
            declaring(category=Category.STATISTICS, code="157", exempt_until="2026-11-24", exempt_reason="x"),
            "services[0].exempt_until",
            "waits for consent again",
            id="exemption over",
        ),
        pytest.param(
            declaring(cookies=("session*",)), "services[0].cookies", "session", id="service over the allow-list"
        ),
        pytest.param(
            replace(SOUND, cookies=(CookieEntry(name="sessionid", category=Category.MARKETING),)),
            "cookies[0].name",
            "sessionid is on the allow-list",
            id="cookie over the allow-list",
        ),
        pytest.param(
            replace(SOUND, cookies=(CookieEntry(name="my_session", category=Category.MARKETING),)),
            "cookies[0].name",
            "my_session is on the allow-list",
            id="cookie over a wildcard of the allow-list",
        ),
        pytest.param(
            replace(SOUND, ad_features=("browsing-topics",)), "ad_features_reviewed", "your own", id="own list, no date"
        ),
        pytest.param(
            replace(SOUND, ad_features_reviewed="2025-11-01"), "ad_features_reviewed", "12 months", id="old list"
        ),
        pytest.param(
            replace(SOUND, evidence_hold=EvidenceHold(reason="a lawsuit", until="2026-11-24")),
            "evidence_hold.until",
            "has ended",
            id="hold over",
        ),
    ],
)
def test_one_oddity_is_one_warning_and_no_gap(settings: FileSettings, key: str, expected: str) -> None:
    found = review(settings, CATALOGUE, TODAY)
    assert [warning.key for warning in found.warnings] == [key]
    assert expected in found.warnings[0].expected
    assert found.gaps == ()


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(declaring(contract="1", last_review="2025-11-25"), id="reviewed a year ago"),
        pytest.param(replace(SOUND, policy=Policy(date="2026-11-01", grant_days=184)), id="184 days"),
        pytest.param(
            replace(SOUND, cookies=(CookieEntry(name="sessionid", category=Category.NECESSARY),)), id="necessary anyway"
        ),
        pytest.param(
            replace(SOUND, ad_features=("browsing-topics",), ad_features_reviewed="2026-11-20"), id="own dated list"
        ),
        pytest.param(
            replace(SOUND, evidence_hold=EvidenceHold(reason="a lawsuit", until="2026-11-25")), id="hold of today"
        ),
    ],
)
def test_what_is_just_right_is_not_warned_about(settings: FileSettings) -> None:
    assert warnings(settings) == []


def test_a_tracker_declared_necessary_is_warned_about() -> None:
    entry = ServiceEntry(id="google-analytics", category=Category.NECESSARY, contract="1", last_review="2026-11-01")
    (warning,) = warnings(replace(SOUND, services=(entry,)))
    assert warning.startswith("services[0].category = 'necessary': expected \"statistics\", as in the catalogue")


def test_a_captcha_is_filed_under_148_until_137_is_declared() -> None:
    entry = ServiceEntry(id="hcaptcha", contract="1", last_review="2026-11-01")
    assert "filed under 148" in warnings(replace(SOUND, services=(entry,)))[0]
    declared = Policy(date="2026-11-01", purposes=("148", "137"))
    assert warnings(replace(SOUND, services=(entry,), policy=declared)) == []


@pytest.mark.parametrize(("third", "count"), [("2026-06-30", 1), ("2026-07-01", 0)])
def test_more_than_two_material_revisions_in_six_months_are_too_many(third: str, count: int) -> None:
    days = ("2026-01-01", "2026-03-01", third)
    revisions = tuple(
        PolicyRevision(rev=number, date=day, material=(Category.MARKETING,)) for number, day in enumerate(days, 1)
    )
    policy = Policy(rev=3, date="2026-11-01", revisions=revisions)
    assert len(warnings(replace(SOUND, policy=policy))) == count
    editorial = replace(policy, revisions=(replace(revisions[0], material=()), *revisions[1:]))
    assert warnings(replace(SOUND, policy=editorial)) == []


@pytest.mark.parametrize(("locale", "other"), [("zh-Hant", "en"), ("en", "zh-Hant")])
def test_a_sentence_in_one_language_only_is_a_gap_of_the_other(locale: str, other: str) -> None:
    sentence = PolicyTexts(more="something")
    only = PolicyLanguages(zh_hant=sentence) if other == "zh-Hant" else PolicyLanguages(en=sentence)
    assert gaps(replace(SOUND, policy=replace(SOUND.policy, texts=only))) == [f"policy.texts.{locale}.more"]
    both = PolicyLanguages(zh_hant=sentence, en=sentence)
    assert gaps(replace(SOUND, policy=replace(SOUND.policy, texts=both))) == []


@pytest.mark.parametrize(("value", "expected"), [("", True), ("TODO", True), ("<name>", True), ("K市集", False)])
def test_a_placeholder_is_a_gap(value: str, expected: bool) -> None:
    assert is_gap(value) is expected
