import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from gateway.demo.goods import CATEGORIES, goods
from gateway.demo.record import Record
from gateway.demo.shop import Shop
from gateway.demo.tags import Tags
from gateway.demo.trackers import TRACKERS

Fields = dict[str, str]


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
def shop(record: Record) -> Iterator[TestClient]:
    with TestClient(Shop(Tags(8001), record).app()) as client:
        yield client


def form(shop: TestClient, **fields: str) -> Fields:
    return {"csrf": shop.cookies.get("csrftoken") or "", **fields}


def test_a_visitor_browses_signs_in_and_buys(shop: TestClient) -> None:
    assert "山目選物" in shop.get("/").text
    assert "阿里山霧烏龍" in shop.get("/c/tea/").text
    assert "NT$ 2,680" in shop.get("/p/side-teapot/").text
    shop.post("/cart/", data=form(shop, slug="side-teapot", action="add", number="2"))
    added = shop.post("/cart/", data=form(shop, slug="ink-night", action="add"))
    assert "NT$ 5,920" in added.text
    before = shop.cookies["sessionid"]
    signed_in = shop.post("/account/", data=form(shop, email="lin@example.com"))
    assert "您好，lin" in signed_in.text
    assert "還沒有訂單" in signed_in.text
    assert shop.cookies["sessionid"] != before
    assert "NT$ 5,920" in shop.get("/checkout/").text
    payment = shop.post("/checkout/", data=form(shop, recipient="林", address="台北"))
    assert "NT$ 5,920" in payment.text
    assert "trackers.localhost" not in payment.text
    assert "待付款" in shop.get("/account/").text
    thanks = shop.post(payment.url.path, data=form(shop, card="4111"))
    assert "謝謝您" in thanks.text
    assert "value: 5920" in thanks.text
    assert "已付款" in shop.get("/account/").text
    assert "購物車還是空的" in shop.get("/cart/").text
    signed_out = shop.post("/account/sign-out", data=form(shop))
    assert "登入" in signed_out.text


@pytest.mark.parametrize("path", [f"/p/{slug}/" for slug in goods()] + [f"/c/{name}/" for name in CATEGORIES])
def test_every_article_and_shelf_has_a_page_with_its_pictures(shop: TestClient, path: str) -> None:
    page = shop.get(path)
    assert page.status_code == 200
    pictures = re.findall(r'src="(/pictures/[^"]+)"', page.text)
    assert len(pictures) > 3
    assert all(shop.get(picture).status_code == 200 for picture in pictures)


@pytest.mark.parametrize("path", ["/nowhere", "/p/none/", "/c/none/", "/pay/none", "/thanks/none/", "/a/b/c"])
def test_what_is_not_there_is_a_page_with_404(shop: TestClient, path: str) -> None:
    page = shop.get(path)
    assert page.status_code == 404
    assert "這裡沒有東西" in page.text


@pytest.mark.parametrize("path", ["/files/none.css", "/files/shop.py", "/pictures/shop.css", "/files/%2e%2e"])
def test_only_the_shops_own_files_are_served(shop: TestClient, path: str) -> None:
    assert shop.get(path).status_code == 404


def test_an_unpaid_order_is_not_thanked_for_and_an_unknown_one_not_settled(shop: TestClient) -> None:
    shop.get("/")
    shop.post("/cart/", data=form(shop, slug="brass-pen", action="add"))
    number = shop.post("/checkout/", data=form(shop)).url.path.rpartition("/")[2]
    assert shop.get(f"/thanks/{number}/").status_code == 404
    assert shop.post("/pay/SM0", data=form(shop)).status_code == 404


@pytest.mark.parametrize(
    ("path", "words"), [("/story/", "山的眼睛"), ("/stores/", "大稻埕"), ("/account/", "電子郵件")]
)
def test_the_other_pages_say_what_they_are_for(shop: TestClient, path: str, words: str) -> None:
    assert words in shop.get(path).text


def test_checkout_without_goods_leads_to_the_cart(shop: TestClient) -> None:
    assert shop.get("/checkout/").url.path == "/cart/"
    assert shop.post("/checkout/", data=form(shop)).url.path == "/cart/"


@pytest.mark.parametrize("csrf", ["", "wrong", "é"], ids=["missing", "wrong", "not ascii"])
def test_a_form_from_elsewhere_changes_nothing(shop: TestClient, csrf: str) -> None:
    shop.get("/")
    answer = shop.post("/cart/", data={"csrf": csrf, "slug": "brass-pen", "action": "add"})
    assert answer.status_code == 403
    assert "表單已過期" in answer.text
    assert "購物車還是空的" in shop.get("/cart/").text


@pytest.mark.parametrize(
    ("action", "number", "left"),
    [
        ("add", "2", 3),
        ("set", "5", 5),
        ("set", "0", 0),
        ("remove", "1", 0),
        ("add", "-4", 2),
        ("add", "1" * 9, 2),
    ],
)
def test_the_cart_counts(shop: TestClient, action: str, number: str, left: int) -> None:
    shop.get("/")
    shop.post("/cart/", data=form(shop, slug="brass-pen", action="add", number="1"))
    page = shop.post("/cart/", data=form(shop, slug="brass-pen", action=action, number=number))
    assert f'<span class="count">{left}</span>' in page.text


def test_an_article_that_does_not_exist_cannot_be_bought(shop: TestClient) -> None:
    shop.get("/")
    page = shop.post("/cart/", data=form(shop, slug="moon", action="add"))
    assert '<span class="count">0</span>' in page.text


def test_the_language_changes_for_the_session_and_leads_back(shop: TestClient) -> None:
    page = shop.get("/language/en", headers={"referer": "http://testserver/stores/"})
    assert page.url.path == "/stores/"
    assert '<html lang="en">' in page.text
    assert "the tea is always hot" in page.text
    assert '<html lang="zh-Hant">' in shop.get("/language/zh-Hant").text


def test_the_way_back_after_the_language_stays_in_the_shop(shop: TestClient) -> None:
    elsewhere = shop.get(
        "/language/en", headers={"referer": "http://testserver//evil.example/"}, follow_redirects=False
    )
    assert elsewhere.headers["location"] == "/evil.example/"


def test_what_a_visitor_types_is_escaped(shop: TestClient) -> None:
    shop.get("/")
    page = shop.post("/account/", data=form(shop, email="<b>lin</b>@example.com"))
    assert "&lt;b&gt;lin&lt;/b&gt;" in page.text
    assert "<b>lin" not in page.text


def test_every_page_tells_all_third_parties_in_markup_headers_and_cookies(shop: TestClient) -> None:
    page = shop.get("/")
    on_this_page = [tracker for tracker in TRACKERS if tracker.id != "google-maps"]
    assert all(tracker.origin(8001) + "/" in page.text for tracker in on_this_page)
    assert "google-maps.trackers.localhost:8001" in shop.get("/stores/").text
    assert "rel=preconnect" in page.headers["link"]
    assert "reports.trackers.localhost" in page.headers["report-to"]
    assert "nel" in page.headers
    lines = page.headers.get_list("set-cookie")
    assert any(line.startswith("_fbc=") and "HttpOnly" in line for line in lines)
    assert not any("_fbc=" in line for line in shop.get("/").headers.get_list("set-cookie"))


def test_the_record_is_told_what_the_shop_was_sent(shop: TestClient, record: Record) -> None:
    shop.get("/", headers={"x-consent": "necessary=1", "cookie": "_ga=1; sessionid=2"})
    (sight,) = record.shop
    assert sight.path == "GET /"
    assert sight.cookies == ("_ga", "sessionid")
    assert sight.consent == "necessary=1"
