"""The shop's start and stop inside our own (ASGI lifespan)."""

from __future__ import annotations

from gateway.types import ASGIApp, Message, Receive, Scope, Send


async def run_lifespan(shop: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """The shop's own lifespan; a shop that knows none is answered for (ASGI lifespan, "if the app raises")."""
    answered = False

    async def noting(message: Message) -> None:
        nonlocal answered
        answered = True
        await send(message)

    waiting = [await receive()]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    try:
        await shop(scope, again, noting)
    except Exception:
        if answered:
            raise
    if not answered:
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
