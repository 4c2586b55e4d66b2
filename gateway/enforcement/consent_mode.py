"""Google Consent Mode v2, basic: when the page's signals go in before Google's own tags (R-80 to R-82).

The commands themselves are `static/consent-banner/consent-mode.js`, a file of our own and no inline script: it runs
under every policy a shop may have, and as it blocks the parser no loader can come before it.

Source: https://developers.google.com/tag-platform/security/guides/consent
"""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from typing import Final

from gateway.model.catalogue import Catalogue
from gateway.model.categories import OPTIONAL, Category, State
from gateway.model.decision import Decision

TAGS: Final = (
    "firebase-analytics", "google-ads", "google-adsense", "google-analytics", "google-doubleclick", "google-optimize",
    "google-publisher-tag", "google-tag-manager",
)  # fmt: skip
"""The services whose tags read the signals; Google's maps, fonts and videos do not."""


class ConsentMode:
    """Which pages of a shop get the signals.

    Those in which a Google tag may run: one of a granted category that the shop declared; in a trial (`declared` is
    None) any, for whether this page holds one is known only when its head is gone.
    """

    def __init__(self, catalogue: Catalogue, script: str, declared: Collection[str] | None = None) -> None:
        """`script` is the address of the file."""
        tags = (catalogue.by_id[name] for name in TAGS if name in catalogue.by_id)
        used = {service.category for service in tags if declared is None or service.id in declared}
        self._always = Category.NECESSARY in used
        self._categories = tuple(category for category in OPTIONAL if category in used)
        self._script = script

    def tag(self, decision: Decision, nonce: str = "") -> bytes:
        """The script element for the start of the head; nothing where no Google tag may run."""
        granted = [category for category in OPTIONAL if decision.state(category) is State.GRANTED]
        if not self._always and not set(granted) & set(self._categories):
            return b""
        nonced = f' nonce="{escape(nonce)}"' if nonce else ""
        return f'<script{nonced} src="{escape(self._script)}" data-granted="{" ".join(granted)}"></script>'.encode()

    def later(self, decision: Decision) -> str:
        """For a page without the element: the file's address, and the categories whose grant it must precede."""
        if not self._categories or self.tag(decision):
            return ""
        return " ".join((self._script, *self._categories))
