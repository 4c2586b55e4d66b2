"""Which cookies pass, in both directions, and the lines that take others out of the browser.

Kept cookies pass byte for byte: `Cookie` lines are cut, never printed anew (RFC 6265 5.4 leaves values to
the shop). A nameless cookie (`=_ga=1`) is judged by the name a server would read from it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final

from gateway.enforcement.lifetime import LONGEST, clipped
from gateway.enforcement.set_cookie import SetCookie, Variant, expiry, parse_set_cookie
from gateway.model.categories import Category, State
from gateway.model.decision import Decision
from gateway.model.service import Service
from gateway.types import Clock, RawHeaders

EXPIRY_BUDGET: Final = 3000
"""Bytes of expiry lines in one response; nginx reads a header of 4 or 8 kB by default."""

_PREFERENCES, _STATISTICS, _MARKETING, _UNKNOWN, _OWN, _EXEMPT, _UNCOVERED = 1, 2, 4, 8, 16, 32, 64
_OPTIONAL: Final = _PREFERENCES | _STATISTICS | _MARKETING | _EXEMPT | _UNCOVERED
_VERDICTS: Final = {
    Category.NECESSARY: 0,
    Category.PREFERENCES: _PREFERENCES,
    Category.STATISTICS: _STATISTICS,
    Category.MARKETING: _MARKETING,
    None: _UNKNOWN,
}
_MOST_NAMES: Final = 4096
_MOST_SEEN: Final = 1024
_MOST_VARIANTS: Final = 6
_DAY_SECONDS: Final = 86_400
_LINE_OVERHEAD: Final = len(b"set-cookie: \r\n")


class CookieFilter:
    """Cuts cookies of categories that are not granted, and the gateway's `own`, from both directions.

    `classify` names the category of a cookie, None if nobody knows it; unknown ones pass unless `strict`,
    and `unknown` hears of each time one is sent or set. `domains` gives the Domain attributes a tracker's cookie
    may have on a host, `owner` the service behind a known cookie, `listed` further (Domain or "", Path) pairs by cookie
    name. A `path` other than "/" says that the shop shares its host: what lies outside that path expires
    only if listed. Granted cookies live no longer than the grant, which ends after `grant_days`, those of an
    exempt measurement not beyond the day `exempt_until`, whatever visits there are. With `report` everything
    but `own` passes and is only named.
    """

    def __init__(
        self,
        classify: Callable[[str], Category | None],
        strict: bool = False,
        own: frozenset[str] = frozenset({"consent", "__Secure-consent"}),
        *,
        domains: Callable[[str], Sequence[str]] = lambda host: (),
        listed: Mapping[str, Sequence[tuple[str, str]]] | None = None,
        path: str = "/",
        owner: Callable[[str], Service | None] = lambda name: None,
        grant_days: int = 185,
        exempt_until: int | None = None,
        report: bool = False,
        unknown: Callable[[str], None] = lambda name: None,
        start: Callable[[int], int] = secrets.randbelow,
        clock: Clock = time.time,
    ) -> None:
        self._classify = classify
        self._domains = domains if path == "/" else lambda host: ()
        self._listed = {name: tuple(pairs) for name, pairs in (listed or {}).items()}
        self._path = path
        self._owner = owner
        self._grant_days = grant_days
        self._exempt_until = exempt_until
        self._report = report
        self._unknown = unknown
        self._start = start
        self._clock = clock
        self._always = _OWN | _UNCOVERED | (_UNKNOWN if strict else 0)
        self._own_verdicts = {name.encode(): _OWN for name in own}
        self._verdicts: dict[bytes, int] = dict(self._own_verdicts)
        self._seen: dict[bytes, dict[Variant, None]] = {}
        self._lines: dict[tuple[bytes, str, str], list[bytes]] = {}

    def request(self, headers: RawHeaders, decision: Decision) -> tuple[RawHeaders, list[str]]:
        """The headers for the shop, and the names that were cut (in report mode: would have been)."""
        if not any(key == b"cookie" for key, _ in headers):
            return headers, []
        blocked = self._blocked(decision)
        removed: list[str] = []
        kept: RawHeaders = []
        for pair in headers:
            if pair[0] != b"cookie":
                kept.append(pair)
            elif (line := self._cut(pair[1], blocked, removed)) is not None:
                kept.append((pair[0], line))
        return kept, removed

    def response(
        self, headers: RawHeaders, decision: Decision, path: str = "/"
    ) -> tuple[RawHeaders, list[str]]:
        """The headers for the browser, and the names whose `Set-Cookie` was dropped.

        `path` is that of the request. What the shop says of a cookie's Domain and Path is remembered
        by name for `expiries`; its own deletions of optional cookies pass.
        """
        if not any(key == b"set-cookie" for key, _ in headers):
            return headers, []
        blocked = self._blocked(decision)
        dropped: list[str] = []
        kept: RawHeaders = []
        for pair in headers:
            if pair[0] != b"set-cookie":
                kept.append(pair)
            elif self._settable(pair[1], path, blocked, dropped):
                kept.append((pair[0], self._lasting(pair[1], decision)))
        return kept, dropped

    def expiries(self, names: Iterable[str], host: str, scheme: str) -> list[bytes]:
        """`Set-Cookie` values that take the known ones of `names` away from a browser at `host`.

        `host` is lower case and without a port. What exceeds the budget is left for later responses:
        the lines start at a changing place, so that cookies nothing removes do not stand before others.
        """
        if self._report:
            return []
        raw = dict.fromkeys(name.encode("latin-1") for name in names)
        known = [name for name in raw if self._verdict(name) & _OPTIONAL]
        lines = [line for name in known for line in self._expire(name, host, scheme)]
        if sum(map(_size, lines)) <= EXPIRY_BUDGET:
            return lines
        start = self._start(len(lines))
        return _within_budget([*lines[start:], *lines[:start]])

    def _blocked(self, decision: Decision) -> int:
        granted = State.GRANTED
        return (
            self._always
            | (decision.preferences is not granted and _PREFERENCES)
            | (decision.statistics is not granted and _STATISTICS)
            | (decision.marketing is not granted and _MARKETING)
            | (decision.statistics is not granted and not decision.exempt and _EXEMPT)
        )

    def _cut(self, line: bytes, blocked: int, removed: list[str]) -> bytes | None:
        """`line` without the blocked pairs, None if none is left; the same bytes if none was blocked."""
        pairs = line.split(b";")
        kept = [pair for pair in pairs if not self._is_cut(pair, blocked, removed)]
        if len(kept) == len(pairs):
            return line
        rest = b";".join(kept)
        if not rest.strip(b" \t;"):
            return None
        return rest if kept[0] is pairs[0] else rest.lstrip(b" \t")

    def _is_cut(self, pair: bytes, blocked: int, removed: list[str]) -> bool:
        name = _name(pair)
        verdict = self._verdict(name)
        if verdict == _UNKNOWN and name:
            self._unknown(name.decode("latin-1"))
        if not (name and verdict & blocked):
            return False
        if verdict != _OWN:
            removed.append(name.decode("latin-1"))
        return verdict == _OWN or not self._report

    def _settable(self, value: bytes, path: str, blocked: int, dropped: list[str]) -> bool:
        name = _name(value.partition(b";")[0])
        verdict = self._verdict(name)
        if not verdict:
            return True
        if verdict == _UNKNOWN and name:
            self._unknown(name.decode("latin-1"))
        parsed = parse_set_cookie(value, path)
        if verdict & _OPTIONAL:
            self._remember(name, parsed)
        if not verdict & blocked or (verdict != _OWN and parsed.deletes(self._clock())):
            return True
        dropped.append(name.decode("latin-1"))
        return verdict != _OWN and self._report

    def _lasting(self, value: bytes, decision: Decision) -> bytes:
        """`value` with the lifetime an optional cookie may have: its own, that of the consent, 395 days (R-28)."""
        name = _name(value.partition(b";")[0])
        verdict = self._verdict(name)
        if self._report or not verdict & _OPTIONAL:
            return value
        now, owner = self._clock(), self._owner(name.decode("latin-1"))
        limits = [LONGEST]
        if owner is not None and owner.days:
            limits.append(owner.days * _DAY_SECONDS)
        if verdict == _EXEMPT and decision.statistics is not State.GRANTED:
            limits.append(self._seconds_to(self._exempt_until or 0, now))
        elif decision.choice is not None:
            limits.append(self._seconds_to(decision.choice.day + self._grant_days, now))
        return clipped(value, max(0, min(limits)), now)

    @staticmethod
    def _seconds_to(last_day: int, now: float) -> int:
        return int((last_day + 1) * _DAY_SECONDS - now)

    def _verdict(self, name: bytes) -> int:
        verdict = self._verdicts.get(name)
        if verdict is None:
            verdict = self._judge(name)
        return verdict

    def _judge(self, name: bytes) -> int:
        """Asks `classify` once; names come from visitors, so the memory of them has a limit."""
        text = name.decode("latin-1")
        verdict = _VERDICTS[self._classify(text)]
        if verdict & _OPTIONAL and (owner := self._owner(text)) is not None:
            verdict = _UNCOVERED if not owner.covered else _EXEMPT if owner.exempt else verdict
        if len(self._verdicts) >= _MOST_NAMES:
            self._verdicts = dict(self._own_verdicts)
        self._verdicts[name] = verdict
        return verdict

    def _remember(self, name: bytes, parsed: SetCookie) -> None:
        if parsed.variant is None or self._is_neighbours(parsed.variant):
            return
        if name not in self._seen and len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        variants = self._seen.setdefault(name, {})
        if len(variants) < _MOST_VARIANTS and parsed.variant not in variants:
            variants[parsed.variant] = None
            self._lines.clear()

    def _is_neighbours(self, variant: Variant) -> bool:
        inside = f"{variant.path}/".startswith(f"{self._path.rstrip('/')}/")
        return self._path != "/" and (variant.domain != "" or not inside)

    def _expire(self, name: bytes, host: str, scheme: str) -> list[bytes]:
        key = (name, host, scheme)
        lines = self._lines.get(key)
        if lines is None:
            if len(self._lines) >= _MOST_NAMES:
                self._lines.clear()
            lines = self._lines[key] = self._places(name, host, scheme)
        return lines

    def _places(self, name: bytes, host: str, scheme: str) -> list[bytes]:
        variants = {Variant("", self._path): None}
        variants |= {Variant(domain.lower(), self._path): None for domain in self._domains(host)}
        listed = self._listed.get(name.decode("latin-1"), ())
        variants |= {Variant(domain.lower().lstrip("."), path): None for domain, path in listed}
        variants |= self._seen.get(name, {})
        lines = (expiry(name, variant, host, scheme) for variant in variants)
        return list(dict.fromkeys(line for line in lines if line))


def _name(pair: bytes) -> bytes:
    return pair.lstrip(b" \t=").partition(b"=")[0].rstrip(b" \t")


def _size(line: bytes) -> int:
    return len(line) + _LINE_OVERHEAD


def _within_budget(lines: list[bytes]) -> list[bytes]:
    ends = accumulate(map(_size, lines))
    return [line for line, end in zip(lines, ends, strict=True) if end <= EXPIRY_BUDGET]
