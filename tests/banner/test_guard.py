"""The guard in a real Chromium: what the page's own code can no longer do, and all that it still can."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, Route

from gateway.enforcement.catalogue_data import load_catalogue
from gateway.enforcement.guard import Guard
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, State
from gateway.model.decision import Decision
from gateway.model.service import Service
from tests.banner.shop import ASSETS, PREFIX, STRICT, UNSET, Shop
from tests.chromium import until

browser = pytest.mark.browser
Serve = Callable[[Shop], str]

LIMIT = 2000
LAST = "https://free.test/last"
STATS, ADS = Category.STATISTICS, Category.MARKETING
COUNTER = Service(
    "counter", "Counter", STATS, hosts=("counter.test",), urls=("/counter.js",), cookies=("_count", "_c_*")
)
ADVERTS = Service("adverts", "Adverts", ADS, hosts=("adverts.test",), urls=("mixed.test/ads",), cookies=("_ad",))
VIDEO = Service("video", "Video", Category.PREFERENCES, hosts=("video.test",))
MIXED = Service("mixed", "Mixed", Category.NECESSARY, hosts=("mixed.test",))
CATALOGUE = Catalogue((COUNTER, ADVERTS, VIDEO, MIXED), ("_c_session", "cart"))
REFUSED = Decision(State.REFUSED, State.REFUSED, State.REFUSED, ask=False)


class Caught:
    """A page behind the guard, and the addresses of other hosts that were asked for."""

    def __init__(
        self, context: BrowserContext, serve: Serve, shop: Shop, decision: Decision | None, *, inline: bool = False
    ) -> None:
        guard = Guard(CATALOGUE, ASSETS["gd.js"].body, declared=["counter", "adverts", "video", "mixed"])
        guard.learn("127.0.0.1", ["counter", "adverts", "video"])
        if decision is not None:
            shop.decide = lambda _: decision
        shop.head = lambda now: guard.tag(now, "127.0.0.1", f"{PREFIX}/assets/", inline=inline)
        shop.made = guard.script
        self.asked: list[str] = []
        self.home = serve(shop)
        context.route("**/*", self._catch)
        self.page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(self.home)

    def _catch(self, route: Route) -> None:
        if route.request.url.startswith(self.home):
            route.continue_()
            return
        if route.request.url != LAST:
            self.asked.append(route.request.url)
        kind = {"script": "text/javascript", "document": "text/html"}.get(route.request.resource_type, "text/plain")
        route.fulfill(status=200, body="", headers={"content-type": kind, "access-control-allow-origin": "*"})

    def run(self, code: str) -> object:
        """What the page's own code gets, when a later request has come through."""
        result = self.page.evaluate(f"async () => {{ {code} }}")
        self.page.evaluate(f"fetch('{LAST}').catch(() => 0)")
        return result


@pytest.fixture
def caught(context: BrowserContext, serve: Serve) -> Caught:
    return Caught(context, serve, Shop(), REFUSED)


def _told(make: str, act: str = "") -> str:
    """Code that gives the event an element or connection ends with."""
    told = f"new Promise((done) => {{ e.onload = e.onerror = (event) => done(event.type); {act} }})"
    return f"const e = {make}; return await {told};"


_SCRIPT = "document.createElement('script')"
_FAILED = ".catch((error) => error.constructor === TypeError)"
VECTORS = {
    "script src": (_told(_SCRIPT, "e.src = url; document.head.append(e);"), "error"),
    "script attribute": (_told(_SCRIPT, "e.setAttribute('SRC', url); document.head.append(e);"), "error"),
    "image": (_told("new Image()", "e.src = url;"), "error"),
    "image set": (_told("new Image()", "e.srcset = `${url} 2x`;"), "error"),
    "fetch": (f"return await fetch(url){_FAILED};", True),
    "fetch of a request": (f"return await fetch(new Request(url)){_FAILED};", True),
    "request": (_told("new XMLHttpRequest()", "e.open('GET', url); e.send();"), "error"),
    "event source": (_told("new EventSource(url)"), "error"),
    "web socket": (_told("new WebSocket(url.replace('http', 'ws'))"), "error"),
    "beacon": ("return navigator.sendBeacon(url, 'a');", True),
    "frame": ("const e = document.createElement('iframe'); e.src = url; document.body.append(e);", None),
    "markup": ("document.body.innerHTML = `<img src='${url}'><iframe src=${url} width=1></iframe>`;", None),
    "markup beside": ("document.body.insertAdjacentHTML('beforeend', `<p><img alt='' src='${url}'></p>`);", None),
    "written markup": ("document.open(); document.write('<scr', `ipt src='${url}'></script>`);", None),
}


@browser
@pytest.mark.parametrize("way", VECTORS)
def test_what_was_refused_is_not_called_and_the_page_sees_a_failing_network(caught: Caught, way: str) -> None:
    code, result = VECTORS[way]
    assert caught.run(f"const url = 'https://sub.counter.test/x?y'; {code}") == result
    assert caught.asked == caught.errors == []


@browser
@pytest.mark.parametrize("way", VECTORS)
def test_other_hosts_are_called_as_ever(caught: Caught, way: str) -> None:
    code = VECTORS[way][0].replace("return await", "const ignored =")
    code = f"const url = 'https://free.test/x?y'; {code}"
    if way == "web socket":
        with caught.page.expect_websocket() as opened:
            caught.run(code)
        assert opened.value.url == "wss://free.test/x?y"
    else:
        caught.run(code)
        until(caught.page, lambda: "https://free.test/x?y" in caught.asked)
    assert caught.errors == []



@browser
@pytest.mark.parametrize("markup", ["<p><iframe src=URL></iframe></p>", "<img srcset='URL 2x'>"])
def test_what_came_into_the_page_another_way_is_taken_out_of_it_at_the_last_resort(
    caught: Caught, markup: str
) -> None:
    fragment = f"document.createRange().createContextualFragment(`{markup.replace('URL', 'https://counter.test/x')}`)"
    caught.run(f"document.body.append({fragment})")
    source = "document.body.lastElementChild.outerHTML"
    assert "counter.test" not in str(caught.run(f"return {source}"))
    assert "about:invalid" in str(caught.run(f"return {source}"))


@browser
def test_a_page_is_looked_at_once_while_it_is_read(context: BrowserContext, serve: Serve) -> None:
    context.add_init_script(
        """window.looks = 0;
        const native = Element.prototype.querySelectorAll;
        Element.prototype.querySelectorAll = function (...all) { looks++; return native.apply(this, all) }"""
    )
    caught = Caught(context, serve, Shop(f"{'<div>' * 200}<img alt='' src='/file/a.gif'>{'</div>' * 200}"), REFUSED)
    assert 0 < int(str(caught.run("return looks"))) < 100


@browser
def test_cookies_of_what_was_refused_are_not_written(caught: Caught) -> None:
    caught.run(
        "document.cookie = '_count=1; path=/'; document.cookie = ' _c_x = 2'; document.cookie = '=_ad=3';"
        "document.cookie = 'cart=4'; document.cookie = '_c_session=5'; document.cookie = 'own=6; path=/';"
        "await cookieStore.set('_count', '7'); await cookieStore.set({ name: '_ad', value: '8' });"
        "await cookieStore.set('kept', '9');"
    )
    written = {cookie.get("name") for cookie in caught.page.context.cookies()}
    assert written == {"cart", "_c_session", "own", "kept"}
    assert caught.errors == []


@browser
@pytest.mark.parametrize("end", ["max-age=0", "Max-Age=-1", "expires=Thu, 01 Jan 1970 00:00:00 GMT"])
def test_the_page_may_delete_any_cookie(caught: Caught, end: str) -> None:
    caught.page.context.add_cookies([{"name": "_count", "value": "1", "url": caught.home}])
    caught.run(f"document.cookie = '_count=; {end}'")
    assert caught.page.context.cookies() == []


@browser
def test_what_it_stands_before_still_looks_and_fails_as_the_browser_made_it(caught: Caught) -> None:
    assert caught.run("""
        const image = new Image(); image.src = '/file/own.png';
        class Mine extends WebSocket {}
        const threw = (act) => { try { act(); } catch (error) { return error.constructor.name; } };
        return {
          getter: image.src === location.origin + '/file/own.png',
          native: [fetch, image.setAttribute, WebSocket].every((made) => String(made).includes('[native code]')),
          named: [fetch.name, image.setAttribute.name, image.setAttribute.length, WebSocket.name],
          constants: [WebSocket.OPEN, EventSource.CLOSED],
          made: new WebSocket('ws://127.0.0.1:1/').constructor === WebSocket,
          derived: new Mine('ws://127.0.0.1:1/') instanceof Mine,
          threw: [threw(() => image.setAttribute()), threw(() => new XMLHttpRequest().open('GET', 'http://[')),
                  threw(() => Image.prototype.setAttribute.call({}, 'src', 'x')), threw(() => new WebSocket('x:'))],
          cookie: document.cookie,
        }""") == {
        "getter": True,
        "native": True,
        "named": ["fetch", "setAttribute", 2, "WebSocket"],
        "constants": [1, 2],
        "made": True,
        "derived": True,
        "threw": ["TypeError", "DOMException", "TypeError", "DOMException"],
        "cookie": "",
    }


@browser
def test_what_is_of_no_service_passes_unchanged(caught: Caught) -> None:
    assert caught.run("""
        document.body.innerHTML = '<p title="a src=x">src="/a.png" &amp; <b data-src="y">b</b></p>';
        const script = document.createElement('script');
        script.src = new URL('/file/a.js', location);
        const data = new Image();
        data.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw=';
        return [document.body.innerHTML, script.src === location.origin + '/file/a.js', data.src.length,
                await (await fetch('/file/none.js')).text(), await (await fetch('data:,a')).text()]
    """) == ['<p title="a src=x">src="/a.png" &amp; <b data-src="y">b</b></p>', True, 42, "", "a"]


@browser
@pytest.mark.parametrize(
    ("url", "passes"),
    [
        ("https://mixed.test/goods", True),
        ("https://mixed.test/ads?x", False),
        ("https://mixed.test/adsorption", True),
        ("//COUNTER.test./x", False),
        ("https://notcounter.test/x", True),
        ("/lib/counter.js?v=1", False),
        ("/lib/encounter.js", True),
        ("https://any.test/counter.js", False),
        ("https://127.0.0.1/counter.json", True),
    ],
)
def test_the_most_particular_rule_decides(caught: Caught, url: str, passes: bool) -> None:
    result = caught.run(f"const e = document.createElement('script'); e.src = '{url}'; return e.src")
    assert (result != "about:invalid") is passes


@browser
def test_a_choice_opens_what_was_undecided_at_once_and_nothing_that_was_refused(
    context: BrowserContext, serve: Serve
) -> None:
    caught = Caught(context, serve, Shop(), replace(UNSET, marketing=State.REFUSED))
    ask = "const all = {preferences: 'granted', statistics: 'granted', marketing: 'granted'};"
    load = "for (const host of ['counter', 'adverts', 'video']) await fetch(`https://${host}.test/`).catch(() => 0);"
    caught.run(load)
    assert caught.asked == []
    caught.run(f"{ask} document.dispatchEvent(new CustomEvent('consent:change', {{ detail: all }})); {load}")
    assert caught.asked == ["https://counter.test/", "https://video.test/"]


@browser
def test_in_the_first_page_itself_it_stops_and_opens_the_same_without_a_request(
    context: BrowserContext, serve: Serve
) -> None:
    shop = Shop()
    caught = Caught(context, serve, shop, UNSET, inline=True)
    ask = "await fetch('https://counter.test/').catch(() => 0)"
    caught.run(ask + "; document.cookie = '_count=1'")
    assert (caught.asked, context.cookies()) == ([], [])
    caught.run("document.dispatchEvent(new CustomEvent('consent:change', {detail: {statistics: 'granted'}}))")
    caught.run(ask)
    assert caught.asked == ["https://counter.test/"]
    assert caught.errors == []
    assert not any("/assets/gd." in request for request in shop.requests)


@browser
def test_accepting_wakes_held_scripts_that_load_their_own(context: BrowserContext, serve: Serve) -> None:
    text = "fetch('https://counter.test/from-held'); document.cookie = '_count=1'"
    marks = 'type="text/plain" data-consent-category="statistics" data-consent-service="counter"'
    held = f"<script {marks}>{text}</script>"
    caught = Caught(context, serve, Shop(held), None)
    caught.page.click('[data-consent-banner] [data-consent-action="accept"]')
    caught.page.wait_for_function("document.cookie.includes('_count')")
    until(caught.page, lambda: caught.asked)
    assert caught.asked == ["https://counter.test/from-held"]


@browser
def test_a_click_on_a_placeholder_opens_its_service_for_this_page(context: BrowserContext, serve: Serve) -> None:
    content = (
        '<div data-consent-placeholder data-consent-category="preferences" data-consent-service="video">'
        '<button type="button" data-consent-action="load">load</button></div>'
    )
    caught = Caught(context, serve, Shop(content), REFUSED)
    caught.run("document.querySelector('[data-consent-action=load]').click();")
    caught.run("await fetch('https://video.test/').catch(() => 0)")
    assert caught.asked == [], "a script clicked"
    caught.page.reload()
    caught.page.click("[data-consent-action=load]")
    caught.run("await fetch('https://video.test/'); await fetch('https://counter.test/').catch(() => 0)")
    assert caught.asked == ["https://video.test/"]
    caught.page.reload()
    caught.run("await fetch('https://video.test/').catch(() => 0)")
    assert caught.asked == ["https://video.test/"]


@browser
def test_it_works_under_a_strict_policy(context: BrowserContext, serve: Serve) -> None:
    caught = Caught(context, serve, Shop(policy=STRICT), REFUSED)
    assert caught.run("const e = new Image(); e.src = 'https://counter.test/'; return e.src") == "about:invalid"
    assert caught.errors == []


@browser
def test_the_script_reads_the_rules_as_the_catalogue_does(context: BrowserContext, serve: Serve) -> None:
    catalogue = load_catalogue()
    guard = Guard(catalogue, ASSETS["gd.js"].body)
    seen = ["baidu-tongji", "facebook-social-plugins", "youtube", "matomo", "comscore", "adobe-analytics", "yahoo-ads"]
    guard.learn("127.0.0.1", seen)
    decision = replace(REFUSED, preferences=State.GRANTED)
    shop = Shop(made=guard.script, head=lambda _: guard.tag(decision, "127.0.0.1", f"{PREFIX}/assets/"))
    page = context.new_page()
    page.goto(serve(shop))
    made = "Object.assign(document.createElement('script'), { src: url })"
    judge = f"(urls) => urls.map((url) => {made}.src === 'about:invalid')"
    urls, names = _samples(catalogue, seen, guard)
    assert len(urls) > 500
    for url, closed in zip(urls, page.evaluate(judge, urls), strict=True):
        host, _, path = url.removeprefix("https://").partition("/")
        service = catalogue.for_url(host, "/" + path)
        expected = service is not None and service.category in (STATS, ADS) and service.in_trial
        known = service is None or service.id in guard.known(seen)
        assert closed is expected or (not closed and not known), (url, service)
    for name in names:
        page.evaluate("(name) => { document.cookie = `${name}=1`; }", name)
        written = bool(context.cookies())
        assert written is (catalogue.cookie_category(name) not in (STATS, ADS)), name
        context.clear_cookies()


def _samples(catalogue: Catalogue, seen: list[str], guard: Guard) -> tuple[list[str], list[str]]:
    """Addresses and cookie names around the rules of the services a guard knows."""
    known = [service for service in catalogue.services if service.id in guard.known(seen)]
    urls = []
    for service in known:
        for rule in (*service.hosts, *service.urls):
            host, _, path = rule.removeprefix("=").replace("*", "x").partition("/")
            urls += [f"https://{host or 'cdn.test'}/{path}{more}" for more in ("", "?a=1", "tail", "/b")]
            urls += [f"https://{before}{host or 'shop.test'}/{path}" for before in ("www.", "not")]
    safe = [name.replace("*", "x") for name in catalogue.safe_cookies if re.match(r"_(?!_Host|_Secure)|c|\*", name)]
    names = [name.replace("*", more) for service in known for name in service.cookies for more in ("x", "")]
    return urls, [*names[::3], *safe[::4]]


def test_it_is_light(say: Callable[[str], None]) -> None:
    catalogue = load_catalogue()
    ten = [replace(s, origin="configuration") if s.id in TEN else s for s in catalogue.services]
    shops = {
        "trial": Guard(catalogue, b""),
        "ten declared": Guard(Catalogue(ten, catalogue.safe_cookies), b"", declared=TEN),
    }
    code = len(ASSETS["gd.js"].packed)
    rules = {name: len(gzip.compress(guard.script(guard.file(()), "") or b"", 9)) for name, guard in shops.items()}
    listed = ", ".join(f"{name} {size}" for name, size in rules.items())
    say(f"guard: code {code} of {LIMIT} bytes gzipped; rules: {listed}; signals {len(ASSETS['cm.js'].packed)}")
    assert code <= LIMIT
    assert max(rules.values()) <= 3500


TEN = (
    "google-analytics", "google-tag-manager", "google-ads", "meta-pixel", "line-tag", "criteo", "hotjar", "youtube",
    "google-maps", "microsoft-clarity",
)  # fmt: skip
