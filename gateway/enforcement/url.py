"""Where a URL found in a page leads: the host and what is asked of it.

Source: WHATWG URL Standard, 4.4 (basic URL parser), as far as host and path need it: leading
and trailing control characters, tabs and newlines inside, backslashes, missing slashes, user
information, ports, percent-encoded hosts.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

_STRIP = "".join(map(chr, range(0x21)))
_INNER = str.maketrans("", "", "\t\n\r")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_REFRESH = re.compile(r"[\s\d.]*+[;,]?\s*+(?:url\s*+=\s*+)?['\"]?([^'\"]*+)", re.IGNORECASE)
_WEB = frozenset(("http", "https", "ws", "wss", "ftp"))


class Target(NamedTuple):
    """What a URL asks for: lower-case host without port (or bracketed IPv6), and path with query."""

    host: str
    path: str


class Base(NamedTuple):
    """What relative URLs are resolved against; `path` is a folder that ends with "/"."""

    scheme: str
    host: str
    path: str = "/"


def locate(url: str, base: Base) -> Target | None:
    """Host and path that a browser would ask for `url`; None where nothing is asked of a server.

    `javascript:`, `data:`, `blob:`, `about:` and unknown schemes ask nobody; so does an empty URL.
    """
    url = url.strip(_STRIP)
    if "\n" in url or "\t" in url or "\r" in url:
        url = url.translate(_INNER)
    if not url or url[0] == "#":
        return None
    match = _SCHEME.match(url)
    if match:
        scheme = match[1].lower()
        if scheme not in _WEB:
            return None
        rest = url[match.end() :]
        if rest[:2].replace("\\", "/") != "//" and scheme == base.scheme:
            return Target(base.host, _join(base.path, rest))
        return _absolute(rest.lstrip("/\\"))
    if url[:2].replace("\\", "/") == "//":
        return _absolute(url.lstrip("/\\"))
    return Target(base.host, _join(base.path, url))


def refresh_target(value: str) -> str:
    """Where a `Refresh` header or a `meta` like it leads; "" for the page itself (HTML Standard, 4.2.5.3)."""
    match = _REFRESH.match(value)
    return match[1].strip() if match else ""


def _absolute(rest: str) -> Target:
    cut = len(rest)
    for sign in "/\\?#":
        found = rest.find(sign, 0, cut)
        if found >= 0:
            cut = found
    authority, path = rest[:cut], rest[cut:].partition("#")[0]
    host = authority.rpartition("@")[2]
    host = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    if "%" in host:
        host = unquote(host, errors="replace")
    if not host.isascii():
        host = _ascii(host)
    return Target(host.lower().rstrip("."), _plain(path if path[:1] in ("/", "\\") else "/" + path))


def _ascii(host: str) -> str:
    """IDNA form of a host; full-width and ideographic dots and letters become plain ones first."""
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _join(folder: str, path: str) -> str:
    path = path.partition("#")[0]
    return _plain(path if path[:1] in ("/", "\\") else folder + path)


_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?=/|$)", re.IGNORECASE)


def _plain(path: str) -> str:
    """Backslashes turned and `.` and `..` resolved, in the path but not in its query."""
    path, mark, query = path.partition("?")
    path = path.replace("\\", "/")
    if not _DOTS.search(path):
        return path + mark + query
    parts: list[str] = []
    for part in path[1:].split("/"):
        dots = part.lower().replace("%2e", ".")
        if dots == "..":
            del parts[-1:]
        elif dots != ".":
            parts.append(part)
    if path.endswith("/") or dots in (".", ".."):
        parts += [""] if parts[-1:] != [""] else []
    return "/" + "/".join(parts) + mark + query
