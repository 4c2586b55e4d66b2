"""Who the visitor is, behind the proxies we trust: X-Forwarded-For, -Proto and -Host."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from gateway.types import ASGIApp, RawHeaders, Receive, Scope, Send

_FOR, _PROTO, _HOST = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"
_PEER: Final = "consent_gateway.peer"
_REWRITTEN: Final = frozenset((_FOR, _PROTO, _HOST))
_CLAIMS: Final = re.compile(rb"x[-_]forwarded[-_].+|forwarded|x[-_]real[-_]ip|x[-_]client[-_]ip")
"""Headers by which a sender says whom it speaks for; from anybody but a trusted proxy they are removed.

Underscores too: CGI and WSGI shops read `X_Forwarded_For` and `X-Forwarded-For` as the same variable.
"""
HOST: Final = re.compile(rb"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
"""A host that names a site, with a port or without; no user, no path."""
_SCHEMES: Final = {b"http": "http", b"https": "https", b"ws": "http", b"wss": "https"}


def address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in an X-Forwarded-For entry, its port and brackets taken off; None when it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


class ForwardedMiddleware:
    """Believes forwarding headers of `trusted_proxies` (addresses or CIDRs, IPv4 and IPv6), nobody else's.

    From a trusted peer, `scope["client"]` becomes the nearest address of X-Forwarded-For that is not
    trusted itself, `scope["scheme"]` and the Host header what the peer says. Everybody else's forwarding
    headers are replaced by what we see ourselves. Malformed values are as good as absent.
    Raises ValueError for an entry of `trusted_proxies` that is neither.
    """

    def __init__(self, app: ASGIApp, trusted_proxies: Sequence[str] = ()) -> None:
        networks = [ip_network(entry.strip(), strict=False) for entry in trusted_proxies]
        self._app = app
        self._v4 = [network for network in networks if network.version == 4]
        self._v6 = [network for network in networks if isinstance(network, IPv6Network)]
        self._trusts = lru_cache(maxsize=1024)(self._look_up)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its real origin."""
        if scope["type"] != "lifespan":
            scope = self.resolve(scope)
        await self._app(scope, receive, send)

    def _look_up(self, host: str) -> bool:
        found = address(host)
        if isinstance(found, IPv4Address):
            return any(found in network for network in self._v4)
        return found is not None and any(found in network for network in self._v6)

    def resolve(self, scope: Scope) -> Scope:
        """A copy of `scope` with the visitor's address, scheme and host, and true forwarding headers."""
        client = scope["client"]
        peer: str = client[0] if client else ""
        scope = {**scope, _PEER: (peer, scope["headers"])}
        if peer and self._trusts(peer):
            return self._believe(scope, peer)
        secure = scope["scheme"] in ("https", "wss")
        headers = [line for line in scope["headers"] if not _claims(line[0])]
        headers += _forwarding(peer, b"https" if secure else b"http", _host(headers))
        return {**scope, "headers": headers}

    def _believe(self, scope: Scope, peer: str) -> Scope:
        claims: dict[bytes, list[bytes]] = {_FOR: [], _PROTO: [], _HOST: []}
        headers: RawHeaders = []
        for line in scope["headers"]:
            if line[0] in _REWRITTEN:
                claims[line[0]] += [entry.strip() for entry in line[1].split(b",")]
            else:
                headers.append(line)
        chain = [entry.decode("latin-1") for entry in claims[_FOR] if entry]
        visitor, believed = self._visitor(chain, peer)
        scheme = _SCHEMES.get(claims[_PROTO][-1].lower()) if claims[_PROTO] else None
        if scheme is None:
            scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
        host = claims[_HOST][-1] if claims[_HOST] else b""
        if HOST.fullmatch(host):
            headers = [(b"host", host), *(line for line in headers if line[0] != b"host")]
        headers += _forwarding(", ".join([*believed, peer]), scheme.encode(), _host(headers))
        if scope["type"] == "websocket":
            scheme = "wss" if scheme == "https" else "ws"
        origin = scope["client"] if visitor == peer else (visitor, 0)
        return {**scope, "scheme": scheme, "client": origin, "headers": headers}

    def _visitor(self, chain: Sequence[str], peer: str) -> tuple[str, list[str]]:
        """The visitor's address and the part of the chain that can be believed, oldest first."""
        visitor, believed = peer, list[str]()
        for entry in reversed(chain):
            found = address(entry)
            if found is None:
                break
            visitor = str(found)
            believed.insert(0, visitor)
            if not self._trusts(visitor):
                break
        return visitor, believed


def is_local(scope: Scope) -> bool:
    """Whether a request, resolved by the middleware, comes from this machine and was handed on by nobody."""
    peer, headers = scope.get(_PEER, ("", ()))
    found = address(peer)
    return found is not None and found.is_loopback and not any(_claims(name) or name == b"via" for name, _ in headers)


def _claims(name: bytes) -> bool:
    return name[:1] in b"xf" and _CLAIMS.fullmatch(name) is not None


def _host(headers: RawHeaders) -> bytes:
    return next((value for name, value in headers if name == b"host"), b"")


def _forwarding(chain: str, scheme: bytes, host: bytes) -> RawHeaders:
    lines = [(_PROTO, scheme)]
    if chain:
        lines.append((_FOR, chain.encode("latin-1", "replace")))
    if host:
        lines.append((_HOST, host))
    return lines
