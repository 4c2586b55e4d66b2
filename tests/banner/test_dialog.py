"""The settings in a dialog over the shop's page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gateway.enforcement.language import LOCALES
from gateway.enforcement.texts import texts
from tests.banner.shop import STRICT, Shop

pytestmark = pytest.mark.browser
Serve = Callable[[Shop], str]

BAR, DIALOG = "[data-consent-banner]", "dialog.cg"
OPEN = f'{BAR} [data-consent-action="settings"]'


def opened(context: BrowserContext, address: str, by: str = OPEN) -> Page:
    page = context.new_page()
    page.goto(address)
    page.click(by)
    expect(page.locator(f"{DIALOG} h1")).to_be_visible()
    return page


@pytest.mark.parametrize("by", [OPEN, ".cg-foot [data-consent-settings]", "#own"])
def test_it_opens_from_the_banner_the_footer_and_a_button_of_the_shops(
    context: BrowserContext, serve: Serve, by: str
) -> None:
    shop = Shop('<button id="own" data-consent-settings>privacy</button>')
    page = opened(context, serve(shop) + "/?lang=en", by)
    expect(page.locator(f"{DIALOG} [data-consent-category]")).to_have_count(3)
    assert page.url.endswith("/?lang=en")


def test_it_says_who_reads_what_for_how_long(context: BrowserContext, serve: Serve) -> None:
    page = opened(context, serve(Shop()) + "/?lang=en")
    page.locator(f"{DIALOG} summary").nth(1).click()
    text = page.locator(f"{DIALOG} details[open]").inner_text()
    for part in ("Google Analytics", "_ga", "395 days at most", "as its provider sets it", "Privacy policy"):
        assert part in text
    expect(page.locator(DIALOG)).to_contain_text("12 partners and full notice")


def test_one_category_is_saved_and_the_page_stays(context: BrowserContext, serve: Serve) -> None:
    shop = Shop()
    page = opened(context, serve(shop) + "/?lang=en")
    page.evaluate("window.same = 1")
    page.locator(f'{DIALOG} [data-consent-category="statistics"]').check()
    page.click(f'{DIALOG} [data-consent-action="save"]')
    expect(page.locator("[role=status]")).to_have_text("Your choice is saved.")
    expect(page.locator("[role=status]")).to_be_focused()
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(page.locator(BAR)).to_be_hidden()
    page.wait_for_function("consentGateway.get().statistics == 'granted'")
    assert page.evaluate("[window.same, consentGateway.get().marketing]") == [1, "refused"]
    (post,) = shop.posts
    assert (post["action"], post["category"], post["surface"], post["rev"]) == ("save", ["statistics"], "settings", 3)


@pytest.mark.parametrize("gesture", ["Escape", "outside", "close"])
def test_closing_it_is_no_choice_and_gives_the_focus_back(
    context: BrowserContext, serve: Serve, gesture: str
) -> None:
    shop = Shop()
    page = opened(context, serve(shop))
    page.locator(f'{DIALOG} [data-consent-category="marketing"]').check()
    if gesture == "Escape":
        page.keyboard.press("Escape")
    elif gesture == "close":
        page.click(f"{DIALOG} .close")
    else:
        page.mouse.click(3, 3)
        expect(page.locator(DIALOG)).to_be_visible()
        assert shop.posts == []
        return
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(page.locator(OPEN)).to_be_focused()
    expect(page.locator(BAR)).to_be_visible()
    assert (shop.posts, context.cookies()) == ([], [])


def test_the_page_behind_keeps_its_scroll(context: BrowserContext, serve: Serve) -> None:
    page = opened(context, serve(Shop("<p>text</p>" * 80)))
    overflow = "[document.body, document.documentElement].map((n) => getComputedStyle(n).overflow)"
    assert page.evaluate(overflow) == ["visible", "visible"]
    assert page.evaluate("getComputedStyle(document.querySelector('dialog'), '::backdrop').backgroundColor") in (
        "rgba(0, 0, 0, 0)",
        "transparent",
    )


@pytest.mark.parametrize("policy", [f"{STRICT}; connect-src 'none'", "script-src 'self'; style-src 'none'"])
def test_where_the_shops_policy_forbids_it_the_settings_page_comes(
    context: BrowserContext, serve: Serve, policy: str
) -> None:
    page = context.new_page()
    page.goto(serve(Shop(policy=policy)))
    page.click(OPEN)
    page.wait_for_url("**/_choices/**")
    expect(page.locator("h1")).to_have_text("Cookie 設定")


def test_under_a_strict_policy_it_looks_as_it_should(context: BrowserContext, serve: Serve) -> None:
    page = opened(context, serve(Shop(policy=STRICT)))
    assert page.locator(f"{DIALOG} fieldset").evaluate("(n) => getComputedStyle(n).borderRadius") == "12px"


def test_a_request_that_fails_is_sent_again_by_the_form(context: BrowserContext, serve: Serve) -> None:
    shop = Shop(fails=1)
    page = opened(context, serve(shop) + "/?lang=en")
    with page.expect_navigation():
        page.click(f'{DIALOG} [data-consent-action="accept"]')
    assert [(post["action"], post["surface"]) for post in shop.posts] == [("accept", "settings")] * 2
    expect(page.locator("[role=status]")).to_contain_text("Your choice is saved.")


def test_a_notice_revised_meanwhile_brings_the_settings_as_they_are_now(context: BrowserContext, serve: Serve) -> None:
    shop = Shop()
    page = opened(context, serve(shop) + "/?lang=en")
    shop.rev = 4
    with page.expect_navigation():
        page.click(f'{DIALOG} [data-consent-action="accept"]')
    expect(page.locator("[name=rev]")).to_have_value("4")
    assert context.cookies() == []


def test_consent_is_withdrawn_from_it(context: BrowserContext, serve: Serve) -> None:
    shop = Shop()
    address = serve(shop)
    context.add_cookies([{"name": "t", "value": "marketing", "url": address}])
    page = opened(context, address + "/?lang=en", ".cg-foot [data-consent-settings]")
    expect(page.locator(f'{DIALOG} [data-consent-category="marketing"]')).to_be_checked()
    page.click(f'{DIALOG} [data-consent-action="withdraw"]')
    expect(page.locator("[role=status]")).to_contain_text("Stopped.")


def test_another_tab_is_heard_of_at_the_next_opening(context: BrowserContext, serve: Serve) -> None:
    address = serve(Shop())
    page = opened(context, address)
    page.keyboard.press("Escape")
    other = context.new_page()
    other.goto(address)
    other.click(f'{BAR} [data-consent-action="accept"]')
    expect(other.locator(BAR)).to_be_hidden()
    page.click(OPEN)
    expect(page.locator(f'{DIALOG} [data-consent-category="marketing"]')).to_be_checked()


def test_with_the_control_key_the_link_is_a_link(context: BrowserContext, serve: Serve) -> None:
    page = context.new_page()
    page.goto(serve(Shop()))
    with context.expect_page() as other:
        page.click(OPEN, modifiers=["Control"])
    other.value.wait_for_url("**/_choices/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", LOCALES)
def test_the_accessibility_checker_finds_nothing_in_it(
    chromium: Browser, serve: Serve, locale: str, scheme: str
) -> None:
    dark = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page = opened(dark, serve(Shop("<main><h1>shop</h1></main>")) + f"/?lang={locale}")
    page.evaluate("document.querySelectorAll('dialog details').forEach((n) => { n.open = true })")
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert page.locator(DIALOG).get_attribute("lang") == locale
    assert page.locator(f"{DIALOG} .close").get_attribute("aria-label") == texts(locale)["close"]
    dark.close()
