"""The whole gateway over real sockets: what the browser gets and what the shop sees."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import io
import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import msgspec
import pytest

import gateway
from gateway.app import ConsentMiddleware, Gateway, create_app
from gateway.config.keys import Secret
from gateway.config.settings import ServiceEntry, Settings
from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.errors import ChainBroken, ConfigError
from gateway.ledger import open_ledger
from gateway.model.categories import OPTIONAL
from gateway.model.choice import Choice
from gateway.model.decision import Decision
from gateway.model.entry import CHOICES, Entry
from gateway.model.entry import Kind as EntryKind
from gateway.observability import logs
from gateway.types import Message, Receive, Scope, Send
from tests.proxy.servers import serve as running
from tests.served import contents

KEY = b"k" * 32
PAGE = b"""<!doctype html><html lang="en"><head><title>t</title>
<script src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('js',new Date());</script>
</head><body><p>goods</p><script src="/shop.js"></script>
<img src="https://www.facebook.com/tr?id=1&ev=PageView" width="1" height="1"></body></html>"""


class Shop:
    """Keeps every request, answers every path with the same page."""

    def __init__(self) -> None:
        self.requests: list[dict[bytes, list[bytes]]] = []
        self.decisions: list[Decision] = []
        self.page = PAGE
        self.headers: list[tuple[bytes, bytes]] = [(b"content-type", b"text/html; charset=utf-8")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        seen: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            seen.setdefault(name, []).append(value)
        self.requests.append(seen)
        self.decisions.extend([scope["consent"]] if "consent" in scope else ())
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.page})


class Answer:
    """Status, header lines and body of one answer."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.getheaders()
        self.body = response.read()

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def cookie(self) -> str:
        """The choice cookie it sets, as a `Cookie` header would say it."""
        return next(value.partition(";")[0] for value in self.all("set-cookie") if value.startswith("consent="))


class Visitor:
    """Asks the gateway at `port`."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str = "/", **headers: str) -> Answer:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: str, **headers: str) -> Answer:
        kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
        return self._ask("POST", path, body, {"Content-Type": kind, **headers})

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Host": "shop.example", **named})
        answer = Answer(connection.getresponse())
        connection.close()
        return answer


def settings(folder: Path, **values: object) -> Settings:
    values = {"database": f"sqlite:///{folder / 'ledger.sqlite'}", **values}
    return Settings(folder=folder, keys=(Secret(KEY),), **values)  # type: ignore[arg-type]


@contextmanager
def visiting(app: Gateway | ConsentMiddleware) -> Iterator[Visitor]:
    with running(app, lifespan="on") as port:
        yield Visitor(port)


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def visitor(tmp_path: Path, shop: Shop) -> Iterator[Visitor]:
    with visiting(create_app(settings(tmp_path), shop=shop)) as visitor:
        yield visitor


def kinds(folder: Path) -> list[str]:
    """The kinds of the choices in the record."""

    async def read() -> list[str]:
        ledger = open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}")
        await ledger.open()
        try:
            await ledger.verify()
            return [entry.kind.value async for entry in ledger.entries() if entry.kind in CHOICES]
        finally:
            await ledger.close()

    return asyncio.run(read())


def test_silence_is_refusal_and_leaves_no_trace(visitor: Visitor, shop: Shop, tmp_path: Path) -> None:
    for _ in range(50):
        answer = visitor.get()
        assert b"data-consent-banner" in answer.body
        assert b' src="https://www.googletagmanager.com' not in answer.body
        assert b'data-consent-src="https://www.googletagmanager.com/gtag/js?id=G-1"' in answer.body
        assert answer.all("set-cookie") == []
    assert {request[b"x-consent"][0] for request in shop.requests} == {
        b"necessary=1;preferences=0;statistics=0;marketing=0;src=none;rev=1"
    }
    assert kinds(tmp_path) == []


def test_a_refusal_takes_the_trackers_out_and_the_banner_away(visitor: Visitor, tmp_path: Path) -> None:
    answer = visitor.post("/_choices/choice", "action=refuse&return=/goods")
    assert (answer.status, answer.all("location")) == (303, ["/goods"])
    page = visitor.get(Cookie=answer.cookie())
    assert b"data-consent-banner" not in page.body
    assert b"data-consent-settings" in page.body
    assert b"googletagmanager" not in page.body
    assert b"facebook.com" not in page.body
    assert b'<script src="/shop.js"></script>' in page.body
    assert kinds(tmp_path) == ["refuse"]


def test_an_acceptance_leaves_the_page_as_the_shop_made_it(visitor: Visitor, shop: Shop, tmp_path: Path) -> None:
    choice = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
    page = visitor.get(Cookie=f"a=1; {choice}; _ga=GA1.1.2.3")
    before, after = PAGE.split(b"<p>goods</p>")
    first, _, rest = before.rpartition(b"<body>")[0].partition(b"<head>")
    assert page.body.startswith(first + b"<head><script src=")
    assert rest in page.body
    assert after.partition(b"</body>")[0] in page.body
    assert shop.requests[-1][b"cookie"] == [b"a=1; _ga=GA1.1.2.3"]
    assert shop.requests[-1][b"x-consent"][0].startswith(b"necessary=1;preferences=1;statistics=1;marketing=1")
    assert kinds(tmp_path) == ["grant"]


def test_optional_cookies_are_cut_and_expired_in_both_directions(visitor: Visitor, shop: Shop) -> None:
    shop.headers += [(b"set-cookie", b"_fbp=1; Path=/"), (b"set-cookie", b"sessionid=2; HttpOnly")]
    answer = visitor.get(Cookie='sessionid=1; _fbp=fb.1.2; cart="a=b"')
    assert shop.requests[-1][b"cookie"] == [b'sessionid=1; cart="a=b"']
    lines = answer.all("set-cookie")
    assert "sessionid=2; HttpOnly" in lines
    assert "_fbp=1; Path=/" not in lines
    assert any(line.startswith("_fbp=;") and "Max-Age=0" in line for line in lines)


def test_click_ids_end_at_the_gateway_until_marketing_is_granted(visitor: Visitor, shop: Shop) -> None:
    page = visitor.get("/goods?gclid=x&id=5", Referer="http://shop.example/?fbclid=1", Cookie="a=1")
    assert shop.requests[-1][b"referer"] == [b"http://shop.example/"]
    assert b'name="return" value="/goods?id=5"' in page.body
    assert b' data-ids="gclid"' in page.body
    choice = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
    page = visitor.get("/goods?gclid=x", Cookie=choice, Referer="http://shop.example/?fbclid=1")
    assert shop.requests[-1][b"referer"] == [b"http://shop.example/?fbclid=1"]
    assert b"data-ids" not in page.body


def test_a_granted_cookie_ends_with_the_grant(visitor: Visitor, shop: Shop) -> None:
    choice = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
    shop.headers.append((b"set-cookie", b"_ga=1; Max-Age=63072000"))
    (line,) = visitor.get(Cookie=choice).all("set-cookie")
    age = int(line.partition("Max-Age=")[2])
    assert 185 * 86_400 <= age <= 186 * 86_400


def test_nobody_can_tell_the_shop_a_choice_but_the_gateway(visitor: Visitor, shop: Shop) -> None:
    visitor.get(X_Consent="necessary=1;marketing=1")
    assert len(shop.requests[-1][b"x-consent"]) == 1
    assert b"marketing=0" in shop.requests[-1][b"x-consent"][0]


BAD_COOKIES = [
    pytest.param("consent=", id="empty"),
    pytest.param("consent=garbage", id="broken"),
    pytest.param("consent=1.g.20000.p1.psm.AAAAAAAAAAAAAAAAAAAAAA.sig", id="bad signature"),
    pytest.param("consent=" + "x" * 8000, id="eight kilobytes"),
    pytest.param('consent="1.r"; consent', id="odd syntax"),
    pytest.param("consent=\xff\xfe", id="not ASCII"),
]


def signed_with(key: bytes) -> str:
    today = 20_000
    choice = Choice(frozenset(OPTIONAL), frozenset(), today, today, 1, False, "A" * 22)
    return "consent=" + ConsentCookie([key]).dump(choice)


@pytest.mark.parametrize("cookie", [*BAD_COOKIES, pytest.param(signed_with(b"o" * 32), id="another key")])
def test_a_bad_choice_cookie_is_no_choice(visitor: Visitor, cookie: str) -> None:
    answer = visitor.get(Cookie=cookie)
    assert answer.status == 200
    assert b"data-consent-banner" in answer.body
    state = json.loads(visitor.get("/_choices/state", Cookie=cookie).body)
    assert set(state["categories"].values()) == {"unset"}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec_Fetch_Dest": "iframe"}, id="frame"),
        pytest.param({"Sec_Fetch_Dest": "empty"}, id="fetch"),
        pytest.param({"X_Requested_With": "XMLHttpRequest"}, id="XMLHttpRequest"),
    ],
)
def test_frames_and_fragments_are_filtered_but_get_nothing_added(visitor: Visitor, headers: dict[str, str]) -> None:
    answer = visitor.get(**headers)
    assert b"data-consent-banner" not in answer.body
    assert b"data-consent-settings" not in answer.body
    assert b' src="https://www.facebook.com' not in answer.body


def test_a_crawler_gets_the_same_page_without_the_banner(visitor: Visitor) -> None:
    page = visitor.get(User_Agent="Googlebot/2.1")
    assert b"data-consent-banner" not in page.body
    assert b"data-consent-settings" in page.body
    assert b' src="https://www.googletagmanager.com' not in page.body


def test_the_shops_nonce_is_on_our_script(visitor: Visitor, shop: Shop) -> None:
    shop.headers.append((b"content-security-policy", b"script-src 'nonce-abc123' 'strict-dynamic'"))
    assert b' nonce="abc123"' in visitor.get().body


def test_nothing_of_googles_is_before_a_grant_and_the_signals_are_before_it_after(visitor: Visitor) -> None:
    refused = visitor.get(Cookie=visitor.post("/_choices/choice", "action=refuse&rev=1").cookie()).body
    assert not re.search(rb"google|gtag|dataLayer|__tcfapi|euconsent", refused)
    live = re.sub(rb'<script[^>]*type="text/plain".*?</script>', b"", visitor.get().body, flags=re.DOTALL)
    assert not re.search(rb"google|gtag|dataLayer|__tcfapi|euconsent", live)
    choice = visitor.post("/_choices/choice", "action=save&category=statistics&rev=1").cookie()
    page = visitor.get(Cookie=choice).body
    signals, loader = page.index(b'data-granted="statistics"'), page.index(b"googletagmanager.com/gtag/js")
    assert page.index(b"<head>") < signals < loader
    assert page.count(b"data-granted") == 1


def test_the_guard_is_the_first_script_and_learns_what_the_shop_has(tmp_path: Path, shop: Shop) -> None:
    with visiting(create_app(settings(tmp_path, services=(ServiceEntry(id="hotjar"),)), shop=shop)) as visitor:
        visitor.get()
        assert b"<head><script data-shut=" in visitor.get().body
        second = visitor.get(Sec_Fetch_Site="same-origin").body
        address = re.search(rb'<head><script src="([^"]*/gd\.[^"]*)"', second)
        assert address
        assert b"?" in address[1]
        script = visitor.get(address[1].decode())
        assert script.status == 200
        assert b"hotjar.com" in script.body
        assert b"facebook.com/tr" in script.body
        accepted = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
        assert b"/gd." not in visitor.get(Cookie=accepted).body


def test_a_signal_is_honoured_without_a_question(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.get(Sec_GPC="1")
    assert b"data-consent-banner" not in page.body
    assert b"Global Privacy Control" in page.body
    assert kinds(tmp_path) == []


def test_a_signal_withdraws_a_stored_grant_once(visitor: Visitor, tmp_path: Path) -> None:
    choice = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
    page = visitor.get(Cookie=choice, Sec_GPC="1")
    assert page.cookie() != choice
    visitor.get(Cookie=choice, Sec_GPC="1")
    assert kinds(tmp_path) == ["grant", "gpc"]


def test_a_signal_withdraws_once_though_the_gateway_was_started_again_meanwhile(tmp_path: Path, shop: Shop) -> None:
    with visiting(create_app(settings(tmp_path), shop=shop)) as visitor:
        choice = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
    for _ in range(2):
        with visiting(create_app(settings(tmp_path), shop=shop)) as visitor:
            visitor.get(Cookie=choice, Sec_GPC="1")
    assert kinds(tmp_path) == ["grant", "gpc"]


def test_a_broken_record_stops_nothing_and_has_everything_once_it_is_well(tmp_path: Path, shop: Shop) -> None:
    path = tmp_path / "ledger.sqlite"
    path.mkdir()
    with visiting(create_app(settings(tmp_path), shop=shop)) as visitor:
        choice = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
        assert visitor.get(Cookie=choice).status == 200
        assert visitor.post("/_choices/choice", "action=refuse").status == 303
        assert visitor.get("/_choices/health/ready").status == 200
        assert b"events_waiting 2" in visitor.get("/_choices/metrics").body
        visitor.post("/_choices/withdraw", "", Cookie=choice)
    path.rmdir()
    with visiting(create_app(settings(tmp_path), shop=shop)):
        pass
    assert kinds(tmp_path) == ["grant", "refuse", "withdraw"]
    assert list((tmp_path / "journal").iterdir()) == []


def test_where_neither_record_nor_journal_can_be_written_only_grants_stop(tmp_path: Path, shop: Shop) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    (tmp_path / "journal").write_text("not a folder")
    broken = Settings(folder=tmp_path, database=f"sqlite:///{blocked}/ledger.sqlite", keys=(Secret(KEY),))
    with visiting(create_app(broken, shop=shop)) as visitor:
        assert visitor.get().status == 200
        granted = visitor.post("/_choices/choice", "action=accept&rev=1")
        assert (granted.status, granted.all("set-cookie")) == (503, [])
        assert visitor.post("/_choices/choice", "action=refuse").status == 303
        assert visitor.get("/_choices/health/ready").status == 503
        assert visitor.get("/_choices/health/live").status == 200


def test_ready_when_choices_can_be_recorded(visitor: Visitor) -> None:
    assert visitor.get("/_choices/health/ready").status == 200


def test_report_mode_changes_nothing(tmp_path: Path, shop: Shop) -> None:
    link = b"<https://www.facebook.com/tr>; rel=preload"
    shop.headers += [(b"set-cookie", b"_ga=1"), (b"etag", b'"1"'), (b"link", link)]
    with visiting(create_app(settings(tmp_path, mode="report"), shop=shop)) as visitor:
        asked = {"Cookie": "_fbp=1", "Sec-GPC": "1", "If-None-Match": '"1"', "Accept-Encoding": "br"}
        answer = visitor.get("/matomo.js?fbclid=1", **asked)
    request = shop.requests[-1]
    assert answer.body == PAGE
    assert set(shop.headers) <= {(name.lower().encode(), value.encode()) for name, value in answer.headers}
    assert len(answer.headers) == len(shop.headers) + 1  # Transfer-Encoding
    assert (request[b"cookie"], request[b"if-none-match"]) == ([b"_fbp=1"], [b'"1"'])
    assert request[b"accept-encoding"] == [b"br"]
    assert b"x-consent" not in request


def test_report_mode_counts_what_enforcing_would_do(tmp_path: Path, shop: Shop) -> None:
    shop.headers.append((b"set-cookie", b"_gcl_au=1"))
    counts = []
    for mode in ("report", "enforce"):
        app = create_app(settings(tmp_path / mode, mode=mode), shop=shop)
        with visiting(app) as visitor:
            visitor.get("/", Cookie="_fbp=1")
            visitor.get("/matomo.js")
        counts.append({series: number for series, number in app.counters.rows() if series.outcome != "expired"})
    assert counts[0] == counts[1]
    assert ("script", "google-analytics", "hold") in counts[0]
    assert {what for what, _, _ in counts[0]} >= {"cookie", "script", "pixel", "request"}


@pytest.mark.parametrize(("mode", "status"), [("enforce", 502), ("report", 200)])
def test_a_page_that_cannot_be_read_is_counted(tmp_path: Path, shop: Shop, mode: str, status: int) -> None:
    shop.headers.append((b"content-encoding", b"unheard-of"))
    app = create_app(settings(tmp_path, mode=mode), shop=shop)
    with visiting(app) as visitor:
        assert visitor.get().status == status
    assert dict(app.counters.rows())["page", "unknown", "unknown-encoding"] == 1  # type: ignore[index]


def test_a_filter_list_closes_what_the_catalogue_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("||unheard-of.example^$script")
    markup = b'<html><body><script src="https://unheard-of.example/a.js"></script></body></html>'

    async def shop(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": markup})

    app = create_app(settings(tmp_path, filter_lists=(str(tmp_path / "own.txt"),)), shop=shop)
    with visiting(app) as visitor:
        assert b'data-consent-service="filter-list"' in visitor.get().body
    assert ("script", "filter-list", "hold") in dict(app.counters.rows())


def test_untouched_paths_pass_as_they_are(tmp_path: Path, shop: Shop) -> None:
    with visiting(create_app(settings(tmp_path, untouched_paths=("/pay",)), shop=shop)) as visitor:
        assert visitor.get("/pay/3ds").body == PAGE
        assert visitor.get("/").body != PAGE


def test_a_disguised_tracker_is_answered_by_the_gateway(visitor: Visitor, shop: Shop) -> None:
    assert visitor.get("/matomo.js").status == 204
    assert shop.requests == []


@pytest.mark.parametrize("owned", [True, False])
def test_the_statement_about_gpc_is_ours_only_if_the_root_is(tmp_path: Path, shop: Shop, owned: bool) -> None:
    with visiting(create_app(settings(tmp_path, owns_root=owned), shop=shop)) as visitor:
        answer = visitor.get("/.well-known/gpc.json")
    assert (b'"gpc":true' in answer.body) is owned
    assert bool(shop.requests) is not owned


def test_what_was_enforced_is_counted(tmp_path: Path, shop: Shop) -> None:
    app = create_app(settings(tmp_path, mode="enforce"), shop=shop)
    with visiting(app) as visitor:
        visitor.get("/?gclid=1&fbclid=2", Cookie="_ga=1; strange=2")
    counted = {(series.what, series.outcome): number for series, number in app.counters.rows()}
    assert counted[("script", "hold")] == 1
    assert counted[("inline script", "hold")] == 1
    assert counted[("cookie", "cut")] == 1
    assert counted[("cookie", "seen")] == 1
    assert counted[("click id", "cut")] == 2


def test_a_shop_that_is_away_comes_back_without_a_restart(tmp_path: Path, shop: Shop) -> None:
    with running(shop, lifespan="off") as port:
        upstream = f"http://127.0.0.1:{port}"
        app = create_app(settings(tmp_path, upstream=upstream))
        with visiting(app) as visitor:
            assert visitor.get().status == 200
    # The port is free again now: nobody answers there.
    with visiting(create_app(settings(tmp_path / "b", upstream=upstream))) as visitor:
        away = visitor.get()
        assert away.status == 502
        assert b"<html" in away.body
        with running_on(shop, port):
            assert visitor.get().status == 200


@contextmanager
def running_on(shop: Shop, port: int) -> Iterator[None]:
    import socket

    listener = socket.create_server(("127.0.0.1", port), reuse_port=False)
    with running(shop, lifespan="off", fd=listener.fileno()):
        yield
    listener.close()


def test_the_middleware_reads_its_configuration_and_wraps_any_shop(
    tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSENT_GATEWAY_DATA", str(tmp_path / "data"))
    config = tmp_path / "gateway.toml"
    config.write_text('prefix = "/privacy"\n')
    assert gateway.ConsentMiddleware is ConsentMiddleware
    with visiting(ConsentMiddleware(shop, config=config)) as visitor:
        assert b'action="/privacy/choice"' in visitor.get().body
    assert (tmp_path / "data" / "signing.key").stat().st_mode & 0o777 == 0o600


def test_the_middleware_reports_every_fault_of_its_configuration(tmp_path: Path, shop: Shop) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(
        'prefix = "choices"\nmode = "maybe"\nunknown = 3\nlanguge = "en"\n[[services]]\nid = "no-such-service"\n'
    )
    with pytest.raises(ConfigError) as error:
        ConsentMiddleware(shop, config=config)
    assert len(error.value.problems) == 5


def test_what_a_usable_configuration_lacks_is_logged_and_it_starts(
    tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CONSENT_GATEWAY_DATA", str(tmp_path))
    file = tmp_path / "gateway.toml"
    file.write_text('[[services]]\nid = "own"\ncategory = "marketing"\nhosts = ["own.example"]\n', "utf-8")
    ConsentMiddleware(shop, config=file)
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "configuration: controller.name = '': expected the legal name of who answers for the shop" in said
    assert any(line.startswith("configuration: services[0].why = None") for line in said)
    assert any(line.startswith("configuration: services[0].contract = None") for line in said)


def test_the_package_exports_one_name() -> None:
    with pytest.raises(AttributeError):
        _ = gateway.nothing


CANARY = {
    "name": "王小明",
    "phone": "0912-345-678",
    "mail": "xiaoming.wang@example.tw",
    "card": "4111111111111111",
    "born": "1984-02-29",
}
"""A person as nobody may find them in anything the gateway writes."""


def sent_everywhere(visitor: Visitor) -> None:
    """The person in query, body, cookies, headers, of pages and of every kind of choice."""
    query = urlencode(CANARY)
    ascii_ = query.replace("&", "; ")
    headers = {
        "Cookie": ascii_,
        "Referer": f"http://shop.example/?{query}",
        "User_Agent": query,
        "X_Forwarded_For": "203.0.113.77",
        "Accept_Language": query,
        "X_Customer": query,
    }
    visitor.get(f"/?{query}", **headers)
    visitor.get(f"/{query}", **headers)
    for action in ("accept", "refuse", "nonsense-" + query):
        fields: dict[str, object] = {"action": action, "rev": 1, "return": f"/?{query}", **CANARY}
        fields |= {"locale": query, "category": [query]}
        visitor.post(f"/_choices/choice?{query}", json.dumps({**fields, "category": ["marketing"]}), **headers)
        visitor.post("/_choices/choice", json.dumps(fields), **headers)
        visitor.post("/_choices/choice", urlencode(fields), **headers)
    granted = visitor.post("/_choices/choice", "action=accept&rev=1", User_Agent=query).cookie()
    visitor.post("/_choices/withdraw", urlencode(CANARY), **{**headers, "Cookie": f"{granted}; {ascii_}"})
    visitor.get(f"/_choices/?{query}", **headers)
    visitor.get(f"/_choices/state?{query}", **{**headers, "Sec_GPC": "1", "Cookie": f"{granted}; {ascii_}"})


def test_nothing_a_visitor_sent_is_in_any_file_or_log(tmp_path: Path, shop: Shop) -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logs.configure("DEBUG", stream)
    try:
        with visiting(create_app(settings(tmp_path), shop=shop)) as visitor:
            sent_everywhere(visitor)
            files = contents(tmp_path)
    finally:
        root.handlers[:], root.level = before
    assert {file.name for file in files} >= {"ledger.sqlite", "ledger-bodies.sqlite", "ledger-bodies.sqlite-wal"}
    assert "to be kept elsewhere" in stream.getvalue()
    written = {file.name: data for file, data in files.items()} | {"log": stream.getvalue().encode()}
    needles = [*CANARY.values(), quote(CANARY["name"]), "203.0.113.77", "0912", "xiaoming"]
    escaped = [json.dumps(needle).strip('"') for needle in needles]
    found = {
        (place, needle) for place, data in written.items() for needle in [*needles, *escaped] if needle.encode() in data
    }
    assert found == set()
    assert set(kinds(tmp_path)) >= {"grant", "refuse", "withdraw"}


def record(folder: Path) -> list[Entry]:
    """Every entry of the record, verified."""

    async def read() -> list[Entry]:
        ledger = open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}")
        await ledger.verify()
        return [entry async for entry in ledger.entries()]

    return asyncio.run(read())


def test_what_was_shown_can_be_rebuilt_from_the_archive(tmp_path: Path, shop: Shop) -> None:
    app = create_app(settings(tmp_path), shop=shop)
    with visiting(app) as visitor:
        visitor.post("/_choices/choice", "action=accept&rev=1&locale=en&surface=banner")
    (entry,) = [entry for entry in record(tmp_path) if entry.kind is EntryKind.GRANT]
    assert entry.body is not None
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    for key in ("ui_sha256", "notice_sha256"):
        digest = str(entry.body[key])
        text = asyncio.run(ledger.text(digest))
        assert text is not None
        assert hashlib.sha256(text).hexdigest() == digest
        assert (b"data-consent-banner" in text) is (key == "ui_sha256")


def test_two_equal_starts_are_one_event_and_another_configuration_is_a_second(tmp_path: Path, shop: Shop) -> None:
    configurations: list[dict[str, object]] = [{}, {}, {"strict_cookies": True}]
    for options in configurations:
        with visiting(create_app(settings(tmp_path, **options), shop=shop)):
            pass
    assert [entry.kind for entry in record(tmp_path)].count(EntryKind.CONFIG) == 2


def test_the_head_is_there_for_anyone_and_a_cut_end_shows_against_it(visitor: Visitor, tmp_path: Path) -> None:
    visitor.post("/_choices/choice", "action=refuse")
    answer = visitor.get("/_choices/head.json")
    head = json.loads(answer.body)
    entry = record(tmp_path)[head["seq"] - 1]
    assert head == {"seq": entry.seq, "head": entry.head.hex(), "day": entry.day}
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    anchor = bytes.fromhex(head["head"])
    assert asyncio.run(ledger.verify(anchor))[0] >= head["seq"]
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("DELETE FROM chain WHERE seq >= ?", (head["seq"],))
    connection.close()
    with pytest.raises(ChainBroken):
        asyncio.run(ledger.verify(anchor))


def test_new_signing_keys_lose_nobodys_entries(tmp_path: Path, shop: Shop) -> None:
    new = Secret(b"n" * 32)
    with visiting(create_app(settings(tmp_path), shop=shop)) as visitor:
        cookie = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
    rotated = msgspec.structs.replace(settings(tmp_path), keys=(Secret(KEY), new))
    with visiting(create_app(rotated, shop=shop)) as visitor:
        cookie = visitor.post("/_choices/choice", "action=save&category=marketing&rev=1", Cookie=cookie).cookie()
    with visiting(create_app(msgspec.structs.replace(rotated, keys=(new,)), shop=shop)) as visitor:
        visitor.post("/_choices/withdraw", "", Cookie=cookie)
    bodies = [entry.body for entry in record(tmp_path) if entry.kind in CHOICES]
    tags = {str(body["subject_tag"]) for body in bodies if body}
    assert (len(bodies), len(tags)) == (3, 1)
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    assert len(asyncio.run(ledger.entries_of(bytes.fromhex(tags.pop())))) == 3


async def started(app: Gateway) -> list[str]:
    """What the server is told when it starts `app`."""
    told = []

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        told.append(str(message["type"]))

    await app({"type": "lifespan"}, receive, send)
    return told


def test_with_another_tag_key_it_does_not_start(tmp_path: Path, shop: Shop) -> None:
    with visiting(create_app(settings(tmp_path), shop=shop)):
        pass
    (tmp_path / "tag.key").unlink()
    told = asyncio.run(started(create_app(settings(tmp_path), shop=shop)))
    assert told == ["lifespan.startup.failed"]


def test_the_same_choice_clicked_twice_is_one_event(visitor: Visitor, tmp_path: Path) -> None:
    cookie = visitor.post("/_choices/choice", "action=save&category=marketing&rev=1").cookie()
    for _ in range(2):  # both before the browser has the answer
        visitor.post("/_choices/choice", "action=accept&rev=1", Cookie=cookie)
    for _ in range(2):
        visitor.post("/_choices/withdraw", "", Cookie=cookie)
    assert kinds(tmp_path) == ["grant", "change", "withdraw"]
