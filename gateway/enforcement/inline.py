"""Which services an inline script belongs to, told by the marks of the catalogue.

One pass over the script for all services together, whatever their number. Loaders often build
their address from pieces (`'https://ssl' + '.google-analytics.com/ga.js'`) or escape it
(`unescape('%3Cscript')`): marks are written for that, and what a script hides is read once more in plain text.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote_to_bytes

import re2

from gateway.enforcement.loader import addresses, loads
from gateway.enforcement.spelling import spelt_out
from gateway.enforcement.url import Target
from gateway.model.categories import Category
from gateway.model.service import Service

OwnerOf = Callable[[str, str], Service | None]
_REMEMBERED = 1024
_REMEMBERED_LENGTH = 16_384
_JAVASCRIPT = re.compile(r"[\x00-\x20]*j\s*a\s*v\s*a\s*s\s*c\s*r\s*i\s*p\s*t\s*:", re.IGNORECASE)
_DATA = re.compile(r"\s*data:([^,]*),", re.IGNORECASE)


class InlineMarks:
    """All services' marks, compiled once."""

    def __init__(
        self, services: Iterable[Service], owner_of: OwnerOf = lambda host, path: None
    ) -> None:
        """`owner_of(host, path)` names the service behind an address that a script loads from.

        Raises ValueError naming the service and the mark that RE2 does not read.
        """
        self._owner_of = owner_of
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = 256 << 20
        options.log_errors = False
        self._set = re2.Set.SearchSet(options)
        self._owners: list[Service] = []
        for service in services:
            for mark in service.marks:
                try:
                    self._set.Add(mark.encode())
                except re2.error as error:
                    raise ValueError(f"{service.id}: mark {mark!r}: {error}") from error
                self._owners.append(service)
        # Out of memory RE2 says "no match": whatever else is found, this one must be.
        self._always = self._set.Add(b"")
        self._set.Compile()
        self._seen: dict[bytes, tuple[Service, ...]] = {}

    def owners(self, script: bytes) -> tuple[Service, ...] | None:
        """The services whose marks the script bears, each once, in the order of the catalogue.

        None if the search failed: then nobody knows.
        """
        found = self._seen.get(script)
        if found is None:
            found = self._search(script)
            if found is not None and len(script) <= _REMEMBERED_LENGTH:
                if len(self._seen) >= _REMEMBERED:
                    self._seen.clear()
                self._seen[script] = found
        return found

    def _search(self, script: bytes) -> tuple[Service, ...] | None:
        plain = spelt_out(script)
        marked = self._marked(script, plain)
        if marked is None:
            return None
        found = dict.fromkeys((*marked, *self._loaded(script)))
        return tuple(found if plain is None else found | dict.fromkeys(self._loaded(plain)))

    def _loaded(self, script: bytes) -> Iterator[Service]:
        """The owners of the addresses the script loads from; a mere link to somebody is not one."""
        if not loads(script):
            return
        for target, loadable in addresses(script):
            service = self.loaded_from(target) if loadable else None
            if service is not None:
                yield service

    def loaded_from(self, target: Target) -> Service | None:
        """Whose script or pixel a script loads from `target`; None for what is necessary or mere content."""
        service = self._owner_of(*target)
        if service is None or service.category is Category.NECESSARY:
            return None
        return service if not service.embed or ".js" in target.path else None

    def _marked(self, script: bytes, plain: bytes | None) -> tuple[Service, ...] | None:
        numbers = set(self._set.Match(script) or ())
        if numbers and plain is not None:
            again = set(self._set.Match(plain) or ())
            numbers = again and numbers | again
        if not numbers:
            return None
        return tuple(dict.fromkeys(self._owners[number] for number in sorted(numbers - {self._always})))


def script_of_data_url(url: str) -> bytes | None:
    """The script inside a `data:` URL (RFC 2397); None if it is no such URL, b"" if it cannot be read."""
    match = _DATA.match(url)
    if match is None:
        return None
    body = unquote_to_bytes(url[match.end() :].encode("utf-8", "surrogateescape"))
    if not match[1].rstrip().lower().endswith("base64"):
        return body
    try:
        return base64.b64decode(body + b"=" * (-len(body) % 4))
    except binascii.Error:
        return b""


def script_of_javascript_url(url: str) -> bytes | None:
    """The script of a `javascript:` URL (HTML 7.4.2.3.2); None if it is no such URL."""
    match = _JAVASCRIPT.match(url)
    return unquote_to_bytes(url[match.end() :].encode("utf-8", "surrogateescape")) if match else None
