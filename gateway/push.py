"""Statistics sent on: what is told of each base period, once, to an address of the operator's (`stats.push`).

JSON lines by POST. `X-Consent-Signature: sha256=HEX` is HMAC-SHA256 of the body under `push.key` of the data folder.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

import aiohttp

from gateway.errors import GatewayError
from gateway.lease import Lease
from gateway.ledger.figures import Figures
from gateway.ledger.tallies import Tallies
from gateway.statistics.formats import as_jsonl
from gateway.statistics.report import DIMENSIONS

log = logging.getLogger(__name__)

HEADER: Final = "X-Consent-Signature"
HOURLY: Final = 3600.0
"""Seconds between two looks for a period that is told now."""
FIRST: Final = 30.0
LONGEST: Final = 6 * 3600.0
"""Seconds until a failed attempt is repeated: the first time, and at most; each time twice as long."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)

Sleep = Callable[[float], Awaitable[object]]


class Push:
    """Sends to `url` between `start` and `close`; nothing waits for it. Of several processes one does, by `lease`."""

    def __init__(
        self,
        url: str,
        key: bytes,
        figures: Figures,
        tallies: Tallies,
        *,
        sleep: Sleep = asyncio.sleep,
        lease: Lease | None = None,
    ) -> None:
        self._url = url
        self._key = key
        self._figures = figures
        self._tallies = tallies
        self._sleep = sleep
        self._lease = lease
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins. To be called in a running event loop."""
        self._task = self._task or asyncio.create_task(self._run(), name="statistics-push")

    async def close(self) -> None:
        """Ends at once; what was under way is sent again after the next start. May be called twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def once(self) -> int:
        """Sends the periods that were not sent yet; their number.

        Raises GatewayError, aiohttp.ClientError, TimeoutError; nothing counts as sent then.
        """
        done = await self._tallies.pushed()
        reports = [await self._figures.report(by) for by in ("", *DIMENSIONS)]
        new = [replace(r, parts=[part for part in r.parts if part.period.label not in done]) for r in reports]
        labels = list(dict.fromkeys(part.period.label for report in new for part in report.parts))
        body = "".join(map(as_jsonl, new))
        if body:
            await self._post(body.encode())
        await self._tallies.note_pushed(labels)
        return len(labels)

    async def _post(self, body: bytes) -> None:
        signature = hmac.digest(self._key, body, "sha256").hex()
        headers = {"Content-Type": "application/jsonl", HEADER: f"sha256={signature}"}
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            if not 200 <= answer.status < 300:
                raise aiohttp.ClientError(f"answered with {answer.status}")

    async def _run(self) -> None:
        if self._lease is not None:
            await self._lease.hold()
        pause = FIRST
        while True:
            try:
                await self.once()
            except (GatewayError, aiohttp.ClientError, TimeoutError, OSError) as error:
                log.warning("statistics were not sent on and are tried again", extra={"problem": type(error).__name__})
                await self._sleep(pause)
                pause = min(LONGEST, 2 * pause)
            else:
                pause = FIRST
                await self._sleep(HOURLY)
