import re
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.testclient import TestClient

from gateway.endpoints.choices import choice_routes
from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.enforcement.cookies import CookieFilter
from gateway.errors import LedgerUnavailable
from gateway.middleware.consent import DecisionMiddleware
from gateway.model.categories import OPTIONAL, Category
from gateway.model.choice import Choice, refuse_all
from gateway.model.decision import Decision, Rules
from gateway.model.entry import Event, tag_key
from gateway.model.evidence import Evidence
from gateway.model.notice import Notice

P, S, M = OPTIONAL
DAY = 20_000
GPC = {"sec-gpc": "1"}
WORDS = {"preferences", "statistics", "marketing"}


class Site:
    """The routes behind the decision, with a clock and a record that can be switched off."""

    def __init__(self, **options: Any) -> None:
        self.day = DAY
        self.down = False
        self.events: list[Event] = []
        self.later: list[Event] = []
        self.withdrawn: list[Decision] = []
        self.cookie = ConsentCookie([b"k" * 32])
        rules = options.pop("rules", Rules())
        trackers = {"_fbp": M, "_ga": S, "sessionid": Category.NECESSARY}
        routes = choice_routes(
            cookie=self.cookie,
            cookies=CookieFilter(trackers.get),
            ledger=self,
            later=self.later.append,
            rules=rules,
            evidence=Evidence(tag_key(b"k" * 32), lambda locale, place: ("1" * 64, "2" * 64)),
            clock=self.clock,
            **options,
        )
        app = DecisionMiddleware(
            Starlette(routes=routes),
            cookie=self.cookie,
            rules=rules,
            clock=self.clock,
            on_withdrawn=self.withdrawn.append,
        )
        self.browser = TestClient(app, base_url="http://www.shop.tw", follow_redirects=False)

    def clock(self) -> float:
        return self.day * 86_400.0

    async def append(self, event: Event) -> None:
        if self.down:
            raise LedgerUnavailable("away")
        self.events.append(event)

    def post(self, path: str, data: Mapping[str, Any] | None = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.browser.post(f"/_choices/{path}", data=data, headers=named)

    def choose(
        self, action: str, *category: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Any:
        fields = {"action": action, "category": list(category), "rev": 1, **more}
        return self.browser.post("/_choices/choice", json=fields, headers=dict(headers or {}))

    def state(self, **headers: str) -> dict[str, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.browser.get("/_choices/state", headers=named)
        assert answer.headers["cache-control"] == "no-store"
        return dict(answer.json())

    def states(self, **headers: str) -> str:
        """The three states by their first letters."""
        return "".join(value[0] for value in self.state(**headers)["categories"].values())

    def stored(self) -> Choice | None:
        return self.cookie.load(self.browser.cookies.get("consent") or "")

    def kinds(self) -> list[str]:
        return [event.kind.value for event in self.events]


def test_without_a_choice_everything_is_unset_and_nothing_is_stored() -> None:
    site = Site()
    assert site.state() == {"categories": dict.fromkeys(WORDS, "unset"), "source": "none", "rev": 1}
    assert not site.browser.cookies
    assert site.state(sec_gpc="1")["source"] == "gpc"
    assert site.states(dnt="1") == "uur"


@pytest.mark.parametrize(
    ("action", "category", "states", "kind"),
    [
        ("accept", (), "ggg", "grant"),
        ("refuse", (), "rrr", "refuse"),
        ("save", (), "rrr", "refuse"),
        ("save", ("statistics",), "rgr", "grant"),
        ("save", ("marketing", "necessary", "marketing"), "rrg", "grant"),
    ],
)
def test_a_choice_holds_from_its_own_answer_on(
    action: str, category: tuple[str, ...], states: str, kind: str
) -> None:
    site = Site()
    answer = site.choose(action, *category)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == site.state()
    assert (site.states(), site.kinds()) == (states, [kind])


def test_a_form_is_answered_with_303_to_where_it_came_from() -> None:
    site = Site()
    fields = {"action": "save", "category": ["preferences", "marketing"], "rev": "1", "return": "/a?b=1#c"}
    answer = site.post("choice", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/a?b=1#c")
    assert site.states() == "grg"


@pytest.mark.parametrize(
    ("target", "location"),
    [
        (None, "/_choices/?set=1"),
        ("", "/_choices/"),
        ("//evil.tw", "/_choices/"),
        ("/\\evil.tw", "/_choices/"),
        ("https://evil.tw/", "/_choices/"),
        ("/商品", "/%E5%95%86%E5%93%81"),
    ],
)
def test_the_way_back_stays_on_this_host(target: str | None, location: str) -> None:
    fields = {"action": "refuse"} | ({} if target is None else {"return": target})
    assert Site().post("choice", fields).headers["location"] == location


@pytest.mark.parametrize("rev", [None, 0, 2, "x", "1" * 30, True, [1.0], "²"])
@pytest.mark.parametrize(("action", "category"), [("accept", ()), ("save", ("statistics",))])
def test_a_grant_needs_the_notice_in_force(rev: object, action: str, category: tuple[str, ...]) -> None:
    site = Site()
    answer = site.choose(action, *category, rev=rev)
    assert (answer.status_code, list(answer.json())) == (409, ["error"])
    assert (site.states(), site.events) == ("uuu", [])
    fields = {"action": action, "category": list(category)}
    assert site.post("choice", fields).status_code == 409


def test_refusing_needs_no_revision() -> None:
    for action in ("refuse", "save"):
        site = Site()
        assert site.choose(action, rev=None).status_code == 200
        assert site.states() == "rrr"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"action": "accpet", "rev": 1}, "'accpet'"),
        ({"rev": 1}, "action missing"),
        ({"action": ["accept"], "category": "tracking", "rev": 1}, "'tracking'"),
        ({"action": "save", "category": [{}], "rev": 1}, "{}"),
        ({"action": {"a": 1}}, "{'a': 1}"),
    ],
)
def test_an_unknown_word_is_named_and_nothing_changes(fields: dict[str, Any], named: str) -> None:
    site = Site()
    answer = site.browser.post("/_choices/choice", json=fields)
    assert answer.status_code == 400
    assert named in answer.json()["error"]
    assert site.states() == "uuu"


def test_an_error_of_a_form_is_shown_by_the_page_it_is_given() -> None:
    site = Site(error_page=lambda request, status, message: HTMLResponse(f"<p>{status}", status))
    assert site.post("choice", {"action": "x"}).text == "<p>400"
    plain = Site().post("choice", {"action": "<script>"})
    assert (plain.status_code, plain.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert plain.headers["x-content-type-options"] == "nosniff"


def test_another_site_cannot_choose() -> None:
    site = Site()
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.tw"}):
        answer = site.choose("accept", headers=headers)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
        assert site.post("withdraw", {}, **headers).status_code == 403
    assert site.states() == "uuu"


def test_all_refusers_of_a_day_hold_the_same_bytes_and_no_id() -> None:
    cookies, bodies = set(), []
    for _ in range(3):
        site = Site()
        site.choose("refuse")
        cookies.add(site.browser.cookies["consent"])
        bodies += [event.body for event in site.events]
    assert len(cookies) == 1
    assert bodies[0] == bodies[1] == bodies[2]
    assert not {"subject_tag", "minute"} & bodies[0].keys()


def test_the_same_choice_on_the_same_day_adds_no_event() -> None:
    site = Site()
    for _ in range(3):
        assert site.choose("save", "statistics").status_code == 200
    assert site.kinds() == ["grant"]
    site.day += 1
    site.choose("save", "statistics")
    assert site.kinds() == ["grant", "change"]
    for _ in range(2):
        site.choose("refuse")
    assert site.kinds() == ["grant", "change", "withdraw"]


def test_every_event_of_one_consent_has_one_tag() -> None:
    site = Site()
    site.choose("accept")
    site.choose("save", "statistics", locale="en", layout="wide", surface="banner")
    site.post("withdraw", {})
    site.choose("accept")
    tags = [event.body["subject_tag"] for event in site.events]
    assert tags[0] == tags[1] == tags[2] != tags[3]
    shown = [site.events[1].body[key] for key in ("locale", "layout", "surface", "choices")]
    assert shown == ["en", "wide", "banner", {"preferences": 0, "statistics": 1, "marketing": 0}]


def test_a_cookie_present_without_right_expires_in_the_same_answer() -> None:
    site = Site()
    site.choose("accept")
    for name in ("_ga", "_fbp", "sessionid"):
        site.browser.cookies.set(name, "1", domain="www.shop.tw")
    answer = site.post("withdraw", {"category": "marketing"})
    assert "_fbp=; Max-Age=0; Path=/" in answer.headers.get_list("set-cookie")
    assert set(site.browser.cookies) == {"consent", "_ga", "sessionid"}
    site.choose("refuse")
    assert set(site.browser.cookies) == {"consent", "sessionid"}


def test_withdrawing_takes_the_given_categories_or_all() -> None:
    site = Site()
    site.choose("accept")
    assert site.post("withdraw", {"category": "statistics", "return": "/x"}).headers["location"] == "/x"
    assert site.states() == "grg"
    assert site.browser.post("/_choices/withdraw").status_code == 303
    assert (site.states(), site.kinds()) == ("rrr", ["grant", "withdraw", "withdraw"])
    assert site.stored() == refuse_all(DAY, 1)
    assert site.post("withdraw", {"category": "necessary"}).status_code == 400


def test_refusing_sharing_alone_touches_nothing_else() -> None:
    site = Site()
    site.post("withdraw", {"category": "marketing"})
    assert (site.states(), site.kinds()) == ("uur", ["refuse"])


def test_an_embed_grants_its_category_and_nothing_is_refused_by_it() -> None:
    site = Site()
    assert (
        site.choose("save", "preferences", surface="embed").json()["categories"]["preferences"] == "granted"
    )
    assert (site.states(), site.events[0].body["surface"]) == ("guu", "embed")


def test_an_embed_that_may_grant_nothing_leaves_no_trace() -> None:
    site = Site()
    answer = site.choose("save", "marketing", surface="embed", headers=GPC)
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
    assert (site.events, site.stored()) == ([], None)


@pytest.mark.parametrize(
    ("surface", "states", "override"),
    [("settings", "ggg", True), ("banner", "ggr", False), ("nojs", "ggr", False), (None, "ggr", False)],
)
def test_only_the_settings_page_overrides_a_signal_that_is_on(
    surface: str | None, states: str, override: bool
) -> None:
    site = Site()
    site.choose("accept", surface=surface, headers=GPC)
    stored = site.stored()
    assert stored is not None
    assert stored.override is override
    assert site.states(sec_gpc="1") == states
    assert (site.events[0].body["signal"], site.withdrawn) == (1, [])


def test_a_grant_against_a_signal_is_made_in_full_only_where_something_else_is_wanted() -> None:
    site = Site()
    site.choose("save", "marketing", surface="banner", headers=GPC)
    assert (site.states(), site.kinds()) == ("rrr", ["refuse"])


def test_a_signal_withdraws_the_grant_for_good_and_the_page_view_writes_no_record() -> None:
    site = Site()
    site.choose("accept")
    assert site.states(sec_gpc="1") == "ggr"
    assert site.states() == "ggr"
    assert (len(site.withdrawn), site.kinds()) == (1, ["grant"])


def test_a_signal_lost_on_the_way_is_told_by_the_script() -> None:
    site = Site()
    site.choose("accept")
    site.browser.post("/_choices/withdraw", json={"surface": "gpc"})
    assert (site.states(), site.kinds()) == ("ggr", ["grant", "gpc"])
    assert (site.events[1].body["surface"], site.events[1].body["signal"]) == ("gpc", 1)


def test_an_old_yes_is_void_and_a_new_one_counts_under_the_new_notice() -> None:
    rules = Rules(Notice(2, {2: frozenset({M})}))
    site = Site(rules=rules)
    assert site.choose("accept", rev=1).status_code == 409
    assert site.choose("accept", rev=2).json()["rev"] == 2
    assert site.states() == "ggg"


def test_a_broken_record_grants_nothing() -> None:
    site = Site()
    site.down = True
    answer = site.choose("accept")
    assert (answer.status_code, "set-cookie" in answer.headers) == (503, False)
    assert site.post("choice", {"action": "accept", "rev": "1"}).status_code == 503
    assert (site.states(), site.later) == ("uuu", [])


def test_a_broken_record_stops_no_refusal_and_no_withdrawal() -> None:
    site = Site()
    site.down = True
    assert site.choose("refuse").status_code == 200
    assert site.states() == "rrr"
    site.down = False
    site.choose("accept")
    site.down = True
    assert site.post("withdraw", {"category": "marketing"}).status_code == 303
    assert site.states() == "ggr"
    assert site.choose("save", "preferences").status_code == 200
    assert site.states() == "grr"
    assert [event.kind.value for event in site.later] == ["refuse", "withdraw", "withdraw"]


def test_a_mixed_change_with_a_broken_record_takes_away_and_grants_nothing() -> None:
    site = Site()
    site.choose("save", "statistics", "preferences")
    site.down, site.day = True, DAY + 5
    answer = site.choose("save", "marketing", "preferences")
    assert answer.status_code == 503
    assert site.states() == "grr"
    stored = site.stored()
    assert stored is not None
    assert (stored.day, stored.refusals()) == (DAY, {S: DAY + 5, M: DAY})
    assert [event.kind.value for event in site.later] == ["withdraw"]


def test_renewing_a_grant_waits_for_the_record_too() -> None:
    site = Site()
    site.choose("accept")
    site.down, site.day = True, DAY + 5
    assert site.choose("accept").status_code == 503
    assert site.states() == "ggg"
    assert site.later == []


def test_each_clock_of_a_mixed_choice_runs_by_itself() -> None:
    site = Site()
    site.choose("save", "preferences")
    value = site.browser.cookies["consent"]
    for day, states in ((185, "grr"), (186, "urr"), (366, "urr"), (367, "uuu")):
        site.day = DAY + day
        site.browser.cookies.clear()
        site.browser.cookies.set("consent", value, domain="www.shop.tw")
        assert site.states() == states


def test_the_cookie_over_tls_is_a_secure_one() -> None:
    site = Site()
    answer = site.browser.post("https://www.shop.tw/_choices/choice", json={"action": "refuse"})
    value, attributes = answer.headers["set-cookie"].split("; ", 1)
    assert re.fullmatch(r"__Secure-consent=1\.r\.20000\.p1\.[\w-]{43}", value)
    assert attributes == "Max-Age=31708800; Path=/; HttpOnly; SameSite=Lax; Secure"


def test_nothing_personal_in_a_request_reaches_the_record() -> None:
    canary = "canary-0912345678"
    site = Site()
    site.browser.cookies.set("name", canary, domain="www.shop.tw")
    site.browser.post(
        f"/_choices/choice?q={canary}",
        json={"action": "accept", "rev": 1, "locale": canary, "name": canary, "return": f"/{canary}"},
        headers={"user-agent": canary, "referer": f"http://www.shop.tw/{canary}"},
    )
    assert site.kinds() == ["grant"]
    assert canary not in repr(site.events)


def test_what_is_not_offered_is_neither_told_nor_granted() -> None:
    site = Site(rules=Rules(offered=frozenset({S})))
    assert site.state()["categories"] == {"statistics": "unset"}
    assert site.choose("accept").json()["categories"] == {"statistics": "granted"}
    stored = site.stored()
    assert stored is not None
    assert stored.granted == {S}


def test_a_choice_sent_twice_with_the_same_cookie_is_one_event() -> None:
    site = Site()
    site.choose("save", "preferences")
    cookie = site.browser.cookies["consent"]
    for _ in range(2):
        site.browser.cookies.set("consent", cookie, domain="www.shop.tw")
        assert site.choose("accept").status_code == 200
    assert site.kinds() == ["grant", "change"]


def test_going_back_and_forth_on_one_day_is_recorded_each_time() -> None:
    site = Site()
    for categories in (("preferences",), ("preferences", "statistics")) * 2:
        site.choose("save", *categories)
    assert site.kinds() == ["grant", "change", "change", "change"]
