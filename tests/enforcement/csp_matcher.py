"""What a browser lets load under a policy, after CSP Level 3, 6.7: the judge of our policies and of the shop's."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from gateway.enforcement.csp import parse

FALLBACKS = {
    "script": ("script-src-elem", "script-src", "default-src"),
    "inline": ("script-src-elem", "script-src", "default-src"),
    "eval": ("script-src", "default-src"),
    "style": ("style-src-elem", "style-src", "default-src"),
    "frame": ("frame-src", "child-src", "default-src"),
    "object": ("object-src", "default-src"),
    "worker": ("worker-src", "child-src", "script-src", "default-src"),
    "image": ("img-src", "default-src"),
    "font": ("font-src", "default-src"),
    "media": ("media-src", "default-src"),
    "manifest": ("manifest-src", "default-src"),
    "connect": ("connect-src", "default-src"),
    "form": ("form-action",),
}
PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_directives = lru_cache(64)(parse)


def header_allows(value: str, kind: str, url: str, page: str, nonce: str = "") -> bool:
    """Whether every policy of a header allows `url`; `kind` is a key of FALLBACKS."""
    return all(allows(policy, kind, url, page, nonce) for policy in value.split(","))


def allows(policy: str, kind: str, url: str, page: str, nonce: str = "") -> bool:
    """Whether one policy allows it. `url` is "" for inline code and eval."""
    directives = _directives(policy)
    name = next((name for name in FALLBACKS[kind] if name in directives), None)
    if name is None:
        return True
    sources = [source if source.startswith("'nonce-") else source.lower() for source in directives[name]]
    if kind in ("script", "inline", "style") and nonce and f"'nonce-{nonce}'" in sources:
        return True
    if kind == "eval":
        return "'unsafe-eval'" in sources
    strict = kind in ("script", "inline") and "'strict-dynamic'" in sources
    if kind == "inline":
        hashed = any(source.startswith(("'nonce-", "'sha")) for source in sources)
        return "'unsafe-inline'" in sources and not hashed and not strict
    return not strict and any(_matches(source, url, page) for source in directives[name])


def _matches(source: str, url: str, page: str) -> bool:
    target, own = urlsplit(url), urlsplit(page)
    if source == "*":
        return target.scheme in PORTS or target.scheme == own.scheme
    if source.lower() == "'self'":
        same = (target.hostname, target.port or PORTS.get(target.scheme)) == (own.hostname, _port(page))
        return same and _upgrades(own.scheme, target.scheme)
    if source.startswith("'"):
        return False
    if source.endswith(":"):
        return _upgrades(source[:-1].lower(), target.scheme)
    return _host_source(source, url, page)


def _host_source(source: str, url: str, page: str) -> bool:
    target = urlsplit(url)
    scheme, named, rest = source.partition("://")
    if not named:
        scheme, rest = urlsplit(page).scheme, source
    if not _upgrades(scheme.lower(), target.scheme):
        return False
    authority, slash, path = rest.partition("/")
    host, _, port = authority.partition(":")
    name = target.hostname or ""
    wanted = host.lower()
    if not (name.endswith(wanted[1:]) if wanted.startswith("*.") else name == wanted):
        return False
    if port != "*" and int(port or PORTS[target.scheme]) != _port(url):
        return False
    return not slash or path_fits(unquote("/" + path), unquote(target.path or "/"))


def path_fits(pattern: str, path: str) -> bool:
    """CSP Level 3, 6.7.2.12."""
    return path.startswith(pattern) if pattern.endswith("/") else path == pattern


def _upgrades(expected: str, scheme: str) -> bool:
    ways: Collection[str] = {"http": ("https",), "ws": ("wss", "http", "https"), "wss": ("https",)}.get(expected, ())
    return scheme == expected or scheme in ways


def _port(url: str) -> int | None:
    parts = urlsplit(url)
    return parts.port or PORTS.get(parts.scheme)
