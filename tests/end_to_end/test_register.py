"""The register of services, seen from outside: what is asked, what a yes covers, what runs without one."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.config.settings import CookieEntry, Policy, PolicyRevision, ServiceEntry
from gateway.enforcement.texts import texts
from gateway.model.categories import OPTIONAL, Category
from gateway.types import Receive, Scope, Send
from tests.test_app import Shop, settings, visiting


@pytest.fixture
def shop() -> Shop:
    return Shop()


class TaggedShop(Shop):
    """A shop whose page is `page`."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": b"<!doctype html><body>" + self.page + b"</body>"})


GAME = ServiceEntry(id="game", name="Game", category=Category.PREFERENCES, hosts=("game.example",), separate=True)


def test_no_acceptance_opens_a_separate_service(tmp_path: Path) -> None:
    chat = ServiceEntry(id="chat", category=Category.PREFERENCES, hosts=("chat.example",))
    page = b'<script src="//chat.example/a.js"></script><script src="//game.example/a.js"></script>'
    shop = TaggedShop(page + b'<iframe src="https://game.example/play"></iframe>')
    with visiting(create_app(settings(tmp_path, services=(GAME, chat)), shop=shop)) as visitor:
        accepted = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
        answer = visitor.get(Cookie=accepted)
        body, (wall,) = answer.body, answer.all("content-security-policy")
        refused = visitor.get(Cookie=visitor.post("/_choices/choice", "action=refuse").cookie()).body
    assert b'<script src="//chat.example/a.js">' in body
    held = b'<script data-consent-src="//game.example/a.js" type="text/plain" data-consent-category="separate"'
    assert held in body
    for seen in (body, refused):
        (place,) = re.findall(rb"<[a-z]+ [^>]*data-consent-placeholder[^>]*>", seen)
        assert b'data-consent-category="separate"' in place
        assert b'data-consent-service="game"' in place
        assert b'data-consent-action="load"' in seen
        assert b'data-consent-action="accept">Always' not in seen
        assert b' src="https://game.example/play"' not in seen
    assert b' src="//game.example/a.js"' not in refused
    assert re.search(r"; frame-src [^;]*game\.example", wall)
    assert "game.example" not in wall.partition(";")[0]


def test_a_service_that_the_list_does_not_name_waits_although_all_was_accepted(tmp_path: Path, shop: Shop) -> None:
    shop.headers.append((b"set-cookie", b"_fbp=1"))
    adverts = ServiceEntry(id="criteo")
    with visiting(create_app(settings(tmp_path, services=(adverts,)), shop=shop)) as visitor:
        accepted = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
        answer = visitor.get(Cookie=f"{accepted}; _fbp=1")
    assert b'data-consent-category="marketing unlisted" data-consent-service="meta-pixel"' in answer.body
    assert b"cookie" not in shop.requests[-1]
    assert not any(line.startswith("_fbp=1") for line in answer.all("set-cookie"))


def test_without_anything_to_decide_there_is_no_banner(tmp_path: Path, shop: Shop) -> None:
    payment = ServiceEntry(id="pay", category=Category.NECESSARY, hosts=("pay.example",))
    with visiting(create_app(settings(tmp_path, services=(payment,)), shop=shop)) as visitor:
        answer, state = visitor.get(), json.loads(visitor.get("/_choices/state").body)
        settings_page = visitor.get("/_choices/").body
    assert b"data-consent-banner" not in answer.body
    assert b"data-consent-settings" in answer.body
    assert b'type="checkbox"' not in settings_page
    assert state["categories"] == {}
    told = b"necessary=1;preferences=0;statistics=0;marketing=0;src=none;rev=1"
    assert shop.requests[-1][b"x-consent"] == [told]


@pytest.mark.parametrize("used", [("preferences",), ("statistics", "marketing"), tuple(OPTIONAL)], ids=" ".join)
def test_the_question_the_switches_and_the_state_name_only_what_is_in_use(
    tmp_path: Path, shop: Shop, used: tuple[str, ...]
) -> None:
    services = tuple(ServiceEntry(id=name, category=Category(name), marks=(name,)) for name in used)
    with visiting(create_app(settings(tmp_path, services=services), shop=shop)) as visitor:
        banner = visitor.get(Accept_Language="en").body.decode()
        page = visitor.get("/_choices/?lang=en").body.decode()
        state = json.loads(visitor.get("/_choices/state").body)
    words = texts("en")
    assert words.question([Category(name) for name in used]) in html.unescape(banner)
    assert re.findall(r'name="category" value="(\w+)"', page) == list(used)
    assert list(state["categories"]) == list(used)
    told = re.search(r'data-state="([^"]*)"', banner)
    assert told
    assert [pair.partition(":")[0] for pair in told[1].split()] == [*used, "source"]


def test_lifetimes_are_the_configured_ones(tmp_path: Path, shop: Shop) -> None:
    now = [20_000 * 86_400.0]
    values = settings(tmp_path, policy=Policy(grant_days=10, refusal_days=20))
    with visiting(create_app(values, shop=shop, clock=lambda: now[0])) as visitor:
        granted = visitor.post("/_choices/choice", "action=accept&rev=1")
        refused = visitor.post("/_choices/choice", "action=refuse")
        assert f"Max-Age={11 * 86_400}" in granted.all("set-cookie")[0]
        assert f"Max-Age={21 * 86_400}" in refused.all("set-cookie")[0]
        for answer, last in ((granted, 10), (refused, 20)):
            for day in (last, last + 1):
                now[0] = (20_000 + day) * 86_400.0
                asked = b"data-consent-banner" in visitor.get(Cookie=answer.cookie()).body
                assert asked is (day > last), day


def test_the_list_of_ad_features_is_the_configured_one(tmp_path: Path, shop: Shop) -> None:
    values = settings(tmp_path, ad_features=("browsing-topics", "storage-access"))
    with visiting(create_app(values, shop=shop)) as visitor:
        assert visitor.get().all("permissions-policy") == ["browsing-topics=(), storage-access=()"]


def test_an_exempt_measurement_runs_without_a_choice_and_its_end_does_not_move(tmp_path: Path) -> None:
    shop = TaggedShop(b'<script src="//stats.shop.example/a.js"></script>')
    shop.headers.append((b"set-cookie", b"pages=1; Max-Age=63072000"))
    counter = ServiceEntry(
        id="own", category=Category.STATISTICS, hosts=("stats.shop.example",), cookies=("pages",),
        exempt_until="2027-06-01", exempt_reason="counts pages",
    )  # fmt: skip
    end = datetime(2027, 6, 2, tzinfo=UTC).timestamp()
    now = [datetime(2026, 11, 25, tzinfo=UTC).timestamp()]
    values = settings(tmp_path, services=(counter,), first_party=("stats.shop.example",))
    with visiting(create_app(values, shop=shop, clock=lambda: now[0])) as visitor:
        for _ in range(3):
            answer = visitor.get(Cookie="pages=1")
            assert b'<script src="//stats.shop.example/a.js">' in answer.body
            (line,) = answer.all("set-cookie")
            assert now[0] + int(line.rpartition("Max-Age=")[2]) == end
            now[0] += 40 * 86_400
        refusal = visitor.post("/_choices/choice", "action=refuse", Cookie="pages=1")
        assert any(line.startswith("pages=; Max-Age=0") for line in refusal.all("set-cookie"))
        assert not any(line.startswith("pages=1") for line in visitor.get(Cookie=refusal.cookie()).all("set-cookie"))
        assert b"without asking first, until 2027-06-01" in visitor.get("/_choices/notice?lang=en").body
        now[0] = end
        assert visitor.get().all("set-cookie") == []


def test_on_a_shared_host_one_cookie_expires_elsewhere_if_the_configuration_lists_it(tmp_path: Path) -> None:
    shop = TaggedShop(b"goods")
    listed = CookieEntry(name="seen", category=Category.PREFERENCES, path="/")
    values = settings(tmp_path, scope="/000489/", prefix="/000489/_choices", cookies=(listed,))
    with visiting(create_app(values, shop=shop)) as visitor:
        lines = visitor.get("/000489/", Cookie="seen=1; _ga=1").all("set-cookie")
    assert set(lines) == {
        "seen=; Max-Age=0; Path=/000489/", "seen=; Max-Age=0; Path=/", "_ga=; Max-Age=0; Path=/000489/",
    }  # fmt: skip


COUNTER, ADVERTS = ServiceEntry(id="google-analytics"), ServiceEntry(id="meta-pixel")
TAGS = b'''<script src="//www.googletagmanager.com/gtag/js?id=a"></script>
<script src="//connect.facebook.net/en_US/fbevents.js"></script>'''


def loading(body: bytes) -> list[bytes]:
    return re.findall(rb'<script src="//([a-z.]+)/', body)


def test_a_service_added_without_a_new_revision_waits_whatever_was_and_is_granted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = TaggedShop(TAGS)
    with visiting(create_app(settings(tmp_path, services=(COUNTER,)), shop=shop)) as visitor:
        before = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
    for _ in range(2):
        caplog.clear()
        with visiting(create_app(settings(tmp_path, services=(COUNTER, ADVERTS)), shop=shop)) as visitor:
            now = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
            pages = [visitor.get(Cookie=cookie) for cookie in (before, now)]
            notice = visitor.get("/_choices/notice").body
        for page in pages:
            assert loading(page.body) == [b"www.googletagmanager.com"]
        assert b"Meta" not in notice
        assert "until then these wait, whatever was granted: meta-pixel" in caplog.text
    policy = Policy(rev=2)
    with visiting(create_app(settings(tmp_path, services=(COUNTER, ADVERTS), policy=policy), shop=shop)) as visitor:
        asked = visitor.post("/_choices/choice", "action=accept&rev=2").cookie()
        assert loading(visitor.get(Cookie=asked).body) == [b"www.googletagmanager.com", b"connect.facebook.net"]


def test_a_revision_that_adds_a_service_and_calls_itself_editorial_asks_about_it_all_the_same(tmp_path: Path) -> None:
    shop = TaggedShop(TAGS)
    other = ServiceEntry(id="criteo")
    with visiting(create_app(settings(tmp_path, services=(COUNTER, other)), shop=shop)) as visitor:
        before = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
    policy = Policy(rev=2, revisions=(PolicyRevision(rev=2, material=()),))
    changed = settings(tmp_path, services=(COUNTER, other, ADVERTS), policy=policy)
    with visiting(create_app(changed, shop=shop)) as visitor:
        assert loading(visitor.get(Cookie=before).body) == [b"www.googletagmanager.com"]
        state = json.loads(visitor.get("/_choices/state", Cookie=before).body)
    assert state["categories"]["statistics"] == "granted"
    assert state["categories"]["marketing"] == "unset"
