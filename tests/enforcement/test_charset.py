from __future__ import annotations

import pytest

from gateway.enforcement.charset import (
    Transcoder,
    Undeclared,
    header_charset,
    is_declared,
    meta_charset,
    meta_charsets,
    needs_decoding,
)


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        (b"text/html", b""),
        (b"text/html; charset=UTF-8", b"utf-8"),
        (b'text/html;CHARSET = "Big5" ; x=y', b"big5"),
        (b"text/html; charset='utf-16'", b"utf-16"),
        (b'text/html; charset="', b""),
    ],
)
def test_the_charset_of_a_header(content_type: bytes, charset: bytes) -> None:
    assert header_charset(content_type) == charset


@pytest.mark.parametrize(
    ("start", "charset"),
    [
        (b"<meta charset=Big5>", b"big5"),
        (b'<META http-equiv="Content-Type" content="text/html; charset=ISO-2022-JP">', b"iso-2022-jp"),
        (b"<meta name=x><meta/charset='gbk'>", b"gbk"),
        (b"<!-- <meta charset=utf-16> --><meta charset=utf-8>", b"utf-8"),
        (b"<!-- <meta charset=utf-16>", b""),
        (b"<metal charset=x>", b""),
        (b"<meta charset=nobodys><meta charset=big5>", b"big5"),
        (b"<meta name=a content='charset=gbk'><p title='<meta charset=gbk>'></meta charset=gbk>", b""),
        (b"<meta http-equiv=Content-Type content='text/html; charset=\"gbk'>", b""),
        (b"<p title='<meta charset=gbk>", b""),
        (b"<?xml version='1.0' encoding='ISO-2022-JP'?><html>", b"iso-2022-jp"),
        (b" " * 1024 + b"<meta charset=big5>", b""),
        (b"", b""),
    ],
)
def test_the_charset_of_a_page(start: bytes, charset: bytes) -> None:
    assert meta_charset(start) == charset


def test_of_several_declarations_any_may_count() -> None:
    page = b"<?xml version='1.0' encoding='a'?><meta charset=b><meta content='charset=c'><!-- <meta charset=d> -->"
    assert meta_charsets(page) == [b"a", b"b", b"c"]


@pytest.mark.parametrize(
    ("content_type", "start", "codec"),
    [
        (b"", b"\xff\xfe<\x00", "utf-16-le"),
        (b"", b"\xfe\xff\x00<", "utf-16-be"),
        (b"text/html; charset=utf-16", b"\xef\xbb\xbf<p>", None),
        (b"text/html; charset=utf-16", b"<\x00", "utf-16-le"),
        (b"text/html; charset=ucs-2", b"", "utf-16-le"),
        (b"text/html; charset=unicodefffe", b"", "utf-16-be"),
        (b"text/html; charset=csiso2022jp", b"", "iso-2022-jp"),
        (b"text/html; charset=utf-8", b"<meta charset=iso-2022-jp>", None),
        (b"text/html", b"<meta charset=iso-2022-jp>", "iso-2022-jp"),
        (b"text/html", b"<meta charset=utf-16>", None),
        (b"text/html", b"<\x00?\x00x\x00m\x00", "utf-16-le"),
        (b"text/html", b"\x00<\x00?\x00x\x00m", "utf-16-be"),
        (b"text/html", b"<p>", None),
        (b"text/html; charset=utf-7", b"<meta charset=foo><meta charset=iso-2022-jp>", "iso-2022-jp"),
        (b"text/html", b"<p>\x1b$B$\"", "iso-2022-jp"),
        (b"text/html", b"<meta charset=big5>\x1b$B", None),
        (b"text/html; charset=hz-gb-2312", b"<p>", None),
    ],
)
def test_which_pages_are_decoded_first(content_type: bytes, start: bytes, codec: str | None) -> None:
    assert needs_decoding(content_type, start) == codec


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [("utf-16-le", "utf-16"), ("utf-16-be", "utf-16-be"), ("iso-2022-jp", "iso2022_jp")],
)
def test_a_page_is_decoded_at_every_split(codec: str, encoding: str) -> None:
    text = "<p title='日本'>a" + ("" if "jp" in encoding else "\U0001f600")
    data = text.encode(encoding)
    for at in range(len(data) + 1):
        transcoder = Transcoder(codec)
        assert (
            transcoder.write(data[:at]) + transcoder.write(data[at:]) + transcoder.end() == text.encode()
        ), at


@pytest.mark.parametrize("data", [b"\x00\xd8a\x00", b"\x00\xdc", b"a"])
def test_broken_utf_16_becomes_replacement_characters(data: bytes) -> None:
    transcoder = Transcoder("utf-16-le")
    assert "\ufffd" in (transcoder.write(data) + transcoder.end()).decode()


def test_escapes_go_where_a_browser_might_still_give_them_a_meaning() -> None:
    guard = Undeclared()
    assert guard.write(b"<me") == b"<me"
    assert guard.write(b"ta charset=iso-2022-jp>\x1b$B<\x1b(B") == b"ta charset=iso-2022-jp>$B<(B"
    assert guard.end() == b""


@pytest.mark.parametrize(
    ("content_type", "start", "declared"),
    [
        (b"text/html; charset=Big5", b"", True),
        (b"text/html; charset=utf-7", b"", False),
        (b"text/html", b"<meta charset=gbk>", True),
        (b"text/html", b"<meta charset=foo>", False),
        (b"text/html", b"<meta name=a content='charset=gbk'>", False),
        (b"text/html", b"\xef\xbb\xbf", True),
        (b"text/html", b"<p>", False),
    ],
)
def test_what_a_browser_is_sure_of(content_type: bytes, start: bytes, declared: bool) -> None:
    assert is_declared(content_type, start) is declared
