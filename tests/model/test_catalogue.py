from __future__ import annotations

import pytest

from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category
from gateway.model.service import Service
from tests.calls import calls

ADS = Service(
    "ads", "Ads", Category.MARKETING,
    hosts=("ads.example", "=exact.example", "google.example"),
    urls=("google.example/pagead/", "=www.shopmall.example/beacon", "shopmall.example/p*l"),
    cookies=("_fbp", "_gcl_*", "wp_ads"),
)  # fmt: skip
STATS = Service(
    "stats", "Stats", Category.STATISTICS,
    hosts=("stats.ads.example", "=ads.example"),
    urls=(
        "/matomo.js", "/g/collect", "/js/*/tag.js", "/js/*/long/tag.js", "/p.js?*parse", "/*x.gif",
        "google.example/pagead/stats",
    ),
    cookies=("_ga", "_ga_*", "_gcl_au", "mp_*_mixpanel", "cart"),
)  # fmt: skip
CAPTCHA = Service(
    "captcha",
    "Captcha",
    Category.NECESSARY,
    urls=("google.example/recaptcha/",),
    cookies=("_robot", "cart_pay"),
)
CATALOGUE = Catalogue((ADS, STATS, CAPTCHA), ("sessionid", "cart", "cart_*", "wp_*"))


@pytest.mark.parametrize(
    ("host", "target", "expected"),
    [
        pytest.param("ads.example", "/", STATS, id="exactly this host before host and below"),
        pytest.param("a.b.ads.example", "/", ADS, id="subdomain"),
        pytest.param("stats.ads.example", "/", STATS, id="the longer host wins"),
        pytest.param("x.stats.ads.example", "/", STATS, id="below the longer host"),
        pytest.param("evil-ads.example", "/", None, id="not a subdomain"),
        pytest.param("ads.example.evil", "/", None, id="the name in front of another"),
        pytest.param("exact.example", "/", ADS, id="exact host"),
        pytest.param("sub.exact.example", "/", None, id="below an exact host"),
        pytest.param("ADS.Example.", "/", STATS, id="case and trailing dot"),
        pytest.param("google.example", "/", ADS, id="host without path pattern"),
        pytest.param("www.google.example", "/recaptcha/api.js", CAPTCHA, id="necessary exception by path"),
        pytest.param("google.example", "/recaptchas", ADS, id="the exception does not stretch"),
        pytest.param("google.example", "/PageAd/stats?x=1", STATS, id="the longer path wins"),
        pytest.param("google.example", "/pagead/other", ADS, id="the shorter path"),
        pytest.param("www.shopmall.example", "/beacon?x", ADS, id="path on exactly this host"),
        pytest.param("m.www.shopmall.example", "/beacon", None, id="path below an exact host"),
        pytest.param("shopmall.example", "/pixel", ADS, id="star in a path"),
        pytest.param("shopmall.example", "/", None, id="a host known for a path only"),
        pytest.param("shopmall.example", "", None, id="empty target"),
        pytest.param("any.example", "/a/matomo.js?v=1", STATS, id="path on any host"),
        pytest.param("google.example", "/matomo.js", STATS, id="path on any host before a host"),
        pytest.param("", "/", None, id="no host"),
        pytest.param("...", "/", None, id="dots only"),
    ],
)
def test_the_most_specific_rule_names_the_service_behind_a_url(
    host: str, target: str, expected: Service | None
) -> None:
    assert CATALOGUE.for_url(host, target) is expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param("/matomo.js", STATS, id="at the root"),
        pytest.param("/deep/Matomo.JS?x#y", STATS, id="deep, other case, query and fragment"),
        pytest.param("/notmatomo.js", None, id="part of a name"),
        pytest.param("/matomo.js/x", None, id="not at the end"),
        pytest.param("/g/collect", STATS, id="two segments"),
        pytest.param("/xg/collect", None, id="a segment runs on in front"),
        pytest.param("/collect", None, id="one of two segments"),
        pytest.param("/shop/js/12/tag.js", STATS, id="star"),
        pytest.param("/shop/tag.js", None, id="star, missing middle"),
        pytest.param("/shop/js/1/long/tag.js", STATS, id="two with a star"),
        pytest.param("/a/p.js?v=1&for=Parse.ly", STATS, id="path and query"),
        pytest.param("/a/p.js?v=1", None, id="path and another query"),
        pytest.param("/a/pixel-x.gif", STATS, id="star in front"),
        pytest.param("/recaptcha/", None, id="a pattern with a host"),
        pytest.param("/?file=/matomo.js", None, id="in the query"),
        pytest.param("", None, id="empty"),
    ],
)
def test_disguised_paths_are_known_on_the_shops_own_host(target: str, expected: Service | None) -> None:
    assert CATALOGUE.for_path(target) is expected


@pytest.mark.parametrize(
    ("name", "service", "category"),
    [
        pytest.param("_fbp", ADS, Category.MARKETING, id="exact"),
        pytest.param("_ga_X1", STATS, Category.STATISTICS, id="wildcard"),
        pytest.param("_gcl_au", STATS, Category.STATISTICS, id="exact before wildcard"),
        pytest.param("_gcl_aw", ADS, Category.MARKETING, id="the wildcard of the other"),
        pytest.param("mp_a_mixpanel", STATS, Category.STATISTICS, id="inner wildcard"),
        pytest.param("mp_a", None, None, id="inner wildcard, other tail"),
        pytest.param("_FBP", None, None, id="names are case-sensitive"),
        pytest.param("sessionid", None, Category.NECESSARY, id="allow-list"),
        pytest.param("cart", None, Category.NECESSARY, id="the allow-list wins over a dataset"),
        pytest.param("wp_ads", None, Category.NECESSARY, id="a wildcard of the allow-list wins too"),
        pytest.param(
            "cart_pay", CAPTCHA, Category.NECESSARY, id="a necessary service on the allow-list is named"
        ),
        pytest.param("_robot", CAPTCHA, Category.NECESSARY, id="necessary service"),
        pytest.param("mystery", None, None, id="unknown"),
        pytest.param("", None, None, id="empty name"),
    ],
)
def test_a_cookie_name_has_a_service_and_a_category(
    name: str, service: Service | None, category: Category | None
) -> None:
    assert CATALOGUE.for_cookie(name) is service
    assert CATALOGUE.cookie_category(name) is category


def test_the_configuration_overrules_the_allow_list() -> None:
    own = Service("own", "Own", Category.MARKETING, cookies=("cart", "cart_ad_*"), origin="configuration")
    catalogue = Catalogue((own, STATS), ("cart", "cart_*"))
    assert catalogue.cookie_category("cart") is Category.MARKETING
    assert catalogue.cookie_category("cart_ad_1") is Category.MARKETING
    assert catalogue.cookie_category("cart_x") is Category.NECESSARY
    assert catalogue.is_safe_cookie("cart")


def test_the_earlier_of_two_claims_wins() -> None:
    hosts, urls = ("=e.example", "e.example"), ("e.example/p", "/p.js")
    first = Service("x", "First", Category.PREFERENCES, hosts=hosts, urls=urls)
    later = Service("x", "Later", Category.MARKETING, hosts=hosts, urls=urls)
    catalogue = Catalogue((first, later))
    assert catalogue.by_id == {"x": first}
    assert catalogue.services == (first, later)
    for url in ("e.example/", "a.e.example/", "e.example/p", "z.example/p.js"):
        host, slash, path = url.partition("/")
        assert catalogue.for_url(host, slash + path) is first


def test_the_heavier_of_two_wildcard_cookies_wins() -> None:
    short = Service("short", "Short", Category.MARKETING, cookies=("_a*",))
    inner = Service("inner", "Inner", Category.STATISTICS, cookies=("_a*_long_tail",))
    catalogue = Catalogue((short, inner))
    assert catalogue.for_cookie("_a1_long_tail") is inner
    assert catalogue.for_cookie("_a1") is short


def test_a_lookup_does_not_get_slower_with_the_size_of_the_catalogue() -> None:
    def work(size: int) -> int:
        services = [Service(f"s{i}", "S", Category.MARKETING, hosts=(f"h{i}.example",)) for i in range(size)]
        catalogue = Catalogue(services)
        return calls(lambda: catalogue.for_url("a.b.h1.example", "/path?query"))

    assert work(5_000) == work(20)


def test_what_a_host_serves_is_left_alone_in_a_trial_if_only_we_know_whose_it_is() -> None:
    service = Service("ads", "Ads", Category.MARKETING, hosts=("ads.test", "=cdn.test"), urls=("big.test/pixel",))
    catalogue = Catalogue([service], uncorroborated=("cdn.test", "big.test"))
    found = {host: catalogue.for_url(host, "/pixel") for host in ("x.ads.test", "cdn.test", "big.test")}
    assert {host: seen and (seen.id, seen.in_trial) for host, seen in found.items()} == {
        "x.ads.test": ("ads", True),
        "cdn.test": ("ads", False),
        "big.test": ("ads", False),
    }


def test_the_configuration_needs_no_second_opinion() -> None:
    own = Service("ads", "Ads", Category.MARKETING, hosts=("ads.test",), origin="configuration")
    assert Catalogue([own], uncorroborated=("ads.test",)).for_url("ads.test", "/") is own


def test_a_necessary_host_may_have_a_path_that_is_known_elsewhere() -> None:
    pay = Service("pay", "Pay", Category.NECESSARY, hosts=("pay.test",))
    counter = Service("counter", "Counter", Category.STATISTICS, urls=("/sp.js", "pay.test/count"))
    catalogue = Catalogue([pay, counter])
    assert catalogue.for_url("pay.test", "/sp.js") is pay
    assert catalogue.for_url("shop.test", "/sp.js") is counter
    assert catalogue.for_url("pay.test", "/count") is counter
