"""Per-person ids in a query string: found by the name a server would read, cut without touching the rest.

Source: WHATWG URL Standard, 5.1 (application/x-www-form-urlencoded parsing): parameters end at "&", names
at "=", and both are percent-encoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from gateway.enforcement.site import normal_host
from gateway.model.click_ids import CLICK_IDS

_IGNORED: Final = b"\t\n\r"
_AUTHORITY: Final = re.compile(rb"[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?([^/?#]*)")


class Cut(NamedTuple):
    """What is left, and the names that were taken out, in order."""

    rest: bytes
    names: tuple[str, ...] = ()


class ClickIds:
    """Cuts parameters of these `names`; a name that ends in `*` stands for all that begin so."""

    def __init__(self, names: Iterable[str] = CLICK_IDS) -> None:
        ordered = tuple(names)
        ends = (re.escape(name.removesuffix("*")) + (".*" if name.endswith("*") else "") for name in ordered)
        self._name = re.compile("|".join(ends).encode() or rb"(?!)", re.DOTALL)

    def query(self, query: bytes) -> Cut:
        """`query` (what follows the question mark) without the ids; the rest is byte for byte as it was."""
        if not query:
            return Cut(query)
        kept: list[bytes] = []
        names: list[str] = []
        for parameter in query.split(b"&"):
            name = self._read(parameter)
            if self._name.fullmatch(name):
                names.append(name.decode("utf-8", "replace"))
            else:
                kept.append(parameter)
        return Cut(b"&".join(kept), tuple(names)) if names else Cut(query)

    def url(self, url: bytes) -> Cut:
        """A whole or relative URL without the ids in its query; a question mark with nothing behind it goes too."""
        before, sharp, fragment = url.partition(b"#")
        path, mark, query = before.partition(b"?")
        rest, names = self.query(query) if mark else Cut(b"")
        if not names:
            return Cut(url)
        return Cut(path + (mark + rest if rest else b"") + sharp + fragment, names)

    def referer(self, value: bytes, host: str) -> Cut:
        """A `Referer` without the ids, if it names a page of `host`; others are not ours to change."""
        authority = _AUTHORITY.match(value)
        if authority is None or normal_host(authority[1].decode("latin-1")) != normal_host(host):
            return Cut(value)
        return self.url(value)

    @staticmethod
    def _read(parameter: bytes) -> bytes:
        name = parameter.partition(b"=")[0]
        if b"%" in name or b"+" in name:
            name = unquote_to_bytes(name.replace(b"+", b" "))
        return name.translate(None, _IGNORED)
