"""How the banner looks in a hostile shop, in every language, at every width: readable, equal, in view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from gateway.enforcement.banner import Banner
from gateway.enforcement.language import LOCALES
from tests.banner.shop import MORE, OWN, SHOWN, Shop

pytestmark = pytest.mark.browser
Serve = Callable[[Shop], str]

BAR = "[data-consent-banner]"
REFUSE, ACCEPT = f'{BAR} [data-consent-action="refuse"]', f'{BAR} [data-consent-action="accept"]'
SIZES = [(320, 568), (360, 640), (768, 900), (1280, 800)]
HOSTILE = """
body { letter-spacing: 9px !important; text-transform: uppercase; text-indent: 40px; visibility: hidden; color: #777;
  pointer-events: none; white-space: nowrap; word-spacing: 20px; text-align: right; font: 7px/1 cursive }
body * { color: #777 !important; background: #7a7a7a !important; font: 7px/1 cursive !important; opacity: .3 !important;
  margin: 31px !important; padding: 29px !important; letter-spacing: 9px !important; float: right !important;
  text-transform: uppercase !important; border: 5px dashed lime !important; max-width: 70px !important;
  transform: rotate(9deg) !important; visibility: hidden !important; pointer-events: none !important;
  position: static !important }
button { display: none !important } body form button { display: none !important; width: 1px !important }
div, section, form, p { display: none !important; clip-path: inset(50%) !important }
[name=action] { order: 9 !important; font-size: 3px !important } [data-consent-action=refuse] { height: 1px !important }
"""
SIZED = "/inline-size|block-size|^width|^height|origin|^inset|^(top|left|right|bottom)$/"
EVERYTHING = f"""(node) => {{
  const style = getComputedStyle(node);
  const names = [...style].filter((name) => !{SIZED}.test(name));
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name)]));
}}"""
BOX = """(node) => {
  const box = node.getBoundingClientRect();
  return [box.top, box.width, box.height].map(Math.round);
}"""
TEXTS = """(root) => [...root.querySelectorAll('p, a, button')].map((node) => {
  const style = getComputedStyle(node);
  return [style.color, style.fontSize, style.letterSpacing, style.textTransform, style.opacity, style.visibility,
          style.display === 'none', style.transform, style.float];
})"""
LATE = """requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
  const late = document.createElement('p');
  late.textContent = 'late';
  document.querySelector('h1').before(late);
}, 400)))"""  # once something was drawn, or nothing would move
SHIFT = """window.shift = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) shift += entry.value })
  .observe({ type: 'layout-shift', buffered: true })"""
SHOPS_OWN = f"[...document.querySelectorAll('body, body > main, body > main *')].map({EVERYTHING})"


def shown(chromium: Browser, address: str, width: int, height: int, dark: bool = False) -> Page:
    page = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", reduced_motion="reduce"
    ).new_page()
    page.goto(address)
    return page


@pytest.mark.parametrize("locale", LOCALES)
def test_the_two_buttons_compute_to_the_same_style_and_are_in_view(
    chromium: Browser, serve: Serve, locale: str
) -> None:
    page = shown(chromium, serve(Shop()) + f"/?lang={locale}", 320, 568)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        refuse, accept = page.locator(REFUSE), page.locator(ACCEPT)
        assert refuse.evaluate(EVERYTHING) == accept.evaluate(EVERYTHING)
        first, second = (button.evaluate(BOX) for button in (refuse, accept))
        assert first == second
        for button in (refuse, accept):
            expect(button).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    page.context.close()


@pytest.mark.parametrize("locale", ["zh-Hant", "th"])
def test_a_shop_that_styles_everything_as_important_changes_nothing(
    chromium: Browser, serve: Serve, locale: str
) -> None:
    plain = shown(chromium, serve(Shop()) + f"/?lang={locale}", 360, 640)
    hostile = shown(chromium, serve(Shop(files={"shop.css": HOSTILE})) + f"/?lang={locale}", 360, 640)
    for page in (plain, hostile):
        expect(page.locator(ACCEPT)).to_be_in_viewport(ratio=1)
    assert hostile.locator(BAR).evaluate(TEXTS) == plain.locator(BAR).evaluate(TEXTS)
    assert hostile.locator(BAR).bounding_box() == plain.locator(BAR).bounding_box()
    assert hostile.locator(REFUSE).evaluate(EVERYTHING) == hostile.locator(ACCEPT).evaluate(EVERYTHING)
    hostile.click(f'{BAR} [data-consent-action="settings"]')
    expect(hostile.locator("dialog [data-consent-action=save]")).to_be_visible()
    hostile.click("dialog [data-consent-action=refuse]")
    expect(hostile.locator(BAR)).to_be_hidden()
    plain.context.close()
    hostile.context.close()


def test_the_shops_own_elements_look_as_they_did(chromium: Browser, serve: Serve) -> None:
    content = (
        "<main><h1>shop</h1><section><form><p>text <a href='#'>link</a></p><button>buy</button></form></section>"
        "<fieldset><label>x <input type='checkbox' class='switch'></label></fieldset>"
        "<table class='more'><tr><th>a</table><details><summary>more</summary></details>"
        "<div class='message note scroll acts'>words</div></main>"
    )
    page = shown(chromium, serve(Shop(content)) + "/?lang=en", 1280, 800)
    page.click(f'{BAR} [data-consent-action="settings"]')
    expect(page.locator("dialog")).to_be_visible()
    with_us = page.evaluate(SHOPS_OWN)
    page.evaluate("document.querySelectorAll('.cg, link[href*=_choices]').forEach((node) => node.remove())")
    assert page.evaluate(SHOPS_OWN) == with_us
    page.context.close()


@pytest.mark.parametrize("place", ["cg-top", "cg-box", "cg-box cg-top", "cg-mid"])
def test_wherever_the_banner_stands_its_buttons_are_those_of_the_bar(
    chromium: Browser, serve: Serve, place: str
) -> None:
    placed = Banner(replace(SHOWN, place=place), OWN[0], OWN[1], OWN[2], MORE)
    page = shown(chromium, serve(Shop("<p>text</p>" * 60, banner=placed)) + "/?lang=vi", 320, 568)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        refuse, accept = page.locator(REFUSE), page.locator(ACCEPT)
        assert refuse.evaluate(EVERYTHING) == accept.evaluate(EVERYTHING)
        assert refuse.evaluate(BOX) == accept.evaluate(BOX)
        for button in (refuse, accept):
            expect(button).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        bar = page.locator(BAR).bounding_box()
        assert bar is not None
        middle = (height - bar["height"]) / 2
        if width < 560:
            assert round(bar["y"] + bar["height"]) == height
        elif place == "cg-mid":
            assert abs(bar["y"] - middle) < 2
        else:
            assert (bar["y"] < middle) is ("top" in place)
    page.context.close()


@pytest.mark.parametrize("place", ["", "cg-top", "cg-box", "cg-box cg-top", "cg-mid"])
def test_the_banner_adds_no_layout_shift_to_the_shops_own(chromium: Browser, serve: Serve, place: str) -> None:
    placed = Banner(replace(SHOWN, place=place), OWN[0], OWN[1], OWN[2], MORE)
    content = "<main><h1>shop</h1>" + "<p>text</p>" * 80 + '</main><script src="/file/late.js" defer></script>'
    address = serve(Shop(content, {"late.js": LATE}, banner=placed))
    shifts = {}
    for choice in ("", "none"):
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        if choice:
            context.add_cookies([{"name": "t", "value": choice, "url": address}])
        page = context.new_page()
        page.add_init_script(SHIFT)
        page.goto(address, wait_until="networkidle")
        page.wait_for_function("shift > 0")
        page.wait_for_timeout(300)
        shifts[choice] = page.evaluate("shift")
        assert page.locator(BAR).count() == (not choice)
        if not choice:
            page.click(REFUSE)
            expect(page.locator("[role=status]")).to_be_visible()
            page.wait_for_timeout(300)
            assert page.evaluate("shift") == shifts[choice]
        context.close()
    assert shifts[""] == pytest.approx(shifts["none"], abs=1e-6)


def test_in_a_page_from_right_to_left_our_text_keeps_its_direction(chromium: Browser, serve: Serve) -> None:
    page = shown(chromium, serve(Shop()) + "/?lang=en", 360, 640)
    page.evaluate("document.documentElement.dir = 'rtl'; document.documentElement.lang = 'ar'")
    assert page.locator(BAR).evaluate("(node) => getComputedStyle(node).textAlign") == "start"
    for selector in (REFUSE, ACCEPT):
        expect(page.locator(selector)).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()


@pytest.mark.parametrize("locale", LOCALES)
def test_no_column_of_the_notice_is_lost_on_paper(chromium: Browser, serve: Serve, locale: str) -> None:
    page = shown(chromium, serve(Shop()) + f"/_choices/notice?lang={locale}", 680, 900)
    page.emulate_media(media="print")
    cells = page.evaluate("[...document.querySelectorAll('.scroll td')].map((n) => n.getBoundingClientRect().right)")
    assert cells
    assert max(cells) <= 680
    page.context.close()


def test_a_switch_in_forced_colours_is_a_checkbox_and_nothing_lies_over_it(chromium: Browser, serve: Serve) -> None:
    context = chromium.new_context(forced_colors="active")
    page = context.new_page()
    page.goto(serve(Shop()) + "/_choices/")
    look = "(n) => [getComputedStyle(n).appearance, getComputedStyle(n, '::before').content]"
    assert page.locator(".switch").first.evaluate(look) == ["auto", "none"]
    context.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("locale", LOCALES)
def test_the_accessibility_checker_finds_nothing_in_any_state(
    chromium: Browser, serve: Serve, locale: str, dark: bool
) -> None:
    address = serve(Shop("<main><h1>shop</h1></main>"))
    page = shown(chromium, f"{address}/?lang={locale}", 360, 640, dark)
    axe = Axe()
    for path in ("/", "/_choices/", "/_choices/?done=saved", "/_choices/do-not-sell", "/_choices/functions"):
        page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={locale}")
        found = axe.run(page).response["violations"]
        assert [(path, each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.context.close()
