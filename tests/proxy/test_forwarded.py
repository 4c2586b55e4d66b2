from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.proxy.forwarded import ForwardedMiddleware, address

TRUSTED = ("10.0.0.0/8", "192.168.1.7", "2001:db8::/32")


def resolved(
    headers: list[tuple[bytes, bytes]],
    peer: str | None = "10.0.0.1",
    scheme: str = "http",
    kind: str = "http",
    trusted: tuple[str, ...] = TRUSTED,
) -> Any:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    async def nothing(*_: Any) -> Any: ...

    scope: dict[str, Any] = {
        "type": kind,
        "scheme": scheme,
        "client": (peer, 5000) if peer is not None else None,
        "headers": [(b"host", b"inner:8080"), (b"a", b"1"), *headers],
    }
    before = dict(scope, headers=list(scope["headers"]))
    asyncio.run(ForwardedMiddleware(app, trusted)(scope, nothing, nothing))
    assert scope == before, "the caller's scope is not ours to change"
    return seen[0]


def line(scope: Any, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]


@pytest.mark.parametrize("peer", ["203.0.113.5", "nonsense", "", None, "11.0.0.1", "2001:db9::1"])
def test_nobody_else_is_believed(peer: str | None) -> None:
    scope = resolved(
        [
            (b"x-forwarded-for", b"1.1.1.1"),
            (b"x-forwarded-proto", b"https"),
            (b"x-forwarded-host", b"evil.test"),
            (b"x-forwarded-port", b"1"),
            (b"x_forwarded_for", b"1.1.1.1"),
            (b"forwarded", b"for=1.1.1.1"),
            (b"x-real-ip", b"1.1.1.1"),
        ],
        peer,
    )
    assert scope["scheme"] == "http"
    assert scope["client"] == ((peer, 5000) if peer is not None else None)
    chain = [(b"x-forwarded-for", peer.encode())] if peer else []
    assert scope["headers"] == [
        (b"host", b"inner:8080"),
        (b"a", b"1"),
        (b"x-forwarded-proto", b"http"),
        *chain,
        (b"x-forwarded-host", b"inner:8080"),
    ]


@pytest.mark.parametrize(
    ("chain", "visitor", "told"),
    [
        pytest.param([b"1.2.3.4"], "1.2.3.4", b"1.2.3.4, 10.0.0.1", id="one"),
        pytest.param(
            [b"6.6.6.6, 1.2.3.4"], "1.2.3.4", b"1.2.3.4, 10.0.0.1", id="the visitor's own claim goes"
        ),
        pytest.param([b"1.2.3.4, 10.9.9.9"], "1.2.3.4", b"1.2.3.4, 10.9.9.9, 10.0.0.1", id="two proxies"),
        pytest.param([b"1.2.3.4", b"10.9.9.9"], "1.2.3.4", b"1.2.3.4, 10.9.9.9, 10.0.0.1", id="two lines"),
        pytest.param([b"1.2.3.4:5678"], "1.2.3.4", b"1.2.3.4, 10.0.0.1", id="port"),
        pytest.param([b"[2001:db9::1]:80"], "2001:db9::1", b"2001:db9::1, 10.0.0.1", id="IPv6 in brackets"),
        pytest.param([b"::ffff:1.2.3.4"], "1.2.3.4", b"1.2.3.4, 10.0.0.1", id="IPv4 in IPv6"),
        pytest.param([b"unknown"], "10.0.0.1", b"10.0.0.1", id="malformed"),
        pytest.param([b"1.2.3.4, evil\xff"], "10.0.0.1", b"10.0.0.1", id="nearest malformed"),
        pytest.param([b"bad, 10.9.9.9"], "10.9.9.9", b"10.9.9.9, 10.0.0.1", id="farther malformed"),
        pytest.param([b"10.1.1.1, 10.2.2.2"], "10.1.1.1", b"10.1.1.1, 10.2.2.2, 10.0.0.1", id="all trusted"),
        pytest.param([b" , "], "10.0.0.1", b"10.0.0.1", id="empty"),
        pytest.param([], "10.0.0.1", b"10.0.0.1", id="none"),
    ],
)
def test_the_visitor_is_the_nearest_address_not_trusted(
    chain: list[bytes], visitor: str, told: bytes
) -> None:
    scope = resolved([(b"x-forwarded-for", entry) for entry in chain])
    assert scope["client"][0] == visitor
    assert line(scope, b"x-forwarded-for") == [told]


@pytest.mark.parametrize("peer", ["192.168.1.7", "2001:db8::9", "::ffff:10.3.3.3"])
def test_addresses_and_networks_of_both_kinds_are_trusted(peer: str) -> None:
    scope = resolved([(b"x-forwarded-proto", b"https")], peer)
    assert scope["scheme"] == "https"


@pytest.mark.parametrize(
    ("claim", "kind", "scheme", "becomes", "told"),
    [
        (b"https", "http", "http", "https", b"https"),
        (b"HTTPS", "websocket", "ws", "wss", b"https"),
        (b"http, https", "http", "http", "https", b"https"),
        (b"gopher", "http", "http", "http", b"http"),
        (b"gopher", "websocket", "wss", "wss", b"https"),
        (b"http", "websocket", "wss", "ws", b"http"),
    ],
)
def test_the_scheme_of_a_trusted_peer(
    claim: bytes, kind: str, scheme: str, becomes: str, told: bytes
) -> None:
    scope = resolved([(b"x-forwarded-proto", claim)], kind=kind, scheme=scheme)
    assert (scope["scheme"], line(scope, b"x-forwarded-proto")) == (becomes, [told])


@pytest.mark.parametrize(
    ("claim", "host"),
    [
        (b"shop.test", b"shop.test"),
        (b"shop.test:8443", b"shop.test:8443"),
        (b"[2001:db8::1]:80", b"[2001:db8::1]:80"),
        (b"a.test, shop.test", b"shop.test"),
        (b"evil.test/path", b"inner:8080"),
        (b"a b", b"inner:8080"),
        (b"", b"inner:8080"),
    ],
)
def test_the_host_of_a_trusted_peer(claim: bytes, host: bytes) -> None:
    scope = resolved([(b"x-forwarded-host", claim)])
    assert (line(scope, b"host"), line(scope, b"x-forwarded-host")) == ([host], [host])


def test_other_forwarding_headers_of_a_trusted_peer_stay() -> None:
    assert line(resolved([(b"x-forwarded-prefix", b"/x")]), b"x-forwarded-prefix") == [b"/x"]


def test_a_secure_connection_is_told_to_the_shop() -> None:
    assert line(resolved([], "1.1.1.1", "https"), b"x-forwarded-proto") == [b"https"]


def test_without_a_host_none_is_told() -> None:
    async def nothing(*_: Any) -> Any: ...

    scope: dict[str, Any] = {"type": "http", "scheme": "http", "client": None, "headers": []}
    told = ForwardedMiddleware(nothing).resolve(scope)
    assert told["headers"] == [(b"x-forwarded-proto", b"http")]


def test_lifespan_passes() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    async def nothing(*_: Any) -> Any: ...

    asyncio.run(ForwardedMiddleware(app)({"type": "lifespan"}, nothing, nothing))
    assert seen == [{"type": "lifespan"}]


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "localhost", ""])
def test_a_wrong_entry_is_reported(entry: str) -> None:
    async def nothing(*_: Any) -> Any: ...

    with pytest.raises(ValueError, match="does not appear to be"):
        ForwardedMiddleware(nothing, [entry])


def test_addresses_are_read_with_ports_and_brackets() -> None:
    assert str(address(" [::1]:5 ")) == "::1"
    assert address("1.2.3") is None
