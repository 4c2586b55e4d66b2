from gateway.model.act import Act, add, choose, counting, withdraw, withdraw_by_signal
from gateway.model.categories import OPTIONAL
from gateway.model.choice import Choice, make_choice, refuse_all
from gateway.model.decision import Decision, Rules, decide
from gateway.model.entry import Kind
from gateway.model.notice import Notice
from gateway.model.signals import Signals

P, S, M = OPTIONAL
ALL = frozenset(OPTIONAL)
DAY = 20_000
ID, NEW = "a" * 22, "b" * 22
RULES = Rules()
GRANT = make_choice(frozenset({P, S}), {M: DAY}, DAY, 1, id=ID)


def decided(choice: Choice | None, day: int = DAY, rules: Rules = RULES, gpc: bool = False) -> Decision:
    return decide(choice, Signals(gpc=gpc), rules, day)


def chosen(
    wanted: set[object],
    choice: Choice | None = None,
    day: int = DAY,
    override: bool = False,
    rules: Rules = RULES,
) -> Act:
    wish = frozenset(category for category in OPTIONAL if category in wanted)
    return choose(wish, decided(choice, day, rules), rules, day, override=override, new_id=lambda: NEW)


def test_the_first_grant_gets_an_id_and_refuses_the_rest() -> None:
    act = chosen({P})
    assert act.after == make_choice(frozenset({P}), {S: DAY, M: DAY}, DAY, 1, id=NEW)
    assert (act.kind, act.subject, act.grants) == (Kind.GRANT, NEW, True)


def test_a_change_keeps_the_id_and_starts_anew() -> None:
    act = chosen({M}, GRANT, DAY + 5)
    assert act.after == make_choice(frozenset({M}), {P: DAY + 5, S: DAY + 5}, DAY + 5, 1, id=ID)
    assert act.kind is Kind.CHANGE


def test_the_same_choice_on_the_same_day_is_no_other_choice() -> None:
    act = chosen({P, S}, GRANT)
    assert act.after == act.before == GRANT
    assert chosen({P, S}, GRANT, DAY + 1).after != GRANT


def test_saving_nothing_is_the_full_refusal_and_identifies_nobody() -> None:
    act = chosen(set())
    assert act.after == refuse_all(DAY, 1)
    assert (act.kind, act.subject, act.grants) == (Kind.REFUSE, "", False)


def test_a_refusal_that_ends_a_consent_is_its_withdrawal() -> None:
    act = chosen(set(), GRANT, DAY + 5)
    assert act.after == refuse_all(DAY + 5, 1)
    assert (act.kind, act.subject) == (Kind.WITHDRAW, ID)


def test_a_grant_after_a_lapsed_one_is_a_new_one() -> None:
    act = chosen({P}, GRANT, DAY + 186)
    assert (act.kind, act.subject) == (Kind.GRANT, NEW)


def test_only_a_grant_of_a_sharing_category_overrides_a_signal() -> None:
    assert chosen({P, M}, override=True).after.override
    assert not chosen({P}, override=True).after.override
    assert not chosen({P, M}).after.override


def test_what_is_not_offered_stays_undecided() -> None:
    act = chosen({P}, rules=Rules(offered=frozenset({P, M})))
    assert act.after == make_choice(frozenset({P}), {M: DAY}, DAY, 1, id=NEW)


def test_an_outdated_grant_does_not_count_as_one() -> None:
    rules = Rules(Notice(2, {2: ALL}))
    assert counting(decided(GRANT, rules=rules)) == make_choice(frozenset(), {M: DAY}, DAY, 1)
    assert counting(decided(None)).empty


def test_a_lapsed_refusal_is_not_carried_on() -> None:
    assert counting(decided(refuse_all(DAY, 1), DAY + 367)).empty


def test_an_embed_grants_its_category_and_moves_no_clock() -> None:
    act = add(frozenset({M}), decided(GRANT, DAY + 5), RULES, DAY + 5, new_id=lambda: NEW)
    assert act.after == make_choice(ALL, {}, DAY, 1, id=ID)
    assert act.kind is Kind.CHANGE


def test_an_embed_alone_leaves_the_other_categories_undecided() -> None:
    act = add(frozenset({P}), decided(None), RULES, DAY, new_id=lambda: NEW)
    assert act.after == make_choice(frozenset({P}), {}, DAY, 1, id=NEW)
    again = add(frozenset(), decided(GRANT), RULES, DAY, new_id=lambda: NEW)
    assert again.after == again.before


def test_an_embed_takes_no_override_over_from_an_earlier_choice() -> None:
    told = make_choice(frozenset({P, M}), {S: DAY}, DAY, 1, override=True, id=ID)
    rules = Rules(sharing=frozenset({S, M}))
    assert not add(frozenset({S}), decided(told), rules, DAY, new_id=lambda: NEW).after.override
    assert add(frozenset({P}), decided(told), rules, DAY, new_id=lambda: NEW).after.override


def test_withdrawing_one_category_prolongs_no_other() -> None:
    act = withdraw(frozenset({S, M}), decided(GRANT, DAY + 50), RULES, DAY + 50)
    assert act.after == make_choice(frozenset({P}), {S: DAY + 50, M: DAY}, DAY, 1, id=ID)
    assert (act.kind, act.subject, act.grants) == (Kind.WITHDRAW, ID, False)


def test_withdrawing_everything_is_the_refusal_of_the_day() -> None:
    act = withdraw(ALL, decided(GRANT, DAY + 50), RULES, DAY + 50)
    assert act.after == refuse_all(DAY + 50, 1)
    assert (act.kind, act.subject) == (Kind.WITHDRAW, ID)


def test_withdrawing_without_a_choice_refuses_what_was_named() -> None:
    rules = Rules(Notice(3))
    act = withdraw(frozenset({M}), decided(None, rules=rules), rules, DAY)
    assert act.after == make_choice(frozenset(), {M: DAY}, DAY, 3)
    assert act.kind is Kind.REFUSE


def test_what_a_signal_took_is_gone_before_the_visitor_acts() -> None:
    everything = make_choice(ALL, {}, DAY, 1, id=ID)
    decision = decided(everything, DAY + 1, gpc=True)
    assert counting(decision) == make_choice(frozenset({P, S}), {M: DAY + 1}, DAY, 1, id=ID)


def test_of_a_mixed_act_the_part_that_takes_away_can_stand_alone() -> None:
    act = chosen({P, M}, GRANT, DAY + 5)
    less = act.less(DAY + 5)
    assert less is not None
    assert less.after == make_choice(frozenset({P}), {S: DAY + 5, M: DAY}, DAY, 1, id=ID)
    assert (less.kind, less.grants) == (Kind.WITHDRAW, False)
    assert chosen(set(OPTIONAL), GRANT).less(DAY) is None


def test_what_was_not_asked_keeps_the_day_of_its_refusal() -> None:
    decision = decided(make_choice(frozenset(), {S: DAY, M: DAY + 20}, DAY, 1), DAY + 186)
    act = choose(frozenset({P}), decision, RULES, DAY + 186, override=False, new_id=lambda: NEW, partial=True)
    assert act.after == make_choice(frozenset({P}), {S: DAY, M: DAY + 20}, DAY + 186, 1, id=NEW)
    changed = choose(
        frozenset({M}), decided(GRANT), RULES, DAY, override=False, new_id=lambda: NEW, partial=True
    )
    assert changed.after == make_choice(frozenset({M}), {P: DAY, S: DAY}, DAY, 1, id=ID)


def test_with_nothing_shared_any_more_no_signal_is_overridden() -> None:
    told = make_choice(ALL, {}, DAY, 1, override=True, id=ID)
    assert not withdraw(frozenset({M}), decided(told), RULES, DAY).after.override
    assert withdraw(frozenset({S}), decided(told), RULES, DAY).after.override


def test_a_signal_only_the_script_sees_takes_grants_and_nothing_else() -> None:
    everything = make_choice(ALL, {}, DAY, 1, id=ID)
    act = withdraw_by_signal(frozenset({S, M}), decided(everything), RULES, DAY + 3)
    assert act.after == make_choice(frozenset({P}), {S: DAY + 3, M: DAY + 3}, DAY, 1, id=ID)
    told = make_choice(ALL, {}, DAY, 1, override=True, id=ID)
    for choice in (None, told, refuse_all(DAY, 1), make_choice(frozenset({P}), {}, DAY, 1, id=ID)):
        act = withdraw_by_signal(frozenset({S, M}), decided(choice), RULES, DAY + 3)
        assert act.after == act.before
