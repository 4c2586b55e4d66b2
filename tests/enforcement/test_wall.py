"""The second wall agrees with the first: what one keeps the other lets load, and the other way round."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.enforcement.catalogue_data import load_catalogue
from gateway.enforcement.inline import InlineMarks
from gateway.enforcement.page_policy import Kind, PagePolicy
from gateway.enforcement.site import is_first_party
from gateway.enforcement.url import Base
from gateway.enforcement.wall import COMMON, Rule, Wall, rules_of
from gateway.model.catalogue import Catalogue
from gateway.model.categories import OPTIONAL, Category, Fate
from gateway.model.service import Service
from tests.enforcement.csp_matcher import allows

OWN = ("cdn-of-shop.example",)
PREFERENCES, STATISTICS, MARKETING = OPTIONAL
DECLARED = ["google-analytics", "google-tag-manager", "meta-pixel", "line-tag", "youtube", "google-maps", "hotjar"]
HOST = "www.shop.example"
CATALOGUE = load_catalogue()


def service(name: str, category: Category, *hosts: str, urls: tuple[str, ...] = ()) -> Service:
    return Service(name, name, category, hosts=hosts, urls=urls, origin="configuration")


SMALL = Catalogue([
    service("video", PREFERENCES, "video.test", "videocdn.test"),
    service("video-ads", MARKETING, "ads.video.test", "=px.video.test"),
    service("count", STATISTICS, "count.test", urls=("tags.test/count.js", "tags.test/lib/count/")),
    service("pixel", MARKETING, "pixel.test", urls=("tags.test/*/pixel.js", "Tags.test/begin", "/px.js")),
    service("pay", Category.NECESSARY, "pay.test", urls=("=api.test/pay/",)),
    service("other-pay", Category.NECESSARY, "other-pay.test"),
    service("undeclared", STATISTICS, "undeclared.test"),
])  # fmt: skip
SMALL_DECLARED = ("video", "count", "pixel", "pay")


@cache
def rules(
    granted: frozenset[Category] = frozenset(),
    scheme: str = "https",
    host: str = HOST,
    small: bool = True,
    declared: tuple[str, ...] | None = SMALL_DECLARED,
) -> PagePolicy:
    return PagePolicy(
        SMALL if small else CATALOGUE,
        InlineMarks([]),
        lambda category: Fate.KEEP if category is Category.NECESSARY or category in granted else Fate.HOLD,
        Base(scheme, host),
        lambda other: is_first_party(other, host, OWN),
        block_unknown=True,
        declared=declared,
    )


def wall(**changes: object) -> Wall:
    return Wall(SMALL, [SMALL.by_id[name] for name in SMALL_DECLARED], OWN, **changes)  # type: ignore[arg-type]


THE_WALL = wall()


def policy(page: PagePolicy, built: Wall = THE_WALL) -> str:
    return built.headers(page)[0][1].decode()


def both(page: PagePolicy, url: str, kind: str) -> tuple[bool, bool]:
    """Whether the rewriter keeps it, and whether the browser loads it."""
    kept = page.url(url, Kind(kind)).fate is Fate.KEEP
    return kept, allows(policy(page), kind, url, f"{page.page.scheme}://{page.page.host}/page")


GRANTS = st.frozensets(st.sampled_from(OPTIONAL))
PLACES = [
    "video.test/e.js", "www.video.test/e", "ads.video.test/a.js", "px.video.test/", "x.videocdn.test/e.js",
    "count.test/c.js", "tags.test/count.js", "tags.test/count.js?id=1", "tags.test/lib/count/1.js",
    "tags.test/lib/other.js", "tags.test/de/pixel.js", "a.tags.test/de/pixel.js", "tags.test/begin/b.js",
    "tags.test/begin.js", "pixel.test/", "a.b.pixel.test/x", "pay.test/pay.js", "js.pay.test/", "api.test/pay/1.js",
    "api.test/other.js", "sub.api.test/pay/1.js", "undeclared.test/u.js", "unknown.test/u.js", "evilvideo.test/",
    "video.test.evil.test/e.js", "shop.example/s.js", "img.shop.example:8443/s.js", "www.shop.example/",
    "evilshop.example/", "cdn-of-shop.example/s.js", "a.cdn-of-shop.example:99/s.js", "cdn.jsdelivr.net/x.js",
]  # fmt: skip
WIDER = {
    # A marketing pixel in any folder: the folder is the whole host, for those who agreed to marketing.
    ("tags.test/count.js", MARKETING), ("tags.test/count.js?id=1", MARKETING), ("tags.test/lib/count/1.js", MARKETING),
    ("tags.test/lib/other.js", MARKETING),
}  # fmt: skip


@given(GRANTS, st.sampled_from(["http", "https"]), st.sampled_from(["script", "frame", "object"]))
@settings(deadline=None)
def test_both_walls_say_the_same(granted: frozenset[Category], scheme: str, kind: str) -> None:
    page = rules(granted, scheme)
    for place in PLACES:
        if place == "cdn.jsdelivr.net/x.js":
            continue
        kept, loads = both(page, f"{scheme}://{place}", kind)
        wider = any((place, category) in WIDER for category in granted)
        assert loads == kept or (loads and wider), (place, kept, policy(page))


def test_subdomains_with_a_refused_service_among_them_are_not_listed() -> None:
    page = rules(frozenset({PREFERENCES}))
    assert both(page, "https://ads.video.test/", "script") == (False, False)
    assert both(page, "https://cdn.video.test/", "script") == (True, False), "the safe direction"
    everything = rules(frozenset(OPTIONAL), declared=(*SMALL_DECLARED, "video-ads"))
    found = policy(everything, Wall(SMALL, [SMALL.by_id[name] for name in (*SMALL_DECLARED, "video-ads")]))
    assert allows(found, "script", "https://cdn.video.test/", f"https://{HOST}/")


def test_a_wildcard_opens_no_folder_with_something_more_intrusive_in_it() -> None:
    catalogue = Catalogue([
        service("chat", PREFERENCES, urls=("tags.test/*/chat.js", "tags.test/lib")),
        service("pixel", MARKETING, urls=("tags.test/*/pixel.js",)),
    ])  # fmt: skip
    built = Wall(catalogue, [catalogue.by_id["chat"]])
    page = PagePolicy(
        catalogue,
        InlineMarks([]),
        lambda category: Fate.KEEP if category in (Category.NECESSARY, PREFERENCES) else Fate.HOLD,
        Base("https", HOST),
        is_own,
        block_unknown=True,
        declared=("chat",),
    )
    found = policy(page, built)
    assert not allows(found, "script", "https://tags.test/de/chat.js", "https://x/")
    assert not allows(found, "script", "https://tags.test/de/pixel.js", "https://x/")
    assert allows(found, "script", "https://tags.test/lib", "https://x/")
    assert allows(found, "script", "https://tags.test/lib/a.js", "https://x/")


def is_own(host: str) -> bool:
    return is_first_party(host, HOST)


@pytest.mark.timeout(400)
@given(GRANTS, st.data())
@settings(deadline=None, max_examples=60)
@example(frozenset(OPTIONAL), None)
def test_no_service_of_the_shipped_catalogue_slips_in(granted: frozenset[Category], data: st.DataObject | None) -> None:
    page, found = shipped(granted)
    services = CATALOGUE.services if data is None else data.draw(st.lists(st.sampled_from(CATALOGUE.services)))
    for known in services:
        for rule in rules_of(known):
            url = f"https://{rule.host}/"
            owner = CATALOGUE.for_url(rule.host, "/")
            if rule.path in ("", "/") and owner and not page.opens(owner):
                slips = allows(found, "script", url, f"https://{HOST}/")
                assert not slips or comes_along(page, rule, owner), (known.id, url)


def comes_along(page: PagePolicy, rule: Rule, owner: Service) -> bool:
    """Whether it is a neighbour, no more intrusive, of a granted service on the same host or one above."""
    order = list(Category)
    open_services = (CATALOGUE.by_id[name] for name in DECLARED if page.opens(CATALOGUE.by_id[name]))
    return any(
        f".{rule.host}".endswith(f".{other.host}") and order.index(known.category) >= order.index(owner.category)
        for known in open_services
        for other in rules_of(known)
    )


@pytest.mark.parametrize("granted", [frozenset(), frozenset({STATISTICS}), frozenset(OPTIONAL)])
def test_every_host_of_a_granted_service_may_load(granted: frozenset[Category]) -> None:
    page, found = shipped(granted)
    for name in DECLARED:
        for host in CATALOGUE.by_id[name].hosts:
            url = f"https://{host.removeprefix('=')}/x.js"
            expected = page.url(url, Kind.SCRIPT).fate is Fate.KEEP
            assert allows(found, "script", url, f"https://{HOST}/") == expected, url
    pixel = "https://connect.facebook.net/en_US/fbevents.js"
    assert allows(found, "script", pixel, f"https://{HOST}/") == (MARKETING in granted)


@cache
def shipped(granted: frozenset[Category]) -> tuple[PagePolicy, str]:
    page = rules(granted, small=False, declared=tuple(DECLARED))
    return page, policy(page, Wall(CATALOGUE, [CATALOGUE.by_id[name] for name in DECLARED]))


def test_what_is_common_is_necessary_in_the_catalogue_and_has_nothing_else_below_it() -> None:
    closed = {
        rule.host
        for known in CATALOGUE.services
        if known.category is not Category.NECESSARY
        for rule in rules_of(known)
        if not rule.path
    }
    for source in COMMON:
        host, slash, path = source.removeprefix("*.").partition("/")
        owner = CATALOGUE.for_url(host, slash + path or "/")
        assert owner is not None, source
        assert owner.category is Category.NECESSARY, source
        assert not source.startswith("*.") or not [name for name in closed if name.endswith("." + host)], source


def test_a_common_library_the_shop_calls_marketing_is_not_let_in() -> None:
    mine = service("cdn", MARKETING, "jsdelivr.net")
    catalogue = Catalogue([mine, *CATALOGUE.services])
    built = Wall(catalogue, [mine])
    page = PagePolicy(
        catalogue, InlineMarks([]), lambda category: Fate.KEEP if category is Category.NECESSARY else Fate.REMOVE,
        Base("https", HOST), is_own, block_unknown=True, declared=["cdn"],
    )  # fmt: skip
    assert "jsdelivr" not in policy(page, built)
    assert "unpkg.com" in policy(page, built)


@pytest.mark.parametrize("kind", ["inline", "eval"])
def test_inline_code_keeps_running(kind: str) -> None:
    assert allows(policy(rules()), kind, "", f"https://{HOST}/")


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("image", "https://unknown.test/i.png"),
        ("style", "https://unknown.test/s.css"),
        ("font", "https://unknown.test/f"),
        ("media", "blob:https://www.shop.example/1"),
        ("manifest", "https://unknown.test/m"),
        ("connect", "wss://unknown.test/s"),
        ("connect", "https://unknown.test/api"),
        ("script", "data:text/javascript,1"),
        ("worker", "blob:https://www.shop.example/1"),
        ("form", "https://bank.test/3ds"),
    ],
)
def test_what_a_list_of_hosts_would_break_stays_open(kind: str, url: str) -> None:
    assert allows(policy(rules()), kind, url, f"https://{HOST}/")


def test_connections_are_limited_where_the_shop_wants_it() -> None:
    found = policy(rules(frozenset({STATISTICS})), wall(connect=True))
    assert not allows(found, "connect", "https://unknown.test/api", f"https://{HOST}/")
    assert allows(found, "connect", "https://count.test/collect", f"https://{HOST}/")
    assert allows(found, "connect", "https://api.shop.example/", f"https://{HOST}/")


def test_reports_come_to_us_and_over_tls_by_the_newer_way_too() -> None:
    assert policy(rules(scheme="http")).endswith("; report-uri /_choices/csp-report")
    lines = THE_WALL.headers(rules())
    assert lines[0][1].endswith(b"; report-uri /_choices/csp-report; report-to consent")
    assert lines[1:] == [(b"reporting-endpoints", b'consent="/_choices/csp-report"')]


def test_for_the_days_before_the_policy_only_reports() -> None:
    built = wall(report_only=True)
    assert built.headers(rules())[0][0] == b"content-security-policy-report-only"
    assert (built.enforced, THE_WALL.enforced) == (False, True)


def test_without_declared_services_there_is_a_wall_while_nothing_is_granted() -> None:
    built = Wall(SMALL, None)
    assert not allows(policy(rules(declared=None), built), "script", "https://pixel.test/", f"https://{HOST}/")
    assert built.headers(rules(frozenset({MARKETING}), declared=None)) == []


def test_the_same_rules_get_the_same_text() -> None:
    assert THE_WALL.headers(rules()) is THE_WALL.headers(rules())


@pytest.mark.parametrize("names", [["google-ads", "google-analytics"], ["dmp", "email-marketing"], DECLARED, []])
def test_the_header_stays_short_and_says_what_it_left_out(names: list[str]) -> None:
    built = Wall(CATALOGUE, [CATALOGUE.by_id[name] for name in names])
    page = rules(frozenset(OPTIONAL), small=False, declared=tuple(names))
    found = policy(page, built)
    assert len(found) <= 3_000
    assert bool(built.left_out(page)) == ("google-ads" in names or "dmp" in names)
    assert not [source for source in built.left_out(page) if f" {source} " in found]
    if "google-ads" in names:
        assert allows(found, "script", "https://www.google-analytics.com/x.js", "https://x/"), "all get a turn"
    longer = Wall(CATALOGUE, [CATALOGUE.by_id[name] for name in names], longest=built.needed(page))
    assert longer.left_out(page) == ()
    assert len(policy(page, longer)) <= longer.needed(page) <= len(policy(page, longer)) + 30
    if built.left_out(page):
        shorter = Wall(CATALOGUE, [CATALOGUE.by_id[name] for name in names], longest=built.needed(page) - 1)
        assert len(shorter.left_out(page)) == 1


@pytest.mark.parametrize(("host", "own"), [
    ("127.0.0.1", "'self' 127.0.0.1:* "),
    ("localhost", "'self' localhost:* "),
    ("::1", "'self' "),
    ("a;script-src *", "'self' "),
    ("", "'self' "),
    ("shop.github.io", "'self' shop.github.io:* *.shop.github.io:* "),
    ("github.io", "'self' github.io:* "),
])  # fmt: skip
def test_a_host_that_is_no_site_opens_nothing_beside_it(host: str, own: str) -> None:
    built = Wall(SMALL, [])
    text = policy(rules(host=host), built)
    assert text.partition("ajax.")[0].startswith("default-src " + own)
    assert "; script-src" not in text


@pytest.mark.parametrize(("path", "encoded"), [("/a;b,c/", "/a%3Bb%2Cc/"), ("/ü/", "/%C3%BC/")])
def test_what_would_end_a_source_is_encoded(path: str, encoded: str) -> None:
    catalogue = Catalogue([service("odd", Category.NECESSARY, urls=(f"odd.test{path}",))])
    page = rules(host="localhost")
    assert f" odd.test:*{encoded} " in policy(page, Wall(catalogue, catalogue.services))


@pytest.mark.parametrize("granted", [frozenset(), frozenset(OPTIONAL)], ids=["nothing granted", "all granted"])
def test_what_loads_by_its_own_click_may_be_a_frame_and_nothing_else(granted: frozenset[Category]) -> None:
    game = Service(
        "game", "Game", MARKETING, hosts=("game.test",), urls=("=play.test/a/",), separate=True, covered=False
    )
    video = service("video", PREFERENCES, "video.test")
    catalogue = Catalogue([game, video])
    page = PagePolicy(
        catalogue,
        InlineMarks([]),
        lambda category: Fate.KEEP if category in granted else Fate.HOLD,
        Base("https", HOST),
        lambda host: host == HOST,
        declared=("game", "video"),
    )
    found = policy(page, Wall(catalogue, [game, video]))
    for url in ("https://game.test/", "https://www.game.test/", "https://play.test/a/b"):
        assert allows(found, "frame", url, f"https://{HOST}/"), url
        assert not allows(found, "script", url, f"https://{HOST}/"), url
    assert not allows(found, "frame", "https://play.test/b", f"https://{HOST}/")
    assert not allows(found, "frame", "https://other.test/", f"https://{HOST}/")
    assert allows(found, "frame", "https://video.test/", f"https://{HOST}/") is bool(granted)


def test_two_lists_fit_into_the_same_room() -> None:
    many = [service(f"s{number}", STATISTICS, f"a-rather-long-name-{number}.test") for number in range(200)]
    game = Service("game", "Game", MARKETING, hosts=("game.test",), separate=True, covered=False)
    catalogue = Catalogue([*many, game])
    page = PagePolicy(
        catalogue,
        InlineMarks([]),
        lambda category: Fate.KEEP,
        Base("https", HOST),
        lambda host: host == HOST,
        declared=tuple(catalogue.by_id),
    )
    built = Wall(catalogue, [*many, game])
    assert 2_800 < len(policy(page, built)) <= 3_000
    assert built.left_out(page)
