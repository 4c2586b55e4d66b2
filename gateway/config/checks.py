"""What a single value must look like, beyond its type: each check says yes or no, and has its words."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date
from typing import NamedTuple
from urllib.parse import urlsplit

import re2

_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")
_PARAMETER = re.compile(r"[^\s&=#?*+%]+\*?")
_FEATURE = re.compile(r"[a-z][a-z0-9-]*")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


class Check(NamedTuple):
    """A predicate on one string, and what it expects, in words that follow "expected"."""

    holds: Callable[[str], bool]
    expected: str


def is_upstream(value: str) -> bool:
    """An absolute http(s) URL of a shop: no credentials, no query, no fragment."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or "@" in parts.netloc or re.search(r"[\s\\]", value))
    return plain and parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0


def is_page(value: str) -> bool:
    """An absolute https or http URL of any page."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", value)


def is_push(value: str) -> bool:
    """An address that statistics are sent on to."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    here = host == "localhost" or (_is_address(host) and _is_loopback(host))
    plain = not (parts.fragment or "@" in parts.netloc or re.search(r"[\s\\]", value))
    return plain and bool(host) and port != 0 and (parts.scheme == "https" or (parts.scheme == "http" and here))


def is_prefix(value: str) -> bool:
    """A path of one or more plain segments, without a slash at the end."""
    segments = value.split("/")
    return len(segments) > 1 and segments[0] == "" and all(map(_plain_segment, segments[1:]))


def is_scope(value: str) -> bool:
    """A folder, with the host before it if it is that of one host only."""
    host, slash, path = value.partition("/")
    whole = slash + path
    return (not host or is_host(host)) and (whole == "/" or (whole.endswith("/") and is_prefix(whole[:-1])))


def is_path(value: str) -> bool:
    """A path from the root; no query, no dot segments, no spaces."""
    return (
        value.startswith("/")
        and not value.startswith("//")
        and not re.search(r"[\s?#\\]", value)
        and not {".", ".."} & set(value.split("/"))
    )


def is_host(value: str) -> bool:
    """A host name in lower case and ASCII (IDN as xn--), or an IP address; no port, no scheme."""
    if _is_address(value):
        return True
    return len(value) <= 253 and all(map(_LABEL.fullmatch, value.split(".")))


def is_service_host(value: str) -> bool:
    """A host with its subdomains, or = and exactly one host."""
    return is_host(value.removeprefix("="))


def is_service_url(value: str) -> bool:
    """`host/path`, or `/path` on any host; no scheme."""
    host, slash, path = value.partition("/")
    return bool(slash) and not re.search(r"\s", value) and (is_service_host(host) if host else bool(path))


def is_parameter(value: str) -> bool:
    """The decoded name of a query parameter, or its beginning and an asterisk."""
    return _PARAMETER.fullmatch(value) is not None


def is_feature(value: str) -> bool:
    """The name of a feature in a Permissions-Policy header."""
    return _FEATURE.fullmatch(value) is not None


def is_network(value: str) -> bool:
    """An IP address, or a network in CIDR form with no bit set beyond its mask."""
    try:
        ipaddress.ip_network(value)
    except ValueError:
        return False
    return True


def is_date(value: str) -> bool:
    """An ISO 8601 calendar date."""
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def is_mark(value: str) -> bool:
    """An RE2 pattern that does not match everything."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(value, options).search("") is None
    except re2.error:
        return False


def is_database(value: str) -> bool:
    """A ledger that exists: SQLite by path, PostgreSQL by URL."""
    if value.startswith(("postgresql://", "postgres://")):
        try:
            return urlsplit(value).port != 0
        except ValueError:
            return False
    return value.startswith("sqlite:///") and len(value) > len("sqlite:///")


def _plain_segment(segment: str) -> bool:
    return _SEGMENT.fullmatch(segment) is not None and segment not in (".", "..")


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


UPSTREAM = Check(is_upstream, "the shop's URL, http://… or https://…, without user name, query or fragment")
PAGE = Check(is_page, "a page's URL, https://…")
PUSH = Check(is_push, "https://…, or http://… on this machine, without user name and fragment")
PREFIX = Check(is_prefix, "a path such as /_choices: starts with a slash, ends without, plain segments")
SCOPE = Check(
    is_scope, "a folder such as /000489/, or www.example.com/000489/: plain segments, a slash at the end"
)
LOGO = Check(
    is_path, "a path of your own site such as /media/logo.svg, without query: a picture of another host is not shown"
)
PATH = Check(is_path, "a path such as /checkout, without query and dot segments")
HOST = Check(is_host, "a host name in lower case such as www.example.com, without scheme, port and path")
SERVICE_HOST = Check(is_service_host, "a host such as example.com (with its subdomains) or =www.example.com")
SERVICE_URL = Check(is_service_url, "host/path or /path, without scheme; * is a wildcard")
NETWORK = Check(is_network, "an IP address, or a network such as 10.0.0.0/8 with no bits beyond its mask")
DATE = Check(is_date, "a date such as 2026-01-31")
MARK = Check(is_mark, "a regular expression (RE2) that does not match the empty text")
DATABASE = Check(is_database, "sqlite:///PATH or postgresql://USER@HOST/DATABASE")
PARAMETER = Check(is_parameter, "the name of a query parameter; an asterisk at its end is a wildcard")
FEATURE = Check(is_feature, "the name of a browser feature such as browsing-topics")
WORD = Check(bool, "a text that is not empty")
