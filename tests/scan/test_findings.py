"""Sightings and cookies put in order."""

from __future__ import annotations

import pytest

from gateway.model.categories import Category, Fate
from gateway.scan.findings import Cookie, Findings, ThirdParty, cookie, cookie_name, printable, third_parties
from gateway.scan.recorder import INLINE, RUN_TIME, Sighting
from tests.scan.shop import CATALOGUE, CLOUD, COUNTER

KEEP, HOLD, REMOVE = Fate.KEEP, Fate.HOLD, Fate.REMOVE


def test_sightings_of_one_service_are_one_entry_with_the_strictest_fates() -> None:
    parties = third_parties([
        Sighting("x.test", "image", None, KEEP, KEEP, "/b"),
        Sighting("b.counter.test", "script", COUNTER, HOLD, HOLD, "/"),
        Sighting("", INLINE, COUNTER, KEEP, HOLD, "/"),
        Sighting("a.counter.test", RUN_TIME, COUNTER, HOLD, HOLD, "/c"),
        Sighting("x.test", "script", None, KEEP, REMOVE, "/"),
        Sighting("\x1b[2J", RUN_TIME, None, KEEP, KEEP, "/"),
    ])  # fmt: skip
    assert parties == (
        ThirdParty(COUNTER, ("a.counter.test", "b.counter.test"), ("inline script", "script"), HOLD, HOLD, 2),
        ThirdParty(None, ("?[2J",), (RUN_TIME,), KEEP, KEEP, 1),
        ThirdParty(None, ("x.test",), ("image", "script"), KEEP, REMOVE, 2),
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("_count", Cookie("_count", "Counter", Category.STATISTICS, "server", REMOVE)),
        ("sessionid", Cookie("sessionid", "", Category.NECESSARY, "server", KEEP)),
        ("uid_84210", Cookie("uid_*", "", None, "server", KEEP)),
        ("a\x07", Cookie("a?", "", None, "server", KEEP)),
    ],
)
def test_a_cookie_has_the_category_of_its_name_and_unknown_ones_are_masked(name: str, found: Cookie) -> None:
    assert cookie(CATALOGUE, name, "server") == found


@pytest.mark.parametrize(
    ("line", "name"),
    [(b"a=b; Path=/", "a"), (b" a =b=c", "a"), (b"=a=b", "a"), (b"a", "a"), (b"", ""), (b"; a=b", "")],
)
def test_the_name_is_the_one_a_server_would_read(line: bytes, name: str) -> None:
    assert cookie_name(line) == name


def test_only_what_needs_consent_is_to_be_declared_and_once() -> None:
    parties = [ThirdParty(service, (), (), KEEP, KEEP, 1) for service in (COUNTER, CLOUD, COUNTER, None)]
    assert Findings("s", 1, tuple(parties), (), ()).to_declare == (COUNTER,)


def test_a_necessary_service_that_brings_scripts_is_declared_for_the_second_wall() -> None:
    for kind, declared in (("script", (CLOUD,)), ("frame", (CLOUD,)), ("image", ())):
        party = ThirdParty(CLOUD, (), (kind,), KEEP, KEEP, 1)
        assert Findings("s", 1, (party,), (), ()).to_declare == declared


def test_what_is_printed_steers_no_terminal_and_is_not_endless() -> None:
    assert printable("é\x1b\x9b\n") == "é???"
    assert len(printable("a" * 999)) == 200
