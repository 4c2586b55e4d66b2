"""The shop starts and stops with the gateway, whether it knows the lifespan protocol or not."""

from __future__ import annotations

import asyncio

import pytest

from gateway.lifespan import run_lifespan
from gateway.types import ASGIApp, Message, Receive, Scope, Send


async def knows_none(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"


async def drive(shop: ASGIApp, events: list[str]) -> list[str]:
    """Run a lifespan; what the server is told."""
    waiting: list[Message] = [{"type": f"lifespan.{event}"} for event in events]
    told = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        told.append(str(message["type"]))

    await run_lifespan(shop, {"type": "lifespan"}, receive, send)
    return told


async def failing_later(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    raise RuntimeError("the shop fell over")


async def own_lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


@pytest.mark.parametrize("shop", [knows_none, own_lifespan], ids=["knows no lifespan", "has its own"])
def test_the_shop_starts_and_stops_with_the_gateway(shop: ASGIApp) -> None:
    told = asyncio.run(drive(shop, ["startup", "shutdown"]))
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_shop_that_fails_while_running_is_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="fell over"):
        asyncio.run(drive(failing_later, ["startup"]))
