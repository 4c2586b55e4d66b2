"""The notice says all it has to, in both languages, from one configuration."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from selectolax.lexbor import LexborHTMLParser

from gateway.config.loading import load_settings
from gateway.config.settings import Controller, PolicyLanguages, PolicyTexts, ServiceEntry, Settings
from gateway.enforcement.catalogue_data import load_catalogue
from gateway.enforcement.language import NOTICE_LOCALES
from gateway.enforcement.texts import texts
from gateway.model.categories import OPTIONAL, Category
from gateway.model.disclosure import read
from gateway.model.notice_text import content_of
from gateway.notice_page import NoticePage
from gateway.registry import Registry

EXAMPLE = Path(str(files("gateway") / "data" / "examples" / "tenant.toml"))
SHOP = load_settings(EXAMPLE, {"HOME": "/"}, catalogue=load_catalogue())
replace = msgspec.structs.replace


def page(settings: Settings = SHOP, locale: str = "en") -> NoticePage:
    return NoticePage(settings, Registry(settings), locale)


def tree(settings: Settings = SHOP, locale: str = "en") -> LexborHTMLParser:
    return LexborHTMLParser(page(settings, locale).content)


def text(settings: Settings = SHOP, locale: str = "en") -> str:
    return tree(settings, locale).css("body")[0].text()


def six(category: str, settings: Settings = SHOP, locale: str = "en") -> dict[str, str]:
    rows = tree(settings, locale).css(f'.six[data-consent-kind="{category}"] tr')
    return {row.css("th[scope=row]")[0].text(): row.css("td")[0].text() for row in rows}


def table(label: str, settings: Settings = SHOP, locale: str = "en") -> list[list[str]]:
    region = tree(settings, locale).css(f'[role=region][aria-label="{texts(locale)[label]}"]')
    return [[cell.text() for cell in row.css("th, td")] for row in region[0].css("tbody tr")]


@pytest.mark.parametrize("locale", NOTICE_LOCALES)
def test_title_name_contact_revision_and_date_come_first(locale: str) -> None:
    titles = {"zh-Hant": "隱私權與 Cookie 說明", "en": "Privacy and cookie notice"}
    found = tree(locale=locale)
    assert found.css("h1")[0].text() == titles[locale]
    facts = [node.text() for node in found.css(".facts dd")]
    assert facts == ["範例選物有限公司", "privacy@shop.example", "2", "2026-11-01"]


@pytest.mark.parametrize("locale", NOTICE_LOCALES)
@pytest.mark.parametrize("category", list(Category))
def test_each_category_has_six_labelled_rows(category: Category, locale: str) -> None:
    words, rows = texts(locale), six(category, locale=locale)
    labels = [words[f"notice.six.{item}"] for item in ("who", "purpose", "data", "use", "rights", "refusing")]
    assert list(rows) == labels
    who, purpose, data, use, rights, refusing = rows.values()
    assert who == "範例選物有限公司 · privacy@shop.example"
    assert words[f"why.{category}"] in purpose
    assert words["data.browsing"] in data
    for part in ("region.TW", "whom.own", "method"):
        assert words[part] in use
    for right in ("inspect", "copy", "correct", "stop", "delete"):
        assert words[f"right.{right}"] in rights
    assert words[f"breaks.{category}"] in refusing


@pytest.mark.parametrize(
    ("category", "code", "zh", "en"),
    [
        ("necessary", "148", "網路購物及其他電子商務服務", "online shopping and other e-commerce services"),
        ("preferences", "090", "消費者、客戶管理與服務", "consumer and customer management and service"),
        ("statistics", "157", "調查、統計與研究分析", "surveys, statistics and research"),
        ("marketing", "040", "行銷", "marketing"),
    ],
)
def test_purposes_stand_with_code_and_official_name(category: str, code: str, zh: str, en: str) -> None:
    for locale, name in (("zh-Hant", zh), ("en", en)):
        assert f"{code} {name}" in six(category, locale=locale)[texts(locale)["notice.six.purpose"]]


def test_recipients_and_period_of_an_optional_category_are_named() -> None:
    use = six("preferences")[texts("en")["notice.six.use"]]
    assert "Chat, Prize game · loads only when you click it" in use
    assert "185 days at most" in use


def test_the_necessary_data_are_those_of_the_policy_and_browsing_data() -> None:
    data = six("necessary")[texts("en")["notice.six.data"]]
    assert [code for code in ("C001", "C002", "C011", "browsing data") if code not in data] == []


@pytest.mark.parametrize("locale", NOTICE_LOCALES)
def test_every_declared_service_is_a_provider_with_all_that_is_known(locale: str) -> None:
    rows = table("notice.providers", locale=locale)
    assert [row[0] for row in rows] == ["Payment page", "Chat", "Prize game", "Page counter", "Adverts"]
    words = texts(locale)
    assert rows[4] == [
        *("Adverts", "Adverts Ltd.", "processor", words["category.marketing"], "依瀏覽內容挑選商品與廣告", "040"),
        *(words["region.TW"], words["notice.policy"], "仍會看到一般推薦"),
    ]
    links = [node.attributes["href"] for node in tree(locale=locale).css('a[rel="noopener noreferrer"]')]
    assert "https://adverts.example/privacy" in links


def test_cookies_are_listed_with_lifetime_and_what_breaks() -> None:
    rows = {row[0]: row[1:] for row in table("notice.cookies")}
    assert list(rows) == ["consent · __Secure-consent", "recently_viewed", "shop_pages", "_adv_*"]
    assert rows["consent · __Secure-consent"][3] == "367 days at most"
    assert rows["shop_pages"] == ["Page counter", "157", "Statistics", "30 days at most", "您的瀏覽不會列入統計"]
    assert rows["_adv_*"][3] == "185 days at most"
    assert not [cell for row in rows.values() for cell in row if not cell]


def test_what_is_sent_to_others_is_told_for_each_third_party_and_no_other() -> None:
    rows = table("notice.sent")
    assert [row[0] for row in rows] == [
        *("Pay Ltd. · Payment page", "Chat Ltd. · Chat", "Prizes Ltd. · Prize game", "Adverts Ltd. · Adverts"),
    ]
    assert all(row[1] == texts("en")["notice.sent.data"] and row[2] for row in rows)


@pytest.mark.parametrize("locale", NOTICE_LOCALES)
@pytest.mark.parametrize("dnt", ["honour", "off"])
def test_the_sentence_on_do_not_track_follows_the_setting(dnt: str, locale: str) -> None:
    words, said = texts(locale), text(replace(SHOP, dnt=dnt), locale)
    assert words[f"notice.dnt.{dnt}"] in said
    assert words["notice.dnt." + ("off" if dnt == "honour" else "honour")] not in said


@pytest.mark.parametrize("locale", NOTICE_LOCALES)
@pytest.mark.parametrize(
    "key",
    [
        *("everyone", "providers.own", "browser.how", "gpc", "private", "rights.law", "rights.periods"),
        *("rights.unknown", "ends.links", "sent.when"),
    ],
)
def test_the_fixed_sentences_stand_in_every_notice(key: str, locale: str) -> None:
    for settings in (SHOP, Settings()):
        assert texts(locale)[f"notice.{key}"] in text(settings, locale)


@pytest.mark.parametrize("locale", NOTICE_LOCALES)
def test_no_text_waives_a_right(locale: str) -> None:
    said = text(locale=locale).lower()
    waivers = ("放棄", "不得請求", "概不負責", "waive", "not liable", "no liability")
    assert not [words for words in waivers if words in said]
    assert texts(locale)["mail"].partition("{")[0] in text(locale=locale)


def test_a_measurement_without_consent_is_named_with_its_end_and_the_way_out() -> None:
    counter = ServiceEntry(
        id="counter",
        category=Category.STATISTICS,
        hosts=("stats.shop.example",),
        exempt_until="2027-06-01",
        exempt_reason="counts pages only",
    )
    said = text(replace(SHOP, services=(counter,)))
    assert "counter measures without asking first, until 2027-06-01 at the latest (counts pages only)." in said


@pytest.mark.parametrize("locale", NOTICE_LOCALES)
def test_gaps_are_shown(locale: str) -> None:
    words = texts(locale)
    gaps = [words[f"notice.gap.{gap}"] for gap in ("controller", "contact", "date")]
    assert not [gap for gap in gaps if gap in text(locale=locale)]
    for controller in (Controller(), Controller(name="TODO", contact="<your contact>")):
        said = text(Settings(controller=controller), locale)
        assert [gap for gap in gaps if gap not in said] == []
        assert "TODO" not in said


@pytest.mark.parametrize("locale", NOTICE_LOCALES)
def test_a_trial_lists_no_services_and_says_so(locale: str) -> None:
    said = text(Settings(), locale)
    assert texts(locale)["notice.none"] in said
    assert texts(locale)["whom.trial"] in said
    assert len(tree(Settings(), locale).css(".six")) == 4


def test_the_shops_own_sentences_stand_in_their_language() -> None:
    english = PolicyTexts(more="Do <come>.", marketing="Once a week.")
    own = PolicyLanguages(zh_hant=PolicyTexts(more="歡迎來店。"), en=english)
    settings = replace(SHOP, policy=replace(SHOP.policy, texts=own))
    assert "Do <come>." in text(settings)
    assert "歡迎來店。" not in text(settings)
    assert "歡迎來店。" in text(settings, "zh-Hant")
    assert "Once a week." in six("marketing", settings)["Purpose"]


def test_categories_that_nobody_uses_are_not_explained() -> None:
    settings = Settings(services=(ServiceEntry(id="google-analytics"),))
    kinds = [node.attributes["data-consent-kind"] for node in tree(settings).css(".six")]
    assert kinds == ["necessary", "statistics"]


@pytest.mark.parametrize("locale", NOTICE_LOCALES)
def test_one_text_holds_the_markup_and_the_same_facts(locale: str) -> None:
    made = page(locale=locale)
    assert content_of(made.text) == made.content
    facts = read(made.text)
    assert facts is not None
    assert facts.locale == locale
    assert {purpose.category for purpose in facts.purposes} == set(OPTIONAL)
    for purpose in facts.purposes:
        assert purpose.refusing in made.content
        assert purpose.data
    assert made.text == page(locale=locale).text


@pytest.mark.parametrize(
    "other",
    [
        replace(SHOP, dnt="off"),
        replace(SHOP, evidence_years=6),
        replace(SHOP, services=SHOP.services[:-1]),
        replace(SHOP, services=(replace(SHOP.services[0], why="other"), *SHOP.services[1:])),
        replace(SHOP, policy=replace(SHOP.policy, grant_days=30)),
        replace(SHOP, cookies=()),
    ],
)
def test_whatever_visitors_would_read_differently_is_another_text(other: Settings) -> None:
    assert page(other).text != page().text
