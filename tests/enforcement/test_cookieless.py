import pytest

from gateway.enforcement.cookieless import is_cookieless
from gateway.types import RawHeaders

HOST = (b"host", b"shop.tw:8443")
FROM_HERE = (b"referer", b"https://shop.tw:8443/tea?a=b")
SAME = (b"sec-fetch-site", b"same-origin")


@pytest.mark.parametrize(
    ("headers", "cookieless"),
    [
        pytest.param([HOST], False, id="first page"),
        pytest.param([HOST, SAME], True, id="second page"),
        pytest.param([HOST, (b"cookie", b""), SAME], True, id="an empty cookie line"),
        pytest.param([HOST, (b"cookie", b"a=1"), SAME], False, id="any cookie"),
        pytest.param([HOST, (b"cookie", b"_ga=1"), FROM_HERE], False, id="a cookie that will be cut"),
        pytest.param([HOST, (b"sec-fetch-site", b"none"), FROM_HERE], False, id="typed in, old referrer"),
        pytest.param([HOST, (b"sec-fetch-site", b"cross-site"), FROM_HERE], False, id="from another site"),
        pytest.param([HOST, (b"sec-fetch-site", b"same-site")], False, id="from a sister host"),
        pytest.param([HOST, SAME, (b"sec-fetch-site", b"none")], False, id="two answers"),
        pytest.param([HOST, FROM_HERE], True, id="by the referrer where nothing else says it"),
        pytest.param([(b"host", b"SHOP.tw:8443"), FROM_HERE], True, id="upper case"),
        pytest.param([HOST, (b"referer", b"https://shop.tw/")], False, id="another port"),
        pytest.param([HOST, (b"referer", b"https://shop.tw:8443.evil.tw/")], False, id="begins alike"),
        pytest.param([HOST, (b"referer", b"about:client")], False, id="no page"),
        pytest.param([HOST, FROM_HERE, FROM_HERE], False, id="two referrers"),
        pytest.param([FROM_HERE], False, id="no host"),
    ],
)
def test_who_comes_on_without_any_cookie_takes_none(headers: RawHeaders, cookieless: bool) -> None:
    assert is_cookieless(headers) is cookieless
