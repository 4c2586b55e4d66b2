"""A visitor's session with the demo's shop: kept in memory, the oldest forgotten first."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from gateway.demo.goods import Item, goods


@dataclass(slots=True)
class Visit:
    """One session. `cart` holds numbers by slug; `orders` the totals of orders placed, by number."""

    id: str
    csrf: str
    language: str = "zh-Hant"
    member: str = ""
    cart: dict[str, int] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    paid: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        """Number of pieces in the cart."""
        return sum(self.cart.values())

    @property
    def total(self) -> int:
        """What the cart costs, in New Taiwan dollars."""
        return sum(goods()[slug].price * number for slug, number in self.cart.items())

    def lines(self) -> list[tuple[Item, int]]:
        """The cart, line by line."""
        return [(goods()[slug], number) for slug, number in self.cart.items()]

    def put(self, slug: str, number: int) -> None:
        """Set how many of `slug` are in the cart; none or fewer takes it out."""
        if number > 0:
            self.cart[slug] = min(number, 99)
        else:
            self.cart.pop(slug, None)

    def order(self) -> str:
        """Turn the cart into an order; its number."""
        number = f"SM{secrets.randbelow(10**8):08d}"
        self.orders[number] = self.total
        self.cart.clear()
        return number


class Visits:
    """All sessions, at most `limit`."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._visits: OrderedDict[str, Visit] = OrderedDict()

    def find(self, session: str | None) -> Visit | None:
        """The visit with that session id, or None."""
        return self._visits.get(session or "")

    def begin(self) -> Visit:
        """A new visit with a fresh id."""
        return self._keep(Visit(secrets.token_urlsafe(18), secrets.token_urlsafe(18)))

    def renew(self, visit: Visit) -> None:
        """Give the visit another session id, as a shop does when somebody signs in."""
        self._visits.pop(visit.id, None)
        visit.id = secrets.token_urlsafe(18)
        self._keep(visit)

    def _keep(self, visit: Visit) -> Visit:
        self._visits[visit.id] = visit
        while len(self._visits) > self._limit:
            self._visits.popitem(last=False)
        return visit
