"""What is kept about one visitor, as they are shown it and as they get a copy of it (PDPA Art. 3, 10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gateway.model.categories import OPTIONAL, Category, State
from gateway.model.choice import Choice
from gateway.model.decision import Decision
from gateway.model.entry import Entry, iso_day
from gateway.model.hold import Hold


def inspection(
    decision: Decision, offered: Collection[Category], entries: Iterable[Entry], hold: Hold | None
) -> dict[str, object]:
    """Plain data: the stored `choice` or None, the `events`, and the `evidence_hold` in force or None.

    A choice has the state of each category that is `offered` with the day it was decided, its own day, the revision of
    the notice and the source of what holds. An event is the recorded body as it is, with number, day and kind.
    """
    choice = decision.renewed or decision.choice
    return {
        "choice": None if choice is None or choice.empty else _choice(decision, choice, offered),
        "events": [_event(entry) for entry in entries if entry.body is not None],
        "evidence_hold": None if hold is None else {"reason": hold.reason, "until": iso_day(hold.until)},
    }


def _choice(decision: Decision, choice: Choice, offered: Collection[Category]) -> dict[str, object]:
    states = {name: decision.state(name) for name in OPTIONAL if name in offered}
    return {
        "categories": {name.value: {"state": at.value, "day": _since(choice, name, at)} for name, at in states.items()},
        "day": iso_day(choice.day if choice.granted else choice.refused_day),
        "rev": choice.rev,
        "source": decision.source.value,
    }


def _since(choice: Choice, name: Category, state: State) -> str | None:
    """The day of the stored decision that a state comes from; None where it comes from none."""
    if state is State.GRANTED:
        return iso_day(choice.day)
    return iso_day(choice.refused_on(name)) if state is State.REFUSED and name in choice.refused else None


def _event(entry: Entry) -> dict[str, object]:
    return {"seq": entry.seq, "day": entry.day, "kind": entry.kind.value, **(entry.body or {})}
