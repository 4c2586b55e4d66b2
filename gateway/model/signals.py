"""The privacy signals of a browser: Sec-GPC and DNT."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.types import RawHeaders


@dataclass(frozen=True, slots=True)
class Signals:
    """Global Privacy Control and Do Not Track, each on or off."""

    gpc: bool = False
    dnt: bool = False

    @classmethod
    def from_headers(cls, headers: RawHeaders) -> Signals:
        """Reads every line: one that is exactly `1` switches a signal on, whatever the others say.

        Lines are not joined first, as RFC 9110 5.3 would allow: `0, 1` in one line is off.
        """
        return cls((b"sec-gpc", b"1") in headers, (b"dnt", b"1") in headers)
