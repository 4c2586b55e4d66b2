"""Trackers under the shop's own name: refused requests for them never reach the shop (R-46).

Nor does the shop send a script, image, frame or beacon of its own on to a tracker; where it sends the visitor,
a navigation, it may.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.enforcement.headers import get_all
from gateway.enforcement.page_policy import Kind, PagePolicy
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Fate
from gateway.model.decision import Decision
from gateway.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_KINDS = {
    b"embed": Kind.OBJECT, b"fencedframe": Kind.FRAME, b"frame": Kind.FRAME, b"iframe": Kind.FRAME,
    b"image": Kind.IMAGE, b"object": Kind.OBJECT, b"script": Kind.SCRIPT, b"style": Kind.STYLE,
}  # fmt: skip
_NAVIGATION = frozenset((b"document", b"webidentity"))


class DisguiseMiddleware:
    """Answers with nothing where a path of the shop is a known tracker's and its category is not granted.

    `policy_for(scope, decision)` gives the rules by which the aim of a redirect is judged.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        catalogue: Catalogue,
        policy_for: Callable[[Scope, Decision], PagePolicy],
        count: Callable[[str, str, str], None],
    ) -> None:
        self._app = app
        self._catalogue = catalogue
        self._policy_for = policy_for
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        decision: Decision = scope["consent"]
        service = self._catalogue.for_path(scope["path"])
        if service is not None and decision.fate_of(service) is not Fate.KEEP:
            self._count("request", service.id, Fate.REMOVE)
            await _nothing(send)
            return
        kind = _subresource(scope["headers"])
        await self._app(scope, receive, send if kind is None else self._watched(scope, decision, kind, send))

    def _watched(self, scope: Scope, decision: Decision, kind: Kind, send: Send) -> Send:
        closed = False

        async def watched(message: Message) -> None:
            nonlocal closed
            if message["type"] == "http.response.start" and message["status"] in _REDIRECTS:
                for aim in get_all(message["headers"], b"location"):
                    verdict = self._policy_for(scope, decision).url(aim.decode("utf-8", "surrogateescape"), kind)
                    if verdict.fate is not Fate.KEEP and not closed:
                        closed = True
                        self._count("redirect", verdict.service, Fate.REMOVE)
                        await _nothing(send)
            if not closed:
                await send(message)

        return watched


async def _nothing(send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": [(b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": b""})


def _subresource(headers: RawHeaders) -> Kind | None:
    """What a request wants the answer for; None for a navigation. Over http only `Accept` tells."""
    destination = b"".join(get_all(headers, b"sec-fetch-dest")[:1]).strip().lower()
    if destination:
        return None if destination in _NAVIGATION else _KINDS.get(destination, Kind.MEDIA)
    return None if any(b"html" in value.lower() for value in get_all(headers, b"accept")) else Kind.MEDIA
