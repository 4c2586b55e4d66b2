"""Who answers for which path, and with which scope."""

from __future__ import annotations

import asyncio

import pytest

from gateway.middleware.tenant import TenantMiddleware
from gateway.model.tenant import Tenant
from gateway.types import ASGIApp, Message, Receive, Scope, Send


def asked(tenant: Tenant, scope: Scope, **options: str) -> str:
    """Who was asked; the scope must be the very same object."""
    seen: list[str] = []

    def named(name: str) -> ASGIApp:
        async def app(passed: Scope, receive: Receive, send: Send) -> None:
            assert passed is scope
            seen.append(name)

        return app

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError

    def resolve(scope: Scope) -> Scope:
        forwarded = options.get("forwarded")
        return {**scope, "headers": [(b"host", forwarded.encode())]} if forwarded else scope

    app = TenantMiddleware(named("gateway"), shop=named("shop"), tenant=tenant, resolve=resolve)
    asyncio.run(app(scope, receive, send))
    return seen[0]


@pytest.mark.parametrize("type", ["http", "websocket"])
@pytest.mark.parametrize(
    ("path", "who"), [("/000489/x", "gateway"), ("/000490/x", "shop"), ("/0004890/", "shop"), ("/", "shop")]
)
def test_neighbours_are_not_asked_for_anything(type: str, path: str, who: str) -> None:
    assert asked(Tenant.of("/000489/"), {"type": type, "path": path, "headers": []}) == who


@pytest.mark.parametrize(
    ("host", "forwarded", "who"),
    [
        pytest.param(b"Mall.example:8080", "", "gateway", id="the host"),
        pytest.param(b"other.example", "", "shop", id="another"),
        pytest.param(b"", "", "shop", id="none"),
        pytest.param(b"127.0.0.1", "mall.example", "gateway", id="as a trusted proxy says"),
    ],
)
def test_a_scope_may_be_one_hosts_only(host: bytes, forwarded: str, who: str) -> None:
    scope: Scope = {"type": "http", "path": "/000489/", "headers": [(b"host", host)] if host else []}
    assert asked(Tenant.of("mall.example/000489/"), scope, forwarded=forwarded) == who
    assert asked(Tenant.of("mall.example/000489/"), {**scope, "path": "/"}, forwarded=forwarded) == "shop"


def test_by_default_the_host_is_the_one_in_the_request() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["asked"] = True

    async def shop(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError

    scope: Scope = {"type": "http", "path": "/", "headers": [(b"host", b"mall.example")]}
    asyncio.run(TenantMiddleware(app, shop=shop, tenant=Tenant.of("mall.example/"))(scope, receive, send))
    assert scope["asked"]
