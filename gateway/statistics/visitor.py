"""What of a request is counted besides its locale: one of six browser families, one of three kinds of device."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

BROWSERS: Final = ("chrome", "edge", "firefox", "safari", "samsung", "other")
DEVICES: Final = ("desktop", "phone", "tablet")

# The order decides: every browser also names those it wants to be taken for.
_FAMILIES: Final = (
    ("other", re.compile(rb"OPR/|Opera|YaBrowser|Vivaldi|UCBrowser|FBA[NV]/|Line/|MicroMessenger|Instagram")),
    ("edge", re.compile(rb"Edg(?:A|iOS)?/")),
    ("samsung", re.compile(rb"SamsungBrowser/")),
    ("firefox", re.compile(rb"Firefox/|FxiOS/")),
    ("chrome", re.compile(rb"Chrome/|CriOS/|Chromium/")),
    ("safari", re.compile(rb"Version/[0-9.]+ .*Safari/")),
)
_TABLET: Final = re.compile(rb"iPad|Tablet|Android(?!.*Mobile)")
_PHONE: Final = re.compile(rb"Mobi|iPhone|Android")


class Visitor(NamedTuple):
    """Nothing by which two visitors of one kind could be told apart."""

    browser: str = "other"
    device: str = "desktop"

    @classmethod
    def of(cls, user_agent: bytes) -> Visitor:
        """Reads a `User-Agent`; what is not known is `other`, and a desktop."""
        browser = next((name for name, pattern in _FAMILIES if pattern.search(user_agent)), "other")
        if _TABLET.search(user_agent):
            return cls(browser, "tablet")
        return cls(browser, "phone" if _PHONE.search(user_agent) else "desktop")
