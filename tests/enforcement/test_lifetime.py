"""Lifetimes are shortened, never begun."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.enforcement.lifetime import clipped, cookie_date

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
DAY = 86_400
LATEST = b"Wed, 11 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(b"_ga=1; Max-Age=63072000; Path=/", b"_ga=1; Max-Age=864000; Path=/", id="two years"),
        pytest.param(b"_ga=1;MAX-AGE=\t864001 ;x", b"_ga=1;MAX-AGE=\t864000 ;x", id="one second over, odd spacing"),
        pytest.param(b"_ga=1; Max-Age=864000", b"_ga=1; Max-Age=864000", id="exactly"),
        pytest.param(b"_ga=1; Max-Age=000000000000009", b"_ga=1; Max-Age=000000000000009", id="leading zeros"),
        pytest.param(b"_ga=1; Max-Age=" + b"9" * 5000, b"_ga=1; Max-Age=864000", id="very many digits"),
        pytest.param(b"_ga=1; Max-Age=0", b"_ga=1; Max-Age=0", id="a deletion"),
        pytest.param(b"_ga=1; Max-Age=-1", b"_ga=1; Max-Age=-1", id="a deletion below zero"),
        pytest.param(b"_ga=1; Max-Age=; max-age=x; max-age", b"_ga=1; Max-Age=; max-age=x; max-age", id="no number"),
        pytest.param(b"_ga=1; Max-Age=5; Max-Age=9999999", b"_ga=1; Max-Age=5; Max-Age=864000", id="twice"),
        pytest.param(b"_ga=Max-Age=9999999; Path=/", b"_ga=Max-Age=9999999; Path=/", id="a value that looks like it"),
        pytest.param(b"_ga=1; XMax-Age=9999999", b"_ga=1; XMax-Age=9999999", id="another attribute"),
        pytest.param(b'_ga="a; Secure; HttpOnly', b'_ga="a; Secure; HttpOnly', id="a session cookie"),
        pytest.param(b"_ga=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Secure", b"_ga=1; Expires=" + LATEST + b"; Secure",
                     id="a far date"),
        pytest.param(b"_ga=1; expires=Wed, 11-Mar-26 12:00:01 GMT", b"_ga=1; expires=" + LATEST, id="the old form"),
        pytest.param(b"_ga=1; expires=" + LATEST, b"_ga=1; expires=" + LATEST, id="exactly that date"),
        pytest.param(b"_ga=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", b"_ga=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                     id="a deletion by date"),
        pytest.param(b"_ga=1; Expires=never", b"_ga=1; Expires=never", id="no date: the session"),
        pytest.param(b"_ga=1; Expires=1 Jan 2100 0:0:0; Max-Age=5", b"_ga=1; Expires=" + LATEST + b"; Max-Age=5",
                     id="both"),
    ],
)  # fmt: skip
def test_a_lifetime_is_clipped_in_place(line: bytes, expected: bytes) -> None:
    assert clipped(line, 10 * DAY, NOW) == expected


@given(st.binary(max_size=60))
def test_a_line_without_a_lifetime_keeps_every_byte(text: bytes) -> None:
    line = b"a=1; " + text.replace(b"=", b"")
    assert clipped(line, DAY, NOW) == line


@given(st.binary(max_size=40), st.booleans())
def test_clipping_twice_changes_nothing_more(text: bytes, by_date: bool) -> None:
    once = clipped(b"a=1; " + (b"Expires=" if by_date else b"Max-Age=") + text, DAY, NOW)
    assert clipped(once, DAY, NOW) == once


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (b"Sun, 01 Mar 2026 12:00:00 GMT", NOW),
        (b"Sunday, 01-Mar-26 12:00:00 GMT", NOW),
        (b"Sun Mar  1 12:00:00 2026", NOW),
        (b"2026 march 1 12:00:00x", NOW),
        (b"1x MARS 2026x 12:0:0", NOW),
        (b"12:00:00 12:00:01 1 2 Mar Apr 2026 2027", NOW + 11 * DAY),
        (b"12:00:00 1 Mar Apr 2026 2027", NOW),
        (b"1 Mar 69 12:00:00", datetime(2069, 3, 1, 12, tzinfo=UTC).timestamp()),
        (b"1 Mar 70 12:00:00", datetime(1970, 3, 1, 12, tzinfo=UTC).timestamp()),
        (b"1 Mar 1600 12:00:00", None),
        (b"31 Feb 2026 12:00:00", None),
        (b"1 Mar 2026 24:00:00", None),
        (b"1 Mar 20260 12:00:00", None),
        (b"Mar 2026 12:00:00", None),
        (b"1 2026 12:00:00", None),
        (b"1 Mar 12:00:00", None),
        (b"1 Mar 2026", None),
        (b"", None),
    ],
)
def test_a_date_is_read_as_browsers_read_it(text: bytes, moment: float | None) -> None:
    assert cookie_date(text) == moment
