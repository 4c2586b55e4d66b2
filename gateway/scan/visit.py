"""A whole scan: crawl, look at the pages, open them in a browser if wanted, put in order what was seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from gateway.enforcement.catalogue_data import load_catalogue
from gateway.enforcement.site import is_first_party
from gateway.errors import ScanError
from gateway.model.catalogue import Catalogue
from gateway.scan.browser import browse
from gateway.scan.crawl import Crawl, Limits
from gateway.scan.findings import Cookie, Findings, cookie, cookie_name, printable, third_parties
from gateway.scan.recorder import Recorder

_MOST_REMARKS = 10


def scan(
    url: str,
    limits: Limits,
    *,
    browser: bool = False,
    catalogue: Catalogue | None = None,
    on_page: Callable[[], None] = lambda: None,
) -> Findings:
    """Visit the shop at `url`; `on_page` hears of each page read and of each opened in the browser.

    Raises ScanError if no page could be read, ConfigError if the browser cannot be used.
    """
    return asyncio.run(_Scan(url, catalogue or load_catalogue()).run(limits, browser, on_page))


class _Scan:
    def __init__(self, url: str, catalogue: Catalogue) -> None:
        self._url = url
        self._catalogue = catalogue
        self._recorder = Recorder(catalogue, self._is_own)
        self._cookies: dict[Cookie, None] = {}

    async def run(self, limits: Limits, browser: bool, on_page: Callable[[], None]) -> Findings:
        crawl = Crawl(self._url, limits)
        pages = []
        async for answer in crawl.answers():
            for line in answer.cookies:
                self._cookie(cookie_name(line), "server")
            if html := answer.html:
                self._recorder.page(answer.url, html)
                pages.append(answer.url)
                on_page()
        if not pages:
            raise ScanError(crawl.excuse)
        if browser:
            cookies = await browse(pages, self._recorder.run_time, on_page=on_page)
            for name in [name for name, host in cookies if self._is_own(host)]:
                self._cookie(name, "browser")
        return self._findings(crawl, len(pages))

    def _is_own(self, host: str) -> bool:
        return is_first_party(host, urlsplit(self._url).hostname or "")

    def _cookie(self, name: str, source: str) -> None:
        """Note a cookie; what the server has set is in the browser too, and noted once."""
        found = cookie(self._catalogue, name, source)
        if name and cookie(self._catalogue, name, "server") not in self._cookies:
            self._cookies[found] = None

    def _findings(self, crawl: Crawl, pages: int) -> Findings:
        parties = third_parties(self._recorder.seen)
        remarks = [printable(why) for why in crawl.failed[:_MOST_REMARKS]]
        if crawl.forbidden:
            remarks.append(f"robots.txt kept {crawl.forbidden} more from being visited")
        return Findings(
            self._url,
            pages,
            tuple(party for party in parties if party.service),
            tuple(party for party in parties if not party.service),
            tuple(sorted(self._cookies, key=lambda found: (found.name, found.source))),
            tuple(remarks),
        )
