from __future__ import annotations

import pytest

from gateway.enforcement.sniffing import HtmlClaim, claims_html, looks_like_html

YES, NO, UNKNOWN = HtmlClaim.YES, HtmlClaim.NO, HtmlClaim.UNKNOWN


@pytest.mark.parametrize(
    ("values", "claim"),
    [
        ([b"text/html"], YES),
        ([b"Text/HTML ; charset=x"], YES),
        ([b"text/Html"], YES),
        ([b"application/xhtml+xml"], YES),
        ([b"image/png", b"text/html"], YES),
        ([b"text/html", b"image/png"], YES),
        ([b"text/plain, text/html;a=b"], YES),
        ([b"text/plain"], NO),
        ([b"multipart/related; type=text/html"], NO),
        ([b"image/png, nonsense"], NO),
        ([b"nonsense", b"image/png"], NO),
        ([], UNKNOWN),
        ([b""], UNKNOWN),
        ([b"html"], UNKNOWN),
        ([b"*/*"], UNKNOWN),
        ([b"Unknown/Unknown"], UNKNOWN),
        ([b"application/unknown; x=y"], UNKNOWN),
    ],
)
def test_what_a_content_type_claims(values: list[bytes], claim: HtmlClaim) -> None:
    assert claims_html([(b"a", b"text/html"), *((b"content-type", value) for value in values)]) is claim


@pytest.mark.parametrize(
    ("start", "claim"),
    [
        (b"<!DOCTYPE html>", YES),
        (b"\n\t <HTML lang=x>", YES),
        (b"\xef\xbb\xbf<body>", YES),
        (b"<!--x", YES),
        (b"<?xml version", YES),
        (b"<a\thref", YES),
        (b"<b>", YES),
        (b"<p/>", YES),
        (b"<abc>xxxxxxxxxxxxxxxxxxxx", NO),
        (b"GIF89a", NO),
        (b"\xff\xfe<\x00h\x00", NO),
        (b"", UNKNOWN),
        (b"   ", UNKNOWN),
        (b"<", UNKNOWN),
        (b"<!doct", UNKNOWN),
        (b"\xef\xbb", UNKNOWN),
    ],
)
def test_what_the_first_bytes_look_like(start: bytes, claim: HtmlClaim) -> None:
    assert looks_like_html(start, complete=False) is claim
    assert looks_like_html(start, complete=True) is (NO if claim is UNKNOWN else claim)
