"""A small catalogue with one tracker of each kind, the policies made of it, and a policy that only listens."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from gateway.enforcement.html import HtmlRewriter, Injection
from gateway.enforcement.inline import InlineMarks
from gateway.enforcement.page_policy import KEEP, Kind, PagePolicy, Verdict
from gateway.enforcement.passages import Memory
from gateway.enforcement.url import Base
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, Fate
from gateway.model.service import Service

SHARED = Path(__file__).parents[3] / "shared"
"""Saved pages and reference tests that stand beside the checkout on some machines."""

COUNTER = Service(
    "counter", "Counter", Category.STATISTICS, hosts=("counter.test",), urls=("/counter.js",), marks=(r"\bcount\(",)
)
ADVERTS = Service("adverts", "Adverts", Category.MARKETING, hosts=("adverts.test",), marks=(r"\badvertise\(",))
VIDEO = Service("video", "Video", Category.MARKETING, hosts=("video.test",), embed=True)
CHAT = Service("chat", "Chat", Category.PREFERENCES, hosts=("chat.test",), marks=(r"\bchat\(",))
CLOUD = Service("cloud", "Cloud", Category.NECESSARY, hosts=("cloud.test",))
CATALOGUE = Catalogue((COUNTER, ADVERTS, VIDEO, CHAT, CLOUD))
MARKS = InlineMarks(CATALOGUE.services, CATALOGUE.for_url)
SHOP = Base("https", "shop.test")


def policy(
    fate: Fate,
    *,
    page: Base = SHOP,
    granted: Collection[Category] = (),
    block_unknown: bool = False,
    declared: Collection[str] | None = None,
    memory: Memory | None = None,
) -> PagePolicy:
    """Optional categories have `fate`, but for those that are `granted`."""

    def fate_of(category: Category) -> Fate:
        return Fate.KEEP if category is Category.NECESSARY or category in granted else fate

    return PagePolicy(
        CATALOGUE,
        MARKS,
        fate_of,
        page,
        lambda host: host == "shop.test" or host.endswith(".shop.test"),
        block_unknown=block_unknown,
        declared=declared,
        memory=memory,
    )


class Listener(PagePolicy):
    """Keeps everything and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__(CATALOGUE, MARKS, lambda category: Fate.KEEP, SHOP, lambda host: False)
        self.urls: set[str] = set()
        self.scripts: list[bytes] = []

    def url(self, url: str, kind: Kind) -> Verdict:
        self.urls.add(url)
        return KEEP

    def inline(self, script: bytes) -> Verdict:
        self.scripts.append(script)
        return KEEP

    def under(self, href: str) -> PagePolicy:
        return self


def banner(anyway: bool = True, head: bytes = b"") -> Injection:
    """Marks where the banner and the foot are put; `head` is what goes first into the head."""

    def body(language: str) -> bytes:
        return b"[banner%s]" % language.encode("utf-8", "replace")

    return Injection(body, lambda language: b"[foot]", anyway, head=head)


def rewritten(page: bytes, rules: PagePolicy, injection: Injection | None = None, size: int = 0) -> bytes:
    """The page as it comes out, fed whole or in pieces of `size` bytes."""
    rewriter = HtmlRewriter(rules, injection)
    size = size or len(page) or 1
    pieces = [rewriter.write(page[start : start + size]) for start in range(0, len(page), size)]
    return b"".join(pieces) + rewriter.end()
