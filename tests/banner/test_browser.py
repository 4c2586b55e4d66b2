"""The banner in a real Chromium: with script and without, in a hostile page, on a small screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gateway.enforcement.texts import texts
from gateway.model.categories import State
from tests.banner.shop import STRICT, Shop

pytestmark = pytest.mark.browser
Serve = Callable[[Shop], str]

BAR = "[data-consent-banner]"
REFUSE, ACCEPT = f'{BAR} [data-consent-action="refuse"]', f'{BAR} [data-consent-action="accept"]'

HOSTILE_CSS = """
#shop .x, body button, section form button { font-size: 9px; padding: 40px; text-transform: uppercase }
button { color: #777 !important; background: #787878 !important; border-radius: 0; float: right }
section { background: lime; padding: 200px; position: static } p { letter-spacing: 5px; margin: 60px }
form { display: none } a { color: lime; text-decoration: none; font-size: 40px } [hidden] { display: block }
"""


def _held(name: str, source: str = "", text: str = "", more: str = "") -> str:
    src = f' data-consent-src="{source}"' if source else ""
    marks = f'type="text/plain" data-consent-category="{name}" data-consent-service="s"{src} {more}'
    return f"<script {marks}>{text}</script>"


def _log(page: Page) -> object:
    return page.evaluate("window.log || []")


def test_refusing_takes_one_click_and_no_reload(context: BrowserContext, serve: Serve) -> None:
    shop = Shop()
    page = context.new_page()
    page.goto(serve(shop))
    page.evaluate(
        "window.same = 1; document.addEventListener('consent:change', (e) => { window.told = e.detail })"
    )
    page.click(REFUSE)
    expect(page.locator(BAR)).to_be_hidden()
    expect(page.locator("[role=status]")).to_be_focused()
    page.wait_for_function("window.told")
    assert page.evaluate("[window.same, window.told.marketing]") == [1, "refused"]
    (post,) = shop.posts
    assert post == {
        "action": "refuse",
        "category": [],
        "rev": 3,
        "surface": "banner",
        "locale": "zh-Hant",
        "layout": "wide",
    }
    for _ in range(3):
        page.reload()
        expect(page.locator(BAR)).to_have_count(0)


def test_a_double_click_is_one_choice(context: BrowserContext, serve: Serve) -> None:
    shop = Shop()
    page = context.new_page()
    page.goto(serve(shop))
    page.eval_on_selector(ACCEPT, "button => { button.click(); button.click() }")
    expect(page.locator(BAR)).to_be_hidden()
    page.wait_for_load_state("networkidle")
    assert [post["action"] for post in shop.posts] == ["accept"]


def test_accepting_wakes_what_waits_in_the_order_of_the_page(context: BrowserContext, serve: Serve) -> None:
    first = "window.log = [...(window.log || []), 'first', document.currentScript.dataset.keep, window.same]"
    content = (
        _held("statistics", "/file/first.js", more='data-keep="kept" id="a"')
        + _held("statistics", text="log.push('inline')")
        + _held("statistics", "/file/missing-host.js", more='integrity="sha256-AAAA"')
        + _held("marketing statistics", "/file/second.js", more='data-consent-type="module" data-lib="1"')
        + '<img id="pic" alt="" data-consent-category="marketing" data-consent-src="/file/p.gif">'
        + '<iframe id="frame" data-consent-category="preferences" data-consent-src="/file/f"></iframe>'
    )
    shop = Shop(content, {"first.js": first, "second.js": "log.push('second')"})
    page = context.new_page()
    page.goto(serve(shop))
    assert not [line for line in shop.requests if "first" in line or "p.gif" in line]
    page.evaluate("window.same = 'same page'")
    page.click(ACCEPT)
    page.wait_for_function("window.log && log.includes('second')")
    assert _log(page) == ["first", "kept", "same page", "inline", "second"]
    expect(page.locator("#pic")).to_have_attribute("src", "/file/p.gif")
    expect(page.locator("#frame")).to_have_attribute("src", "/file/f")
    expect(page.locator("#a")).to_have_attribute("data-consent-service", "s")


def test_what_was_not_granted_keeps_waiting(context: BrowserContext, serve: Serve) -> None:
    shop = Shop(
        _held("marketing", text="window.log = ['no']")
        + _held("marketing statistics", text="window.log = ['half']")
    )
    shop.decide = lambda decision: replace(decision, statistics=State.GRANTED)
    page = context.new_page()
    page.goto(serve(shop))
    page.click(REFUSE)
    expect(page.locator(BAR)).to_be_hidden()
    page.wait_for_load_state("networkidle")
    assert _log(page) == []


def test_document_write_brings_a_fresh_page(context: BrowserContext, serve: Serve) -> None:
    page = context.new_page()
    page.goto(serve(Shop("<h1>shop</h1>" + _held("statistics", text="document.write('wiped')"))))
    with page.expect_event("load"):
        page.click(ACCEPT)
    expect(page.locator("h1")).to_have_text("shop")
    expect(page.locator("body")).not_to_contain_text("wiped")


def test_a_policy_of_ours_on_the_page_needs_a_fresh_page(context: BrowserContext, serve: Serve) -> None:
    shop = Shop(_held("statistics", text="window.log = ['ran under the old policy']"), reload=True)
    page = context.new_page()
    page.goto(serve(shop))
    page.evaluate("window.same = 1")
    with page.expect_event("load"):
        page.click(ACCEPT)
    assert page.evaluate("window.same") is None


@pytest.mark.parametrize("fragment", ["", "#below"])
@pytest.mark.parametrize("action", [REFUSE, ACCEPT], ids=["refuse", "accept"])
def test_what_was_saved_is_said_after_the_fresh_page_too_and_only_once(
    context: BrowserContext, serve: Serve, action: str, fragment: str
) -> None:
    shop = Shop('<base href="/elsewhere/"><p id="below">tea</p>', reload=True)
    shop.decide = lambda decision: decision if decision.choice else replace(decision, statistics=State.GRANTED)
    page = context.new_page()
    address = f"{serve(shop)}/tea?lang=en"
    page.goto(address + fragment)
    with page.expect_event("load"):
        page.click(action)
    told = page.locator("[role=status]")
    expect(told).to_have_text("Your choice is saved.")
    expect(told).to_be_focused()
    assert page.url == address + fragment
    page.reload()
    expect(page.locator(".cg-foot")).to_be_visible()
    expect(told).to_have_count(0)
    storage = page.evaluate("[localStorage.length, sessionStorage.length, history.state, window.name]")
    assert (storage, [cookie["name"] for cookie in context.cookies()]) == ([0, 0, None, ""], ["t"])


def test_nobody_is_told_of_a_choice_that_was_not_made(context: BrowserContext, serve: Serve) -> None:
    page = context.new_page()
    page.goto(serve(Shop()) + "/tea#cg-saved")
    page.wait_for_function("window.consentGateway")
    expect(page.locator("[role=status]")).to_have_count(0)
    assert page.url.endswith("/tea")


@pytest.mark.parametrize("button", [REFUSE, ACCEPT], ids=["refuse", "accept"])
def test_without_a_script_the_form_does_the_same(chromium: Browser, serve: Serve, button: str) -> None:
    shop = Shop()
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(serve(shop) + "/tea?lang=en")
    page.click(button)
    page.wait_for_url("**/tea")
    expect(page.locator(BAR)).to_have_count(0)
    assert shop.posts[0]["surface"] == "nojs"
    context.close()


def test_when_fetching_fails_the_form_is_sent(context: BrowserContext, serve: Serve) -> None:
    shop = Shop(fails=1)
    page = context.new_page()
    page.goto(serve(shop) + "/tea")
    with page.expect_navigation():
        page.click(ACCEPT)
    assert page.url.endswith("/tea")
    assert [post["surface"] for post in shop.posts] == ["banner", "nojs"]
    assert shop.posts[1]["action"] == "accept"
    expect(page.locator(BAR)).to_have_count(0)


def test_a_server_that_fails_twice_says_so_and_loses_nothing(context: BrowserContext, serve: Serve) -> None:
    shop = Shop(fails=2)
    page = context.new_page()
    page.goto(serve(shop) + "/tea")
    with page.expect_navigation() as answer:
        page.click(ACCEPT)
    assert (answer.value.status, context.cookies()) == (503, [])
    page.go_back()
    page.click(ACCEPT)
    expect(page.locator(BAR)).to_be_hidden()
    assert [post["action"] for post in shop.posts] == ["accept"] * 3
    assert [cookie["value"] for cookie in context.cookies()] == ["preferences+statistics+marketing"]


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_notice_revised_meanwhile_is_asked_about_anew(chromium: Browser, serve: Serve, script: bool) -> None:
    shop = Shop()
    context = chromium.new_context(java_script_enabled=script, locale="zh-TW")
    page = context.new_page()
    page.goto(serve(shop) + "/tea")
    shop.rev = 4
    with page.expect_navigation():
        page.click(ACCEPT)
    assert context.cookies() == []
    expect(page.locator('form[action$="/choice"] [name=rev]').first).to_have_value("4")
    if script:
        assert page.url.endswith("/tea")
    else:
        expect(page.locator("[role=status]")).to_contain_text(texts("zh-Hant")["outdated"])
        assert page.locator("[data-consent-action=accept]").count() == 1
    with page.expect_response("**/_choices/choice"):
        page.click("[data-consent-action=accept]")
    expect(page.locator(BAR)).to_be_hidden()
    assert [post["rev"] for post in shop.posts] == ([3, 4] if script else ["3", "4"])
    assert [cookie["name"] for cookie in context.cookies()] == ["t"]
    context.close()


def test_a_cookie_that_does_not_come_back_is_told_once_and_wakes_nothing(
    context: BrowserContext, serve: Serve
) -> None:
    shop = Shop(_held("statistics", text="window.log = ['woken']"), keeps_cookies=False)
    page = context.new_page()
    page.goto(serve(shop))
    page.click(ACCEPT)
    expect(page.locator("[role=status]")).to_contain_text("您的瀏覽器不接受 Cookie")
    assert shop.requests.count("GET /_choices/state") == 1
    assert _log(page) == []


def test_a_browser_without_cookies_is_not_asked(context: BrowserContext, serve: Serve) -> None:
    page = context.new_page()
    page.add_init_script("Object.defineProperty(navigator, 'cookieEnabled', {get: () => false})")
    page.goto(serve(Shop()))
    expect(page.locator(BAR)).to_be_hidden()
    link = page.locator("[data-consent-settings]")
    expect(link).to_have_text("您的瀏覽器不接受 Cookie")
    link.click()
    expect(page.locator("[role=status]")).to_contain_text("我們視為全部拒絕")


def test_a_signal_whose_header_got_lost_is_honoured(context: BrowserContext, serve: Serve) -> None:
    page = context.new_page()
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})")
    page.goto(serve(Shop()))
    expect(page.locator(BAR)).to_be_hidden()
    expect(page.locator("[role=status]")).to_contain_text("全域隱私控制")


def test_a_signal_whose_header_got_lost_withdraws_sharing_once(context: BrowserContext, serve: Serve) -> None:
    shop = Shop()
    address = serve(shop)
    context.add_cookies([{"name": "t", "value": "preferences+marketing", "url": address}])
    page = context.new_page()
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})")
    page.goto(address)
    # The page is loaded anew in between: a wait lives through that, a look at one moment may not.
    held = "({marketing, preferences}) => marketing == 'refused' && preferences == 'granted'"
    page.wait_for_function(f"document.readyState == 'complete' && ({held})(consentGateway.get())")
    assert shop.posts == [{"category": ["marketing"], "surface": "gpc"}]


def test_a_page_from_the_back_button_is_checked_against_the_state(
    context: BrowserContext, serve: Serve
) -> None:
    shop = Shop()
    address = serve(shop)
    context.add_cookies([{"name": "t", "value": "marketing", "url": address}])
    page = context.new_page()
    page.goto(address)
    page.evaluate("window.same = 1")
    restored = "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    with page.expect_response("**/_choices/state"):
        page.evaluate(restored)
    assert page.evaluate("window.same") == 1
    context.add_cookies([{"name": "t", "value": "none", "url": address}])
    with page.expect_event("load"):
        page.evaluate(restored)
    assert page.evaluate("consentGateway.get().marketing") == "refused"


def test_the_script_answers_programs(context: BrowserContext, serve: Serve) -> None:
    page = context.new_page()
    page.add_init_script("document.addEventListener('consent:ready', (e) => { window.ready = e.detail })")
    page.goto(serve(Shop()))
    unset = {"preferences": "unset", "statistics": "unset", "marketing": "unset", "source": "none"}
    assert page.evaluate("[window.ready, consentGateway.get()]") == [unset, unset]
    page.evaluate("consentGateway.open()")
    expect(page.locator("dialog h1")).to_have_text("Cookie 設定")


def test_a_strict_policy_of_the_shop_breaks_nothing(context: BrowserContext, serve: Serve) -> None:
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(serve(Shop(policy=STRICT)))
    page.click(ACCEPT)
    expect(page.locator(BAR)).to_be_hidden()
    page.goto(page.url + "_choices/")
    assert [text for text in complaints if "Content Security" in text] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(320, 568), (360, 640), (1280, 800)])
@pytest.mark.parametrize("lang", ["zh-Hant", "en"])
def test_both_buttons_are_equal_legible_and_in_view_even_in_a_hostile_page(
    chromium: Browser, serve: Serve, width: int, height: int, scheme: str, lang: str
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(serve(Shop(files={"shop.css": HOSTILE_CSS})) + f"/?lang={lang}")
    looks = []
    for selector in (REFUSE, ACCEPT):
        button = page.locator(selector)
        expect(button).to_be_in_viewport(ratio=1)
        looks.append(_look(button.evaluate(LOOK)))
        button.hover()
        page.wait_for_timeout(200)
        looks.append(_look(button.evaluate(LOOK)))
        page.mouse.move(1, 1)
    assert looks[0] == looks[2]
    assert looks[1] == looks[3]
    for look in looks:
        assert look["contrast"] >= 4.5
        assert look["height"] >= 44
        assert look["font"] >= 14
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click(REFUSE)
    expect(page.locator(BAR)).to_be_hidden()
    context.close()


LOOK = """(node) => {
  const style = getComputedStyle(node), box = node.getBoundingClientRect();
  return { text: style.color, back: style.backgroundColor, size: style.fontSize, weight: style.fontWeight,
           width: Math.round(box.width), height: Math.round(box.height), top: Math.round(box.top) };
}"""


def _look(style: dict[str, object]) -> dict[str, float]:
    text, back = (_luminance(str(style[name])) for name in ("text", "back"))
    contrast = (max(text, back) + 0.05) / (min(text, back) + 0.05)
    sizes = {name: float(str(style[name])) for name in ("weight", "width", "height", "top")}
    return {"contrast": contrast, "font": float(str(style["size"]).removesuffix("px")), **sizes}


def _luminance(color: str) -> float:
    channels = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_page_behind_stays_usable_and_does_not_move(context: BrowserContext, serve: Serve) -> None:
    below, text = '<a id="below" href="#">behind the banner</a>', "<p>text</p>"
    content = f'<a id="link" href="/next">next</a>{text * 20}{below}{text * 60}<a id="last" href="#">last</a>'
    page = context.new_page()
    page.add_init_script(
        "window.shift = 0;"
        "new PerformanceObserver((list) => { for (const e of list.getEntries()) shift += e.value })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    page.goto(serve(Shop(content)))
    page.wait_for_timeout(300)
    assert page.evaluate("shift") == 0
    overflow = "[document.body, document.documentElement].map((n) => getComputedStyle(n).overflow)"
    assert page.evaluate(overflow) == ["visible", "visible"]
    assert page.evaluate("document.activeElement === document.body")
    bar = page.locator(BAR).bounding_box()
    assert bar is not None
    for name in ("#below", "#last"):
        page.focus(name)
        focused = page.locator(name).bounding_box()
        assert focused is not None
        assert focused["y"] + focused["height"] <= bar["y"]
    page.evaluate("scrollTo(0, 0)")
    page.click("#link")
    page.wait_for_url("**/next")


@pytest.mark.parametrize("gesture", ["scroll", "Escape", "wait"])
def test_nothing_but_a_button_is_a_choice(context: BrowserContext, serve: Serve, gesture: str) -> None:
    shop = Shop("<p>text</p>" * 80)
    page = context.new_page()
    page.goto(serve(shop))
    if gesture == "scroll":
        page.mouse.wheel(0, 2000)
    elif gesture == "Escape":
        page.keyboard.press("Escape")
    page.wait_for_timeout(200)
    expect(page.locator(BAR)).to_be_visible()
    assert shop.posts == []
    assert context.cookies() == []


def test_the_keyboard_reaches_everything_in_order_and_is_not_trapped(
    context: BrowserContext, serve: Serve
) -> None:
    page = context.new_page()
    page.goto(serve(Shop('<a id="shop" href="/x">shop</a>')))
    expect(page.locator(BAR)).to_be_visible()
    seen = []
    for _ in range(5):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "document.activeElement.dataset.consentAction || document.activeElement.id || 'notice'"
            )
        )
    assert seen == ["notice", "refuse", "accept", "settings", "shop"]


@pytest.mark.parametrize("path", ["/", "/_choices/", "/_choices/functions", "/_choices/notice", "/?chip"])
@pytest.mark.parametrize("lang", ["zh-Hant", "en"])
def test_the_accessibility_checker_finds_nothing(
    context: BrowserContext, serve: Serve, path: str, lang: str
) -> None:
    shop = Shop("<main><h1>shop</h1></main>")
    if "chip" in path:
        shop.decide = lambda decision: replace(decision, ask=False, chip="gpc", marketing=State.REFUSED)
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")  # half faded in, text lacks contrast
    page.goto(serve(shop) + path + ("&" if "?" in path else "?") + f"lang={lang}")
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


@pytest.mark.parametrize("action", ["refuse", "accept"])
@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_settings_page_answers_with_the_new_state(
    chromium: Browser, serve: Serve, action: str, script: bool
) -> None:
    context = chromium.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(serve(Shop()) + "/_choices/?lang=en&return=/tea")
    page.click(f'[data-consent-action="{action}"]')
    expect(page.locator("[role=status]")).to_contain_text("Your choice is saved.")
    for switch in page.locator("[data-consent-category]").all():
        expect(switch).to_be_checked(checked=action == "accept")
    page.click("a.back")
    page.wait_for_url("**/tea")
    expect(page.locator(BAR)).to_have_count(0)
    context.close()


def test_one_category_is_saved_and_withdrawn_on_the_settings_page(
    context: BrowserContext, serve: Serve
) -> None:
    page = context.new_page()
    page.goto(serve(Shop()) + "/_choices/?lang=en")
    page.locator('[data-consent-category="statistics"]').check()
    page.click('[data-consent-action="save"]')
    expect(page.locator('[data-consent-category="statistics"]')).to_be_checked()
    expect(page.locator('[data-consent-category="marketing"]')).not_to_be_checked()
    page.click('[data-consent-action="withdraw"]')
    expect(page.locator("[role=status]")).to_contain_text("Stopped.")
    expect(page.locator('[data-consent-category="statistics"]')).not_to_be_checked()


@pytest.mark.parametrize("media", ["forced-colors", "reduced-motion"])
def test_the_browsers_wishes_are_followed(chromium: Browser, serve: Serve, media: str) -> None:
    context = chromium.new_context(
        forced_colors="active" if media == "forced-colors" else "none",
        reduced_motion="reduce" if media == "reduced-motion" else "no-preference",
    )
    page = context.new_page()
    page.goto(serve(Shop()))
    style = page.locator(REFUSE).evaluate(
        "(n) => [getComputedStyle(n).borderTopWidth, getComputedStyle(n).transitionDuration]"
    )
    if media == "forced-colors":
        assert style[0] == "2px"
    else:
        assert style[1] == "0s"
    context.close()


def test_a_choice_made_as_soon_as_it_can_be_holds_on_a_slow_network(context: BrowserContext, serve: Serve) -> None:
    shop = Shop("<main><h1>shop</h1></main>", slow=2.0)
    address = serve(shop)
    for action in ("refuse", "accept"):
        context.clear_cookies()
        page = context.new_page()
        page.goto(address + "/tea", wait_until="commit")
        page.click(f'[data-consent-action="{action}"]', no_wait_after=True)
        expect(page.locator("[data-consent-banner]")).not_to_be_visible()
        expect(page.locator("h1")).to_have_text("shop")
        assert page.url.endswith("/tea")
        page.close()
    assert [post["action"] for post in shop.posts] == ["refuse", "accept"]
