"""A polite visit to a shop: robots.txt is honoured, one request at a time, same site only, all bounded."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from gateway import __version__
from gateway.enforcement.charset import Transcoder, needs_decoding
from gateway.enforcement.headers import get_all
from gateway.enforcement.sniffing import HtmlClaim, claims_html, looks_like_html
from gateway.scan.links import is_page_of, joined, links
from gateway.scan.robots import MOST_BYTES, NOTHING, TOKEN, Robots
from gateway.types import Clock, RawHeaders

USER_AGENT = f"{TOKEN}/{__version__}"
_MOST_REDIRECTS = 5
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a shop is visited: pages, bytes of each, seconds in all and for one, and between two."""

    pages: int = 20
    page_bytes: int = 2 << 20
    seconds: float = 300.0
    patience: float = 15.0
    pause: float = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the shop, its body as far as it was read."""

    url: str
    status: int
    headers: RawHeaders
    body: bytes

    @property
    def cookies(self) -> list[bytes]:
        """The values of `Set-Cookie`."""
        return get_all(self.headers, b"set-cookie")

    @property
    def html(self) -> bytes:
        """The page as UTF-8 or another superset of ASCII; empty if this is none."""
        claim = claims_html(self.headers) if 200 <= self.status < 300 else HtmlClaim.NO
        if claim is HtmlClaim.UNKNOWN:
            claim = looks_like_html(self.body, complete=True)
        if claim is not HtmlClaim.YES:
            return b""
        codec = needs_decoding(b"".join(get_all(self.headers, b"content-type")[-1:]), self.body)
        if codec is None:
            return self.body
        transcoder = Transcoder(codec)
        return transcoder.write(self.body) + transcoder.end()

    @property
    def leads_to(self) -> str:
        """The address of a redirect; "" for anything else."""
        if self.status not in (301, 302, 303, 307, 308):
            return ""
        location = next(iter(get_all(self.headers, b"location")), b"").decode("utf-8", "replace")
        return joined(self.url, location) if location else ""


class Crawl:
    """One visit that starts at `start` and follows the links of the same site, breadth first."""

    def __init__(
        self,
        start: str,
        limits: Limits,
        *,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._start = start
        self._limits = limits
        self._clock = clock
        self._sleep = sleep
        self._queue = deque([start])
        self._known = {start}
        self._robots: dict[str, Robots] = {}
        self._pause = 0.0
        self.forbidden = 0
        """Pages that robots.txt keeps us from."""
        self.failed: list[str] = []
        """What could not be read, and why."""

    async def answers(self) -> AsyncIterator[Answer]:
        """Every answer, redirects included; what cannot be had is in `failed`."""
        pages = 0
        until = self._clock() + self._limits.seconds
        async with self._session() as session:
            while self._queue and pages < self._limits.pages and self._clock() < until:
                answer = await self._visit(session, self._queue.popleft())
                if answer is None:
                    continue
                pages += bool(answer.html)
                self._follow(answer)
                yield answer

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers={"User-Agent": USER_AGENT, "Accept": "text/html,*/*;q=0.1", "Accept-Encoding": "gzip, deflate"},
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=self._limits.patience),
        )

    async def _visit(self, session: aiohttp.ClientSession, url: str) -> Answer | None:
        robots = await self._rules(session, url)
        if not robots.allow(url):
            self.forbidden += 1
            return None
        await self._sleep(self._pause)
        self._pause = max(self._limits.pause, robots.pause)
        try:
            return await self._get(session, url, self._limits.page_bytes)
        except _FAILURES as error:
            self.failed.append(f"{url}: {error or type(error).__name__}")
            return None

    async def _rules(self, session: aiohttp.ClientSession, url: str) -> Robots:
        """The origin's robots.txt, asked for once; what cannot be reached allows nothing."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        if origin not in self._robots:
            self._robots[origin] = await self._ask_robots(session, f"{origin}/robots.txt")
        return self._robots[origin]

    async def _ask_robots(self, session: aiohttp.ClientSession, url: str) -> Robots:
        try:
            for _ in range(_MOST_REDIRECTS):
                answer = await self._get(session, url, MOST_BYTES)
                target = answer.leads_to
                if not (target and is_page_of(target, self._start)):
                    return Robots.answered(answer.status, answer.body)
                url = target
        except _FAILURES as error:
            self.failed.append(f"{url}: {error or type(error).__name__}")
            return NOTHING
        return Robots("")

    async def _get(self, session: aiohttp.ClientSession, url: str, most: int) -> Answer:
        async with session.get(url, allow_redirects=False) as response:
            headers = [(name.lower(), value) for name, value in response.raw_headers]
            body = bytearray()
            async for piece in response.content.iter_chunked(1 << 16):
                body += piece
                if len(body) >= most:
                    break
            found = bytes(body[:most])
            return Answer(url, response.status, headers, found)

    def _follow(self, answer: Answer) -> None:
        target = answer.leads_to
        if target and is_page_of(target, self._start):
            self._add(target, first=True)
        elif target:
            self.failed.append(f"{answer.url}: leads to another site, {target}")
        elif not answer.html:
            self.failed.append(f"{answer.url}: no page, the answer was {answer.status}")
        for link in links(answer.url, answer.html):
            self._add(link)

    def _add(self, url: str, *, first: bool = False) -> None:
        if url in self._known or len(self._known) >= 100 + 10 * self._limits.pages:
            return
        self._known.add(url)
        (self._queue.appendleft if first else self._queue.append)(url)

    @property
    def excuse(self) -> str:
        """Why there is no page, if there is none."""
        if self.failed:
            return self.failed[-1]
        if self.forbidden:
            return f"{self._start}: robots.txt forbids the visit"
        return f"{self._start}: no page"
