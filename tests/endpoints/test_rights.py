"""The visitor's rights over the record: inspect, copy, stop, delete, with the signed cookie as the only key."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import Response
from selectolax.lexbor import LexborHTMLParser

from gateway.config.settings import EvidenceHold
from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.enforcement.language import LOCALES
from gateway.enforcement.texts import texts
from gateway.ledger.journal import Journal, Waiting
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.categories import OPTIONAL, Category
from gateway.model.choice import make_choice, refuse_all
from gateway.model.entry import Kind, iso_day
from tests.end_to_end.site import COOKIE, Site, expired, running, stored
from tests.ledger.record import entries
from tests.model.truth import DAY

HOLD = EvidenceHold(reason="case 12 at the court", until="2030-12-31")
FORM = {"content-type": "application/x-www-form-urlencoded"}
NOT_OURS = {
    "forged": f"consent={ConsentCookie([b'x' * 32]).dump(make_choice(frozenset(OPTIONAL), {}, DAY, 2, id='i' * 22))}",
    "broken": "consent=%ff;consent=1.g.20000",
    "none": "a=1",
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running(tmp_path) as site:
        yield site


def accepted(site: Site, locale: str = "en") -> str:
    answer = site.ask("/_choices/choice", method="POST", json={"action": "accept", "rev": 2, "locale": locale})
    assert answer.status_code == 200
    return stored(answer)


def post(site: Site, path: str, cookie: str | None = None, *lines: tuple[str, str], **form: str) -> Response:
    return site.ask(f"/_choices/{path}", cookie, *lines, method="POST", data=form)


def me(site: Site, cookie: str | None = None, query: str = "", lang: str = "en") -> LexborHTMLParser:
    answer = site.ask(f"/_choices/me?lang={lang}{query}", cookie)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return LexborHTMLParser(answer.text)


def copied(site: Site, cookie: str | None = None) -> dict[str, Any]:
    answer = site.ask("/_choices/me.json", cookie)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.headers["content-disposition"] == 'attachment; filename="consent.json"'
    return dict(answer.json())


def text(tree: LexborHTMLParser, selector: str = "main") -> str:
    return " ".join(node.text() for node in tree.css(selector))


def asked(site: Site) -> int:
    """How many erasures were asked for; one may be done already, for the first round begins with the start."""
    with closing(sqlite3.connect(site.folder / "ledger-bodies.sqlite")) as bodies:
        waiting = int(bodies.execute("SELECT count(*) FROM erasure").fetchone()[0])
    done = [entry for entry in entries(site.folder / "ledger.sqlite") if entry.kind is Kind.ERASURE]
    return waiting + len(done)


@contextmanager
def broken(folder: Path) -> Iterator[None]:
    """Meanwhile the record cannot be read or written."""
    paths = [folder / name for name in ("ledger.sqlite", "ledger-bodies.sqlite")]
    for path in paths:
        path.rename(path.with_suffix(".away"))
    yield
    for path in paths:
        path.with_suffix(".away").rename(path)


def test_a_visitor_sees_choices_day_revision_and_own_events(site: Site) -> None:
    cookie = accepted(site)
    cookie = stored(post(site, "withdraw", cookie, category="statistics", surface="settings", locale="en"))
    accepted(site)
    page, held = me(site, cookie), copied(site, cookie)
    assert [event["kind"] for event in held["events"]] == ["grant", "withdraw"]
    assert [node.attributes["data-consent-event"] for node in page.css("[data-consent-event]")] == ["grant", "withdraw"]
    assert held["choice"]["categories"]["statistics"] == {"state": "refused", "day": iso_day(DAY)}
    assert (held["choice"]["day"], held["choice"]["rev"]) == (iso_day(DAY), 2)
    assert text(page, "dl.facts").count(iso_day(DAY)) == 4


def test_the_page_shows_all_that_the_copy_holds_and_the_copy_nothing_more(site: Site) -> None:
    cookie = accepted(site)
    held = copied(site, cookie)
    assert set(held) == {"choice", "events", "evidence_hold"}
    (event,) = held["events"]
    shown = text(me(site, cookie))
    chosen = event.pop("choices")
    for name, value in [*event.items(), *chosen.items()]:
        assert name in shown
        assert str(value) in shown
    (entry,) = (entry for entry in entries(site.folder / "ledger.sqlite") if entry.seq == event["seq"])
    assert entry.body is not None
    assert event.keys() - {"seq", "day", "kind"} == entry.body.keys() - {"choices"}
    assert chosen == entry.body["choices"]


@pytest.mark.parametrize("cookie", NOT_OURS.values(), ids=NOT_OURS)
def test_without_a_valid_id_nothing_is_stored(site: Site, cookie: str) -> None:
    accepted(site)
    assert copied(site, cookie) == {"choice": None, "events": [], "evidence_hold": None}
    for locale in LOCALES:
        page = me(site, cookie, lang=locale)
        assert texts(locale)["nothing"] in text(page)
        assert not page.css("form")


def test_a_refusal_shows_day_and_revision_and_identifies_nobody(site: Site) -> None:
    accepted(site)
    cookie = f"consent={COOKIE.dump(refuse_all(DAY - 3, 2))}"
    held = copied(site, cookie)
    assert (held["choice"]["day"], held["choice"]["rev"], held["events"]) == (iso_day(DAY - 3), 2, [])
    shown = text(me(site, cookie))
    assert iso_day(DAY - 3) in shown
    assert "Notice revision 2" in shown
    assert texts("en")["nothing"] in shown


def test_an_id_in_the_query_is_ignored(site: Site) -> None:
    theirs = COOKIE.load(accepted(site).partition("=")[2])
    assert theirs is not None
    tag = copied(site, f"consent={COOKIE.dump(theirs)}")["events"][0]["subject_tag"]
    plain = site.ask("/_choices/me.json").json()
    assert site.ask(f"/_choices/me.json?id={theirs.id}&tag={tag}&consent={COOKIE.dump(theirs)}").json() == plain
    assert texts("en")["nothing"] in text(me(site, None, f"&id={theirs.id}&subject_tag={tag}"))


def test_nobody_elses_events_are_shown(site: Site) -> None:
    first, second = accepted(site), accepted(site)
    (one,), (two,) = copied(site, first)["events"], copied(site, second)["events"]
    assert one["subject_tag"] != two["subject_tag"]
    assert one["seq"] != two["seq"]


def test_a_correction_is_a_new_event_and_the_old_one_still_verifies(site: Site) -> None:
    cookie = accepted(site)
    answer = post(site, "choice", cookie, action="save", category="statistics", rev="2", surface="settings")
    held = copied(site, stored(answer))
    assert [event["kind"] for event in held["events"]] == ["grant", "change"]
    assert held["events"][0]["choices"] == dict.fromkeys(OPTIONAL, 1)
    assert asyncio.run(SqliteLedger(site.folder / "ledger.sqlite").verify())[0] >= 2


def test_lapsed_grants_are_found_by_their_id_all_the_same(site: Site) -> None:
    cookie = accepted(site)
    site.day += 300
    assert len(copied(site, cookie)["events"]) == 1
    assert me(site, cookie).css('form[action$="/erase"]')


@pytest.mark.parametrize("path", ["me", "me.json"])
def test_a_record_that_cannot_be_read_is_503_and_the_choice_is_shown(site: Site, path: str) -> None:
    cookie = accepted(site)
    with broken(site.folder):
        answer = site.ask(f"/_choices/{path}?lang=en", cookie)
        refuser = site.ask(f"/_choices/{path}?lang=en", f"consent={COOKIE.dump(refuse_all(DAY, 2))}")
    assert (answer.status_code, refuser.status_code) == (503, 200)
    if path == "me":
        assert texts("en")["me.lost"] in answer.text
        assert "allowed" in answer.text
        assert texts("en")["nothing"] not in answer.text


def test_erasing_ends_the_consent_in_the_same_answer_and_asks_nothing_anew(site: Site) -> None:
    cookie = accepted(site)
    answer = post(site, "erase", cookie, lang="en", **{"return": "/goods?a=1"})
    assert answer.status_code == 303
    target = urlsplit(answer.headers["location"])
    assert (target.path, parse_qs(target.query)) == (
        "/_choices/me",
        {"done": ["erasing"], "lang": ["en"], "return": ["/goods?a=1"]},
    )
    assert stored(answer) == f"consent={COOKIE.dump(refuse_all(DAY, 2))}"
    assert expired(answer) == set(OPTIONAL)
    assert "data-consent-banner" not in site.ask("/", stored(answer)).text
    assert site.consent.startswith("necessary=1;preferences=0;statistics=0;marketing=0")
    done = site.ask(answer.headers["location"], stored(answer)).text
    assert texts("en")["erasing"] in done
    assert texts("en")["nothing"] not in done
    assert asked(site) == 1


def test_a_program_is_answered_with_the_state_and_how_it_stands_with_the_erasure(site: Site) -> None:
    cookie = accepted(site)
    answer = site.ask("/_choices/erase", cookie, method="POST", json={})
    assert answer.status_code == 200
    assert answer.json() == {
        "categories": dict.fromkeys(OPTIONAL, "refused"),
        "source": "choice",
        "rev": 2,
        "erasure": "erasing",
        "within_hours": 24,
        "evidence_hold": None,
    }
    again = site.ask("/_choices/erase", stored(answer), method="POST", json={})
    assert again.json()["erasure"] == "nothing"
    assert "set-cookie" not in again.headers


def test_two_clicks_are_one_request_and_one_withdrawal(site: Site) -> None:
    cookie = accepted(site)
    first, second = post(site, "erase", cookie), post(site, "erase", cookie)
    assert stored(first) == stored(second)
    assert asked(site) == 1
    kinds = [entry.kind.value for entry in entries(site.folder / "ledger.sqlite")]
    assert kinds.count("withdraw") == 1
    assert copied(site, cookie)["events"] == []


def test_nobody_without_an_id_is_given_a_cookie_by_erasing(site: Site) -> None:
    answer = post(site, "erase")
    assert (answer.status_code, answer.headers["location"]) == (303, "/_choices/me")
    assert "set-cookie" not in answer.headers
    assert asked(site) == 0


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"sec-fetch-site": "cross-site", **FORM}, b"", 403),
        ({"origin": "https://evil.example", **FORM}, b"", 403),
        ({"content-type": "text/plain"}, b"a=1", 415),
        ({"content-type": "application/json"}, b"[", 400),
        (FORM, b"a" * 20_000, 413),
    ],
)
def test_what_may_not_choose_may_not_erase(
    site: Site, headers: dict[str, str], content: bytes, status: int
) -> None:
    cookie = accepted(site)
    answer = site.ask("/_choices/erase", cookie, *headers.items(), method="POST", content=content)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    assert asked(site) == 0
    assert site.ask("/_choices/erase", cookie).status_code == 405


def test_while_the_record_is_away_the_consent_ends_and_the_request_waits_in_the_journal(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        cookie = accepted(site)
        with broken(tmp_path):
            answer = post(site, "erase", cookie, lang="en")
            assert stored(answer) == f"consent={COOKIE.dump(refuse_all(DAY, 2))}"
            assert texts("en")["me.waiting"] in site.ask(answer.headers["location"], stored(answer)).text
            (journal,) = (tmp_path / "journal").iterdir()
            assert [b'"erase"' in line for line in journal.read_bytes().splitlines()] == [False, True]
    with running(tmp_path) as site:
        assert not list((tmp_path / "journal").iterdir())
        assert copied(site, cookie)["events"] == []


def test_a_request_that_waits_in_the_journal_outlives_a_process_that_is_killed(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        cookie = accepted(site)
    left = Journal.new(tmp_path / "journal")
    left.write([Waiting(bytes.fromhex(_tag_in(tmp_path)), 0)])
    left.close()
    with running(tmp_path) as site:
        assert copied(site, cookie)["events"] == []


def _tag_in(folder: Path) -> str:
    bodies = [entry.body for entry in entries(folder / "ledger.sqlite") if entry.body]
    return next(str(body["subject_tag"]) for body in bodies if "subject_tag" in body)


def test_what_cannot_be_noted_anywhere_is_said_to_be_in_memory_only(site: Site) -> None:
    cookie = accepted(site)
    (site.folder / "journal").write_text("in the way")
    with broken(site.folder):
        answer = post(site, "erase", cookie, lang="en")
        assert stored(answer) == f"consent={COOKIE.dump(refuse_all(DAY, 2))}"
        assert texts("en")["me.memory"] in site.ask(answer.headers["location"], stored(answer)).text


@pytest.mark.parametrize("locale", LOCALES)
def test_a_hold_is_shown_with_reason_and_end_and_keeps_the_body(tmp_path: Path, locale: str) -> None:
    words = texts(locale)
    with running(tmp_path, evidence_hold=HOLD) as site:
        cookie = accepted(site)
        before = text(me(site, cookie, lang=locale))
        assert words.say("me.held", until=HOLD.until, reason=HOLD.reason) in before
        assert words.say("me.erase.held", until=HOLD.until) in before
        assert words["me.erase.about"] not in before
        assert copied(site, cookie)["evidence_hold"] == {"reason": HOLD.reason, "until": HOLD.until}
        answer = post(site, "erase", cookie, lang=locale)
        assert stored(answer) == f"consent={COOKIE.dump(refuse_all(DAY, 2))}"
        done = site.ask(answer.headers["location"], stored(answer)).text
        assert words.say("me.erasing.held", until=HOLD.until) in done
        assert words["erasing"] not in done
        assert copied(site, cookie)["events"] == []
        told = site.ask("/_choices/erase", cookie, method="POST", json={}).json()
        assert (told["within_hours"], told["evidence_hold"]["until"]) == (None, HOLD.until)
    with running(tmp_path, evidence_hold=HOLD) as site:
        assert copied(site, cookie)["events"] == []
    kinds = [entry.kind.value for entry in entries(tmp_path / "ledger.sqlite") if entry.body is not None]
    assert {"grant", "withdraw"} <= set(kinds)


def test_with_a_hold_nothing_is_promised_within_a_day_though_the_record_is_away(tmp_path: Path) -> None:
    with running(tmp_path, evidence_hold=HOLD) as site:
        cookie = accepted(site)
        with broken(tmp_path):
            answer = post(site, "erase", cookie, lang="en")
            done = site.ask(answer.headers["location"], stored(answer)).text
    assert texts("en").say("me.erasing.held", until=HOLD.until) in done
    assert "24 hours" not in done


def test_a_hold_that_has_ended_is_not_shown(tmp_path: Path) -> None:
    with running(tmp_path, evidence_hold=EvidenceHold(reason="case 0", until="2020-01-01")) as site:
        cookie = accepted(site)
        assert copied(site, cookie)["evidence_hold"] is None
        assert "case 0" not in text(me(site, cookie))


def test_each_category_can_be_stopped_from_the_page_and_all_of_them(site: Site) -> None:
    cookie = accepted(site)
    forms = me(site, cookie).css('form[action$="/withdraw"]')
    named = [[str(field.attributes["value"]) for field in form.css("[name=category]")] for form in forms]
    assert named == [["preferences"], ["statistics"], ["marketing"], []]
    for form in forms:
        fields = {str(f.attributes["name"]): str(f.attributes["value"]) for f in form.css("input")}
        answer = post(site, "withdraw", cookie, **fields)
        gone = {Category(fields["category"])} if "category" in fields else set(OPTIONAL)
        assert expired(answer) == gone
        assert urlsplit(answer.headers["location"]).path == "/_choices/me"
        done = LexborHTMLParser(site.ask(answer.headers["location"], stored(answer)).text)
        assert texts("en")["withdrawn"] in text(done)


@pytest.mark.parametrize("done", ["erasing", "waiting", "memory", "saved", "<b>"])
def test_a_message_in_the_address_deceives_nobody_who_has_a_record(site: Site, done: str) -> None:
    cookie = accepted(site)
    assert not me(site, cookie, f"&done={done}").css(".message")
    assert not me(site, None, f"&done={done}").css(".message")


def test_the_copy_is_plain_json_for_a_bookkeeper(site: Site) -> None:
    cookie = accepted(site)
    answer = site.ask("/_choices/me.json", cookie)
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.content)["events"][0]["choices"] == dict.fromkeys(OPTIONAL, 1)
