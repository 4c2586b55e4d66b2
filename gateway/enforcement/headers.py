"""The raw header list: read, drop, replace, vary, and what keeps an answer out of shared caches.

Names are given and compared in lower case, as ASGI delivers them. Nothing here changes its argument.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from gateway.types import RawHeaders

_COMMA: Final = re.compile(rb'[^,"]++|"(?:[^"\\]|\\.)*+(?:"|(\\?\Z))|(,)', re.DOTALL)
_SHARED_CACHE_HEADERS: Final = (b"cache-control", b"cdn-cache-control", b"surrogate-control")


def get_all(headers: RawHeaders, name: bytes) -> list[bytes]:
    """Every value of `name`, in order. There is no `get`: the first line alone decides nothing."""
    return [value for key, value in headers if key == name]


def drop(headers: RawHeaders, *names: bytes) -> RawHeaders:
    """The list without any line of `names`."""
    return [pair for pair in headers if pair[0] not in names]


def replace(headers: RawHeaders, name: bytes, value: bytes) -> RawHeaders:
    """One line `name: value` where the first one stood, or at the end; further ones are gone."""
    place = next((at for at, pair in enumerate(headers) if pair[0] == name), len(headers))
    return [*headers[:place], (name, value), *drop(headers[place:], name)]


def split_list(value: bytes) -> list[bytes]:
    """The members of a comma-separated list (RFC 9110 5.6.1); commas in quoted strings do not split."""
    members, start, end = [], 0, len(value)
    for match in _COMMA.finditer(value):
        if match[2]:
            members.append(value[start : match.start()])
            start = match.end()
        elif match[1] is not None:  # a quote without its partner is a character like others
            end = match.start()
            break
    last, *more = value[end:].split(b",")
    stripped = (member.strip(b" \t") for member in (*members, value[start:end] + last, *more))
    return [member for member in stripped if member]


def members(headers: RawHeaders, name: bytes) -> tuple[bytes, ...]:
    """The members of the list that all lines of `name` are together (RFC 9110 5.3)."""
    return _members(*get_all(headers, name))


@lru_cache(maxsize=1024)
def _members(*values: bytes) -> tuple[bytes, ...]:
    return tuple(member for value in values for member in split_list(value))


def add_vary(headers: RawHeaders, *tokens: bytes) -> RawHeaders:
    """`Vary` with `tokens` added where missing, in one line; `*` already says more and stays."""
    present = members(headers, b"vary")
    known = {member.lower() for member in present}
    missing = [token for token in tokens if token.lower() not in known]
    if not missing or b"*" in known:
        return headers
    return replace(headers, b"vary", b", ".join([*present, *missing]))


def unshare(headers: RawHeaders) -> RawHeaders:
    """The headers of an answer that carries one visitor's `Set-Cookie`: no shared cache may keep it."""
    said = members(headers, b"cache-control")
    names = [member.partition(b"=")[0].strip().lower() for member in said]
    if b"no-store" in names:
        return headers
    kept = [
        member
        for member, name in zip(said, names, strict=True)
        if name not in (b"public", b"private", b"s-maxage")
    ]
    value = b", ".join([b"private", *kept])
    return [*drop(headers, *_SHARED_CACHE_HEADERS), (b"cache-control", value)]
