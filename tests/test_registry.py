"""The shop's entries laid over the catalogue."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from gateway.config.settings import CookieEntry, Policy, PolicyRevision, ServiceEntry, Settings
from gateway.model.categories import OPTIONAL, Category
from gateway.model.decision import Rules
from gateway.model.notice import Notice
from gateway.registry import Registry


def test_a_trial_enforces_the_whole_catalogue_and_lets_unknown_ones_pass() -> None:
    registry = Registry(Settings())
    assert registry.declared is None
    assert not registry.block_unknown
    assert registry.offered == frozenset(OPTIONAL)
    assert registry.sharing == {Category.MARKETING, Category.STATISTICS}
    assert registry.listed == ()


def test_declared_services_close_unknown_ones() -> None:
    registry = Registry(Settings(services=(ServiceEntry(id="google-analytics"),)))
    assert registry.declared == frozenset({"google-analytics"})
    assert registry.block_unknown
    assert registry.offered == {Category.STATISTICS}
    assert [line.service.name for line in registry.listed] == ["Google Analytics"]


def test_unknown_can_be_decided_either_way() -> None:
    assert Registry(Settings(unknown="block")).block_unknown
    assert not Registry(Settings(unknown="pass", services=(ServiceEntry(id="google-analytics"),))).block_unknown


def test_an_entry_overrides_only_what_it_names() -> None:
    entry = ServiceEntry(id="google-analytics", category=Category.MARKETING)
    service = Registry(Settings(services=(entry,))).catalogue.by_id["google-analytics"]
    assert service.category is Category.MARKETING
    assert service.name == "Google Analytics"
    assert service.hosts
    assert service.origin == "configuration"


def test_an_overridden_service_stands_in_the_catalogue_once() -> None:
    services = Registry(Settings(services=(ServiceEntry(id="google-analytics"),))).catalogue.services
    assert [service.id for service in services].count("google-analytics") == 1


def test_a_service_of_the_shops_own_needs_no_catalogue() -> None:
    entry = ServiceEntry(id="counter", category=Category.STATISTICS, hosts=("counter.example",))
    registry = Registry(Settings(services=(entry,), first_party=("counter.example",)))
    assert registry.catalogue.for_url("a.counter.example", "/x") is registry.catalogue.by_id["counter"]
    assert registry.sharing == {Category.MARKETING}


def test_a_cookie_entry_wins_over_the_catalogue_and_names_no_partner() -> None:
    registry = Registry(Settings(cookies=(CookieEntry(name="_ga", category=Category.NECESSARY),)))
    assert registry.catalogue.cookie_category("_ga") is Category.NECESSARY
    assert registry.listed == ()
    assert registry.offered == frozenset(OPTIONAL)


SUBSETS = list(chain.from_iterable(combinations(OPTIONAL, size) for size in range(len(OPTIONAL) + 1)))


@pytest.mark.parametrize("by_cookie", [False, True], ids=["by a service", "by a cookie"])
@pytest.mark.parametrize("used", SUBSETS, ids=lambda used: "+".join(used) or "none")
def test_only_categories_in_use_are_offered(used: tuple[Category, ...], by_cookie: bool) -> None:
    payment = ServiceEntry(id="pay", category=Category.NECESSARY, hosts=("pay.example",))
    services = tuple(ServiceEntry(id=name, category=name, marks=(name,)) for name in used)
    cookies = tuple(CookieEntry(name=name, category=name) for name in used)
    values = {"cookies": cookies} if by_cookie else {"services": services}
    settings = Settings(**{"services": (payment,), **values} if by_cookie else {"services": (payment, *services)})
    assert Registry(settings).offered == frozenset(used)


def test_a_separate_service_gives_no_category_anything_to_decide() -> None:
    game = ServiceEntry(id="game", category=Category.MARKETING, hosts=("game.example",), separate=True)
    registry = Registry(Settings(services=(game,)))
    assert registry.offered == frozenset()
    assert [line.service.covered for line in registry.listed] == [False]


def test_what_the_list_does_not_name_is_covered_by_no_grant() -> None:
    by_id = Registry(Settings(services=(ServiceEntry(id="google-analytics"),))).catalogue.by_id
    assert by_id["google-analytics"].covered
    assert not by_id["meta-pixel"].covered
    assert by_id["hcaptcha"].covered
    assert Registry(Settings()).catalogue.by_id["meta-pixel"].covered


def test_the_rules_are_those_of_the_configuration() -> None:
    counter = ServiceEntry(id="own", category=Category.STATISTICS, exempt_until="1970-01-31", exempt_reason="x")
    revision = PolicyRevision(rev=2, material=(Category.MARKETING,))
    policy = Policy(rev=2, grant_days=200, refusal_days=300, revisions=(revision,))
    settings = Settings(services=(counter,), policy=policy, dnt="off")
    assert Registry(settings).rules == Rules(
        Notice(2, {2: frozenset({Category.MARKETING})}),
        frozenset({Category.MARKETING}),
        False,
        frozenset({Category.STATISTICS}),
        200,
        300,
        30,
    )
    assert Registry(Settings()).rules == Rules(sharing=frozenset({Category.STATISTICS, Category.MARKETING}))


def test_a_cookie_expires_elsewhere_only_where_the_configuration_says_so() -> None:
    necessary = Category.PREFERENCES
    cookies = (
        CookieEntry(name="a", category=necessary, path="/"),
        CookieEntry(name="b", category=necessary, domain="mall.example"),
        CookieEntry(name="c", category=necessary),
    )
    assert Registry(Settings(cookies=cookies)).cookie_places == {"a": [("", "/")], "b": [("mall.example", "/")]}


TWO = (ServiceEntry(id="google-analytics"), ServiceEntry(id="meta-pixel"))


def test_a_service_that_its_revision_did_not_name_waits() -> None:
    registry = Registry(Settings(services=TWO), {1: ["google-analytics"]})
    assert registry.unnamed == {"meta-pixel"}
    assert registry.declared == frozenset({"google-analytics"})
    assert [listing.service.id for listing in registry.listings] == ["google-analytics"]
    assert registry.offered == {Category.STATISTICS}
    assert not registry.catalogue.by_id["meta-pixel"].covered
    only = Registry(Settings(services=TWO), {1: []})
    assert only.declared == frozenset()
    assert only.block_unknown


def test_what_everybody_needs_waits_for_no_revision() -> None:
    services = (*TWO, ServiceEntry(id="hcaptcha"))
    registry = Registry(Settings(services=services), {1: ["google-analytics", "meta-pixel"]})
    assert registry.unnamed == frozenset()
    assert "hcaptcha" in (registry.declared or ())


def test_a_revision_that_was_never_shown_names_all_it_has() -> None:
    assert Registry(Settings(services=TWO, policy=Policy(rev=2)), {1: ["google-analytics"]}).unnamed == frozenset()


@pytest.mark.parametrize("material", [(), (Category.STATISTICS,)])
def test_a_new_service_ends_the_grants_of_its_category_whatever_its_revision_says(
    material: tuple[Category, ...],
) -> None:
    revisions = (PolicyRevision(rev=2, material=material), PolicyRevision(rev=3, material=()))
    settings = Settings(services=TWO, policy=Policy(rev=3, revisions=revisions))
    named = {1: ["google-analytics"], 2: ["google-analytics", "meta-pixel", "since-removed"], 3: ["meta-pixel"]}
    notice = Registry(settings, named).rules.notice
    assert notice.void_since(1) == {Category.MARKETING, *material}
    assert notice.void_since(2) == frozenset()
    assert Registry(settings, {3: ["meta-pixel"]}).rules.notice.void_since(1) == frozenset(material)
