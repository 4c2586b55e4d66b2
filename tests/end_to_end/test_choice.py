"""The life of a choice through the whole gateway: signals that come and go, copies, revisions, lost cookies."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient

from gateway.config.settings import Policy, PolicyRevision, ServiceEntry
from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.enforcement.language import LOCALES
from gateway.enforcement.texts import texts
from gateway.model.categories import OPTIONAL, Category
from gateway.model.choice import Choice, make_choice, refuse_all
from tests.end_to_end.site import COOKIE, Site, expired, running, set_cookies, stored
from tests.model.truth import DAY, ID
from tests.proxy.servers import get
from tests.test_app import KEY, PAGE, kinds, visiting

P, S, M = OPTIONAL
GRANT = make_choice(frozenset(OPTIONAL), {}, DAY, 2, id=ID)
GPC = ("sec-gpc", "1")
FROM_HERE = ("sec-fetch-site", "same-origin")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running(tmp_path) as site:
        yield site


def accept(site: Site, choice: str | None = None, *lines: tuple[str, str], surface: str = "settings") -> str:
    """Accept everything; the cookie to go on with."""
    fields = {"action": "accept", "rev": 2, "surface": surface}
    return stored(site.ask("/_choices/choice", choice, *lines, method="POST", json=fields))


def states(site: Site, choice: Choice | str | None, *lines: tuple[str, str]) -> str:
    """The three states by their first letters."""
    categories = site.ask("/_choices/state", choice, *lines).json()["categories"]
    return "".join(value[0] for value in categories.values())


def test_a_signal_that_goes_off_again_grants_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        cookie = accept(site)
        site.day += 3
        page = site.ask("/", cookie, GPC)
        assert expired(page) == {S, M}
        cookie = stored(page)
        assert COOKIE.load(cookie.removeprefix("consent=")) is not None
        for _ in range(3):
            again = site.ask("/", cookie, GPC)
            assert "consent" not in set_cookies(again)
            off = site.ask("/", cookie)
            assert expired(off) == {S, M}
            assert site.consent == "necessary=1;preferences=1;statistics=0;marketing=0;src=choice;rev=2"
        assert states(site, cookie) == "grr"
    assert kinds(tmp_path) == ["grant", "gpc"]


def test_the_requests_of_one_page_with_the_old_cookie_are_one_withdrawal(tmp_path: Path) -> None:
    async def all_at_once(site: Site, cookie: str) -> set[str]:
        transport = ASGITransport(app=site.app)
        async with AsyncClient(transport=transport, base_url="http://shop.example") as browser:
            headers = {"cookie": cookie, "sec-gpc": "1"}
            requests = [browser.get(f"/{number}.png", headers=headers) for number in range(40)]
            return {stored(answer) for answer in await asyncio.gather(*requests)}

    with running(tmp_path) as site:
        cookie = accept(site)
        assert site.browser.portal is not None
        renewed = site.browser.portal.call(all_at_once, site, cookie)
    assert len(renewed) == 1
    assert kinds(tmp_path) == ["grant", "gpc"]


def test_a_grant_made_anew_on_the_same_day_is_withdrawn_anew(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        first = accept(site)
        cookie = stored(site.ask("/", first, GPC))
        second = accept(site, cookie)
        assert second == first
        assert stored(site.ask("/", second, GPC)) == cookie
    assert kinds(tmp_path) == ["grant", "gpc", "change", "gpc"]


def test_fifty_page_views_with_a_signal_leave_no_record(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        for _ in range(25):
            for choice in (None, refuse_all(DAY, 2)):
                page = site.ask("/", choice, GPC)
                assert "data-consent-banner" not in page.text
                assert 'data-consent-chip="gpc"' in page.text
                assert "consent" not in set_cookies(page)
    assert kinds(tmp_path) == []


@pytest.mark.parametrize(
    ("lines", "on"),
    [
        (["1"], True),
        (["0", "1"], True),
        (["1", "0"], True),
        (["true", "1"], True),
        (["0"], False),
        (["true"], False),
        (["1 1"], False),
        (["0, 1"], False),
        (["1;q=1"], False),
        (["01"], False),
        ([""], False),
        (["?1"], False),
    ],
)
def test_one_line_that_is_exactly_1_is_the_signal_and_the_shop_gets_them_as_received(
    site: Site, lines: list[str], on: bool
) -> None:
    page = site.plain("/", *(("sec-gpc", line) for line in lines))
    assert site.shop.requests[-1][b"sec-gpc"] == [line.encode() for line in lines]
    assert site.consent.endswith(f"src={'gpc' if on else 'none'};rev=2")
    assert ("data-consent-banner" in page.text) is not on


def test_opting_in_against_the_signal_holds_until_it_is_taken_back(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        for surface, expected in (("banner", "grr"), ("settings", "ggg")):
            cookie = accept(site, None, GPC, surface=surface)
            assert states(site, cookie, GPC) == expected
        assert ".psmg." in cookie
        page = site.ask("/", cookie, GPC)
        assert (expired(page), "data-consent-chip" in page.text) == (set(), False)
        said = site.ask("/_choices/", cookie, GPC, ("accept-language", "en")).text
        assert texts("en")["override"] in unescape(said)
        assert texts("en")["gpc"] not in unescape(said)
        cookie = stored(site.ask("/_choices/withdraw", cookie, GPC, method="POST", data={"category": ["marketing"]}))
        assert states(site, cookie, GPC) == "ggr"
        cookie = stored(site.ask("/_choices/withdraw", cookie, GPC, method="POST", data={"category": ["statistics"]}))
        left = COOKIE.load(cookie.removeprefix("consent="))
        assert left is not None
        assert (left.granted, left.override) == (frozenset({P}), False)
    assert kinds(tmp_path) == ["grant", "grant", "withdraw", "withdraw"]


def test_a_grant_made_against_a_signal_that_only_a_script_sees_holds_too(site: Site) -> None:
    fields = {"action": "accept", "rev": "2", "surface": "settings", "gpc": "1"}
    cookie = stored(site.ask("/_choices/choice", None, method="POST", data=fields))
    assert ".psmg." in cookie
    lost = {"category": ["statistics", "marketing"], "surface": "gpc"}
    answer = site.ask("/_choices/withdraw", cookie, method="POST", json=lost)
    assert set(answer.json()["categories"].values()) == {"granted"}
    assert states(site, stored(answer)) == states(site, cookie, GPC) == "ggg"


def test_what_only_a_script_sees_takes_grants_and_leaves_no_other_trace(tmp_path: Path) -> None:
    lost = {"category": ["statistics", "marketing"], "surface": "gpc"}
    refusal = refuse_all(DAY, 2)
    with running(tmp_path) as site:
        assert "consent" not in set_cookies(site.ask("/_choices/withdraw", None, method="POST", json=lost))
        answer = site.ask("/_choices/withdraw", refusal, method="POST", json=lost)
        assert stored(answer) == f"consent={COOKIE.dump(refusal)}"
        cookie = accept(site)
        answer = site.ask("/_choices/withdraw", cookie, method="POST", json=lost)
        assert (states(site, stored(answer)), expired(answer)) == ("grr", {S, M})
        again = site.ask("/_choices/withdraw", stored(answer), method="POST", json=lost)
        assert again.status_code == 200
    assert kinds(tmp_path) == ["grant", "gpc"]


def test_an_embed_always_allowed_under_a_signal_only_a_script_sees_shares_nothing(site: Site) -> None:
    fields = {"action": "save", "category": ["marketing"], "rev": 2, "surface": "embed", "gpc": 1}
    answer = site.ask("/_choices/choice", None, method="POST", json=fields)
    assert (answer.status_code, "consent" in set_cookies(answer)) == (200, False)


OTHERS = [
    pytest.param(ConsentCookie([KEY], "www.mall.example/000489/").dump(GRANT), id="another tenant's"),
    pytest.param(ConsentCookie([b"o" * 32]).dump(GRANT), id="a retired key's"),
    pytest.param(COOKIE.dump(make_choice(frozenset(OPTIONAL), {}, DAY + 1, 2, id=ID)), id="of tomorrow"),
    pytest.param(COOKIE.dump(make_choice(frozenset(OPTIONAL), {}, DAY, 3, id=ID)), id="under a revision to come"),
    pytest.param(COOKIE.dump(make_choice(frozenset(OPTIONAL), {}, DAY, 0, id=ID)), id="under no revision"),
    pytest.param(COOKIE.dump(GRANT)[:-1], id="cut"),
    pytest.param(COOKIE.dump(GRANT).replace(".psm.", ".pm."), id="edited"),
    pytest.param("x" * 8192, id="eight kilobytes"),
    pytest.param(COOKIE.dump(GRANT) + "\0", id="a NUL"),
    pytest.param("\xff\xfe\x80", id="not ASCII"),
    pytest.param("商品", id="not Latin"),
    pytest.param("; consent=".join(f"{n}" for n in range(500)), id="many copies"),
]


@pytest.mark.parametrize("value", OTHERS)
def test_what_is_no_choice_is_a_visitor_without_one(site: Site, value: str) -> None:
    raw = f"consent={value}".encode()
    for path in ("/", "/_choices/", "/_choices/state"):
        site.browser.cookies.clear()
        answer = site.browser.get(path, headers=[(b"cookie", raw)])
        assert answer.status_code == 200
    assert set(answer.json()["categories"].values()) == {"unset"}
    assert site.consent.endswith("src=none;rev=2")
    posted = site.browser.post("/_choices/choice", headers=[(b"cookie", raw)], json={"action": "refuse"})
    assert posted.status_code == 200


@pytest.mark.parametrize("value", [b"x" * 8000, b"\xff\xfe\x80", b"a\tb", b'"1.r\\'])
def test_a_broken_cookie_is_no_error_on_the_wire_either(site: Site, value: bytes) -> None:
    with visiting(site.app) as visitor:
        head, body = get(visitor.port, b"/", b"Cookie: a=1; consent=" + value)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"data-consent-banner" in body


def test_of_valid_copies_that_differ_the_stricter_wins_by_category(site: Site) -> None:
    other = make_choice(frozenset({P, M}), {S: DAY}, DAY, 2, id="b" * 22)
    third = make_choice(frozenset({P}), {M: DAY}, DAY, 2, id="c" * 22)
    values = [COOKIE.dump(choice) for choice in (GRANT, other, third)]
    for order in (values, values[::-1]):
        copies = "; consent=".join(order)
        assert states(site, f"consent={copies}") == "grr"
    refused = COOKIE.dump(refuse_all(DAY, 2))
    assert states(site, f"consent={values[0]}; consent=forged; consent={refused}") == "rrr"


@pytest.mark.parametrize("rev", [None, "1", "3", "x"])
@pytest.mark.parametrize(("action", "category"), [("accept", []), ("save", ["statistics"])])
@pytest.mark.parametrize("form", [True, False], ids=["form", "JSON"])
def test_a_grant_needs_the_notice_in_force(
    site: Site, rev: str | None, action: str, category: list[str], form: bool
) -> None:
    fields = {"action": action, "category": category} | ({} if rev is None else {"rev": rev})
    body = {"data": fields} if form else {"json": fields}
    answer = site.ask("/_choices/choice", None, ("accept-language", "en"), method="POST", **body)
    assert (answer.status_code, "consent" in set_cookies(answer)) == (409, False)
    said = texts("en")["outdated"] if form else '"error"'
    assert said in unescape(answer.text)


@pytest.mark.parametrize("rev", [None, "1", "x"])
@pytest.mark.parametrize("form", [True, False], ids=["form", "JSON"])
def test_refusing_and_withdrawing_never_need_it(site: Site, rev: str | None, form: bool) -> None:
    more = {} if rev is None else {"rev": rev}
    for path, fields in (("choice", {"action": "refuse"}), ("choice", {"action": "save"}), ("withdraw", {})):
        body = {"data": fields | more} if form else {"json": fields | more}
        answer = site.ask(f"/_choices/{path}", GRANT, method="POST", **body)
        assert answer.status_code == (303 if form else 200)
        assert states(site, stored(answer)) == "rrr"


@pytest.mark.parametrize(
    ("material", "after", "asked"),
    [
        pytest.param((), "ggr", False, id="editorial"),
        pytest.param((M,), "ggr", False, id="in what was refused"),
        pytest.param((S,), "gur", True, id="in what was granted"),
        pytest.param((P, S, M), "uur", True, id="in everything"),
    ],
)
def test_a_revision_ends_the_yes_of_its_categories_and_no_refusal(
    tmp_path: Path, material: tuple[Category, ...], after: str, asked: bool
) -> None:
    dated = PolicyRevision(rev=2, date="2024-10-01", material=material)
    saved = make_choice(frozenset({P, S}), {M: DAY}, DAY, 1, id=ID)
    with running(tmp_path, policy=Policy(rev=2, revisions=(PolicyRevision(rev=1), dated))) as site:
        assert states(site, saved) == after
        page = site.ask("/", saved)
        assert ("data-consent-banner" in page.text) is asked
        assert "consent" not in set_cookies(page)
        assert "data-consent-banner" not in site.ask("/", refuse_all(DAY, 1)).text
        said = unescape(site.ask("/_choices/", saved, ("accept-language", "en")).text)
        for category in OPTIONAL:
            words = texts("en").say("changed", category=texts("en")[f"category.{category}"], date="2024-10-01")
            assert (words in said) is (category in material and category is not M)


def test_the_question_asked_again_moves_no_clock_of_what_was_not_asked(site: Site) -> None:
    saved = make_choice(frozenset({P}), {S: DAY, M: DAY}, DAY, 2, id=ID)
    site.day = DAY + 186
    page = site.ask("/", saved)
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    assert (form["category"], form["surface"]) == ("preferences", "nojs")
    cookie = stored(site.ask("/_choices/choice", stored(page), method="POST", data={**form, "action": "save"}))
    assert states(site, cookie) == "grr"
    site.day = DAY + 366
    assert states(site, cookie) == "grr"
    site.day = DAY + 367
    assert states(site, cookie) == "guu"
    fields = {"action": "save", "category": ["preferences"], "rev": 2, "surface": "settings"}
    site.day = DAY + 186
    cookie = stored(site.ask("/_choices/choice", stored(page), method="POST", json=fields))
    site.day = DAY + 367
    assert states(site, cookie) == "grr"


@pytest.mark.parametrize("locale", LOCALES)
def test_the_opt_out_page_refuses_what_is_shared_and_touches_nothing_else(site: Site, locale: str) -> None:
    page = unescape(site.ask("/_choices/", GRANT, ("accept-language", locale)).text)
    link = re.search(r'href="(/_choices/do-not-sell[^"]*)"', page)
    assert link
    opt_out = site.ask(link[1], GRANT, ("accept-language", locale)).text
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', opt_out):
        fields.setdefault(name, []).append(unescape(value))
    earlier = make_choice(frozenset({P}), {S: DAY - 9, M: DAY - 9}, DAY - 20, 2, id=ID)
    for before, after in (
        (GRANT, "grr"),
        (None, "urr"),
        (make_choice(frozenset(), {P: DAY - 9}, DAY - 9, 2), "rrr"),
        (earlier, "grr"),
    ):
        answer = site.ask("/_choices/withdraw", before, method="POST", data=fields)
        assert answer.status_code == 303
        assert states(site, stored(answer)) == after
        said = site.ask(answer.headers["location"], stored(answer), ("accept-language", locale)).text
        assert texts(locale)["withdrawn"] in unescape(said)
        assert texts(locale)["optout.off"].partition("{")[0] in unescape(said)
    assert stored(answer) == f"consent={COOKIE.dump(earlier)}"


@pytest.mark.parametrize("action", ["accept", "refuse"])
def test_a_jar_that_drops_everything_gets_one_redirect_one_notice_and_no_loop(site: Site, action: str) -> None:
    page = site.plain("/tea?a=1")
    assert "data-consent-banner" in page.text
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    answer = site.plain("/_choices/choice", FROM_HERE, method="POST", data={**form, "action": action})
    where, _, target = answer.headers["location"].partition("#")
    assert (answer.status_code, where) == (303, "/tea?a=1")
    back = site.plain(where, FROM_HERE)
    assert back.status_code == 200
    assert "data-consent-banner" not in back.text
    line = re.findall(rf'<p class="cg [^>]*id="{target}".*?</p>', unescape(back.text))
    assert len(line) == 1
    assert texts("en")["nocookie"] in line[0]
    functions = re.search(r'href="([^"]+)"', line[0])
    assert functions
    assert site.plain(functions[1]).status_code == 200


def test_a_browser_that_brings_cookies_goes_back_to_the_plain_address(site: Site) -> None:
    fields = {"action": "refuse", "surface": "nojs", "return": "/tea"}
    assert site.ask("/_choices/choice", None, method="POST", data=fields).headers["location"] == "/tea"
    assert site.plain("/_choices/choice", method="POST", data=fields | {"return": "/#a"}).headers["location"] == "/#a"
    plain = {"action": "refuse", "return": "/tea"}
    assert site.plain("/_choices/choice", method="POST", data=plain).headers["location"] == "/tea"


def test_without_a_way_back_the_settings_page_says_it_once(site: Site) -> None:
    answer = site.plain("/_choices/choice", method="POST", data={"action": "refuse"})
    assert answer.headers["location"] == "/_choices/?set=1"
    said = site.plain("/_choices/?set=1", ("accept-language", "en"))
    assert unescape(said.text).count(texts("en")["nocookie"]) == 1
    assert texts("en")["nocookie"] not in unescape(site.plain("/_choices/", ("accept-language", "en")).text)


@pytest.mark.parametrize("line", [FROM_HERE, ("referer", "http://shop.example/")])
def test_the_second_page_without_any_cookie_asks_no_more(site: Site, line: tuple[str, str]) -> None:
    assert "data-consent-banner" in site.plain("/").text
    second = site.plain("/tea", line)
    assert "data-consent-banner" not in second.text
    assert "data-consent-settings" in second.text
    assert site.consent == "necessary=1;preferences=0;statistics=0;marketing=0;src=none;rev=2"
    for cookie in ("sessionid=1", "_ga=1"):
        assert "data-consent-banner" in site.plain("/tea", line, ("cookie", cookie)).text
    foreign = (("sec-fetch-site", "cross-site"), ("referer", "http://other.example/"), ("sec-fetch-site", "none"))
    for elsewhere in foreign:
        assert "data-consent-banner" in site.plain("/tea", elsewhere).text


BOT = ("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")


CHAT = ServiceEntry(id="chat", name="Chat", category=P, hosts=("chat.example",), embed=True)


@pytest.mark.parametrize("line", [("dnt", "0"), GPC, ("dnt", "1"), FROM_HERE])
def test_a_declared_bot_gets_the_same_bytes_but_the_banner(tmp_path: Path, line: tuple[str, str]) -> None:
    with running(tmp_path, services=(CHAT,)) as site:
        site.shop.page = PAGE.replace(b"</body>", b'<script src="https://chat.example/1.js"></script></body>')
        site.plain("/")  # the guard learns what the shop's pages hold
        whole = site.plain("/", line, *[("cookie", "sessionid=1")] * (line == FROM_HERE)).content
        page = site.plain("/", BOT, line).content
    assert b'<div class="cg-edge"' in page
    banner = re.search(rb"<div class=\"cg cg-bar\".*?</form>\n</div>\n?", whole, re.DOTALL)
    assert bool(banner) is (line in (("dnt", "0"), FROM_HERE))
    assert page == (whole.replace(banner[0], b"") if banner else whole)


def test_a_bot_is_not_counted_and_a_choice_it_posts_is_honoured(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        site.ask("/?gclid=1", None, BOT)
        site.ask("/matomo.js", None, BOT)
        assert list(site.app.counters.rows()) == []
        fields = {"action": "accept", "rev": 2}
        cookie = stored(site.ask("/_choices/choice", None, BOT, method="POST", json=fields))
        assert states(site, cookie, BOT) == "ggg"
        site.ask("/?gclid=1")
        assert list(site.app.counters.rows())
    assert kinds(tmp_path) == ["grant"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_statement_about_the_signal(tmp_path: Path, method: str) -> None:
    with running(tmp_path, owns_root=True, policy=Policy(date="2026-11-01")) as site:
        answer = site.plain("/.well-known/gpc.json", method=method)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert method == "HEAD" or answer.json() == {"gpc": True, "lastUpdate": "2026-11-01"}
    assert int(answer.headers["content-length"]) > 30
    assert site.shop.requests == []


@pytest.mark.parametrize("values", [{}, {"owns_root": True, "mode": "report"}], ids=["not the root's", "only counting"])
def test_without_the_root_or_without_enforcing_there_is_no_statement_of_ours(
    tmp_path: Path, values: dict[str, object]
) -> None:
    with running(tmp_path, **values) as site:
        assert "gpc" not in site.plain("/.well-known/gpc.json").headers["content-type"]
    assert len(site.shop.requests) == 1
