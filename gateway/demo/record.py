"""What the demo watches: requests that reached a tracker, and what the shop was sent."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from gateway.demo.trackers import TRACKERS, Tracker

RECENT = 8


@dataclass(frozen=True, slots=True)
class Sight:
    """One request to the shop: its path, the names of the cookies it carried, its `X-Consent` header."""

    path: str
    cookies: tuple[str, ...]
    consent: str


class Row(TypedDict):
    """One tracker on the live page."""

    id: str
    name: str
    category: str
    requests: int
    ids: list[str]
    recent: list[str]


class Report(TypedDict):
    """One side of the live page."""

    total: int
    trackers: list[Row]
    shop: list[dict[str, str]]


@dataclass(slots=True)
class Record:
    """Everything seen on one side, with the gateway or without it."""

    counts: Counter[str] = field(default_factory=Counter)
    recent: dict[str, deque[str]] = field(default_factory=dict)
    ids: dict[str, deque[str]] = field(default_factory=dict)
    shop: deque[Sight] = field(default_factory=lambda: deque(maxlen=5))

    def hit(self, tracker: Tracker, line: str, ids: Sequence[str]) -> None:
        """A request `line` ("GET /path") reached `tracker` and carried these identifiers."""
        self.counts[tracker.id] += 1
        self.recent.setdefault(tracker.id, deque(maxlen=RECENT)).append(line)
        known = self.ids.setdefault(tracker.id, deque(maxlen=RECENT))
        known.extend(found for found in dict.fromkeys(ids) if found not in known)

    def seen(self, sight: Sight) -> None:
        """The shop was sent a request."""
        self.shop.append(sight)

    def clear(self) -> None:
        """Forget everything."""
        self.counts.clear()
        self.recent.clear()
        self.ids.clear()
        self.shop.clear()

    def report(self) -> Report:
        """All of it, newest first, for the live page."""
        return Report(
            total=self.counts.total(),
            trackers=[self._row(tracker) for tracker in TRACKERS],
            shop=[
                {"path": sight.path, "cookies": " ".join(sight.cookies), "consent": sight.consent or "—"}
                for sight in reversed(self.shop)
            ],
        )

    def _row(self, tracker: Tracker) -> Row:
        return Row(
            id=tracker.id,
            name=tracker.name,
            category=tracker.category.value,
            requests=self.counts[tracker.id],
            ids=list(self.ids.get(tracker.id, ())),
            recent=list(reversed(self.recent.get(tracker.id, ()))),
        )
