"""The vendors by field and country: the file's shape, a sample of every segment, and what must stay unknown."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import re2
from publicsuffixlist import PublicSuffixList

from gateway.enforcement.catalogue_data import load_catalogue
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category

Row = dict[str, Any]

FILE = Path(__file__).parents[2] / "gateway" / "data" / "vendors.toml"
VENDORS: list[Row] = tomllib.loads(FILE.read_text(encoding="utf-8"))["services"]
LISTS = ("hosts", "urls", "marks", "cookies")
KEYS = {"id", "name", "category", "embed", *LISTS}
SUFFIXES = PublicSuffixList(accept_unknown=False, only_icann=True)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def repeated(values: list[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]


def test_a_vendor_has_the_agreed_keys_and_something_to_be_recognised_by() -> None:
    for row in VENDORS:
        assert row.keys() <= KEYS, row["id"]
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["id"]), row["id"]
        assert row["category"] in {"preferences", "statistics", "marketing"}, row["id"]
        assert any(row.get(key) for key in LISTS), row["id"]


def test_a_vendor_and_what_it_is_recognised_by_stand_there_once() -> None:
    assert repeated([row["id"] for row in VENDORS]) == []
    for key in LISTS:
        assert repeated([value for row in VENDORS for value in row.get(key, ())]) == [], key


def test_no_host_is_a_public_suffix_of_a_registry() -> None:
    for row in VENDORS:
        named = [url.split("/", 1)[0] for url in row.get("urls", ()) if not url.startswith("/")]
        for host in [*(host.removeprefix("=") for host in row.get("hosts", ())), *named]:
            assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host), (row["id"], host)
            assert SUFFIXES.privatesuffix(host), (row["id"], host)


def test_marks_compile_and_do_not_match_everyday_code() -> None:
    everyday = b"var a = document.getElementById('cart'); a.s.t = dataLayer; function init() { a.load(1); }"
    for row in VENDORS:
        for mark in row.get("marks", ()):
            assert not re2.search(mark.encode(), everyday), row["id"]


@pytest.mark.parametrize(
    ("url", "service"),
    [
        # exchanges, ad servers, identity, verification, adblock recovery
        ("rtb.a-mo.net/bid", "amx-rtb"),
        ("i.connectad.io/api/v2", "connectad"),
        ("prebid.smilewanted.com/", "smilewanted"),
        ("www.adfusion.com/x.js", "adfusion"),
        ("ad.adsfac.net/ag.asp", "facilitate-digital"),
        ("cdn.utiq.com/utiq.js", "utiq"),
        ("cdn.prod.euid.eu/euid-sdk.js", "euid"),
        ("cs.rqtrk.eu/", "roqad"),
        ("ad-delivery.net/px.gif", "blockthrough"),
        ("cdn.themediatrust.com/x.js", "the-media-trust"),
        # recommendation, pop-ups, adult, miners
        ("cdn.nmcdn.us/js/connectV4.js", "newsmax-feed-network"),
        ("widgets.ezakus.net/x.js", "ezakus"),
        ("my.rtmark.net/p.js", "propellerads"),
        ("a.adultforce.com/x.js", "adultforce"),
        ("load.jsecoin.com/load/1", "coin-miners"),
        # affiliates, comparison, travel
        ("www.cualbr.com/image-1", "cj-affiliate"),
        ("lt45.net/c/", "daisycon"),
        ("tp.media/content", "travelpayouts"),
        ("pixel.biano.cz/min/pixel.js", "biano"),
        ("tracking.trovaprezzi.it/x.js", "trovaprezzi"),
        ("api.sovendus.com/sovabo/common/js/flexibleIframe.js", "sovendus"),
        # analytics, speed, replay, calls, leads
        ("counter.search.bg/cgi-bin/c", "search-bg-counter"),
        ("www.wysistat.com/statistique.js", "wysistat"),
        ("client.rum.us-east-1.amazonaws.com/1.0.2/cwr.js", "amazon-cloudwatch-rum"),
        ("js.monitor.azure.com/scripts/b/ai.2.min.js", "azure-application-insights"),
        ("rum.aem.page/1", "aem-rum"),
        ("script.capturly.com/track.js", "capturly"),
        ("script.ringostat.com/v4/x.js", "ringostat"),
        ("slsnlytcs.com/stm.js", "salesviewer"),
        # sharing
        ("plugins.mixi.jp/favorite.pl", "mixi"),
        ("d.yimg.com/ds/badge.js", "yahoo-buzz"),
        # regions
        ("yandex.ru/ads/system/context.js", "yandex-ads"),
        ("cdn.esputnik.com/x.js", "esputnik"),
        ("c.zero.kz/z.png", "zero-kz"),
        ("www.adtaily.pl/widget.js", "adtaily"),
        ("static.smartemailing.cz/x.js", "smartemailing"),
        ("cdn.gravityrd-services.com/x.js", "yusp"),
        ("tracking.retargeting.biz/v3/rajs/x.js", "retargeting-biz"),
        ("scripts.bestprice.gr/x.js", "bestprice"),
        ("www.asadcdn.com/adlib/x.js", "axel-springer-ads"),
        ("t.plezi.co/x.js", "plezi"),
        ("cdn.juiceadv.com/x.js", "juice-adv"),
        ("cdn.connectif.cloud/client-script/x", "connectif"),
        ("js.ssp.sapo.pt/x.js", "sapo-ads"),
        ("advertising-cdn.dpgmedia.cloud/x.js", "dpg-advertising"),
        ("eu1.snoobi.eu/snoop.php", "snoobi"),
        ("cdn.yektanet.com/js/x.js", "yektanet"),
        ("cdn.reklamport.com/x.js", "reklamport"),
        ("cdn.growthrx.in/js/x.js", "growthrx"),
        ("ads.kompas.com/x.js", "kompas-ads"),
        ("cdn.speee-ad.akamaized.net/x.js", "speee-uzou"),
        ("cyad1.nate.com/x.js", "nate-ads"),
        ("zz.bdstatic.com/linksubmit/push.js", "baidu-push"),
        ("rc.vtex.com/v8", "vtex-analytics"),
        ("www.nzme-ads.co.nz/x.js", "nzme-ads"),
        # big companies by exact host or path
        ("ws.amazon.de/widgets/q", "amazon-ads"),
        ("l.yimg.com/a/lib/smbiz/store/csell/recommend.js", "yahoo-store-recommendations"),
        ("cdn.jsdelivr.net/npm/@fingerprintjs/fingerprintjs@3/dist/fp.min.js", "libraries-of-trackers"),
    ],
)
def test_an_address_belongs_to_its_vendor(catalogue: Catalogue, url: str, service: str) -> None:
    host, slash, path = url.partition("/")
    found = catalogue.for_url(host, slash + path)
    assert found is not None
    assert found.id == service


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/dcs2k7f4v000004zm2_5d2a/wtid.js", "webtrends"),
        ("/dcs2k7f4v000004zm2_5d2a/njs.gif?dcsuri=/nojavascript", "webtrends"),
        ("/scripts/sdctag1.js", "webtrends"),
        ("/abc/scripts/satellite-5a1b2c.js", "adobe-launch"),
        ("/launch-EN1a2b3c.min.js", "adobe-launch"),
        ("/wp-content/plugins/google-analytics-for-wordpress/assets/js/frontend-gtag.min.js", "google-analytics"),
        ("/wp-content/uploads/caos/f1a2.js", "google-analytics"),
        ("/static/Magento_GoogleAnalytics/js/google-analytics.min.js", "google-analytics"),
        ("/wp-content/plugins/pixelyoursite/dist/scripts/public.js", "meta-pixel"),
        ("/openx/www/delivery/spc.php?zones=1", "openx"),
        ("/adserver/show.php", "openx"),
        ("/rb_bf12345abc?type=js3&sn=v_4", "dynatrace"),
        ("/js/adrum-4.5.js", "appdynamics"),
        ("/static/elastic-apm-rum.umd.min.js", "elastic-apm"),
        ("/clickheat/js/clickheat.js", "clickheat"),
        ("/mint/?js", "mint"),
        ("/iomm/latest/manager/base/es6/bundle.js", "infonline"),
        ("/assets/apstag.js", "amazon-ads"),
        ("/wp-content/plugins/wp-statistics/assets/js/tracker.js", "wp-statistics"),
    ],
)
def test_a_product_is_known_by_its_path_on_the_shops_own_host(catalogue: Catalogue, path: str, service: str) -> None:
    for found in (catalogue.for_path(path), catalogue.for_url("www.shop.example", path)):
        assert found is not None
        assert found.id == service


@pytest.mark.parametrize(
    "path",
    [
        "/static/js/app.js", "/js/cart.js", "/js/analytics-dashboard.js", "/js/scorecard.js", "/js/sdcard.js",
        "/js/hitbox.js", "/js/burst.min.js", "/pd.js", "/lg.php?lang=fr", "/js/rum.js", "/js/amplitude.min.js",
        "/shop/rum/dark.html", "/js/satellite-map.js", "/js/gallery.js", "/js/gmap.js", "/js/segmented-control.js",
        "/js/criteria.js", "/js/addto.js", "/js/optimize.js", "/js/foresight.js", "/ads/", "/js/launch-event.js",
        "/skin/frontend/base/default/js/prototype.js", "/js/pixel-perfect.js", "/js/quantity.js", "/mint/green.html",
    ],
)  # fmt: skip
def test_a_shops_own_path_is_nobodys(catalogue: Catalogue, path: str) -> None:
    assert catalogue.for_path(path) is None


@pytest.mark.parametrize(
    "host",
    [
        # libraries, fonts, clouds, delivery
        "cdn.jsdelivr.net", "unpkg.com", "cdnjs.cloudflare.com", "ajax.googleapis.com", "fonts.gstatic.com",
        "code.jquery.com", "cdn.bootcdn.net", "use.typekit.net", "fast.fonts.net", "cloud.typography.com",
        "use.fontawesome.com", "s3.amazonaws.com", "d1.cloudfront.net", "x.akamaized.net", "x.azureedge.net",
        "x.b-cdn.net", "x.kxcdn.com", "x.fastly.net", "x.edgecastcdn.net", "storage.googleapis.com",
        "firestore.googleapis.com", "g.alicdn.com", "x.myqcloud.com", "lf1-cdn-tos.bytegoofy.com",
        # pictures and content
        "res.cloudinary.com", "x.imgix.net", "images.unsplash.com", "images.ctfassets.net", "i.pinimg.com",
        "static.wixstatic.com", "images.squarespace-cdn.com", "m.media-amazon.com", "images-na.ssl-images-amazon.com",
        "thumbnail.image.rakuten.co.jp", "r.r10s.jp", "shop1.r10s.jp", "http2.mlstatic.com", "a.allegroimg.com",
        "upload.wikimedia.org", "live.staticflickr.com", "i.imgur.com", "x.wp.com", "l.yimg.com",
        "pic.pimg.tw", "img.shoplineapp.com",
        # payment, sign-in, robots
        "js.stripe.com", "www.paypalobjects.com", "x.klarnacdn.net", "checkoutshopper-live.adyen.com",
        "js.braintreegateway.com", "static-eu.payments-amazon.com", "pay.google.com", "secure.payu.com",
        "sdk.mercadopago.com", "accounts.google.com", "login.microsoftonline.com", "appleid.cdn-apple.com",
        "hcaptcha.com", "challenges.cloudflare.com", "www.recaptcha.net", "client.px-cloud.net", "h.online-metrix.net",
        # consent tools
        "cdn.cookielaw.org", "consent.cookiebot.com", "app.usercentrics.eu", "sdk.privacy-center.org",
        # shop platforms
        "cdn.shopify.com", "x.bigcommerce.com", "x.vtexassets.com", "x.vteximg.com.br", "cdn.myshoptet.com",
        "cdn.ecwid.com", "x.cafe24.com", "img.cafe24.com", "x.demandware.net", "tile.example.org",
    ],
)  # fmt: skip
def test_delivery_payment_and_platforms_are_no_trackers(catalogue: Catalogue, host: str) -> None:
    service = catalogue.for_url(host, "/file.png")
    assert service is None or service.category is Category.NECESSARY, service


def test_the_video_player_of_naver_is_an_embed_that_a_trial_parks_too(catalogue: Catalogue) -> None:
    service = catalogue.for_url("tv.naver.com", "/embed/1234567")
    assert service is not None
    assert (service.id, service.embed, service.in_trial) == ("naver-tv", True, True)
