from __future__ import annotations

import pytest

from gateway.enforcement.click_ids import ClickIds
from gateway.enforcement.filter_lists import SERVICE
from gateway.enforcement.inline import InlineMarks
from gateway.enforcement.page_policy import KEEP, SEPARATE, UNLISTED, Kind, PagePolicy, Verdict, strictest
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, Fate
from gateway.model.service import Service
from tests.enforcement.trackers import ADVERTS, CATALOGUE, CHAT, COUNTER, MARKS, SHOP, VIDEO, policy

REFUSED, UNSET = policy(Fate.REMOVE), policy(Fate.HOLD)
BLOCKING = policy(Fate.KEEP, block_unknown=True)


def test_a_known_address_has_the_fate_of_its_category() -> None:
    assert REFUSED.url("//counter.test/", Kind.SCRIPT) == Verdict(Fate.REMOVE, (COUNTER,), (Category.STATISTICS,))
    assert UNSET.url("//www.adverts.test/", Kind.IMAGE) == Verdict(Fate.HOLD, (ADVERTS,), (Category.MARKETING,))
    assert policy(Fate.KEEP).url("//counter.test/", Kind.SCRIPT) == KEEP
    assert REFUSED.url("//cloud.test/", Kind.SCRIPT) == KEEP
    assert REFUSED.url("data:,x", Kind.SCRIPT) == KEEP


def test_a_tracker_on_the_shops_own_host_is_known_by_its_path() -> None:
    assert REFUSED.url("/js/counter.js", Kind.SCRIPT).services == (COUNTER,)
    assert REFUSED.url("/js/shop.js", Kind.SCRIPT) == KEEP


@pytest.mark.parametrize("kind", list(Kind))
def test_strangers_pass_in_a_trial_and_active_ones_are_closed_afterwards(kind: Kind) -> None:
    active = kind in (Kind.SCRIPT, Kind.FRAME, Kind.OBJECT, Kind.HINT)
    assert policy(Fate.KEEP).url("//unknown.test/", kind) == KEEP
    assert BLOCKING.url("//unknown.test/", kind) == (Verdict(Fate.REMOVE) if active else KEEP)
    assert BLOCKING.url("//shop.test/", kind) == KEEP


def test_strangers_on_a_filter_list_are_marketing_and_others_are_not_asked_about() -> None:
    asked: list[tuple[str, str, str]] = []

    def listed(url: str, page: str, kind: str) -> bool:
        asked.append((url, page, kind))
        return "advert" in url

    def rules(fate: Fate, *, block_unknown: bool = False, declared: tuple[str, ...] | None = None) -> PagePolicy:
        return PagePolicy(
            CATALOGUE, MARKS, {**dict.fromkeys(Category, fate), Category.NECESSARY: Fate.KEEP}.__getitem__, SHOP,
            lambda host: host == "shop.test", block_unknown=block_unknown, declared=declared, listed=listed,
        )  # fmt: skip

    marketing = (Category.MARKETING,)
    url = "//unknown.test/advert.js?a#b"
    assert rules(Fate.REMOVE).url(url, Kind.SCRIPT) == Verdict(Fate.REMOVE, (SERVICE,), marketing)
    assert asked == [("https://unknown.test/advert.js?a", "https://shop.test/", "script")]
    assert rules(Fate.HOLD).url(url, Kind.IMAGE) == Verdict(Fate.HOLD, (SERVICE,), marketing)
    assert rules(Fate.HOLD).url(url, Kind.PIXEL).service == "filter-list"
    assert rules(Fate.HOLD).under("/x/").url(url, Kind.STYLE).service == "filter-list"
    assert rules(Fate.HOLD).url("//unknown.test/", Kind.SCRIPT) == KEEP
    assert rules(Fate.KEEP).url(url, Kind.SCRIPT) == KEEP
    assert rules(Fate.KEEP, declared=()).url(url, Kind.IMAGE).fate is Fate.HOLD
    assert rules(Fate.HOLD, block_unknown=True).url(url, Kind.SCRIPT) == Verdict(Fate.REMOVE)
    asked.clear()
    rules(Fate.HOLD).url("//cloud.test/advert.js", Kind.SCRIPT)
    rules(Fate.HOLD).url("/advert.js", Kind.SCRIPT)
    assert asked == []


def test_pixels_and_pings_of_strangers_are_marketing() -> None:
    for kind in (Kind.PIXEL, Kind.PING):
        assert UNSET.url("//unknown.test/", kind) == Verdict(Fate.HOLD, (), (Category.MARKETING,))


def test_what_the_shop_has_not_declared_waits_although_its_category_is_granted() -> None:
    rules = policy(Fate.KEEP, declared=["counter"])
    assert rules.url("//counter.test/", Kind.SCRIPT) == KEEP
    waiting = Verdict(Fate.HOLD, (ADVERTS,), ("marketing", UNLISTED))
    assert rules.url("//adverts.test/", Kind.SCRIPT) == waiting
    assert policy(Fate.HOLD, declared=["counter"]).url("//adverts.test/", Kind.SCRIPT) == waiting
    assert policy(Fate.REMOVE, declared=["counter"]).url("//adverts.test/", Kind.SCRIPT).fate is Fate.REMOVE
    assert rules.url("//cloud.test/", Kind.SCRIPT) == KEEP


def apart(fate: Fate, *, exempt: bool = False) -> PagePolicy:
    """A policy for a prize game that no category covers, and an exempt counter on the shop's own host."""
    game = Service("game", "Game", Category.MARKETING, hosts=("game.test",), separate=True, covered=False)
    counter = Service("own", "Own", Category.STATISTICS, urls=("/own.js",), exempt=True)
    fates = {**dict.fromkeys(Category, fate), Category.NECESSARY: Fate.KEEP}
    catalogue = Catalogue([game, counter])
    return PagePolicy(
        catalogue, MARKS, fates.__getitem__, SHOP, "shop.test".__eq__, declared=("game", "own"), exempt=exempt
    )


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("fate", list(Fate))
def test_no_category_opens_a_separate_service_and_a_refusal_leaves_only_its_placeholder(
    fate: Fate, kind: Kind
) -> None:
    verdict = apart(fate).url("//game.test/", kind)
    gone = fate is Fate.REMOVE and kind not in (Kind.FRAME, Kind.OBJECT)
    assert verdict.fate is (Fate.REMOVE if gone else Fate.HOLD)
    assert verdict.categories == (SEPARATE,)
    assert verdict.embed


@pytest.mark.parametrize(
    ("fate", "running", "kept"),
    [(Fate.HOLD, True, True), (Fate.HOLD, False, False), (Fate.REMOVE, True, False), (Fate.KEEP, False, True)],
)
def test_an_exempt_measurement_passes_while_it_runs(fate: Fate, running: bool, kept: bool) -> None:
    assert (apart(fate, exempt=running).url("/own.js", Kind.SCRIPT) == KEEP) is kept
    assert (apart(fate, exempt=running).under("/x/").url("/own.js", Kind.SCRIPT) == KEEP) is kept


def test_inline_scripts_have_the_strictest_fate_of_their_services() -> None:
    rules = policy(Fate.REMOVE, granted=[Category.STATISTICS])
    assert rules.inline(b"count()") == KEEP
    assert rules.inline(b"count(); advertise()") == Verdict(Fate.REMOVE, (ADVERTS,), (Category.MARKETING,))


def test_an_inline_script_that_cannot_be_searched_is_closed() -> None:
    class Failing(InlineMarks):
        def owners(self, script: bytes) -> tuple[Service, ...] | None:
            return None

    rules = PagePolicy(CATALOGUE, Failing([]), lambda category: Fate.KEEP, SHOP, lambda host: False)
    assert rules.inline(b"a") == Verdict(Fate.REMOVE)


def test_several_verdicts_make_one() -> None:
    hold = Verdict(Fate.HOLD, (CHAT,), (Category.PREFERENCES,))
    remove = Verdict(Fate.REMOVE, (ADVERTS,), (Category.MARKETING,))
    assert strictest() == strictest(KEEP, KEEP) == KEEP
    assert strictest(KEEP, hold) == hold
    both = strictest(hold, remove, hold)
    assert both.fate is Fate.REMOVE
    assert both.service == "chat adverts"
    assert both.categories == (Category.PREFERENCES, Category.MARKETING)


def test_a_verdict_names_its_service_and_whether_it_is_content() -> None:
    assert Verdict(Fate.REMOVE).service == "unknown"
    assert Verdict(Fate.HOLD, (CHAT, VIDEO)).embed
    assert not Verdict(Fate.HOLD, (CHAT,)).embed


def test_a_base_changes_where_relative_addresses_lead() -> None:
    assert REFUSED.under("//counter.test/x/y?z").url("a.js", Kind.SCRIPT).services == (COUNTER,)
    assert REFUSED.under("//www.shop.test/").url("a.js", Kind.SCRIPT) == KEEP
    assert REFUSED.under("//www.shop.test/a/") is REFUSED.under("//www.shop.test/a/b")
    assert REFUSED.under("/") is REFUSED
    assert REFUSED.under("#a") is REFUSED
    for number in range(40):
        REFUSED.under(f"/{number}/")
    assert len(REFUSED._under) <= 16


def test_categories_can_be_asked_as_a_whole() -> None:
    assert UNSET.category(Category.MARKETING) is Fate.HOLD


FUNCTION = Service("map", "Map", Category.PREFERENCES, hosts=("map.test",), marks=(r"\bmap\(",), in_trial=False)


@pytest.mark.parametrize(
    ("declared", "block", "fate"),
    [
        pytest.param(None, False, Fate.KEEP, id="trial"),
        pytest.param({"map"}, False, Fate.REMOVE, id="declared"),
        pytest.param(None, True, Fate.REMOVE, id="unknown ones blocked"),
    ],
)
def test_what_a_trial_does_not_enforce_passes_until_services_are_declared(
    declared: set[str] | None, block: bool, fate: Fate
) -> None:
    rules = PagePolicy(
        Catalogue([FUNCTION]),
        InlineMarks([FUNCTION]),
        lambda category: Fate.KEEP if category is Category.NECESSARY else Fate.REMOVE,
        SHOP,
        "shop.test".__eq__,
        declared=declared,
        block_unknown=block,
    )
    assert rules.url("//map.test/a.js", Kind.SCRIPT).fate is fate
    assert rules.inline(b"map(1)").fate is fate


@pytest.mark.parametrize(
    ("url", "leaves"),
    [
        ("//other.test/x", True),
        ("https://counter.test/", True),
        ("https://pay.cloud.test/x", False),
        ("https://www.shop.test/x", False),
        ("/x", False),
        ("mailto:a@other.test", False),
        ("", False),
    ],
)
def test_a_link_leaves_the_shop_unless_it_leads_to_a_necessary_service(url: str, leaves: bool) -> None:
    assert REFUSED.leaves(url) is leaves


def test_a_base_element_changes_where_links_lead_but_not_what_they_lose() -> None:
    rules = policy(Fate.REMOVE)
    rules.click_ids = ClickIds(["x"])
    assert rules.under("https://other.test/").leaves("/x")
    assert rules.under("https://other.test/").click_ids is rules.click_ids


def test_a_service_is_open_where_its_elements_are_kept() -> None:
    assert REFUSED.opens(Service("p", "P", Category.NECESSARY))
    assert not REFUSED.opens(Service("m", "M", Category.MARKETING))


def test_a_path_alone_makes_no_tracker_of_an_unknown_host_in_a_trial() -> None:
    copy = "https://cdn.elsewhere.test/js/counter.js"
    assert policy(Fate.REMOVE).url(copy, Kind.SCRIPT) == KEEP
    assert policy(Fate.REMOVE).url("/js/counter.js", Kind.SCRIPT).fate is Fate.REMOVE
    assert policy(Fate.REMOVE, declared=["counter"]).url(copy, Kind.SCRIPT).fate is Fate.REMOVE
    assert policy(Fate.REMOVE, block_unknown=True).url(copy, Kind.SCRIPT).fate is Fate.REMOVE
