from __future__ import annotations

import pytest

from gateway.enforcement.disarm import disarmed
from gateway.enforcement.url import Target


def closed(target: Target) -> bool:
    return target.host.endswith("ads.test")


@pytest.mark.parametrize(
    ("script", "left"),
    [
        (b"a(); s.src = 'https://ads.test/t.js'; b()", b"a(); s.src = 'about:blank#'; b()"),
        (b's.src="//x.ads.test/t.js?id="+id', b's.src="about:blank#"+id'),
        (rb's.src="https:\/\/ads.test\/t.js"', b's.src="about:blank#"'),
        (b"p + '.ads.test/t.js'", b"p + '.x.invalid/#'"),
        (b"p + 'ads.test/t.js'", b"p + 'x.invalid/#'"),
        (b"d.write('<script src=//ads.test/t.js></script>')", b"d.write('<script src=about:blank#></script>')"),
        (b"load('//ads.test/1.js'); load('//shop.test/2.js')", b"load('about:blank#'); load('//shop.test/2.js')"),
    ],
)
def test_an_address_that_may_not_load_leads_nowhere(script: bytes, left: bytes) -> None:
    assert disarmed(script, closed).script == left


@pytest.mark.parametrize(
    "script", [b"load('//shop.test/2.js')", b"link('https://ads.test/about')" + b" " * 9000, b"\xe4\xff", b""]
)
def test_other_scripts_stay_byte_for_byte(script: bytes) -> None:
    assert disarmed(script, closed) == (script, (), ())


def test_addresses_that_stood_complete_are_told() -> None:
    script = rb"a('https://ads.test/1.js'); b('//ads.test/2.js?x=' + y); c('https:\/\/ads.test\/1.js')"
    found = disarmed(script, closed)
    assert found.whole == ("https://ads.test/1.js",)
    assert found.targets == (Target("ads.test", "/1.js"), Target("ads.test", "/2.js?x="))


def test_bytes_of_other_charsets_pass() -> None:
    script = "價格('台北'); s.src='//ads.test/t.js'".encode("big5")
    assert disarmed(script, closed).script == "價格('台北'); s.src='about:blank#'".encode("big5")
