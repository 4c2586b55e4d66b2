from __future__ import annotations

import pytest

from gateway.enforcement.spelling import spelt_out


@pytest.mark.parametrize(
    ("script", "plain"),
    [
        (b"document.write(unescape('%3Cscript src=%2F%2Fads.test%2Fa.js'))", b"<script src=//ads.test/a.js"),
        (b"(window,String.fromCharCode(97,100,109,105,114,97,108))", b'(window,"admiral")'),
        (b"String . fromCharCode( 0x61, 98 )", b'"ab"'),
        (b"s.src=atob('aHR0cHM6Ly9hZHMudGVzdC9hLmpz')", b's.src="https://ads.test/a.js"'),
        (b's.src=atob("aHR0cHM6Ly9hZHMudGVzdC9hLmpz==")', b'"https://ads.test/a.js"'),
        (rb"s.src='\x2f\x2fads.test\x2fa.js'", b"'//ads.test/a.js'"),
        (rb"el.innerHTML='\u003cimg src=//ads.test/p.gif'", b"<img src=//ads.test/p.gif"),
        (b's.src="//ads" + ".te"+"st/a.js"', b's.src="//ads.test/a.js"'),
        (b"s.src='//ads'+'.test/a.js'", b"'//ads.test/a.js'"),
    ],
)
def test_hidden_strings_come_out_in_plain(script: bytes, plain: bytes) -> None:
    text = spelt_out(script)
    assert text is not None
    assert plain in text


@pytest.mark.parametrize(
    "script",
    [
        b"shop('100% wool')",
        b"var a = x + 'b'; c('d', 'e')",
        b"String.fromCharCode(code)",
        b"atob(value); atob('short')",
        b"",
    ],
)
def test_scripts_that_hide_nothing_are_left_alone(script: bytes) -> None:
    assert spelt_out(script) is None


def test_broken_base64_and_codes_beyond_latin_are_no_errors() -> None:
    assert spelt_out(b"atob('aHR0cHM6Ly9hZ')") is None
    assert spelt_out(b"String.fromCharCode(20013,65,99999999999999999999)") == b'"A"'


def test_escapes_in_long_scripts_are_data() -> None:
    long = rb"data='\u003cscript src=//ads.test/a.js'" + b" " * 9000
    assert spelt_out(long) is None
