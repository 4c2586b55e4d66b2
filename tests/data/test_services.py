"""The hand-written services file: its shape, and what it says about real loaders, addresses and cookies."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import re2
from publicsuffixlist import PublicSuffixList

Row = dict[str, Any]

FILE = Path(__file__).parents[2] / "gateway" / "data" / "services.toml"
DATA: Row = tomllib.loads(FILE.read_text(encoding="utf-8"))
SERVICES: list[Row] = DATA["services"]
CATEGORIES = {"necessary", "preferences", "statistics", "marketing"}
LISTS = ("hosts", "urls", "marks", "cookies")
KEYS = {"id", "name", "vendor", "category", "embed", "policy_url", *LISTS}
SUFFIXES = PublicSuffixList(accept_unknown=False)
by_service = pytest.mark.parametrize("service", SERVICES, ids=[row["id"] for row in SERVICES])


def hosts_of(service: Row) -> list[str]:
    written = [host.removeprefix("=") for host in service.get("hosts", [])]
    return written + [url.split("/", 1)[0] for url in service.get("urls", []) if not url.startswith("/")]


def covers(host: str, pattern: str) -> bool:
    if pattern.startswith("="):
        return host == pattern[1:]
    return host == pattern or host.endswith("." + pattern)


def url_matches(pattern: str, host: str, target: str) -> bool:
    if pattern.startswith("/"):
        return re.search(re.escape(pattern).replace(r"\*", ".*") + "$", target.split("?", 1)[0]) is not None
    own, path = pattern.split("/", 1)
    return covers(host, own) and re.match(re.escape("/" + path).replace(r"\*", ".*"), target) is not None


def by_url(url: str) -> str | None:
    """The service of an address: longest url pattern, then longest host, then any-host paths."""
    host, _, path = url.partition("/")
    found: list[tuple[int, int, str]] = []
    for service in SERVICES:
        for pattern in service.get("urls", []):
            if url_matches(pattern, host, "/" + path):
                found.append((0 if pattern.startswith("/") else 2, len(pattern), service["id"]))
        for pattern in service.get("hosts", []):
            if covers(host, pattern):
                found.append((1, len(pattern), service["id"]))
    return max(found)[2] if found else None


def by_script(code: str) -> set[str]:
    return {
        service["id"]
        for service in SERVICES
        for mark in service.get("marks", [])
        if re2.search(mark.encode(), code.encode())
    }


def by_cookie(name: str) -> set[str]:
    return {row["id"] for row in SERVICES if any(fnmatchcase(name, c) for c in row.get("cookies", []))}


def test_the_file_names_at_least_two_hundred_services() -> None:
    assert len(SERVICES) >= 200


def test_ids_and_names_are_unique() -> None:
    assert len({row["id"] for row in SERVICES}) == len(SERVICES)
    assert len({row["name"] for row in SERVICES}) == len(SERVICES)


@by_service
def test_a_service_has_the_agreed_keys_and_types(service: Row) -> None:
    assert service.keys() <= KEYS
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", service["id"])
    assert service["name"]
    assert service["vendor"]
    assert service["category"] in CATEGORIES
    for key in LISTS:
        values = service.get(key, [])
        assert all(isinstance(value, str) and value for value in values)
        assert len(set(values)) == len(values), key
    assert isinstance(service.get("embed", False), bool)
    assert service.get("policy_url", "https://").startswith("https://")


@by_service
def test_a_service_can_be_recognised_by_something(service: Row) -> None:
    assert any(service.get(key) for key in LISTS)


@by_service
def test_marks_compile_and_do_not_match_everyday_code(service: Row) -> None:
    everyday = (
        b"var a = document.getElementById('cart'); a.s.t = dataLayer; function init() { return a.load(1); }"
    )
    for mark in service.get("marks", []):
        assert not re2.compile(mark.encode()).search(everyday), mark
        assert not re2.search(mark.encode(), b""), mark


@by_service
def test_no_host_swallows_a_public_suffix(service: Row) -> None:
    for host in hosts_of(service):
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host), host
        assert SUFFIXES.privatesuffix(host) is not None, host


@by_service
def test_cookie_patterns_name_more_than_a_letter_or_two(service: Row) -> None:
    for pattern in service.get("cookies", []):
        assert re.fullmatch(r"[^\s;,=]+", pattern), pattern
        if "*" in pattern:
            assert len(pattern.replace("*", "")) >= 2, pattern


def test_no_host_belongs_to_two_services() -> None:
    owners: dict[str, str] = {}
    for service in SERVICES:
        for entry in [*service.get("hosts", []), *service.get("urls", [])]:
            assert owners.setdefault(entry, service["id"]) == service["id"], entry


def test_safe_cookies_and_harmless_hosts_are_well_formed() -> None:
    assert all(re.fullmatch(r"[^\s;,=]+", name) for name in DATA["safe_cookies"])
    assert all(SUFFIXES.privatesuffix(host) for host in DATA["harmless_hosts"])
    assert len(set(DATA["safe_cookies"])) == len(DATA["safe_cookies"])
    assert len(set(DATA["harmless_hosts"])) == len(DATA["harmless_hosts"])


@pytest.mark.parametrize("host", DATA["harmless_hosts"])
def test_a_harmless_host_is_no_optional_service(host: str) -> None:
    owner = by_url(host + "/")
    assert owner is None or next(s for s in SERVICES if s["id"] == owner)["category"] == "necessary"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("www.google-analytics.com/analytics.js", "google-analytics"),
        ("www.googletagmanager.com/gtag/js?id=G-ABC", "google-analytics"),
        ("www.googletagmanager.com/gtag/js?id=AW-123", "google-ads"),
        ("www.googletagmanager.com/gtm.js?id=GTM-ABC", "google-tag-manager"),
        ("googleads.g.doubleclick.net/pagead/viewthroughconversion/1/", "google-doubleclick"),
        ("www.google.com.tw/ads/ga-audiences?v=1", "google-ads"),
        ("www.google.com/recaptcha/api.js", "google-recaptcha"),
        ("www.google.com/maps/embed?pb=1", "google-maps-frame"),
        ("www.google.com/", None),
        ("www.facebook.com/tr?id=1&ev=PageView", "meta-pixel"),
        ("www.facebook.com/plugins/like.php", "facebook-social-plugins"),
        ("www.facebook.com/plugins/video.php?href=x", "facebook-embed"),
        ("connect.facebook.net/zh_TW/fbevents.js", "meta-pixel"),
        ("d.line-scdn.net/n/line_tag/public/release/v1/lt.js", "line-tag"),
        ("tr.line.me/tag.gif", "line-tag"),
        ("pay.line.me/web/payment", "line-pay"),
        ("payment.ecpay.com.tw/Cashier/AioCheckOut/V5", "ecpay"),
        ("core.newebpay.com/MPG/mpg_gateway", "newebpay"),
        ("js.tappaysdk.com/sdk/tpdirect/v5", "tappay"),
        ("s.yimg.com/wi/ytc.js", "yahoo-ads"),
        ("sp.analytics.yahoo.com/sp.pl", "yahoo-ads"),
        ("www.shop.example/stats/matomo.php?idsite=1", "matomo"),
        ("js.stripe.com/v3/", "stripe"),
        ("challenges.cloudflare.com/turnstile/v0/api.js", "cloudflare-turnstile"),
        ("cdn.jsdelivr.net/npm/vue", "hosted-libraries"),
        ("www.youtube-nocookie.com/embed/x", "youtube"),
        ("notyoutube.com/embed/x", None),
        ("www.shop.example/assets/app.js", None),
    ],
)
def test_an_address_belongs_to_its_service(url: str, expected: str | None) -> None:
    assert by_url(url) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "var gaJsHost = ('https:' == document.location.protocol) ? 'https://ssl.' : 'http://www.';",
            "google-analytics",
        ),
        (
            "ga.src = ('https:' == x ? 'https://ssl' : 'http://www') + '.google-analytics.com/ga.js';",
            "google-analytics",
        ),
        ("_gaq.push(['_trackPageview']);", "google-analytics"),
        ("ga('create', 'UA-1', 'auto');", "google-analytics"),
        ("gtag('js', new Date()); gtag('config', 'G-1');", "google-analytics"),
        ("gtag('config', 'AW-1')", "google-ads"),
        ("w[l].push({'gtm.start': new Date().getTime(), event: 'gtm.js'})", "google-tag-manager"),
        ("googletag.cmd.push(function() {})", "google-publisher-tag"),
        ("(adsbygoogle = window.adsbygoogle || []).push({})", "google-adsense"),
        ("fbq('init', '1'); fbq('track', 'PageView');", "meta-pixel"),
        (r's.src="https:\/\/connect.facebook.net\/zh_TW\/sdk.js"', "facebook-social-plugins"),
        ("_lt('send', 'pv', ['x'])", "line-tag"),
        ("window.dotq = window.dotq || []; window.dotq.push({})", "yahoo-ads"),
        ("ttq.load('C1'); ttq.page();", "tiktok-pixel"),
        ("twq('init','x')", "x-ads"),
        ("pintrk('load', '1')", "pinterest-tag"),
        ("snaptr('init', '1')", "snap-pixel"),
        ("rdt('init','t2_x')", "reddit-pixel"),
        ("qp('track', 'ViewContent')", "quora-pixel"),
        ("_linkedin_partner_id = '1';", "linkedin-insight"),
        ("window.uetq = window.uetq || []", "microsoft-advertising"),
        ("h._hjSettings={hjid:1,hjsv:6}", "hotjar"),
        ("_paq.push(['trackPageView'])", "matomo"),
        ("window.NREUM||(NREUM={})", "new-relic"),
        ("var _sf_async_config={uid:1}", "chartbeat"),
        ("_qevents.push({qacct:'p-1'})", "quantcast"),
        ("_comscore.push({c1:'2'})", "comscore"),
        ("window.criteo_q.push({event:'viewHome'})", "criteo"),
        ("OA_show(3)", "openx"),
        ("_satellite.pageBottom()", "adobe-launch"),
        ("var s_account='x'", "adobe-analytics"),
        ("Intercom('boot', {})", "intercom"),
        ("window.$zopim||(function(d,s){})()", "zendesk"),
        ("var Tawk_API=Tawk_API||{}", "tawk-to"),
        ("mixpanel.init('x')", "mixpanel"),
        ("analytics.load('x')", "segment"),
        ("_learnq.push(['account','x'])", "klaviyo"),
        ("ym(12345, 'init', {})", "yandex-metrica"),
        ('hm.src = "https://hm.baidu.com/hm.js?1"', "baidu-tongji"),
        ("wcs_do(_nasa)", "naver-analytics"),
        ("kakaoPixel('1').pageView()", "kakao-pixel"),
        ("obApi('track', 'PAGE_VIEW')", "outbrain"),
        ("_tfa.push({notify:'event'})", "taboola"),
        ("var disqus_shortname = 'x'", "disqus"),
        ("var addthis_config = {}", "oracle-data-cloud"),
        ("_stq.push(['view', {}])", "wordpress-stats"),
    ],
)
def test_an_inline_loader_is_recognised(code: str, expected: str) -> None:
    assert expected in by_script(code)


@pytest.mark.parametrize(
    "code",
    [
        "dataLayer.push({event: 'add_to_cart', value: 300});",
        "// we removed the Facebook pixel and Google Analytics in May\nvar cart = [];",
        "$('.share').on('click', function () { alert('facebook'); });",
        "var text = 'Read our hotjar and criteo notice';",
        "window.shop = {id: 5, currency: 'TWD', init: function () {}};",
        "grecaptcha.ready(function () { grecaptcha.execute('key', {action: 'login'}); });",
        "TPDirect.setupSDK(1, 'key', 'production');",
        "paypal.Buttons({}).render('#paypal');",
        "jQuery(document).ready(function ($) { $('#slider').slick({autoplay: true}); });",
    ],
)
def test_the_shops_own_code_is_left_alone(code: str) -> None:
    assert by_script(code) == set()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_ga", "google-analytics"),
        ("_ga_ABC123", "google-analytics"),
        ("_gcl_au", "google-ads"),
        ("_fbp", "meta-pixel"),
        ("__lt__cid", "line-tag"),
        ("_clck", "microsoft-clarity"),
        ("_hjSessionUser_1", "hotjar"),
        ("_pk_id.1.1fff", "matomo"),
        ("_ttp", "tiktok-pixel"),
        ("_uetsid", "microsoft-advertising"),
        ("cto_bundle", "criteo"),
        ("__qca", "quantcast"),
        ("_ym_uid", "yandex-metrica"),
        ("Hm_lvt_1", "baidu-tongji"),
        ("AMCV_1%40AdobeOrg", "adobe-analytics"),
        ("_shopify_y", "shopify-analytics"),
        ("ajs_anonymous_id", "segment"),
    ],
)
def test_a_cookie_belongs_to_its_service(name: str, expected: str) -> None:
    assert expected in by_cookie(name)


@pytest.mark.parametrize(
    "name", ["sessionid", "csrftoken", "PHPSESSID", "_shop_session", "cart", "uid", "locale"]
)
def test_no_service_claims_a_name_the_shop_needs(name: str) -> None:
    owners = by_cookie(name)
    assert {row["category"] for row in SERVICES if row["id"] in owners} <= {"necessary"}
