"""Which rewriter an answer gets."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from gateway.enforcement.banner import Banner, Shown
from gateway.enforcement.consent_mode import ConsentMode
from gateway.enforcement.guard import Guard
from gateway.enforcement.head import Head
from gateway.enforcement.inline import InlineMarks
from gateway.enforcement.page_policy import PagePolicy
from gateway.enforcement.url import Base
from gateway.middleware import rewriting
from gateway.middleware.rewriting import Rewriting
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, State
from gateway.model.decision import Decision
from gateway.model.service import Service
from gateway.types import RawHeaders, Scope

TRACKER = Service("tracker", "Tracker", Category.MARKETING, hosts=("tracker.test",))
CATALOGUE = Catalogue([TRACKER])
GOOGLE = Catalogue([Service("google-analytics", "GA", Category.STATISTICS)])
UNDECIDED = Decision(State.UNSET, State.UNSET, State.UNSET)
PAGE = b'<html><head></head><body><script src="//tracker.test/x.js"></script></body></html>'


class Made:
    """A `Rewriting`, what it made and what it counted."""

    def __init__(self) -> None:
        self.policies: list[tuple[str, str]] = []
        self.counts: Counter[tuple[str, str, str]] = Counter()
        banner = Banner(Shown("/_choices", 1), "/cg.css", "/cg.js")
        guard = Guard(CATALOGUE, b"(() => 0)", declared=["nothing"])
        head = Head(guard, ConsentMode(GOOGLE, "/cm.js"), "/assets/")
        self.rewriting = Rewriting(
            make_policy=self.policy, banner=banner, head=head, language="en", count=self.count
        )
        self.with_policy = Rewriting(
            make_policy=self.policy, banner=banner, head=head, language="en", count=self.count, reload=True
        )

    def policy(self, decision: Decision, host: str, scheme: str) -> PagePolicy:
        self.policies.append((host, scheme))
        return PagePolicy(CATALOGUE, InlineMarks([]), decision.fate, Base(scheme, host), host.__eq__)

    def count(self, what: str, service: str, outcome: str, number: int) -> None:
        self.counts[what, service, outcome] += number

    def page(self, decision: Decision = UNDECIDED, *, answer: RawHeaders | None = None, **headers: str) -> bytes:
        host = headers.pop("host", "Shop.test:8443").encode()
        lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope: Scope = {
            "scheme": "https", "path": "/a", "raw_path": b"/%61", "query_string": b"b=<c>", "consent": decision,
            "headers": [(b"host", host), *lines],
        }  # fmt: skip
        rewriter = self.rewriting(scope, 200, answer or [])
        return rewriter.write(PAGE) + rewriter.end()


@pytest.fixture
def made() -> Made:
    return Made()


def test_one_policy_serves_every_request_in_the_same_state_on_the_same_host(made: Made) -> None:
    made.page()
    made.page()
    assert made.policies == [("shop.test", "https")]
    made.page(Decision(State.UNSET, State.UNSET, State.REFUSED))
    assert len(made.policies) == 2


def test_hosts_that_visitors_make_up_do_not_fill_the_memory(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriting, "_MOST_POLICIES", 1)
    for state in (State.UNSET, State.REFUSED, State.UNSET):
        made.page(Decision(State.UNSET, State.UNSET, state))
    assert len(made.policies) == 3


def test_what_was_taken_out_is_counted_when_the_page_ends(made: Made) -> None:
    made.page()
    assert made.counts == {("script", "tracker", "hold"): 1}


def test_a_host_is_guarded_against_what_was_taken_out_of_its_pages(made: Made) -> None:
    assert b"/assets/gd." not in made.page()
    assert re.search(rb'<head><script src="/assets/gd\.\w+\.js\?0" ', made.page())
    assert b"/assets/gd." not in made.page(host="other.test")
    assert b"/assets/gd." not in made.page(sec_fetch_dest="iframe")


HTML = (b"content-type", b"text/html; charset=utf-8")


def test_a_visitors_first_page_holds_the_guard_itself_and_the_next_ones_name_its_file(made: Made) -> None:
    made.page()
    assert b"><script data-shut=" in made.page(answer=[HTML])
    assert b"><script data-shut=" in made.page(answer=[HTML], sec_fetch_site="cross-site")
    assert b"/assets/gd." in made.page(answer=[HTML], sec_fetch_site="same-origin")
    refused = replace(UNDECIDED, marketing=State.REFUSED, ask=False)
    assert b"/assets/gd." in made.page(refused, answer=[HTML])
    assert b"><script data-shut=" in made.page(answer=[HTML], user_agent="Googlebot/2.1")


@pytest.mark.parametrize(
    "kind",
    [b"text/html", b"application/xhtml+xml; charset=utf-8", b"text/html; x=y", b"text/html; charset=utf8mb4"],
)
def test_where_the_header_settles_no_charset_the_page_must_name_it_early(made: Made, kind: bytes) -> None:
    made.page()
    assert b"/assets/gd." in made.page(answer=[(b"content-type", kind)])


@pytest.mark.parametrize(
    ("name", "policy", "inside"),
    [
        (b"content-security-policy", b"img-src 'self'", True),
        (b"content-security-policy", b"script-src 'self' 'unsafe-inline'", True),
        (b"content-security-policy", b"script-src 'self' 'nonce-YWJj'", True),
        (b"content-security-policy", b"script-src 'self'", False),
        (b"content-security-policy", b"default-src 'self'", False),
        (b"content-security-policy", b"script-src 'unsafe-inline'; script-src-elem 'self'", False),
        (b"content-security-policy", b"script-src 'unsafe-inline' 'sha256-AAAA'", False),
        (b"content-security-policy", b"script-src 'unsafe-inline' 'strict-dynamic'", False),
        (b"content-security-policy", b"script-src 'unsafe-inline', default-src 'none'", False),
        (b"content-security-policy", b"script-src 'nonce-YWJj', script-src-elem 'nonce-b3Ro'", False),
        (b"content-security-policy-report-only", b"script-src 'self'", False),
    ],
)
def test_the_guard_stands_in_the_page_only_where_every_policy_lets_it_run(
    made: Made, name: bytes, policy: bytes, inside: bool
) -> None:
    made.page()
    page = made.page(answer=[HTML, (name, policy)])
    assert (b"/assets/gd." not in page) is inside
    assert b" data-shut=" in page


def test_the_signals_for_google_stand_in_the_head_or_are_announced_to_the_banners_script(made: Made) -> None:
    assert b'data-mode="/cm.js statistics"' in made.page()
    granted = made.page(Decision(State.REFUSED, State.GRANTED, State.REFUSED))
    assert b'<script src="/cm.js" data-granted="statistics"></script></head>' in granted
    assert b"data-mode" not in granted


def test_the_way_back_is_the_page_asked_for(made: Made) -> None:
    assert b'name="return" value="/%61?b=&lt;c&gt;"' in made.page()


def test_the_language_of_the_page_then_the_visitors_then_the_configured_one_speaks(made: Made) -> None:
    assert b"Refuse all" in made.page()
    assert b"Refuse all" not in made.page(accept_language="zh-TW")


@pytest.mark.parametrize(
    "headers",
    [{"sec_fetch_dest": "iframe"}, {"sec_fetch_dest": "empty"}, {"x_requested_with": "XMLHttpRequest"}],
)
def test_what_is_not_a_page_gets_nothing_added(made: Made, headers: dict[str, str]) -> None:
    assert b"data-consent-settings" not in made.page(UNDECIDED, answer=None, **headers)


@pytest.mark.parametrize(
    ("policy", "nonce"),
    [
        (b"script-src 'self' 'nonce-YWJj'", b' nonce="YWJj"'),
        (b"default-src 'self'; script-src-elem 'nonce-YWJj'", b' nonce="YWJj"'),
        (b"script-src 'self'; style-src 'nonce-YWJj'", b""),
        (b"", b""),
    ],
)
def test_our_script_runs_under_the_shops_nonce(made: Made, policy: bytes, nonce: bytes) -> None:
    page = made.page(answer=[(b"content-security-policy", policy)])
    assert (b" nonce=" in page) is bool(nonce)
    assert nonce in page


def test_with_a_policy_of_ours_on_the_page_a_choice_brings_a_new_one(made: Made) -> None:
    assert b"data-consent-reload" not in made.page()
    made.rewriting = made.with_policy
    assert b"data-consent-reload" in made.page()
