"""Which requests are for the gateway itself."""

from __future__ import annotations

from gateway.types import ASGIApp, Receive, Scope, Send


class Split:
    """HTTP below `prefix` and at the exact paths `also` goes to `own`, everything else to `shop`."""

    def __init__(self, prefix: str, own: ASGIApp, shop: ASGIApp, *, also: tuple[str, ...] = ()) -> None:
        self._below = prefix + "/"
        self._exactly = {prefix, *also}
        self._own = own
        self._shop = shop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        own = scope["type"] == "http" and (path.startswith(self._below) or path in self._exactly)
        await (self._own if own else self._shop)(scope, receive, send)
