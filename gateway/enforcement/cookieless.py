"""Browsers that take no cookies at all (R-105): told by the second page, which comes without any."""

from __future__ import annotations

from gateway.enforcement.headers import get_all
from gateway.types import RawHeaders


def is_cookieless(headers: RawHeaders) -> bool:
    """Whether a request comes from another page of the same site and carries no cookie of anybody's.

    `Sec-Fetch-Site` says where from; a browser without it says it by `Referer`.
    """
    if any(name == b"cookie" and value.strip(b" \t;") for name, value in headers):
        return False
    sites = get_all(headers, b"sec-fetch-site")
    if sites:
        return sites == [b"same-origin"]
    hosts = get_all(headers, b"host")
    came_from = [_host(referer) for referer in get_all(headers, b"referer")]
    return len(hosts) == 1 and came_from == [hosts[0].lower()]


def _host(url: bytes) -> bytes:
    scheme, _, rest = url.lower().partition(b"://")
    return rest.partition(b"/")[0] if scheme in (b"http", b"https") else b""
