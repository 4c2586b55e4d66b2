"""What is added to the shop's pages: one variant per language and state, equal buttons, nothing to block."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.enforcement.banner import LOST, Banner, Shown
from gateway.enforcement.embed import Embed
from gateway.enforcement.language import LOCALES
from gateway.enforcement.texts import texts
from gateway.model.categories import OPTIONAL, Category, Source, State
from gateway.model.choice import make_choice
from gateway.model.decision import Decision

PREFIX = "/_choices"
UNSET = Decision(State.UNSET, State.UNSET, State.UNSET)
REFUSED = Decision(State.REFUSED, State.REFUSED, State.REFUSED, Source.CHOICE, ask=False)
BY_GPC = Decision(State.UNSET, State.UNSET, State.REFUSED, Source.GPC, ask=False, chip="gpc")
BY_DNT = Decision(State.UNSET, State.UNSET, State.REFUSED, Source.DNT, ask=False, chip="dnt")


def _banner(**shown: object) -> Banner:
    settings: dict[str, object] = {"controller": "K市集", "partners": 12, **shown}
    return Banner(Shown(PREFIX, 3, **settings), "/_choices/assets/cg.1.css", "/_choices/assets/cg.1.js")  # type: ignore[arg-type]


BANNER = _banner()


def _tree(markup: bytes) -> LexborHTMLParser:
    return LexborHTMLParser(markup.decode("ascii"))


def _one(markup: bytes, selector: str) -> LexborNode:
    (node,) = _tree(markup).css(selector)
    return node


def _value(markup: bytes, name: str) -> str | None:
    return _one(markup, f"input[name={name}]").attributes["value"]


@pytest.mark.parametrize("locale", LOCALES)
def test_the_first_layer_informs(locale: str) -> None:
    words, text = texts(locale), _one(BANNER.body(UNSET, locale, "/"), "[data-consent-banner]").text()
    for part in (
        words["banner.title"],
        words.question(OPTIONAL),
        words["banner.everyone"],
        words.say("banner.footnote", controller="K市集"),
        words.partners(12),
        words["choose"],
    ):
        assert part in text


def test_the_list_of_providers_is_one_click_away() -> None:
    link = _one(_banner().body(UNSET, "en", "/"), ".cg-note a")
    assert (link.text(), link.attributes["href"]) == ("12 partners and full notice", "/_choices/notice")


def test_refuse_and_accept_are_equal_sibling_buttons_of_one_form() -> None:
    body = BANNER.body(UNSET, "en", "/")
    form = _one(body, "form")
    assert (form.attributes["method"], form.attributes["action"]) == ("post", "/_choices/choice")
    refuse, accept = form.css("button")
    assert refuse.next == accept
    told = ("value", "data-consent-action")
    assert [button.attributes[name] for button in (refuse, accept) for name in told] == [
        "refuse",
        "refuse",
        "accept",
        "accept",
    ]
    alike = [{k: v for k, v in button.attributes.items() if k not in told} for button in (refuse, accept)]
    assert alike == [{"class": "cg-act", "name": "action"}] * 2


def test_the_form_works_as_it_stands() -> None:
    body = BANNER.body(UNSET, "en", "/shop?a=1")
    fields = {name: _value(body, name) for name in ("rev", "return", "surface", "locale")}
    assert fields == {"rev": "3", "return": "/shop?a=1", "surface": "nojs", "locale": "en"}
    assert not _tree(body).css("input[name=category]")


def test_choosing_needs_no_script() -> None:
    link = _one(BANNER.body(UNSET, "en", "/"), "[data-consent-action=settings]")
    assert (link.tag, link.attributes["href"]) == ("a", "/_choices/")


def test_the_banner_is_a_labelled_region_without_modality() -> None:
    section = _one(BANNER.body(UNSET, "zh-Hant", "/"), "[data-consent-banner]")
    assert section.attributes["role"] == "region"
    assert section.attributes["aria-label"] == "Cookie 由您決定"
    assert "data-nosnippet" in section.attributes
    assert not re.search(r"aria-modal|autofocus|tabindex|dialog", section.html or "")


@pytest.mark.parametrize(
    "path",
    [
        '/?q="><script>alert(1)</script>',
        "/?q='&amp;x=<b>",
        "/\u8336?q=\U0001f375",
        "/{0}{return}%(x)s\x00return\x00",
    ],
    ids=["markup", "quotes and references", "beyond ASCII", "our own placeholders"],
)
def test_the_path_to_return_to_is_only_a_value(path: str) -> None:
    body = BANNER.body(UNSET, "en", path)
    assert re.findall(rb'name="return" value="([^"]*)"', body)[0].decode() == _escaped(path)
    assert b"<script" not in body


def _escaped(path: str) -> str:
    return escape(path).encode("ascii", "xmlcharrefreplace").decode()


@pytest.mark.parametrize(
    ("page_lang", "expected"),
    [("zh-Hant", None), ("ZH-HANT", None), ("zh-TW", "zh-Hant"), ("en", "zh-Hant"), (None, "zh-Hant")],
)
def test_our_language_is_marked_where_it_is_not_the_pages(page_lang: str | None, expected: str | None) -> None:
    body = BANNER.body(UNSET, "zh-Hant", "/", page_lang)
    foot = BANNER.foot(UNSET, "zh-Hant", page_lang)
    assert _one(body, "[data-consent-banner]").attributes.get("lang") == expected
    assert _one(foot, ".cg-foot").attributes.get("lang") == expected


def test_a_missing_controller_and_number_leave_a_neutral_sentence() -> None:
    text = _one(_banner(controller="", partners=0).body(UNSET, "zh-Hant", "/"), ".cg-note").text()
    assert text == "由 本站 使用。您可隨時在頁尾「Cookie 設定」更改。完整說明"


def test_names_from_the_configuration_are_escaped() -> None:
    body = _banner(controller="<b>A&B</b>").body(UNSET, "en", "/")
    assert b"&lt;b&gt;A&amp;B&lt;/b&gt;" in body


def test_categories_that_are_not_offered_are_not_asked() -> None:
    two = _banner(offered=frozenset({Category.STATISTICS, Category.MARKETING}))
    text = _one(two.body(UNSET, "en", "/"), "[data-consent-banner]").text()
    assert "Two further kinds — statistics, marketing and personalisation — stay off" in text
    assert not _tree(two.body(UNSET, "en", "/")).css("input[name=category]")


def test_without_anything_to_ask_there_is_no_banner() -> None:
    none = _banner(offered=frozenset())
    assert not _tree(none.body(UNSET, "en", "/")).css("[data-consent-banner]")
    assert none.shown("en") == b""


def test_only_what_lapsed_is_asked_again_and_the_rest_stays() -> None:
    partly = Decision(State.GRANTED, State.REFUSED, State.UNSET, Source.CHOICE)
    body = BANNER.body(partly, "en", "/")
    assert "One further kind — marketing and personalisation — stays off" in _one(body, "[data-consent-banner]").text()
    accept = _one(body, "[data-consent-action=accept]")
    assert accept.attributes["value"] == "save"
    saved = [node.attributes["value"] for node in _tree(body).css("input[name=category]")]
    assert saved == ["marketing", "preferences"]


@pytest.mark.parametrize("decision", [BY_GPC, BY_DNT], ids=["gpc", "dnt"])
@pytest.mark.parametrize("locale", LOCALES)
def test_an_honoured_signal_is_confirmed_and_asks_nothing(decision: Decision, locale: str) -> None:
    body = BANNER.body(decision, locale, "/")
    chip = _one(body, "[data-consent-chip]")
    assert texts(locale)[decision.chip] in chip.text()
    assert chip.css("a")[0].attributes["href"] == "/_choices/"
    assert not _tree(body).css("[data-consent-banner], form, button, dialog")


def test_after_a_choice_nothing_stands_before_the_shop() -> None:
    assert BANNER.body(REFUSED, "en", "/") == b""


def test_the_parser_meets_a_stylesheet_of_ours_only_where_no_script_runs() -> None:
    banner = Banner(Shown(PREFIX, 3), "/a.css", "/a.js", "/em.css")
    markup = banner.placeholder("en", FILM) + banner.foot(UNSET, "en")
    kinds = [(link.attributes["rel"], link.attributes["href"]) for link in _tree(markup).css("link")]
    assert kinds == [(rel, href) for href in ("/em.css", "/a.css") for rel in ("preload", "stylesheet")]
    without_noscript = re.sub(rb"<noscript>.*?</noscript>", b"", markup)
    assert b"stylesheet" not in without_noscript
    assert b"<script src" in without_noscript


def test_what_its_styles_bring_to_light_is_hidden_without_them() -> None:
    signalled = BANNER.body(BY_GPC, "en", "/")
    lost = BANNER.body(replace(UNSET, ask=False, cookieless=True), "en", "/")
    parts = [BANNER.body(UNSET, "en", "/"), signalled, lost, BANNER.placeholder("en", FILM)]
    parts.append(BANNER.buttons("en", [FILM._replace(element=b"")]))
    for part in parts:
        outer = _tree(part).css("body > .cg, body > .cg-edge")
        assert ["hidden" in node.attributes for node in outer] == [True], part
    assert "hidden" not in _one(BANNER.foot(UNSET, "en"), ".cg-foot").attributes


@pytest.mark.parametrize("decision", [UNSET, REFUSED, BY_GPC], ids=["unset", "refused", "gpc"])
@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_links_to_the_settings(decision: Decision, locale: str) -> None:
    link = _one(BANNER.foot(decision, locale), "a[data-consent-settings]")
    assert link.text() == texts(locale)["settings"]
    assert link.attributes["href"] == "/_choices/"


def test_the_script_is_told_the_state_by_attributes() -> None:
    decision = Decision(State.GRANTED, State.REFUSED, State.UNSET, Source.CHOICE)
    script = _one(BANNER.foot(decision, "en"), "script").attributes
    assert script["data-state"] == "preferences:granted statistics:refused marketing:unset source:choice"
    assert (script["data-prefix"], script["data-rev"], script["data-sharing"]) == (PREFIX, "3", "marketing")
    assert "async" in script
    assert not script.keys() & {"nonce", "data-consent-reload"}


def test_a_policy_of_ours_asks_for_a_reload() -> None:
    assert "data-consent-reload" in _one(BANNER.foot(UNSET, "en", reload=True), "script").attributes


def test_the_script_is_told_which_click_ids_to_take_out_of_the_address_bar() -> None:
    ids = ("gclid", 'utm_"><b>', "\x00nonce\x00")
    script = _one(BANNER.foot(UNSET, "en", nonce="abc", click_ids=ids), "script")
    assert (script.attributes["data-ids"] or "").startswith('gclid utm_"><b> ')
    assert "abc" not in (script.attributes["data-ids"] or "")
    assert "data-ids" not in _one(BANNER.foot(UNSET, "en"), "script").attributes


def test_the_shops_nonce_is_put_on_the_script_as_a_value() -> None:
    assert _one(BANNER.foot(UNSET, "en", nonce='a"b>'), "script").attributes["nonce"] == 'a"b>'


@pytest.mark.parametrize(
    ("decision", "listens"),
    [
        pytest.param(UNSET, True, id="no signal seen"),
        pytest.param(BY_DNT, True, id="only DNT seen"),
        pytest.param(BY_GPC, False, id="signal seen"),
        pytest.param(
            Decision(State.UNSET, State.UNSET, State.GRANTED, Source.CHOICE, override=True),
            False,
            id="choice overrules the signal",
        ),
        pytest.param(
            Decision(
                State.UNSET,
                State.UNSET,
                State.GRANTED,
                Source.CHOICE,
                choice=make_choice(frozenset({Category.MARKETING}), {}, 1, 3, override=True, id="x"),
            ),
            False,
            id="it was made to overrule it",
        ),
        pytest.param(
            Decision(
                State.UNSET,
                State.UNSET,
                State.GRANTED,
                Source.CHOICE,
                choice=make_choice(frozenset({Category.MARKETING}), {}, 1, 3, id="x"),
            ),
            True,
            id="granted without the signal",
        ),
    ],
)
def test_the_script_looks_for_the_signal_where_its_header_may_be_lost(decision: Decision, listens: bool) -> None:
    script = _one(BANNER.foot(decision, "en"), "script").attributes
    assert bool(script.get("data-gpc")) is ("data-sharing" in script) is listens


def test_a_grant_against_the_signal_is_told_to_the_script_only_while_something_shared_is_granted() -> None:
    grant = make_choice(frozenset(OPTIONAL), {}, 1, 3, override=True, id="x")
    stands = Decision(State.UNSET, State.UNSET, State.GRANTED, Source.CHOICE, choice=grant)
    script = _one(BANNER.foot(stands, "en"), "script").attributes
    assert "data-gpc" in script
    assert not script["data-gpc"]
    assert _one(BANNER.foot(replace(stands, marketing=State.UNSET), "en"), "script").attributes["data-gpc"]


@pytest.mark.parametrize("locale", LOCALES)
def test_a_browser_without_cookies_is_not_asked_and_told_only_after_a_choice(locale: str) -> None:
    markup = BANNER.body(replace(UNSET, ask=False, cookieless=True), locale, "/")
    assert b"data-consent-banner" not in markup
    line = _one(markup, LOST)
    assert texts(locale)["nocookie"] in line.text()
    assert "cg-lost" in (line.attributes["class"] or "")
    assert LOST.encode()[1:] not in BANNER.body(UNSET, locale, "/")


FRAME = b'<iframe class="m" data-consent-src="https://v.example/1" inert></iframe>'
FILM = Embed("video", "Video", "V & Co", Category.PREFERENCES, FRAME, "https://v.example/1", "Our <tea>")


def test_a_placeholder_names_the_provider_and_follows_the_frame() -> None:
    markup = BANNER.placeholder("en", FILM)
    assert markup.startswith(FRAME)
    box = _one(markup, "[data-consent-placeholder]")
    assert "This content comes from V & Co, who can then see browsing data." in box.text()
    assert box.attributes["aria-label"] == "Our <tea>"
    assert (box.attributes["data-consent-category"], box.attributes["data-consent-service"]) == (
        "preferences",
        "video",
    )
    actions = {node.attributes["data-consent-action"]: node.text() for node in box.css("button")}
    assert actions == {"load": "Load once", "accept": "Always allow preferences"}
    links = {node.text(): node.attributes["href"] for node in box.css("a")}
    assert links == {"Open at Video": "https://v.example/1", "Cookie settings": "/_choices/"}


def test_a_placeholder_may_stand_in_a_paragraph() -> None:
    paragraph = _one(b"<p>a" + BANNER.placeholder("en", FILM) + b"b</p>", "p")
    assert paragraph.css_first("[data-consent-placeholder]") is not None
    assert paragraph.text().endswith("b")


def test_each_placeholder_is_tied_to_its_own_frame_where_the_page_allows_styles() -> None:
    markup = BANNER.placeholder("en", FILM, number=7)
    assert _one(markup, "iframe").attributes["style"] == "anchor-name:--cg7"
    assert _one(markup, "[data-consent-placeholder]").attributes["style"] == "--cg-at:--cg7"


def test_the_first_placeholder_of_a_page_brings_the_styles() -> None:
    banner = Banner(Shown(PREFIX, 3), "/a.css", "/a.js", "/em.css")
    for markup in (banner.placeholder("en", FILM), banner.buttons("en", [FILM])):
        assert _one(markup, "noscript link").attributes == {"rel": "stylesheet", "href": "/em.css"}
    later = banner.placeholder("en", FILM, first=False) + banner.buttons("en", [FILM], first=False)
    assert _tree(later).css("link") == []


def test_a_frame_without_a_title_is_called_by_its_service() -> None:
    markup = BANNER.placeholder("en", FILM._replace(title=""))
    assert _one(markup, "[data-consent-placeholder]").attributes["aria-label"] == "Video"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "/local", ""])
def test_a_placeholder_links_to_web_pages_only(link: str) -> None:
    markup = BANNER.placeholder("en", FILM._replace(link=link))
    assert [node.attributes["href"] for node in _tree(markup).css("a")] == ["/_choices/"]


def test_a_service_no_category_covers_can_only_be_loaded_once() -> None:
    box = _one(BANNER.placeholder("en", FILM._replace(category=None)), "[data-consent-placeholder]")
    assert [node.attributes["data-consent-action"] for node in box.css("button")] == ["load"]
    assert box.attributes["data-consent-category"] == "separate", "no category wakes it"


def test_what_nobody_knows_can_be_visited_only() -> None:
    markup = BANNER.placeholder("en", FILM._replace(category=None, once=False))
    assert _tree(markup).css("button") == []
    assert len(_tree(markup).css("a")) == 2


def test_each_service_whose_scripts_wait_has_a_button_of_its_own() -> None:
    markup = BANNER.buttons("en", [FILM._replace(element=b""), FILM._replace(element=b"", service="chat", name="Chat")])
    boxes = _tree(markup).css("details[data-consent-placeholder]")
    assert [box.attributes["data-consent-service"] for box in boxes] == ["video", "chat"]
    assert [node.text() for node in _tree(markup).css("summary")] == ["Video", "Chat"]
    assert all(len(box.css("button")) == 2 for box in boxes)


def test_what_is_archived_is_the_first_layer_without_a_path() -> None:
    assert _value(BANNER.shown("en"), "return") == ""
    assert BANNER.shown("en") != BANNER.shown("zh-Hant")


def _all_markup() -> bytes:
    parts = [BANNER.body(decision, locale, "/") for decision in (UNSET, BY_GPC) for locale in LOCALES]
    parts += [BANNER.foot(UNSET, locale) for locale in LOCALES]
    own = FILM._replace(element=b"", link="")
    parts += [BANNER.placeholder("en", own), BANNER.buttons("en", [own])]
    return b"".join(parts)


def test_class_names_and_addresses_give_blockers_nothing_to_hide() -> None:
    named = re.findall(rb'\s(?:class|id|src|href|action)="([^"]*)"', _all_markup())
    assert b"/_choices/notice" in named
    others = [name for name in named if name != b"/_choices/notice"]
    assert not [name for name in others if re.search(rb"cookie|consent|gdpr|banner|ccpa|privacy|notice", name)]


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    markup = _all_markup()
    assert not re.search(rb"\sstyle=|\son\w+=|<style|javascript:|https?:|src=\"//", markup)
    assert all(not script.text() for script in _tree(markup).css("script"))


def test_the_bytes_suit_every_ascii_compatible_encoding() -> None:
    assert _all_markup().isascii()


def test_the_place_of_the_banner_changes_a_class_and_nothing_else() -> None:
    box = _banner(place="cg-box cg-top").body(UNSET, "en", "/")
    assert _one(box, "[data-consent-banner]").attributes["class"] == "cg cg-bar cg-box cg-top"
    assert box.replace(b" cg-box cg-top", b"") == BANNER.body(UNSET, "en", "/")
