"""What a site lets robots visit (RFC 9309)."""

from __future__ import annotations

from protego import Protego

TOKEN = "consent-gateway-scan"  # noqa: S105 -- the product token of RFC 9309, no secret
MOST_BYTES = 512_000
_LONGEST_PAUSE = 10.0


class Robots:
    """The rules of one origin for this robot."""

    def __init__(self, text: str) -> None:
        self._rules = Protego.parse(text)

    @classmethod
    def answered(cls, status: int, body: bytes) -> Robots:
        """The rules that an answer for `/robots.txt` means: none after 4xx, nothing allowed after 5xx (2.3.1)."""
        if status >= 500:
            return NOTHING
        return cls(body.decode("utf-8", "replace") if status == 200 else "")

    def allow(self, url: str) -> bool:
        """May this robot visit `url`?"""
        return self._rules.can_fetch(url, TOKEN)

    @property
    def pause(self) -> float:
        """Seconds the site wants between two visits, within reason."""
        delay = self._rules.crawl_delay(TOKEN)
        return min(delay, _LONGEST_PAUSE) if delay else 0.0


NOTHING = Robots("User-agent: *\nDisallow: /")
"""For a site whose rules cannot be had."""
