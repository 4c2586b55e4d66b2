"""A shop over real sockets that counts how politely it is visited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category
from gateway.model.service import Service
from gateway.types import RawHeaders, Receive, Scope, Send
from tests.proxy.servers import serve

COUNTER = Service(
    "counter", "Counter", Category.STATISTICS, hosts=("counter.test",), urls=("/counter.js",), marks=(r"\bcount\(",),
    cookies=("_count",),
)  # fmt: skip
CLOUD = Service("cloud", "Cloud", Category.NECESSARY, hosts=("cloud.test",))
MAP = Service("map", "Map", Category.PREFERENCES, hosts=("map.test",), marks=(r"\bmap\(",), in_trial=False)
CATALOGUE = Catalogue((COUNTER, CLOUD, MAP), ("sessionid",))
HTML: RawHeaders = [(b"content-type", b"text/html; charset=utf-8")]

Reply = tuple[int, RawHeaders, bytes]


class Shop:
    """Answers each target as told, others with 404; keeps targets and user agents in order."""

    def __init__(self, answers: Mapping[str, Reply]) -> None:
        self._answers = answers
        self.asked: list[str] = []
        self.agents: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode()
        target = scope["path"] + (f"?{query}" if query else "")
        self.asked.append(target)
        self.agents |= {value.decode() for name, value in scope["headers"] if name == b"user-agent"}
        status, headers, body = self._answers.get(target, (404, [], b""))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def page(html: str, *cookies: str) -> Reply:
    """A page that sets `cookies`."""
    return 200, [*HTML, *((b"set-cookie", cookie.encode()) for cookie in cookies)], html.encode()


def to(location: str) -> Reply:
    """A redirect."""
    return 302, [(b"location", location.encode())], b""


@contextmanager
def visited(shop: Shop) -> Iterator[str]:
    """Gives the URL of the running shop."""
    with serve(shop, lifespan="off") as port:
        yield f"http://localhost:{port}"
