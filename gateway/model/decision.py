"""decide(): a stored choice, the browser's signals and the notice make one frozen Decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from gateway.model.categories import OPTIONAL, Category, Fate, Source, State, fate_of
from gateway.model.choice import Choice
from gateway.model.notice import Notice
from gateway.model.service import Service
from gateway.model.signals import Signals

_States = dict[Category, State]


@dataclass(frozen=True)
class Rules:
    """What of the configuration decides. Lifetimes in days, both ends included.

    `sharing` are the categories a privacy signal speaks about, `offered` those with something to decide,
    `exempt_until` the last epoch day on which an exempt measurement needs no consent (R-33).
    """

    notice: Notice = field(default_factory=Notice)
    sharing: frozenset[Category] = frozenset({Category.MARKETING})
    dnt: bool = True
    offered: frozenset[Category] = frozenset(OPTIONAL)
    grant_days: int = 185
    refusal_days: int = 366
    exempt_until: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What holds for one request.

    `rev` is the notice in force, `ask` whether a banner is wanted, `chip` the signal to confirm ("",
    "gpc" or "dnt"), `override` whether the choice overrules a signal that is on. `choice` is the stored
    choice as verified, `renewed` what must replace it in the browser; `exempt` whether an exempt measurement runs.
    `cookieless`: the browser has come on from another page of the shop without any cookie, so it takes none and
    is not asked.
    """

    preferences: State
    statistics: State
    marketing: State
    source: Source = Source.NONE
    rev: int = 1
    reason: str = "no choice yet"
    ask: bool = True
    chip: str = ""
    override: bool = False
    choice: Choice | None = None
    renewed: Choice | None = None
    exempt: bool = False
    cookieless: bool = False

    def state(self, category: Category) -> State:
        """The state of `category`; necessary is always granted."""
        if category is Category.NECESSARY:
            return State.GRANTED
        state: State = getattr(self, category)
        return state

    def fate(self, category: Category) -> Fate:
        """What happens to an element of `category`."""
        return fate_of(self.state(category))

    def fate_of(self, service: Service) -> Fate:
        """What happens to an element of `service`."""
        fate = self.fate(service.category)
        if fate is Fate.HOLD and service.exempt and self.exempt:
            return Fate.KEEP
        return Fate.HOLD if fate is Fate.KEEP and not service.covered else fate

    @property
    def withdrawn(self) -> frozenset[Category]:
        """The stored grants that a signal ended with this request; lapsing withdraws nothing."""
        if self.choice is None or self.renewed is None:
            return frozenset()
        return self.renewed.refused - self.choice.refused

    def header(self) -> bytes:
        """The value of `X-Consent`."""
        return _header(self.preferences, self.statistics, self.marketing, self.source, self.rev)


@lru_cache(maxsize=256)
def _header(preferences: State, statistics: State, marketing: State, source: Source, rev: int) -> bytes:
    states = zip(OPTIONAL, (preferences, statistics, marketing), strict=True)
    pairs = [f"{category}={state is State.GRANTED:d}" for category, state in states]
    return ";".join(["necessary=1", *pairs, f"src={source}", f"rev={rev}"]).encode()


def decide(choice: Choice | None, signals: Signals, rules: Rules, today: int) -> Decision:
    """The decision for a visitor who holds `choice` and sends `signals`, on the UTC day `today`.

    A choice dated in the future or made under an unknown revision is no choice.
    """
    stored = choice if choice is not None and usable(choice, rules, today) else None
    chosen = _stored_states(stored, rules, today)
    states, taken = _with_signals(chosen, stored, signals, rules)
    signal = _signal(signals, rules)
    sharing_on = any(states[category] is State.GRANTED for category in rules.sharing)
    source = _source(chosen, states, signal)
    return Decision(
        preferences=states[Category.PREFERENCES],
        statistics=states[Category.STATISTICS],
        marketing=states[Category.MARKETING],
        source=source,
        rev=rules.notice.rev,
        reason=_reason(stored, chosen, source, rules, today),
        ask=signal is Source.NONE and any(states[c] is State.UNSET for c in rules.offered),
        chip=_chip(signal, source, sharing_on),
        override=signals.gpc and sharing_on,
        choice=stored,
        renewed=_renewed(stored, taken, rules, today),
        exempt=_exempt(states, rules, today),
    )


def usable(choice: Choice, rules: Rules, today: int) -> bool:
    """Whether `choice` can be one at all: made by today, under a revision there has been."""
    days = (choice.day, choice.refused_day, *(day for _, day in choice.later))
    return max(days) <= today and rules.notice.known(choice.rev)


def _lapsed(choice: Choice, rules: Rules, today: int) -> bool:
    return today > choice.day + rules.grant_days


def _stored_states(choice: Choice | None, rules: Rules, today: int) -> _States:
    states = dict.fromkeys(OPTIONAL, State.UNSET)
    if choice is None:
        return states
    if not _lapsed(choice, rules, today):
        valid = choice.granted - rules.notice.void_since(choice.rev)
        states |= dict.fromkeys(valid, State.GRANTED)
    for category, day in choice.refusals().items():
        states[category] = State.REFUSED if today <= day + rules.refusal_days else State.UNSET
    return states


def _with_signals(
    chosen: _States, choice: Choice | None, signals: Signals, rules: Rules
) -> tuple[_States, frozenset[Category]]:
    """The states after the signals, and the grants that Global Privacy Control withdrew."""
    overridden = choice is not None and choice.override
    states, taken = dict(chosen), set()
    for category in rules.sharing:
        if chosen[category] is State.UNSET and _signal(signals, rules) is not Source.NONE:
            states[category] = State.REFUSED
        elif chosen[category] is State.GRANTED and signals.gpc and not overridden:
            states[category] = State.REFUSED
            taken.add(category)
    return states, frozenset(taken)


def _exempt(states: _States, rules: Rules, today: int) -> bool:
    running = rules.exempt_until is not None and today <= rules.exempt_until
    return running and states[Category.STATISTICS] is State.UNSET


def _signal(signals: Signals, rules: Rules) -> Source:
    if signals.gpc:
        return Source.GPC
    return Source.DNT if signals.dnt and rules.dnt else Source.NONE


def _source(chosen: _States, states: _States, signal: Source) -> Source:
    if states != chosen:
        return signal
    decided = any(state is not State.UNSET for state in chosen.values())
    return Source.CHOICE if decided else Source.NONE


def _chip(signal: Source, source: Source, sharing_on: bool) -> str:
    if signal is Source.GPC:
        return "" if sharing_on else "gpc"
    return "dnt" if source is Source.DNT else ""


def _reason(choice: Choice | None, chosen: _States, source: Source, rules: Rules, today: int) -> str:
    if source in (Source.GPC, Source.DNT):
        return source.value
    if choice is None:
        return "no choice yet"
    unset = {category for category, state in chosen.items() if state is State.UNSET}
    if not unset:
        return "choice"
    if choice.granted & unset and not _lapsed(choice, rules, today):
        return "notice renewed"
    return "choice lapsed" if (choice.granted | choice.refused) & unset else "choice incomplete"


def _renewed(choice: Choice | None, taken: frozenset[Category], rules: Rules, today: int) -> Choice | None:
    if choice is None or not choice.granted:
        return None
    if _lapsed(choice, rules, today):
        return choice.without_grants()
    return choice.withdraw(taken, today) if taken else None
