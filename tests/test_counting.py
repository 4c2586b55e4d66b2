"""What visitors do at a real gateway arrives in the counters, once, and nothing of the visitors does."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from gateway.app import Gateway, create_app
from gateway.config.settings import Settings
from gateway.counting import Counting, kind_of
from gateway.ledger import open_ledger, open_tallies
from gateway.observability.counters import Series
from gateway.observability.siblings import Siblings
from gateway.registry import Registry
from gateway.statistics.cell import KINDS, Cell
from gateway.types import Receive, Scope, Send
from tests.served import wait_until

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1)"
PAGE = {"sec-fetch-dest": "document", "accept": "text/html", "accept-language": "en", "user-agent": CHROME}
DAY = 20_800
NOW = DAY * 86_400.0 + 50
HTML = b"""<!doctype html><html lang="en"><head><title>t</title>
<script src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
<script src="https://cdn84210.nobody-knows.example/lib.js"></script></head><body><p>goods</p>
<img src="https://www.facebook.com/tr?id=1&ev=PageView" width="1" height="1"><iframe src="https://www.youtube.com/embed/x"></iframe>
<a href="https://other.example/?fbclid=1">other</a></body></html>"""


async def shop(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    headers = [
        (b"content-type", b"text/html"),
        (b"set-cookie", b"_ga=GA1.1; Path=/"),
        (b"link", b"<https://www.google-analytics.com>; rel=preconnect"),
        (b"report-to", b'{"group": "g", "endpoints": [{"url": "https://www.facebook.com/reports"}]}'),
        (b"nel", b'{"report_to": "g"}'),
        (b"referrer-policy", b"unsafe-url"),
        (b"observe-browsing-topics", b"?1"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": HTML})


@contextmanager
def visiting(folder: Path, **settings: object) -> Iterator[TestClient]:
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    app = create_app(Settings(folder=folder, database=url, **settings), shop=shop, clock=lambda: NOW)  # type: ignore[arg-type]
    with TestClient(app, "http://shop.example", headers=PAGE) as client:
        yield client


def counts(folder: Path, *dimensions: str) -> dict[Cell, int]:
    days = asyncio.run(open_tallies(f"sqlite:///{folder / 'ledger.sqlite'}").days(dimensions or [""]))
    return days.get(DAY, {})


def choose(client: TestClient, action: str, **headers: str) -> None:
    body = {"action": action, "rev": 1, "surface": "banner", "locale": "en", "category": ["statistics"]}
    answer = client.post("/_choices/choice", json=body, headers={"sec-fetch-site": "same-origin", **headers})
    assert answer.status_code == 200


def test_displays_and_choices_are_counted_by_what_is_known_of_all(tmp_path: Path) -> None:
    with visiting(tmp_path) as client:
        client.get("/")
        client.get("/")
        choose(client, "save")
        client.get("/")
        choose(client, "refuse")
    assert counts(tmp_path) == {
        Cell("shown"): 2,
        Cell("save"): 1,
        Cell("refuse_all"): 1,
        Cell("granted:statistics"): 1,
        Cell("refused:statistics"): 1,
        Cell("refused:preferences"): 2,
        Cell("refused:marketing"): 2,
    }
    assert counts(tmp_path, "browser") == {
        Cell("shown", "browser", "chrome"): 2,
        Cell("save", "browser", "chrome"): 1,
        Cell("refuse_all", "browser", "chrome"): 1,
    }
    assert counts(tmp_path, "locale")[Cell("shown", "locale", "en")] == 2


def test_what_waited_for_days_counts_on_the_day_before_it_is_written(tmp_path: Path) -> None:
    """In no period that is told."""
    now = [NOW]
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"

    async def work() -> dict[int, dict[Cell, int]]:
        ledger, tallies = open_ledger(url), open_tallies(url)
        await ledger.open()
        settings = Settings()
        counting = Counting(settings, Registry(settings).rules, tallies, lambda: now[0])
        counting.lapsed([])
        now[0] += 6 * 86_400
        counting.lapsed([])
        await counting.batch.flush()
        await ledger.close()
        return await tallies.days([""])

    assert asyncio.run(work()) == {DAY + 5: {Cell("expired"): 1}, DAY + 6: {Cell("expired"): 1}}


def test_one_page_raises_each_counter_of_enforcement_by_what_it_had(tmp_path: Path) -> None:
    with visiting(tmp_path) as client:
        client.get("/?gclid=abc", headers={"cookie": "_fbp=fb.1; sid=1; uid_84210=x"})
    found = counts(tmp_path, "service")
    kinds = {kind: sum(n for cell, n in found.items() if cell.what == f"enforced:{kind}") for kind in KINDS}
    assert kinds == {
        "cookies_cut": 1,
        "set_cookie_dropped": 1,
        "cookies_expired": 1,
        "scripts": 1,
        "frames": 1,
        "pixels": 1,
        "hints": 0,
        "headers": 5,
        "click_ids": 2,
        "other": 0,
    }
    headers = {cell.value: n for cell, n in found.items() if cell.what == "enforced:headers"}
    assert headers == {"facebook-social-plugins": 1, "google-analytics": 1, "unknown": 3}


def test_unknown_cookies_and_hosts_are_noted_by_masked_names(tmp_path: Path) -> None:
    with visiting(tmp_path) as client:
        for _ in range(2):
            client.get("/", headers={"cookie": "uid_84210=canary-value"})
    assert counts(tmp_path, "name") == {
        Cell("seen:cookie", "name", "uid_*"): 2,
        Cell("seen:host", "name", "cdn*.nobody-knows.example"): 2,
    }


def test_a_declared_bot_raises_nothing_though_its_choice_is_honoured(tmp_path: Path) -> None:
    with visiting(tmp_path) as client:
        client.get("/?gclid=1", headers={"user-agent": BOT, "cookie": "_fbp=1; unknown=1"})
        choose(client, "accept", **{"user-agent": BOT})
    assert counts(tmp_path, "", "service", "name", "surface", "browser") == {}


def test_a_browser_without_cookies_is_counted_as_that_and_not_as_a_display(tmp_path: Path) -> None:
    with visiting(tmp_path) as client:
        client.get("/", headers={"sec-fetch-site": "same-origin"})
    assert counts(tmp_path) == {Cell("cookieless"): 1}


def test_a_signal_that_ends_a_consent_is_counted(tmp_path: Path) -> None:
    with visiting(tmp_path) as client:
        choose(client, "accept")
        client.get("/", headers={"sec-gpc": "1"})
    assert counts(tmp_path)[Cell("gpc")] == 1


def test_each_signal_that_ends_a_consent_is_counted_whichever_process_it_was_given_to(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    now = [NOW]

    def process() -> Gateway:
        settings = Settings(folder=tmp_path, database=url)
        return create_app(settings, shop=shop, clock=lambda: now[0], siblings=Siblings(2))

    with (
        TestClient(process(), "http://shop.example", headers=PAGE) as one,
        TestClient(process(), "http://shop.example", headers=PAGE) as other,
    ):
        for number in range(3):
            wait_until(lambda number=number: counts(tmp_path).get(Cell("gpc"), 0) == number)  # type: ignore[misc]
            choose(one, "accept")
            held = {"cookie": f"consent={one.cookies['consent']}"}
            for client in (other, other, one):
                client.get("/", headers={"sec-gpc": "1", **held})
            now[0] += 10
    assert counts(tmp_path)[Cell("gpc")] == 3


def test_report_mode_shows_no_banner_and_counts_none(tmp_path: Path) -> None:
    with visiting(tmp_path, mode="report") as client:
        client.get("/")
    assert Cell("shown") not in counts(tmp_path)
    assert counts(tmp_path, "service")


def test_nothing_of_a_visitor_is_in_the_table(tmp_path: Path) -> None:
    canary = "wang-0912345678@example.com"
    headers = {"cookie": f"sid={canary}", "user-agent": CHROME + canary, "referer": f"http://shop.example/?q={canary}"}
    with visiting(tmp_path) as client:
        client.get(f"/?q={canary}", headers=headers)
        choose(client, "accept", **headers)
    connection = sqlite3.connect(tmp_path / "ledger.sqlite")
    text = "\n".join(map(str, connection.execute("SELECT * FROM tally")))
    connection.close()
    assert "shown" in text
    assert "wang" not in text
    assert "0912345678" not in text


@pytest.mark.parametrize(
    ("series", "kind"),
    [
        (Series("cookie", "ga", "cut"), "cookies_cut"),
        (Series("cookie", "unknown", "seen"), ""),
        (Series("inline script", "ga", "hold"), "scripts"),
        (Series("inline script", "ga", "mention"), "scripts"),
        (Series("mention", "ga", "keep"), ""),
        (Series("style", "ga", "remove"), "other"),
        (Series("page", "unknown", "broken-encoding"), ""),
        (Series("csp", "ga", "blocked"), ""),
    ],
)
def test_each_series_belongs_to_one_kind_of_enforcement_or_to_none(series: Series, kind: str) -> None:
    assert kind_of(series) == kind
