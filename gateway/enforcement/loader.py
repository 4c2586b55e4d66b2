"""The addresses an inline script loads from, as far as they stand in it as text.

Loaders write them whole (`s.src = "//host/x.js"`), escaped (`https:\\/\\/host`), in pieces that
leave the scheme or the first label out (`("https:" == p ? "https://ssl" : "http://www") +
".host/x.js"`); what is hidden, `spelling` spells out before. An address that is only a link does
not count: a script that loads nothing has none, and of whole addresses only those a script could load.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gateway.enforcement.automaton import Automaton
from gateway.enforcement.url import Target

_LOADS = Automaton(
    r"""createElement[\s\v]*\(|document\.write|\.src[\s\v]*=|\[['"]src['"]\]|setAttribute[\s\v]*\([\s\v]*['"]src"""
    r"""|new Image\b|sendBeacon|importScripts|\bimport[\s\v]*[('"]|\bfrom[\s\v]*['"]|WebSocket|EventSource|Worker"""
    r"""|getScript|loadScript|loadJS|\$script|\bfetch[\s\v]*\(|XMLHttpRequest|\$\.ajax|innerHTML|requirejs"""
    r"""|require[\s\v]*\(|insertAdjacentHTML|appendChild|\bsrc=""",
    any_case=True,
)
_ADDRESS = re.compile(
    r"""(?:["'`](?:(?:http|ws)s?:)?(?:\\?/){2}|(?:(?:http|ws)s?:)(?:\\?/){2}|["'`]\.|["'`]|=(?:\\?/){2})"""
    r"""((?:[a-z0-9_-]{1,63}\.){1,10}[a-z]{2,18})(?::\d+)?((?:\\?/)[^\s"'`<>]*)?""",
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"\.m?js(?:$|[?;#&])", re.IGNORECASE)
_CALL = re.compile(
    r"\.(?:php|gif|ashx|aspx|cgi|jsp)(?:$|[?;#&])|[?=]|/(?:js|tags?|pixel|collect|track)(?:/|$)", re.IGNORECASE
)
_GOES_ON = re.compile(r"""["'`]\s*(?:\+|\.concat\b)""")
"""The rest of the address comes from a variable."""
_CALLED = re.compile(
    r"""(?:\b(?:fetch|sendBeacon|importScripts|import|from|WebSocket|EventSource|Worker|getScript|load(?:Script|JS))\s*\(?"""
    r"""|\bsrc\s*(?:,|=(?:[^;"'\n]{0,64}\+)?)|\bopen\s*\(\s*["'][A-Z]+["']\s*,|\bsrc["']\s*[,\]]\s*=?)\s*\\?["'`]?$"""
)
"""What stands before an address that is loaded whatever its path looks like."""
_BEFORE = 96
_SHORT = 8192
"""Bytes up to which a script that holds a call of a third party is taken for its loader; longer ones hold data."""


_WHOLE = rb"""(?:"(?:https?:)?(?:\\?/){2}[^"'\s<>]*"|'(?:https?:)?(?:\\?/){2}[^"'\s<>]*')"""
_LIST = re.compile(rb"\[\s*+" + _WHOLE + rb"(?:\s*+,\s*+" + _WHOLE + rb")++\s*+\]", re.IGNORECASE)
_ITEM = re.compile(_WHOLE, re.IGNORECASE)


def without(script: bytes, closed: Callable[[str], bool]) -> tuple[bytes, list[str]]:
    """The script with its lists of whole addresses freed of those that are `closed`, and these.

    Shop platforms load all their apps from one such list: one tracker among them must not take the others along.
    """
    taken: list[str] = []

    def shortened(match: re.Match[bytes]) -> bytes:
        kept = []
        for item in _ITEM.findall(match[0]):
            url = item[1:-1].replace(b"\\/", b"/").replace(rb"\u0026", b"&").decode("latin-1")
            if closed(url):
                taken.append(url)
            else:
                kept.append(item)
        return match[0] if len(kept) == len(_ITEM.findall(match[0])) else b"[" + b",".join(kept) + b"]"

    return _LIST.sub(shortened, script), taken


def loads(script: bytes) -> bool:
    """Whether the script has any of the calls by which scripts load something."""
    return _LOADS.found(script)


class Located(NamedTuple):
    """One address in a script's text: from `start` to `end`, its host from `host` on.

    `absolute`: its scheme or its two slashes stand with it. `loadable`: it looks like one that is loaded.
    `complete`: it is loaded as it stands; nothing is appended.
    """

    target: Target
    start: int
    host: int
    end: int
    absolute: bool
    loadable: bool
    complete: bool


def located(text: str) -> Iterator[Located]:
    """Every address in the text of a script, in order."""
    short = len(text) <= _SHORT
    for match in _ADDRESS.finditer(text):
        path = (match[2] or "/").replace("\\/", "/").rstrip("\\")
        end = match.end()
        while text[end - 1] == "\\":
            end -= 1
        start = match.start() + (match[0][0] in "\"'`=")
        goes_on = _GOES_ON.match(text, end) is not None
        script = _SCRIPT.search(path) is not None
        direct = _CALLED.search(text, max(0, match.start() - _BEFORE), match.start()) is not None
        alone = match[2] is None and match.start(1) == match.start() + 1 and text[end : end + 1] == match[0][0]
        yield Located(
            Target(match[1].lower(), path),
            start,
            match.start(1),
            end,
            absolute="/" in text[start : match.start(1)],
            loadable=direct or script or (short and (alone or goes_on or _CALL.search(path) is not None)),
            complete=script and not goes_on and text[end : end + 1] in ("'", '"', "`"),
        )


def addresses(script: bytes) -> Iterator[tuple[Target, bool]]:
    """Every address in the text of `script`, each once, and whether it looks like one that is loaded."""
    seen = set()
    for found in located(script.decode("latin-1")):
        if found.target not in seen:
            seen.add(found.target)
            yield found.target, found.loadable
