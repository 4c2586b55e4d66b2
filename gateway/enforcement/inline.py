"""Which services an inline script belongs to, told by the marks of the catalogue.

One pass over the script for all services together, whatever their number. Loaders often build
their address from pieces (`'https://ssl' + '.google-analytics.com/ga.js'`) or escape it
(`unescape('%3Cscript')`): marks are written for that, and percent-encoded text is read twice.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

import re2

from gateway.model.service import Service

_REMEMBERED = 1024
_REMEMBERED_LENGTH = 16_384
_DATA = re.compile(r"\s*data:([^,]*),", re.IGNORECASE)


class InlineMarks:
    """All services' marks, compiled once."""

    def __init__(self, services: Iterable[Service]) -> None:
        """Raises ValueError naming the service and the mark that RE2 does not read."""
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
        if self._owners:
            self._set.Compile()
        self._seen: dict[bytes, tuple[Service, ...]] = {}

    def owners(self, script: bytes) -> tuple[Service, ...]:
        """The services whose marks the script bears, each once, in the order of the catalogue."""
        found = self._seen.get(script)
        if found is None:
            found = self._search(script)
            if len(script) <= _REMEMBERED_LENGTH:
                if len(self._seen) >= _REMEMBERED:
                    self._seen.clear()
                self._seen[script] = found
        return found

    def _search(self, script: bytes) -> tuple[Service, ...]:
        if not self._owners:
            return ()
        numbers = set(self._set.Match(script) or ())
        if b"%3C" in script or b"%3c" in script or b"%2F" in script or b"%2f" in script:
            numbers |= set(self._set.Match(unquote_to_bytes(script)) or ())
        return tuple(dict.fromkeys(self._owners[number] for number in sorted(numbers)))


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
