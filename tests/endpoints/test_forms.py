import asyncio

import pytest
from starlette.requests import Request

from gateway.endpoints.forms import LARGEST_BODY, Form, FormError, local_path, read_form, require_own_page
from gateway.types import Message, RawHeaders

FORM = (b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")
JSON = (b"content-type", b"Application/JSON")


def request(*headers: tuple[bytes, bytes], body: bytes = b"", host: bytes = b"www.shop.tw") -> Request:
    half = len(body) // 2
    parts = [body[:half], body[half:]]

    async def receive() -> Message:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    raw: RawHeaders = [(b"host", host), *headers]
    return Request(
        {"type": "http", "method": "POST", "headers": raw, "path": "/", "query_string": b""}, receive
    )


def read(*headers: tuple[bytes, bytes], body: bytes) -> Form:
    return asyncio.run(read_form(request(*headers, body=body)))


def test_a_form_and_json_have_the_same_fields() -> None:
    form = read(FORM, body=b"action=save&category=statistics&category=marketing&return=%2Fa+b&rev=")
    assert form.one("action") == "save"
    assert form.all("category") == ["statistics", "marketing"]
    assert (form.one("return"), form.one("rev"), form.one("none"), form.all("none")) == ("/a b", "", None, [])
    assert not form.json
    json = read(JSON, body=b'{"action": "save", "category": ["statistics"], "rev": 1}')
    assert (json.one("action"), json.all("category"), json.one("rev")) == ("save", ["statistics"], 1)
    assert json.json


def test_no_body_is_a_form_without_fields() -> None:
    assert read(body=b"") == Form({}, json=False)


def test_a_form_may_ask_for_json() -> None:
    assert read(FORM, (b"accept", b"application/json;q=1, */*"), body=b"").json
    assert not read(FORM, (b"accept", b"text/html, application/json"), body=b"").json


@pytest.mark.parametrize(
    ("header", "body", "status"),
    [
        pytest.param(JSON, b"{", 400, id="broken JSON"),
        pytest.param(JSON, b"[1]", 400, id="JSON that is no object"),
        pytest.param(JSON, b"", 400, id="no JSON"),
        pytest.param(JSON, b"[" * 16_000, 400, id="deep JSON"),
        pytest.param(JSON, b'{"a": "\xff"}', 400, id="JSON that is no UTF-8"),
        pytest.param(FORM, b"\xff", 400, id="form that is no ASCII"),
        pytest.param(FORM, b"&".join([b"a=1"] * 70), 400, id="too many fields"),
        pytest.param((b"content-type", b"text/plain"), b"{}", 415, id="text"),
        pytest.param((b"x", b"y"), b"a=1", 415, id="no type"),
        pytest.param(FORM, b"a" * (LARGEST_BODY + 1), 413, id="too large"),
    ],
)
def test_what_cannot_be_read_is_told_by_status(header: tuple[bytes, bytes], body: bytes, status: int) -> None:
    with pytest.raises(FormError) as caught:
        read(header, body=body)
    assert caught.value.status == status


def test_sixteen_kilobytes_are_not_too_large() -> None:
    assert read(FORM, body=b"a=" + b"b" * (LARGEST_BODY - 2)).one("a")


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        pytest.param([], True, id="no browser"),
        pytest.param([("sec-fetch-site", "same-origin")], True, id="same origin"),
        pytest.param([("sec-fetch-site", "same-site")], False, id="same site is not enough"),
        pytest.param([("sec-fetch-site", "cross-site")], False, id="cross-site"),
        pytest.param([("sec-fetch-site", "none")], False, id="typed by hand"),
        pytest.param([("sec-fetch-site", "same-origin")] * 2, False, id="said twice"),
        pytest.param(
            [("sec-fetch-site", "cross-site"), ("origin", "http://www.shop.tw")], False, id="Origin is second"
        ),
        pytest.param(
            [("sec-fetch-site", "same-origin"), ("origin", "http://evil.tw")], True, id="Origin is not asked"
        ),
        pytest.param([("origin", "http://www.shop.tw")], True, id="own Origin"),
        pytest.param([("origin", "https://WWW.shop.tw:443")], True, id="own Origin, TLS ended before us"),
        pytest.param([("origin", "http://www.shop.tw:81")], False, id="other port"),
        pytest.param([("origin", "http://shop.tw")], False, id="parent domain"),
        pytest.param([("origin", "http://www.shop.tw.evil.tw")], False, id="longer name"),
        pytest.param([("origin", "http://www.shop.tw@evil.tw")], False, id="userinfo"),
        pytest.param([("origin", "null")], False, id="null"),
        pytest.param([("origin", "")], False, id="empty"),
        pytest.param([("origin", "http://[")], False, id="broken"),
        pytest.param([("origin", "app://www.shop.tw")], False, id="another kind of place"),
        pytest.param([("origin", "http://www.shop.tw")] * 2, False, id="two Origins"),
    ],
)
def test_only_our_own_pages_may_post(headers: list[tuple[str, str]], own: bool) -> None:
    posted = request(*((name.encode(), value.encode()) for name, value in headers))
    if own:
        require_own_page(posted)
    else:
        with pytest.raises(FormError, match="cross-site"):
            require_own_page(posted)


@pytest.mark.parametrize(
    ("value", "local"),
    [
        ("/", True),
        ("/a/b?c=d#e", True),
        ("/商品?頁=2", True),
        ("/%2F%2Fevil.tw", True),
        ("//evil.tw", False),
        ("///evil.tw", False),
        ("/\\evil.tw", False),
        ("\\/evil.tw", False),
        ("/a\\b", False),
        ("/\t/evil.tw", False),
        ("/\r\nset-cookie: a=b", False),
        ("/\x7f", False),
        ("/\u2028", False),
        ("/\ud800", False),
        (" /a", False),
        ("a", False),
        ("https://evil.tw/", False),
        ("javascript:alert(1)", False),
        ("", False),
        ("/" + "a" * 3000, False),
        (None, False),
        (1, False),
        (["/a"], False),
    ],
)
def test_only_a_path_on_this_host_leads_back(value: object, local: bool) -> None:
    assert local_path(value) == (value if local else None)
