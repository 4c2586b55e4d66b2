"""Own pages and the shop's part ways by path."""

from __future__ import annotations

import asyncio

import pytest

from gateway.middleware.split import Split
from gateway.types import Message, Receive, Scope, Send


class Place:
    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.paths.append(scope["path"])


async def nothing() -> Message:
    return {"type": "http.disconnect"}


async def nowhere(message: Message) -> None:
    raise AssertionError(message)


@pytest.mark.parametrize(
    ("kind", "path", "ours"),
    [
        ("http", "/_choices", True),
        ("http", "/_choices/", True),
        ("http", "/_choices/state", True),
        ("http", "/.well-known/gpc.json", True),
        ("http", "/", False),
        ("http", "/_choicesx", False),
        ("http", "/.well-known/gpc.json/x", False),
        ("http", "/shop/_choices/state", False),
        ("websocket", "/_choices/state", False),
    ],
)
def test_our_prefix_is_ours_and_the_rest_the_shops(kind: str, path: str, ours: bool) -> None:
    own, shop = Place(), Place()
    split = Split("/_choices", own, shop, also=("/.well-known/gpc.json",))
    asyncio.run(split({"type": kind, "path": path}, nothing, nowhere))
    assert (own.paths, shop.paths) == (([path], []) if ours else ([], [path]))


def test_the_root_is_the_shops_unless_it_is_named() -> None:
    own, shop = Place(), Place()
    asyncio.run(Split("/_choices", own, shop)({"type": "http", "path": "/.well-known/gpc.json"}, nothing, nowhere))
    assert shop.paths == ["/.well-known/gpc.json"]
