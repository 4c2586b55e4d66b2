from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from gateway.endpoints.assets import load_assets
from gateway.enforcement import guard as module
from gateway.enforcement.catalogue_data import load_catalogue
from gateway.enforcement.guard import COMMON, Guard, SeenServices
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, State
from gateway.model.decision import Decision
from gateway.model.pattern import Pattern
from gateway.model.service import Service

UNSET = Decision(State.UNSET, State.UNSET, State.UNSET)
GRANTED = Decision(State.GRANTED, State.GRANTED, State.GRANTED)
CODE = b"((known) => {})"
OWN = Service(
    "own", "Own", Category.STATISTICS, hosts=("own.test",), cookies=("cart", "_own_*"), origin="configuration"
)
WIDE = Service(
    "wide", "Wide", Category.MARKETING, hosts=("wide.test", "=www.plain.test"), urls=("big.test/ads", "/wide.js"),
    cookies=("_wide*", "*_tail", "sid"),
)  # fmt: skip
MAPS = Service("maps", "Maps", Category.PREFERENCES, hosts=("maps.wide.test", "big.test"), cookies=("_wide_map",))
LATE = Service("late", "Late", Category.PREFERENCES, urls=("big.test/ads/quiz",), in_trial=False)
PAY = Service("pay", "Pay", Category.NECESSARY, hosts=("pay.wide.test",), urls=("other.test/pay",))
CATALOGUE = Catalogue((OWN, WIDE, MAPS, LATE, PAY), ("cart", "sid", "_wide_safe", "s*"))


def guard(declared: list[str] | None = None, *, block_unknown: bool = False) -> Guard:
    return Guard(CATALOGUE, CODE, declared=declared, block_unknown=block_unknown)


def rules(made: Guard, *seen: str) -> dict[str, dict[str, str]]:
    """What opens each rule, by kind, in order."""
    made.learn("www.shop.test", seen)
    tag = made.tag(UNSET, "www.shop.test", "/a/").decode()
    address = re.search(r'src="/a/([^"?]*)\??([^"]*)"', tag)
    assert address
    body = made.script(address[1], address[2])
    assert body is not None
    assert body.startswith(CODE + b"({")
    data = json.loads(body[len(CODE) + 1 : -1])
    return {kind: {rule: data["owners"][n][1] for rule, n in data[kind].items()} for kind in ("urls", "names")}


def test_the_tag_says_what_is_shut_what_waits_and_what_is_the_shops_own() -> None:
    made = Guard(CATALOGUE, CODE, declared=["own"], first_party=["cdn.test"])
    decision = Decision(State.GRANTED, State.UNSET, State.REFUSED)
    tag = made.tag(decision, "www.shop.com.tw", "/_choices/assets/", 'a"b')
    assert re.fullmatch(
        rb'<script nonce="a&quot;b" src="/_choices/assets/gd\.[0-9a-f]{12}\.js" data-shut="marketing undeclared"'
        rb' data-wait="statistics" data-own="shop\.com\.tw cdn\.test"></script>',
        tag,
    )


def test_a_first_page_holds_the_code_itself_and_the_same_rules_as_data() -> None:
    odd = Service("odd", "Odd", Category.MARKETING, hosts=("odd.test",), urls=("/it's&<b>",))
    made = Guard(Catalogue((odd,)), CODE, declared=["odd"])
    assert b"data-known" not in made.tag(UNSET, "www.shop.test", "/a/", inline=True)
    made.learn("www.shop.test", ["odd"])
    tag = made.tag(UNSET, "www.shop.test", "/a/", "YWJj", inline=True)
    assert tag.startswith(b'<script nonce="YWJj" data-shut="undeclared" data-wait=')
    assert tag.endswith(CODE + b"(JSON.parse([...document.currentScript.dataset.known].reverse().join('')))</script>")
    assert b"odd.test" not in tag
    data = re.search(rb"data-known='([^']*)'>", tag)
    assert data
    assert not set(b"&<") & set(data[1])
    address = re.search(r'src="/a/([^"?]*)\??([^"]*)"', made.tag(UNSET, "www.shop.test", "/a/").decode())
    assert address
    body = made.script(address[1], address[2])
    assert body is not None
    assert json.loads(data[1][::-1]) == json.loads(body[len(CODE) + 1 : -1])
    assert "/it's&<b>" in json.loads(data[1][::-1])["urls"]
    assert made.tag(GRANTED, "www.shop.test", "/a/", inline=True) == b""


def test_nothing_in_the_code_ends_or_nests_the_element_it_stands_in() -> None:
    code = load_assets()["gd.js"].body
    assert code.isascii()
    assert not re.search(rb"<!--|</?script", code, re.IGNORECASE)


def test_nothing_is_added_where_all_that_is_offered_is_granted_or_nothing_is_known() -> None:
    assert guard(["own"]).tag(GRANTED, "shop.test", "/") == b""
    offered = Guard(CATALOGUE, CODE, declared=["own"], offered={Category.STATISTICS})
    assert offered.tag(replace(UNSET, statistics=State.GRANTED), "shop.test", "/") == b""
    assert Guard(Catalogue((WIDE,)), CODE).tag(UNSET, "shop.test", "/") == b""


def test_the_rules_are_those_of_the_configuration_until_others_are_seen() -> None:
    made = guard(["own"])
    assert rules(made)["urls"] == {"own.test": "statistics"}
    assert "wide.test" in rules(made, "wide", "nobody")["urls"]


def test_the_exceptions_to_a_rule_come_with_it_and_before_it() -> None:
    urls = rules(guard(), "wide")["urls"]
    assert list(urls.items()) == [
        ("big.test/ads/quiz", "necessary"),  # not enforced in a trial
        ("big.test/ads", "marketing"),
        ("/wide.js", "marketing"),
        ("=www.plain.test", "marketing"),
        ("maps.wide.test", "preferences"),
        ("pay.wide.test", "necessary"),
        ("wide.test", "marketing"),
        ("own.test", "statistics"),
    ]


def test_services_that_were_not_declared_open_with_no_choice() -> None:
    urls = rules(guard(["own", "maps"]), "wide", "late")["urls"]
    assert urls["wide.test"] == urls["big.test/ads/quiz"] == "undeclared"
    assert urls["own.test"] == "statistics"
    assert urls["maps.wide.test"] == "preferences"


def test_a_strict_trial_enforces_functions_too() -> None:
    assert rules(guard(block_unknown=True), "wide")["urls"]["big.test/ads/quiz"] == "preferences"


def test_a_host_that_only_we_call_a_trackers_passes_in_a_trial() -> None:
    catalogue = Catalogue((WIDE,), (), ["wide.test"])
    urls = rules(Guard(catalogue, CODE), "wide")["urls"]
    assert (urls["wide.test"], urls["=www.plain.test"]) == ("necessary", "marketing")
    assert rules(Guard(catalogue, CODE, block_unknown=True), "wide")["urls"]["wide.test"] == "marketing"


def test_safe_names_are_never_dropped_unless_the_configuration_says_so() -> None:
    names = rules(guard(), "wide")["names"]
    assert list(names.items()) == [
        ("cart", "statistics"),
        ("_own_*", "statistics"),
        ("_wide_safe", "necessary"),
        ("sid", "necessary"),
        ("s*", "necessary"),
        ("_wide_map", "preferences"),
        ("_wide*", "marketing"),
        ("*_tail", "marketing"),
    ]


def test_the_order_of_names_is_that_of_the_catalogue() -> None:
    catalogue = load_catalogue()
    made = Guard(catalogue, CODE)
    body = made.script(made.file(()), "") or b""
    data = json.loads(body[len(CODE) + 1 : -1])
    patterns = [(Pattern(name), data["owners"][number]) for name, number in data["names"].items()]
    for service in catalogue.services:
        if service.id in COMMON:
            for name in (cookie.replace("*", "x") for cookie in service.cookies):
                found = next(owner for pattern, owner in patterns if pattern.matches(name))
                assert found[1] == (catalogue.cookie_category(name) or "necessary"), name


def test_what_is_common_is_in_the_catalogue_and_enforced_in_a_trial() -> None:
    by_id = load_catalogue().by_id
    assert [name for name in COMMON if name not in by_id or not by_id[name].in_trial] == []


def test_every_process_answers_for_every_address_and_for_no_other() -> None:
    made, other = guard(["own"]), guard(["own"])
    made.learn("shop.test", ["wide", "maps"])
    address = made.tag(UNSET, "shop.test", "").decode().split('"')[1]
    file, _, query = address.partition("?")
    assert query == "2+1"
    assert other.script(file, query) == made.script(file, query) is not None
    for wrong in (("gd.000000000000.js", query), (file, ""), (file, "1+2"), (file, "x"), (file, "99")):
        assert made.script(*wrong) is None
    assert guard(["own", "maps"]).script(file, query) is None


def test_what_is_known_already_makes_no_new_address() -> None:
    made = guard(["own"])
    before = made.tag(UNSET, "shop.test", "")
    made.learn("shop.test", ["own", "unknown", "filter-list"])
    assert made.tag(UNSET, "shop.test", "") == before


def test_hosts_do_not_learn_of_each_other() -> None:
    seen = SeenServices()
    seen.add("a.test", ["x"])
    seen.add("b.test", ["y"])
    assert seen.of("a.test") == ("x",)


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_HOSTS", 2)
    monkeypatch.setattr(module, "_MOST_SEEN", 2)
    seen = SeenServices()
    for host in ("a", "b", "a", "c"):
        seen.add(host, [host])
    assert [seen.of(host) for host in "abc"] == [("a",), (), ("c",)]
    seen.add("a", ["x", "y"])
    assert seen.of("a") == ("a",)


def test_the_address_of_the_longest_list_is_short_enough_for_a_page() -> None:
    made = Guard(load_catalogue(), CODE)
    made.learn("shop.test", [service.id for service in load_catalogue().services if "tag" in service.id])
    assert len(made.tag(UNSET, "shop.test", "/_choices/assets/")) < 2000
