"""Names for the shapes that pass between the layers."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

RawHeaders = list[tuple[bytes, bytes]]
"""Header lines in the order of the wire, names in lower case. Never put them through a dictionary."""

Clock = Callable[[], float]
"""Seconds, since the epoch where nothing else is said; a parameter wherever time matters, so that tests can set it."""
