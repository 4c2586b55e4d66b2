"""The shop's entries laid over the catalogue."""

from __future__ import annotations

from gateway.config.settings import CookieEntry, ServiceEntry, Settings
from gateway.model.categories import OPTIONAL, Category
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
    assert [service.name for service in registry.listed] == ["Google Analytics"]


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
