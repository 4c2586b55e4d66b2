from __future__ import annotations

import pytest

from gateway.enforcement.url import Base, Target, locate, refresh_target

BASE = Base("https", "shop.test", "/a/b/")
A = Target("a.test", "/x")
SPELLINGS = {
    "absolute": ("https://a.test/x", A),
    "without scheme": ("//a.test/x", A),
    "upper case": ("HTTPS://A.TEST/x", A),
    "other schemes": ("wss://a.test/x", A),
    "white space around": (" \n\x00https://a.test/x\x1f ", A),
    "line breaks and tabs inside": ("ht\ntps:\t//a.te\rst/x", A),
    "backslashes": ("https:\\\\a.test\\x", A),
    "backslashes without scheme": ("\\\\a.test/x", A),
    "mixed slashes": ("/\\a.test/x", A),
    "one slash, other scheme": ("http:/a.test/x", A),
    "no slash, other scheme": ("http:a.test/x", A),
    "many slashes": ("https://///a.test/x", A),
    "user": ("https://user:pa@ss@a.test/x", A),
    "another host as user": ("https://shop.test@a.test/x", A),
    "backslash ends the host": ("https://a.test\\@shop.test/x", Target("a.test", "/@shop.test/x")),
    "port": ("https://a.test:8443/x", A),
    "trailing dot": ("https://a.test./x", A),
    "percent-encoded host": ("https://%61.te%73t/x", A),
    "full-width host": ("https://\uff41\uff0etest/x", A),
    "soft hyphen in the host": ("https://a.t\xadest/x", A),
    "international host": ("https://b\xfccher.test/x", Target("xn--bcher-kva.test", "/x")),
    "host that is none": ("https://a..\xfc/x", Target("a..\xfc", "/x")),
    "address": ("https://[::1]:80/x", Target("[::1]", "/x")),
    "fragment": ("https://a.test/x#y?z", A),
    "no path": ("https://a.test", Target("a.test", "/")),
    "query without path": ("https://a.test?x", Target("a.test", "/?x")),
    "fragment without path": ("https://a.test#x", Target("a.test", "/")),
    "dots": ("https://a.test/y/../z/.././x", A),
    "encoded dots": ("https://a.test/y/%2E%2e/x", A),
    "dots at the end": ("https://a.test/x/.", Target("a.test", "/x/")),
    "dots above the top": ("https://a.test/../../x/..", Target("a.test", "/")),
    "dots in the query": ("https://a.test/x?/../y", Target("a.test", "/x?/../y")),
    "dots in a name": ("https://a.test/.x/..y", Target("a.test", "/.x/..y")),
    "relative": ("x?y", Target("shop.test", "/a/b/x?y")),
    "relative upwards": ("../x", Target("shop.test", "/a/x")),
    "from the root": ("/x#y", Target("shop.test", "/x")),
    "from the root with a backslash": ("\\x", Target("shop.test", "/x")),
    "same scheme, relative": ("https:x", Target("shop.test", "/a/b/x")),
    "same scheme, from the root": ("https:/x", Target("shop.test", "/x")),
    "only a query": ("?x", Target("shop.test", "/a/b/?x")),
    "colon later": ("x/y:z", Target("shop.test", "/a/b/x/y:z")),
}


@pytest.mark.parametrize(("url", "target"), SPELLINGS.values(), ids=SPELLINGS)
def test_an_address_leads_where_a_browser_goes(url: str, target: Target) -> None:
    assert locate(url, BASE) == target


@pytest.mark.parametrize("url", ["", " \n", "#x", "javascript:a", "data:,x", "blob:https://a.test/x", "about:blank", "JAVA\nSCRIPT:x"])  # noqa: E501
def test_some_addresses_ask_nobody(url: str) -> None:
    assert locate(url, BASE) is None


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("5", ""),
        ("0;url=https://a/", "https://a/"),
        (" 0 , URL = 'https://a/' x", "https://a/"),
        ("0;https://a/", "https://a/"),
        ('0;url="https://a/"', "https://a/"),
    ],
)
def test_where_a_refresh_goes(value: str, target: str) -> None:
    assert refresh_target(value) == target
