from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.enforcement.iso_2022_jp import Iso2022Jp


def decoded(data: bytes, size: int = 0) -> str:
    decoder = Iso2022Jp()
    size = size or len(data) or 1
    return "".join(decoder.decode(data[at : at + size]) for at in range(0, len(data), size)) + decoder.decode(b"", True)


TEXTS = {
    "ascii": (b"<p>a</p>", "<p>a</p>"),
    "two bytes": (b"\x1b$BF|K\\\x1b(B<p>", "日本<p>"),
    "the older set": (b"\x1b$@F|\x1b(B", "日"),
    "roman": (b"\x1b(J<\\~>", "<\u00a5\u203e>"),
    "katakana": (b"\x1b(I1<\x1b(B<", "\uff71\uff7c<"),
    "vendors' rows": (b"\x1b$B-!\x1b(B", "\u2460"),
    "a tag in two bytes is none": (b"\x1b$B<a>b\x1b(B", "釈鐘"),
    "an escape that is none": (b"\x1b$(D<p>\x1b<p>", "\ufffd$(D<p>\ufffd<p>"),
    "an escape cut by the end": (b"a\x1b$", "a\ufffd$"),
    "two escapes in a row": (b"\x1b$B\x1b(B<", "\ufffd<"),
    "a lead byte alone": (b"\x1b$BF\x1b(B<", "\ufffd<"),
    "a lead byte at the end": (b"\x1b$BF|F", "日\ufffd"),
    "no pair": (b"\x1b$BF\n\x80F|", "\ufffd\ufffd日"),
    "bytes above ascii": (b"\x0e\x0f\xff<", "\ufffd\ufffd\ufffd<"),
}


@pytest.mark.parametrize(("data", "text"), TEXTS.values(), ids=TEXTS)
def test_bytes_are_read_as_browsers_do(data: bytes, text: str) -> None:
    for size in (0, 1, 2, 3):
        assert decoded(data, size) == text


VENDORS = str.maketrans("\u301c\u2016\u2212\u00a2\u00a3\u00ac", "\uff5e\u2225\uff0d\uffe0\uffe1\uffe2")
"""Characters that browsers, like Windows, take for their full-width twins."""


@given(st.text(st.characters(codec="iso2022_jp", exclude_characters="\x0e\x0f\x1b"), max_size=20))
def test_what_the_standard_library_writes_is_read(text: str) -> None:
    assert decoded(text.encode("iso2022_jp")) == text.translate(VENDORS)


PARTS = [b"\x1b", b"$B", b"(B", b"(J", b"(I", b"<", b"F|", b"\xff"]


@given(st.lists(st.sampled_from(PARTS), max_size=12), st.integers(1, 5))
def test_pieces_do_not_matter(parts: list[bytes], size: int) -> None:
    data = b"".join(parts)
    assert decoded(data, size) == decoded(data)
