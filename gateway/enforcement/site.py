"""First party or not: registrable domains after the public suffix list, its private section included.

`shop.github.io` and `other.github.io` are two sites, as browsers see them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address

from publicsuffixlist import PublicSuffixList

_SUFFIXES = PublicSuffixList()


def normal_host(host: str) -> str:
    """`host` as names are compared: lower case, no port, no trailing dot, IDN in its ASCII form.

    A name that is no valid IDN comes back in lower case; it equals nothing but itself.
    """
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") == 1:
        host = host.partition(":")[0]
    host = host.rstrip(".")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


@lru_cache(maxsize=8192)
def registrable(host: str) -> str:
    """The site of `host`: `www.shop.co.uk` -> `shop.co.uk`; addresses, single labels, suffixes as is."""
    name = normal_host(host)
    if _is_address(name):
        return name
    return _SUFFIXES.privatesuffix(name) or name


def is_first_party(host: str, page_host: str, extra: Sequence[str] = ()) -> bool:
    """Does a request to `host` stay with the site of `page_host`, or with a host of `extra` or below one?"""
    name = normal_host(host)
    if not name:
        return False
    if registrable(host) == registrable(page_host):
        return True
    return any(own and (name == own or name.endswith("." + own)) for own in map(normal_host, extra))


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
