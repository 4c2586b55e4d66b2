from __future__ import annotations

import json
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest

from gateway.enforcement.catalogue_data import load_catalogue
from gateway.errors import ConfigError
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category
from gateway.model.service import Service
from tests.calls import calls

N, P, S, M = Category.NECESSARY, Category.PREFERENCES, Category.STATISTICS, Category.MARKETING


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


SURVIVORS = [
    "sessionid", "csrftoken", "PHPSESSID", "JSESSIONID", "ASP.NET_SessionId", ".AspNetCore.Session",
    "__RequestVerificationToken", "laravel_session", "XSRF-TOKEN", "connect.sid", "_session_id",
    "next-auth.session-token", "__Host-next-auth.csrf-token", "_shop_session", "_secure_session_id",
    "secure_customer_sig", "cart", "cart_sig", "checkout_token", "_shopify_essential", "_rails_session",
    "wordpress_logged_in_abc", "wp_woocommerce_session_abc", "woocommerce_cart_hash",
    "woocommerce_items_in_cart", "form_key", "mage-cache-sessid", "X-Magento-Vary", "PrestaShop-abc",
    "OCSESSID", "oscar_open_basket", "guest_token", "SHOP_SESSION_TOKEN", "dwsid", "AWSALB", "AWSALBCORS",
    "__cf_bm", "cf_clearance", "ak_bmsc", "_abck", "bm_sz", "BIGipServerpool", "TS01abc", "incap_ses_1",
    "visid_incap_2", "__stripe_mid", "__stripe_sid", "ts_c", "x-pp-s", "l7_az", "_cyberbiz_session",
    "shopline_session_id", "basket_id",
]  # fmt: skip


HARMLESS = [
    "s3.amazonaws.com", "bucket.s3.ap-northeast-1.amazonaws.com", "d111.cloudfront.net", "x.akamaihd.net",
    "shop.azureedge.net", "cdn.jsdelivr.net", "cdnjs.cloudflare.com", "unpkg.com", "fonts.googleapis.com",
    "fonts.gstatic.com", "ajax.googleapis.com", "www.gstatic.com", "shop.github.io", "code.jquery.com",
    "use.typekit.net", "res.cloudinary.com", "images.ctfassets.net", "cdn.shopify.com",
    "static.wixstatic.com", "s.w.org", "i0.wp.com", "cdn.bootcss.com", "storage.googleapis.com",
    "x.herokuapp.com", "www.microsoft.com", "login.microsoftonline.com", "www.apple.com", "i.pinimg.com",
    "media.licdn.com", "dev.okta.com", "foo.net.pl", "bar.de.com", "www.salesforce.com", "www.ebay.com",
    "www.wp.pl", "tw.yahoo.com", "upload.wikimedia.org", "pic.pimg.tw", "stackpath.bootstrapcdn.com",
]  # fmt: skip


@pytest.mark.parametrize("name", SURVIVORS)
def test_what_a_shop_needs_is_never_cut(catalogue: Catalogue, name: str) -> None:
    assert catalogue.cookie_category(name) is N
    service = catalogue.for_cookie(name)
    assert service is None or service.category is N


@pytest.mark.parametrize(
    "name",
    [
        *(
            "_s",
            "_st",
            "_sx",
            "cap",
            "captcha",
            "capacity",
            "uid",
            "locale",
            "lang",
            "id",
            "token",
            "user",
            "session",
        ),
        *(
            "theme",
            "tp",
            "SR",
            "CT",
            "fid",
            "sp",
            "i",
            "A1",
            "p_a",
            "P_x",
            "ct_x",
            "ua_x",
            "gmid",
            "sid",
            "_y",
        ),
    ],
)
def test_generic_and_short_names_of_the_datasets_cut_nothing(catalogue: Catalogue, name: str) -> None:
    assert catalogue.cookie_category(name) in (None, N)


@pytest.mark.parametrize(
    ("names", "category"),
    [
        ("_ga _ga_ABC123 _gid _gat_gtag_UA_1 __utma __utmz AMP_TOKEN", S),
        ("_pk_id.1.abcd _pk_ses.1.abcd _clck _clsk _hjSessionUser_123 _hjSession_1", S),
        ("ajs_anonymous_id mp_x_mixpanel optimizelyEndUserId AMP_x _parsely_visitor _chartbeat2 _cb", S),
        ("s_vi s_fid _ym_uid Hm_lvt_abc _vwo_uuid_v2 _hp2_id.1 utag_main", S),
        ("_fbp _fbc _gcl_au _gcl_aw _ttp _pin_unauth _uetsid _uetvid __qca _scid __gads __gpi", M),
        ("li_fat_id _rdt_uuid hubspotutk __hstc _mkto_trk cto_bundle __kla_id __adroll_fpc", M),
        ("intercom-id-abc drift_aid", P),
    ],
    ids=["google", "heat and matomo", "product analytics", "others", "pixels", "networks", "chat"],
)
def test_known_trackers_cookies_have_their_category(
    catalogue: Catalogue, names: str, category: Category
) -> None:
    assert {name: catalogue.cookie_category(name) for name in names.split()} == dict.fromkeys(
        names.split(), category
    )


@pytest.mark.parametrize(
    ("url", "category"),
    [
        ("www.google-analytics.com/analytics.js", S),
        ("www.googletagmanager.com/gtm.js?id=GTM-1", S),
        ("connect.facebook.net/en_US/fbevents.js", M),
        ("www.facebook.com/tr?id=1&ev=PageView", M),
        ("securepubads.g.doubleclick.net/tag/js/gpt.js", M),
        ("bat.bing.com/bat.js", M),
        ("snap.licdn.com/li.lms-analytics/insight.min.js", M),
        ("s.pinimg.com/ct/core.js", M),
        ("static.hotjar.com/c/hotjar-1.js", S),
        ("mc.yandex.ru/metrika/tag.js", S),
        ("hm.baidu.com/hm.js?1", S),
        ("wcs.naver.net/wcslog.js", S),
        ("js-agent.newrelic.com/nr.js", S),
        ("static.cloudflareinsights.com/beacon.min.js", S),
        ("stats.elsewhere.example/matomo.js", S),
        ("maps.googleapis.com/maps/api/js", P),
        ("www.youtube.com/embed/x", P),
        ("player.vimeo.com/video/1", P),
        ("embed.tawk.to/1/default", P),
        ("www.google.com/recaptcha/api.js", P),
        ("www.recaptcha.net/recaptcha/api.js", N),
        ("js.stripe.com/v3/", N),
        ("www.paypal.com/sdk/js", N),
        ("payment.ecpay.com.tw/Scripts/sdk.js", N),
    ],
)
def test_known_urls_have_their_category(catalogue: Catalogue, url: str, category: Category) -> None:
    host, slash, path = url.partition("/")
    service = catalogue.for_url(host, slash + path)
    assert service is not None
    assert service.category is category


@pytest.mark.parametrize("host", HARMLESS)
def test_clouds_content_and_portals_are_not_trackers(catalogue: Catalogue, host: str) -> None:
    service = catalogue.for_url(host, "/file")
    assert service is None or service.category is N, service


def test_loading_takes_work_in_proportion_to_what_is_loaded(tmp_path: Path) -> None:
    """The time it takes is printed by `benchmarks/catalogue.py`."""
    whole = json.loads((files("gateway") / "data" / "catalogue.json").read_bytes())
    halves = 0
    for start in (0, 1):
        half = tmp_path / f"{start}.json"
        half.write_text(json.dumps(whole | {"services": whole["services"][start::2]}))
        halves += calls(partial(load_catalogue, source=half))
    assert calls(load_catalogue) < 1.1 * halves


def test_every_id_is_there_once_and_no_pattern_is_empty(catalogue: Catalogue) -> None:
    assert len(catalogue.by_id) == len(catalogue.services)
    for service in catalogue.services:
        for pattern in (*service.hosts, *service.urls, *service.cookies):
            assert pattern.replace("*", "").strip("=/"), service.id
        for host in service.hosts:
            assert "." in host, service.id
            assert "/" not in host, service.id
            assert host == host.lower(), service.id


def test_services_of_the_configuration_come_first() -> None:
    own = Service(
        "mine", "Mine", N, hosts=("google-analytics.com",), cookies=("_ga",), origin="configuration"
    )
    catalogue = load_catalogue((own,), ("_gid",))
    assert catalogue.for_url("www.google-analytics.com", "/analytics.js") is own
    assert catalogue.cookie_category("_ga") is N
    assert catalogue.cookie_category("_gid") is N


EMPTY: dict[str, list[str]] = {"safe_cookies": [], "uncorroborated": []}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param('{"safe_cookies": [], "uncorroborated": []}', id="half"),
        pytest.param(
            json.dumps({**EMPTY, "services": [{"id": "x", "name": "X"}]}), id="no category"
        ),
        pytest.param(
            json.dumps({**EMPTY, "services": [{"id": "x", "name": "X", "category": "ads"}]}),
            id="unknown category",
        ),
        pytest.param('{"safe_cookies": [], "uncorroborated": [], "services": [], "more": 1}', id="unknown field"),
    ],
)
def test_without_a_sound_catalogue_nothing_starts(tmp_path: Path, content: str | None) -> None:
    source = tmp_path / "catalogue.json"
    if content is not None:
        source.write_text(content)
    with pytest.raises(ConfigError, match="catalogue"):
        load_catalogue(source=source)
