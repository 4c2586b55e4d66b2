"""How long the evidence of a choice is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.model.entry import Body, Kind, iso_day
from gateway.model.order import made


@dataclass(frozen=True, slots=True)
class Retention:
    """Bodies go `years` after the consent they prove has ended (R-141). Days are UTC days since the epoch.

    `grant_days` and `refusal_days` are the lifetimes of the choices themselves.
    """

    years: int = 5
    grant_days: int = 185
    refusal_days: int = 366

    def cut_off(self, today: int) -> int:
        """The last day on which a consent may have ended whose bodies go today."""
        day = date.fromisoformat(iso_day(today))
        year = max(day.year - self.years, 1)
        try:
            earlier = day.replace(year=year)
        except ValueError:  # 29 February
            earlier = day.replace(year=year, day=28)
        return epoch_day(earlier)

    def refused_by(self, today: int) -> int:
        """The last day of refusals whose bodies go today: a refusal ends when it lapses."""
        return self.cut_off(today) - self.refusal_days

    def ended(self, events: Iterable[tuple[str, Kind, Body]]) -> int:
        """The day on which a consent ended: its events, all of one subject, days as ISO dates.

        It ends with the first event that leaves nothing granted, else when it lapses: a grant and a change
        start its lifetime, a partial withdrawal and an embed's permission do not.
        """
        start, last = 0, 0
        for day, kind, body in sorted(events, key=lambda event: made(event[0], event[2])):
            last = epoch_day(date.fromisoformat(day))
            if not any(_granted(body)):
                return last
            if kind is Kind.GRANT or (kind is Kind.CHANGE and body.get("surface") != "embed"):
                start = last
        return (start or last) + self.grant_days


def epoch_day(day: date) -> int:
    """The inverse of `iso_day`."""
    return (day - date(1970, 1, 1)) // timedelta(days=1)


def _granted(body: Body) -> list[bool]:
    choices = body.get("choices")
    return [bool(given) for given in choices.values()] if isinstance(choices, dict) else [True]
