"""How long a cookie may live: `Max-Age` and `Expires` of one `Set-Cookie` line, clipped in place (R-28)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Final

LONGEST: Final = 395 * 86_400
"""Seconds; browsers cut at 400 days (RFC 6265bis, 5.5)."""

_LIFETIME: Final = re.compile(rb"(;[ \t]*(max-age|expires)[ \t]*=[ \t]*)([^;]*+)", re.IGNORECASE)
_TOKEN: Final = re.compile(rb"[^\t -/;-@\[-`{-~]+")
_TIME: Final = re.compile(rb"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?", re.DOTALL)
_DAY: Final = re.compile(rb"(\d{1,2})(?:\D.*)?", re.DOTALL)
_MONTHS: Final = (
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
)  # fmt: skip
_YEAR: Final = re.compile(rb"(\d{2,4})(?:\D.*)?", re.DOTALL)
_DIGITS: Final = 12


def clipped(line: bytes, seconds: int, now: float) -> bytes:
    """`line` with no lifetime beyond `seconds` from `now`; a session cookie stays one.

    What no browser reads as a lifetime stays as it is, and so does every other byte.
    """

    def clip(match: re.Match[bytes]) -> bytes:
        by_age = match[2].lower() == b"max-age"
        value = match[3].rstrip(b" \t")
        new = _age(value, seconds) if by_age else _date(value, now + seconds)
        return match[1] + new + match[3][len(value) :]

    return _LIFETIME.sub(clip, line)


def _age(value: bytes, seconds: int) -> bytes:
    if not value.isdigit():
        return value
    digits = value.lstrip(b"0")
    too_long = len(digits) > _DIGITS or int(digits or b"0") > seconds
    return b"%d" % seconds if too_long else value


def _date(value: bytes, latest: float) -> bytes:
    date = cookie_date(value)
    return formatdate(latest, usegmt=True).encode() if date is not None and date > latest else value


def cookie_date(value: bytes) -> float | None:
    """The moment a cookie date means, in seconds since the epoch; None where it is none (RFC 6265, 5.1.1)."""
    time = day = year = None
    month = 0
    for token in _TOKEN.findall(value):
        if time is None and (match := _TIME.fullmatch(token)):
            time = int(match[1]), int(match[2]), int(match[3])
        elif day is None and (match := _DAY.fullmatch(token)):
            day = int(match[1])
        elif not month and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (match := _YEAR.fullmatch(token)):
            year = int(match[1])
    if time is None or day is None or not month or year is None:
        return None
    return _moment(year, month, day, time)


def _moment(year: int, month: int, day: int, time: tuple[int, int, int]) -> float | None:
    if year < 100:
        year += 1900 if year >= 70 else 2000
    if year < 1601:
        return None
    try:
        return datetime(year, month, day, *time, tzinfo=UTC).timestamp()
    except ValueError:
        return None
