"""The whole gateway before a recording shop, with a clock that can be set; asked without a socket."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.config.settings import CookieEntry, Policy, PolicyRevision
from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.model.categories import OPTIONAL, Category
from gateway.model.choice import Choice
from tests.model.truth import DAY
from tests.test_app import KEY, Shop, settings

COOKIE = ConsentCookie([KEY])
OPTIONAL_COOKIES = {Category.PREFERENCES: "lately", Category.STATISTICS: "_ga", Category.MARKETING: "_fbp"}
REVISIONS = Policy(
    rev=2, revisions=(PolicyRevision(rev=1), PolicyRevision(rev=2, date="2024-10-01", material=OPTIONAL))
)
"""Revision 2 asks for everything anew, as in the truth table."""


class Site:
    """A gateway and one browser without a cookie jar: each request says what it carries."""

    def __init__(self, folder: Path, **values: Any) -> None:
        self.day = DAY
        self.shop = Shop()
        known = CookieEntry(name="lately", category=Category.PREFERENCES)
        self.folder = folder
        self.app = create_app(
            settings(folder, **{"cookies": (known,), "policy": REVISIONS, **values}),
            shop=self.shop,
            clock=lambda: self.day * 86_400.0 + 4000,
        )
        self.browser = TestClient(self.app, base_url="http://shop.example", follow_redirects=False)

    def ask(
        self, path: str = "/", choice: Choice | str | None = None, *lines: tuple[str, str], **options: Any
    ) -> Response:
        """A request with every kind of optional cookie, a necessary one and `choice`."""
        pairs = ["sessionid=1", *(f"{name}=1" for name in OPTIONAL_COOKIES.values())]
        if choice is not None:
            pairs.append(choice if isinstance(choice, str) else f"consent={COOKIE.dump(choice)}")
        self.browser.cookies.clear()
        headers = [("cookie", "; ".join(pairs)), *lines]
        return self.browser.request(options.pop("method", "GET"), path, headers=headers, **options)

    def plain(self, path: str = "/", *lines: tuple[str, str], **options: Any) -> Response:
        """A request without any cookie."""
        self.browser.cookies.clear()
        return self.browser.request(options.pop("method", "GET"), path, headers=list(lines), **options)

    @property
    def consent(self) -> str:
        """What the shop was told last."""
        return self.shop.requests[-1][b"x-consent"][0].decode()


@contextmanager
def running(folder: Path, **values: Any) -> Iterator[Site]:
    """A site whose record is open; what is written afterwards is complete."""
    site = Site(folder, **values)
    with site.browser:
        yield site


def set_cookies(answer: Response) -> dict[str, str]:
    """Each cookie the answer sets with its line; the last one counts."""
    return {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}


def stored(answer: Response) -> str:
    """The choice cookie the answer sets, as a `Cookie` header says it."""
    return set_cookies(answer)["consent"].partition(";")[0]


def expired(answer: Response) -> set[Category]:
    """The categories whose cookie the answer takes away."""
    lines = set_cookies(answer)
    return {c for c, name in OPTIONAL_COOKIES.items() if "Max-Age=0" in lines.get(name, "")}


def page_state(answer: Response) -> dict[str, str]:
    """What the page tells its script."""
    found = re.search(r' data-state="([^"]*)"', answer.text)
    return dict(pair.split(":") for pair in found[1].split(" ")) if found else {}


def signal_lines(gpc: bool, dnt: bool) -> Sequence[tuple[str, str]]:
    """The headers of the two signals."""
    return [("sec-gpc", "1")] * gpc + [("dnt", "1")] * dnt
