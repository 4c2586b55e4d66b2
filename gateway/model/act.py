"""What a visitor's act makes of the choice that counted before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.model.categories import OPTIONAL, Category, State
from gateway.model.choice import Choice, make_choice, refuse_all
from gateway.model.decision import Decision, Rules
from gateway.model.entry import Kind


@dataclass(frozen=True, slots=True)
class Act:
    """One act on one day. `before` is what still counted of the stored choice, `after` what was chosen."""

    before: Choice
    after: Choice
    withdrawing: bool = False

    @property
    def grants(self) -> bool:
        """Whether anything is granted, anew or again: such an act counts only once it is recorded."""
        return bool(self.after.granted) and not self.withdrawing

    @property
    def kind(self) -> Kind:
        """What the record calls it. A refusal that ends a consent is the withdrawal of that consent."""
        if not self.after.granted:
            return Kind.WITHDRAW if self.before.granted else Kind.REFUSE
        if self.withdrawing:
            return Kind.WITHDRAW
        return Kind.CHANGE if self.before.granted else Kind.GRANT

    @property
    def subject(self) -> str:
        """The id the event is kept under, "" for a refusal."""
        return self.after.id or self.before.id

    def less(self, today: int) -> Act | None:
        """The part of the act that takes grants away, for when the rest cannot be recorded."""
        gone = self.before.granted - self.after.granted
        return Act(self.before, self.before.withdraw(gone, today), withdrawing=True) if gone else None


def counting(decision: Decision) -> Choice:
    """What still counts of the stored choice: no lapsed or outdated grants, no lapsed refusals."""
    stored = decision.renewed or decision.choice
    if stored is None:
        return make_choice(frozenset(), {}, 0, decision.rev)
    granted = frozenset(c for c in stored.granted if decision.state(c) is State.GRANTED)
    refusals = {c: day for c, day in stored.refusals().items() if decision.state(c) is State.REFUSED}
    return make_choice(granted, refusals, stored.day, stored.rev, override=stored.override, id=stored.id)


def choose(
    wanted: frozenset[Category],
    decision: Decision,
    rules: Rules,
    today: int,
    *,
    override: bool,
    new_id: Callable[[], str],
    partial: bool = False,
) -> Act:
    """Accept or save: `wanted` granted, the other offered categories refused; nothing wanted is a refusal.

    `override` says that the visitor was told of a signal that is on and chose all the same, `partial` that
    only what was undecided has been asked: the refusals that stand keep their days (R-06).
    """
    before = counting(decision)
    if not wanted:
        return Act(before, refuse_all(today, rules.notice.rev))
    refusals = dict.fromkeys(sorted(rules.offered - wanted), today)
    if partial:
        refusals |= {c: day for c, day in before.refusals().items() if c in refusals}
    override = override and bool(wanted & rules.sharing)
    id = before.id or new_id()
    after = make_choice(wanted, refusals, today, rules.notice.rev, override=override, id=id)
    return Act(before, after)


def add(
    wanted: frozenset[Category], decision: Decision, rules: Rules, today: int, *, new_id: Callable[[], str]
) -> Act:
    """Always allow what an embed belongs to: `wanted` granted too, the rest as it was, clocks included."""
    before = counting(decision)
    refusals = {c: day for c, day in before.refusals().items() if c not in wanted}
    after = make_choice(
        before.granted | wanted,
        refusals,
        before.day if before.granted else today,
        rules.notice.rev,
        override=before.override and not wanted & rules.sharing,
        id=before.id or new_id(),
    )
    return Act(before, after if wanted else before)


def withdraw(gone: frozenset[Category], decision: Decision, rules: Rules, today: int) -> Act:
    """`gone` refused from today, unless refused already; all of them together are a plain refusal."""
    before = counting(decision)
    if gone >= frozenset(OPTIONAL):
        return Act(before, refuse_all(today, rules.notice.rev), withdrawing=True)
    after = before.withdraw(gone - before.refused, today)
    if not after.granted:
        after = replace(after, rev=rules.notice.rev)
    elif not after.granted & rules.sharing:
        after = replace(after, override=False)
    return Act(before, after, withdrawing=True)


def withdraw_by_signal(gone: frozenset[Category], decision: Decision, rules: Rules, today: int) -> Act:
    """What a signal ends that only the browser's script can see (R-76).

    As for one in the header: a grant made against the signal stands, and nothing but grants is touched.
    """
    before = counting(decision)
    taken = frozenset() if before.override else gone & before.granted
    return withdraw(taken, decision, rules, today) if taken else Act(before, before)
