"""The pages a visitor reads: plain forms, truthful switches, strict headers."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from gateway.endpoints.pages import Pages, Revision, pages_routes
from gateway.enforcement.banner import Shown
from gateway.enforcement.language import LOCALES, NOTICE_LOCALES, notice_locale
from gateway.enforcement.texts import texts
from gateway.errors import LedgerUnavailable
from gateway.model.categories import OPTIONAL, Category, Source, State
from gateway.model.choice import make_choice, refuse_all
from gateway.model.decision import Decision
from gateway.model.disclosure import Disclosure, archived
from gateway.model.notice_text import NoticeText
from gateway.types import ASGIApp, Receive, Scope, Send

UNSET = Decision(State.UNSET, State.UNSET, State.UNSET)
REFUSED = Decision(
    State.REFUSED, State.REFUSED, State.REFUSED, Source.CHOICE, ask=False, choice=refuse_all(1, 3)
)
NOTICES = {locale: f"<h1>{locale} 3</h1>" for locale in NOTICE_LOCALES}
OLD = {locale: f"<h1>{locale} 1 &amp; &#39;</h1>\r\n" for locale in NOTICE_LOCALES}


async def _old(rev: int, locale: str) -> bytes | None:
    facts = Disclosure(rev=rev, locale=locale)
    return archived(NoticeText.of(facts, OLD[locale])) if rev == 1 else None


PAGES = Pages(
    Shown("/_choices", 3, "K市集", 12),
    "/_choices/assets/pg.1.css",
    "/_choices/assets/pg.1.js",
    contact="mail@shop.example",
    language="en",
    notices=NOTICES,
    old=_old,
    log=[Revision(3, "2026-11-01", "Adverts came.", [Category.MARKETING]), Revision(1, "2026-01-01")],
)


def _client(
    decision: Decision = UNSET, pages: Pages = PAGES, base: str = "http://shop.example"
) -> TestClient:
    async def failed(request: Request) -> Response:
        return pages.problem(request, int(request.path_params["status"]))

    app: ASGIApp = Starlette(
        routes=[
            *pages_routes(pages),
            Route("/problem/{status}", failed, methods=["POST"]),
            Route("/_choices/me", lambda request: Response()),  # another module's, see test_notice.py
        ]
    )

    async def decided(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "consent": decision}, receive, send)

    return TestClient(decided, base_url=base, headers={"accept-language": ""})


def _tree(client: TestClient, path: str = "/_choices/", **headers: str) -> LexborHTMLParser:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return LexborHTMLParser(answer.text)


def _text(tree: LexborHTMLParser, selector: str = "main") -> str:
    return " ".join(node.text() for node in tree.css(selector))


def _fields(tree: LexborHTMLParser, action: str) -> dict[str, str | None]:
    hidden = tree.css(f'form[action="{action}"] input[type=hidden]')
    return {str(node.attributes["name"]): node.attributes["value"] for node in hidden}


PATHS = ["/_choices/", "/_choices/do-not-sell", "/_choices/functions", "/_choices/notice", "/_choices/notice/1"]


@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_strict_and_never_stored(path: str) -> None:
    headers = _client().get(path).headers
    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert not [part for part in policy if "unsafe" in part or "http" in part or "*" in part]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["content-language"] == "en"
    assert "set-cookie" not in headers


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_link_of_every_page_answers(path: str, locale: str) -> None:
    client = _client()
    tree = _tree(client, f"{path}?lang={locale}")
    for node in tree.css("a"):
        target = str(node.attributes["href"])
        address = f"{path}{target}" if target.startswith("?") else target
        if address != "/":
            assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("path", PATHS)
def test_pages_hold_no_inline_script_no_style_and_no_handler(path: str) -> None:
    markup = _client().get(path).text
    scripts = [node.attributes["src"] for node in LexborHTMLParser(markup).css("script")]
    assert scripts == (["/_choices/assets/pg.1.js"] if path == "/_choices/" else [])
    assert not re.search(r"\son\w+=", markup)
    assert "<style" not in markup
    assert " style=" not in markup


def test_switches_are_off_at_first_and_there_is_none_for_necessary() -> None:
    switches = _tree(_client()).css("input[type=checkbox]")
    assert [node.attributes["data-consent-category"] for node in switches] == [str(name) for name in OPTIONAL]
    assert [node.attributes["value"] for node in switches] == [str(name) for name in OPTIONAL]
    assert not [node for node in switches if "checked" in node.attributes]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("name", OPTIONAL)
def test_what_is_saved_is_what_is_shown(name: Category, state: State) -> None:
    first, second, third = (state if name is other else State.REFUSED for other in OPTIONAL)
    tree = _tree(_client(Decision(first, second, third, Source.CHOICE, ask=False)))
    checked = [node.attributes["value"] for node in tree.css("input[type=checkbox][checked]")]
    assert checked == ([name.value] if state is State.GRANTED else [])


def test_the_three_answers_are_plain_buttons_of_one_form() -> None:
    tree = _tree(_client())
    buttons = tree.css('form[method=post][action="/_choices/choice"] button[name=action]')
    found = [(node.attributes["value"], node.attributes["data-consent-action"]) for node in buttons]
    assert found == [("save", "save"), ("refuse", "refuse"), ("accept", "accept")]
    assert not [node for node in buttons if node.attributes.keys() & {"class", "disabled", "hidden"}]


def test_the_form_carries_the_revision_and_comes_back_here() -> None:
    fields = _fields(_tree(_client(), "/_choices/?return=/cart%3Fa=1&lang=en"), "/_choices/choice")
    assert (fields["rev"], fields["surface"], fields["locale"]) == ("3", "settings", "en")
    back = urlsplit(str(fields["return"]))
    assert back.path == "/_choices/"
    assert parse_qs(back.query) == {"done": ["saved"], "return": ["/cart?a=1"], "lang": ["en"]}


def test_withdrawing_is_offered_where_something_is_granted() -> None:
    assert not _tree(_client(REFUSED)).css("[data-consent-action=withdraw]")
    tree = _tree(_client(replace(REFUSED, statistics=State.GRANTED)))
    assert len(tree.css('form[method=post][action="/_choices/withdraw"] [data-consent-action=withdraw]')) == 1
    assert "done=withdrawn" in str(_fields(tree, "/_choices/withdraw")["return"])


@pytest.mark.parametrize(
    ("query", "decision", "expected"),
    [
        pytest.param("", UNSET, "", id="first visit"),
        pytest.param("done=saved", REFUSED, "saved", id="saved"),
        pytest.param("done=withdrawn", REFUSED, "withdrawn", id="withdrawn"),
        pytest.param("set=1", REFUSED, "saved", id="back from a choice"),
        pytest.param("set=1", UNSET, "nocookie", id="the cookie did not come back"),
        pytest.param("done=saved", UNSET, "nocookie", id="nor after saving here"),
        pytest.param("done=withdrawn", UNSET, "nocookie", id="nor after withdrawing"),
        pytest.param("done=erased<b>", UNSET, "", id="an unknown message"),
    ],
)
def test_the_page_says_once_what_happened(query: str, decision: Decision, expected: str) -> None:
    words, said = texts("en"), _text(_tree(_client(decision), f"/_choices/?{query}"), "[role=status]")
    assert (words[expected] in said) if expected else said == ""
    assert (words["nocookie.help"] in said) is (expected == "nocookie")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    ("decision", "said"),
    [
        pytest.param(UNSET, set(), id="no signal"),
        pytest.param(replace(UNSET, chip="gpc"), {"gpc", "override"}, id="GPC honoured"),
        pytest.param(replace(UNSET, chip="dnt"), {"dnt", "override"}, id="DNT honoured"),
        pytest.param(replace(UNSET, override=True), {"override"}, id="the choice overrules GPC"),
    ],
)
def test_a_signal_is_told_where_one_may_opt_in_against_it(
    decision: Decision, said: set[str], locale: str
) -> None:
    tree = _tree(_client(decision), f"/_choices/?lang={locale}")
    text = _text(tree, ".signal:not([hidden])")
    assert {key for key in ("gpc", "dnt", "override") if texts(locale)[key] in text} == said


@pytest.mark.parametrize(
    ("decision", "ready"),
    [
        pytest.param(UNSET, ["gpc", "override"], id="nothing shared"),
        pytest.param(replace(UNSET, marketing=State.GRANTED), ["override"], id="sharing granted"),
        pytest.param(replace(UNSET, chip="gpc"), [], id="the header arrived"),
        pytest.param(replace(UNSET, override=True), [], id="the header arrived and is overruled"),
    ],
)
def test_the_words_for_a_signal_whose_header_got_lost_wait_for_the_script(
    decision: Decision, ready: list[str]
) -> None:
    tree = _tree(_client(decision))
    assert [node.text() for node in tree.css(".signal[hidden]")] == [texts("en")[key] for key in ready]
    assert _fields(tree, "/_choices/choice")["gpc"] == ""


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    ("sharing", "decision", "said", "posted"),
    [
        pytest.param({"marketing"}, UNSET, "optout.about", ["marketing"], id="undecided"),
        pytest.param(
            {"statistics", "marketing"}, UNSET, "optout.about", ["statistics", "marketing"], id="statistics too"
        ),
        pytest.param({"marketing"}, REFUSED, "optout.off", [], id="refused"),
        pytest.param(set(), UNSET, "optout.none", [], id="nothing is shared"),
    ],
)
def test_the_opt_out_page_has_one_button_for_what_is_shared(
    sharing: set[str], decision: Decision, said: str, posted: list[str], locale: str
) -> None:
    shared = frozenset(map(Category, sharing))
    pages = replace(PAGES, shown=replace(PAGES.shown, sharing=shared))
    tree = _tree(_client(decision, pages), f"/_choices/do-not-sell?lang={locale}")
    words = texts(locale)
    assert words.say(said, kinds=words.kinds(shared)) in _text(tree)
    assert [node.attributes["value"] for node in tree.css("form [name=category]")] == posted
    assert [node.text() for node in tree.css("button")] == [words["optout"]] * bool(posted)
    assert _text(tree, "h1") == _text(tree, "title") == words["optout"]


def test_the_words_of_the_opt_out_page_are_the_shops_if_it_has_some() -> None:
    client = _client(pages=replace(PAGES, opt_out_label="Your <Privacy> Choices"))
    (link,) = _tree(client).css("a[href*=do-not-sell]")
    tree = _tree(client, str(link.attributes["href"]))
    assert link.text() == _text(tree, "h1") == _text(tree, "button") == "Your <Privacy> Choices"
    pages = replace(PAGES, shown=replace(PAGES.shown, sharing=frozenset()))
    assert not _tree(_client(pages=pages)).css("a[href*=do-not-sell]")


def test_the_opt_out_page_says_when_the_cookie_did_not_come_back() -> None:
    tree = _tree(_client(), "/_choices/do-not-sell?done=withdrawn")
    assert _text(tree, "[role=status] p") == texts("en")["nocookie"]


@pytest.mark.parametrize("locale", LOCALES)
def test_the_second_layer_explains_each_category(locale: str) -> None:
    text = _text(_tree(_client(), f"/_choices/?lang={locale}"))
    for name in Category:
        assert texts(locale)[f"about.{name}"] in text
        assert texts(locale)[f"category.{name}"] in text
    assert texts(locale)["banner.everyone"] in text


def test_categories_that_are_not_offered_vanish() -> None:
    pages = replace(PAGES, shown=replace(PAGES.shown, offered=frozenset({Category.STATISTICS})))
    tree = _tree(_client(pages=pages))
    assert len(tree.css("[data-consent-category]")) == 1
    assert "marketing" not in _text(tree).lower()


def test_with_nothing_to_decide_there_is_nothing_to_press() -> None:
    pages = replace(PAGES, shown=replace(PAGES.shown, offered=frozenset()))
    tree = _tree(_client(pages=pages))
    assert not tree.css("button, input[type=checkbox]")
    assert texts("en")["about.necessary"] in _text(tree)


def test_a_voided_yes_is_explained_with_the_date() -> None:
    yes = make_choice(frozenset({Category.MARKETING, Category.STATISTICS}), {}, 1, 2, id="x")
    decision = replace(UNSET, statistics=State.GRANTED, reason="notice renewed", choice=yes)
    pages = replace(PAGES, revised={Category.MARKETING: "2026-11-01", Category.STATISTICS: "2026-11-01"})
    text = _text(_tree(_client(decision, pages)))
    assert 'What "Marketing and personalisation" is used for changed on 2026-11-01.' in text
    assert 'What "Statistics"' not in text
    assert "changed on" not in _text(_tree(_client(REFUSED, pages)))


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        ("lang=zh-Hant", "en", "zh-Hant"),
        ("lang=en", "zh-TW", "en"),
        ("", "zh-TW,en;q=0.5", "zh-Hant"),
        ("lang=tlh", "", "en"),
        ("lang=%00", "", "en"),
    ],
)
def test_the_language_follows_the_switch_then_the_browser(query: str, accept: str, expected: str) -> None:
    tree = _tree(_client(), f"/_choices/?{query}", **{"accept-language": accept})
    assert tree.css("html")[0].attributes["lang"] == expected
    assert tree.css("nav [aria-current]")[0].attributes["lang"] == expected


def test_switching_the_language_keeps_the_rest_of_the_address() -> None:
    links = _tree(_client(), "/_choices/?return=/cart&set=1").css("nav a")
    queries = [parse_qs(urlsplit(str(node.attributes["href"])).query) for node in links]
    assert queries == [{"return": ["/cart"], "set": ["1"], "lang": [locale]} for locale in LOCALES]


@pytest.mark.parametrize(
    ("query", "referer", "expected"),
    [
        pytest.param("", "", "/", id="nothing known"),
        pytest.param("return=/cart", "", "/cart", id="named"),
        pytest.param("return=//evil.example/", "", "/", id="another host"),
        pytest.param("return=/%5Cevil.example/", "", "/", id="another host for browsers"),
        pytest.param("return=https://evil.example/", "", "/", id="a whole address"),
        pytest.param("return=javascript:alert(1)", "", "/", id="a script"),
        pytest.param("return=/_choices/notice", "", "/", id="one of our own pages"),
        pytest.param("return=/_choicesque", "", "/_choicesque", id="a path that only begins like ours"),
        pytest.param("", "http://shop.example/a?b=1#c", "/a?b=1", id="the referring page"),
        pytest.param("return=/x", "http://shop.example/a", "/x", id="named before referring"),
        pytest.param("", "http://evil.example/a", "/", id="a referring page elsewhere"),
        pytest.param(
            "", "http://shop.example//evil.example", "/", id="a referring path that is another host"
        ),
        pytest.param("", "http://[", "/", id="a broken referring page"),
        pytest.param("", "shop.example/a", "/", id="no address at all"),
    ],
)
def test_the_way_back_stays_on_this_site(query: str, referer: str, expected: str) -> None:
    headers = {"referer": referer} if referer else {}
    tree = _tree(_client(), f"/_choices/?{query}", **headers)
    assert tree.css("a.back")[0].attributes["href"] == expected


def test_the_way_back_of_a_shop_on_a_path_is_that_path() -> None:
    pages = replace(PAGES, shown=replace(PAGES.shown, prefix="/000489/_choices"))
    tree = _tree(_client(pages=pages), "/000489/_choices/")
    assert tree.css("a.back")[0].attributes["href"] == "/000489/"


@pytest.mark.parametrize(("newsletter", "expected"), [("/unsubscribe", "/unsubscribe"), ("", "/cart")])
def test_newsletters_are_stopped_elsewhere(newsletter: str, expected: str) -> None:
    tree = _tree(_client(pages=replace(PAGES, newsletter=newsletter)), "/_choices/?return=/cart")
    assert _text(tree, ".note").startswith("This controls cookies only.")
    assert tree.css(".note a")[0].attributes["href"] == expected


@pytest.mark.parametrize("locale", LOCALES)
def test_the_functions_page_tells_what_the_shop_says_of_its_own_services(locale: str) -> None:
    breaks = [("Chat <1>", Category.PREFERENCES, "no answers & no help")]
    tree = _tree(_client(pages=replace(PAGES, breaks=breaks)), f"/_choices/functions?lang={locale}")
    assert f"Chat <1> · {texts(locale)['category.preferences']}" in _text(tree)
    assert "no answers & no help" in _text(tree)
    assert not _tree(_client(), f"/_choices/functions?lang={locale}").css("dl")


@pytest.mark.parametrize("locale", LOCALES)
def test_the_functions_page_is_the_table_of_the_texts(locale: str) -> None:
    tree = _tree(_client(), f"/_choices/functions?lang={locale}")
    rows = [[cell.text() for cell in row.css("th, td")] for row in tree.css("tbody tr")]
    assert rows == texts(locale).rows("functions.rows")
    assert len(rows) == 10


@pytest.mark.parametrize("locale", LOCALES)
def test_the_notice_in_force_is_the_content_given_and_the_change_log(locale: str) -> None:
    tree = _tree(_client(), f"/_choices/notice?lang={locale}")
    assert (tree.css("article")[0].inner_html or "").strip() == NOTICES[notice_locale(locale)]
    said = [] if locale in NOTICE_LOCALES else [texts(locale)["notice.language"]]
    assert [node.text() for node in tree.css(".message")] == said
    assert tree.css("article")[0].attributes.get("lang") == (None if locale in NOTICE_LOCALES else "en")
    newest, oldest = tree.css(".log .kind")
    assert "2026-11-01 · Adverts came." in newest.text()
    assert texts(locale)["kind.marketing"] in newest.text()
    assert "2026-01-01" in oldest.text()
    links = [node.attributes["href"] for node in tree.css(".log a")]
    assert [str(link).partition("?")[0] for link in links] == ["/_choices/notice/3", "/_choices/notice/1"]


@pytest.mark.parametrize("locale", LOCALES)
def test_an_old_revision_is_what_the_archive_holds(locale: str) -> None:
    answer = _client().get(f"/_choices/notice/1?lang={locale}")
    assert OLD[notice_locale(locale)] in answer.text
    words = texts(locale)
    assert words.say("notice.old", rev=1, now=3) in LexborHTMLParser(answer.text).css(".message")[0].text()
    assert _client().get(f"/_choices/notice/3?lang={locale}").text.count(NOTICES[notice_locale(locale)]) == 1


def test_a_revision_that_was_not_archived_says_so_if_there_was_one() -> None:
    pages = replace(PAGES, log=[*PAGES.log, Revision(2, "2026-03-01")])
    assert texts("en")["notice.lost"] in _text(_tree(_client(pages=pages), "/_choices/notice/2"))


@pytest.mark.parametrize("rev", ["0", "2", "4", "01", "-1", "x", "1.0", "9" * 5000, "%00", "%E4%B8%80"])
def test_what_was_never_a_revision_is_not_found(rev: str) -> None:
    answer = _client().get(f"/_choices/notice/{rev}")
    assert answer.status_code == 404
    assert texts("en")["notice.unknown"] in answer.text


def test_without_the_record_only_the_notice_in_force_can_be_read() -> None:
    async def away(rev: int, locale: str) -> bytes | None:
        raise LedgerUnavailable("away")

    client = _client(pages=replace(PAGES, old=away))
    assert client.get("/_choices/notice/1").status_code == 503
    assert NOTICES["en"] in client.get("/_choices/notice/3").text


@pytest.mark.parametrize(
    ("status", "key"), [(409, "outdated"), (403, "problem.refused"), (503, "problem"), (400, "problem")]
)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_failed_form_is_answered_in_the_visitors_language(status: int, key: str, locale: str) -> None:
    answer = _client().post(f"/problem/{status}", headers={"accept-language": locale})
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    tree = LexborHTMLParser(answer.text)
    assert texts(locale)[key] in _text(tree)
    assert str(tree.css("main a")[0].attributes["href"]).startswith("/_choices/")


@pytest.mark.parametrize("status", [403, 409, 429, 503])
def test_the_links_of_a_failed_form_lead_to_pages_that_can_be_read(status: int) -> None:
    client = _client()
    tree = LexborHTMLParser(client.post(f"/problem/{status}?lang=en").text)
    links = [str(node.attributes["href"]) for node in tree.css("a")]
    assert "/_choices/?lang=th" in links
    assert {client.get(link).status_code for link in links if link != "/"} == {200}


def test_a_form_of_an_earlier_notice_is_answered_with_the_question_as_it_is_now() -> None:
    headers = {"accept-language": "en", "referer": "http://shop.example/tea?a=1"}
    answer = _client().post("/problem/409", headers=headers)
    tree = LexborHTMLParser(answer.text)
    fields = _fields(tree, "/_choices/choice")
    assert (fields["rev"], fields["return"]) == ("3", "/_choices/?done=saved&return=%2Ftea%3Fa%3D1")
    assert texts("en")["outdated"] in _text(tree, ".message")
