"""The shop's own policies: never weaker, but for our own paths; third parties hear nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.enforcement.csp import own_source, parse, reporting_groups, with_source, without_reports
from tests.enforcement.csp_matcher import FALLBACKS, header_allows

PAGE = "https://shop.example/a"
OURS = own_source("shop.example", "/_choices")
SCRIPT, SHEET = "https://shop.example/_choices/assets/cg.1.js", "https://shop.example/_choices/assets/cg.1.css"
POLICIES = [
    "default-src 'self'",
    "default-src 'none'",
    "Default-Src 'NONE'; Script-Src 'None'",
    "script-src https://cdn.shop.example; style-src 'nonce-abc'",
    "script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'; base-uri 'none'",
    "script-src 'sha256-AAAA='; object-src 'none'",
    "script-src-elem cdn.example; script-src 'self'; connect-src api.example",
    "form-action https://pay.example; frame-src 'none'; default-src cdn.example data:",
    "default-src 'none', script-src 'self' https://a.example; form-action 'none'",
    "img-src *; ; script-src ; script-src *",
    "upgrade-insecure-requests; sandbox allow-scripts",
    "frame-ancestors 'none'; report-uri /csp",
    "",
]
URLS = [
    "https://shop.example/x.js", "https://shop.example/_choicesx/x.js", "https://shop.example/", "https://evil.example/x.js",
    "https://cdn.shop.example/x.js", "https://evil.example/_choices/assets/cg.1.js", "http://shop.example/x.js",
    "https://sub.shop.example/_choices/assets/x.js", "https://api.example/", "data:text/javascript,1", "blob:https://shop.example/1",
    "wss://shop.example/s", "https://shop.example:8443/_choices/x.js",
]  # fmt: skip


@pytest.mark.parametrize("policy", POLICIES)
def test_what_the_shops_policy_blocked_is_still_blocked(policy: str) -> None:
    changed = with_source(policy.encode(), OURS).decode()
    for kind in FALLBACKS:
        for url in ["", *URLS] if kind not in ("inline", "eval") else [""]:
            for nonce in ("", "abc"):
                before = header_allows(policy, kind, url, PAGE, nonce)
                assert header_allows(changed, kind, url, PAGE, nonce) == before, (kind, url, changed)


_TOKENS = st.sampled_from(["'self'", "'none'", "*", "https:", "cdn.example", "'nonce-abc'", "'unsafe-inline'", "data:"])
_NAMES = st.sampled_from(
    ["default-src", "script-src", "script-src-elem", "style-src", "connect-src", "form-action", "x"]
)
_DIRECTIVES = st.builds(lambda name, tokens: " ".join([name, *tokens]), _NAMES, st.lists(_TOKENS, max_size=3))


@given(st.lists(st.lists(_DIRECTIVES, max_size=4).map(";".join), min_size=1, max_size=3).map(",".join))
def test_no_policy_is_weakened(policy: str) -> None:
    changed = with_source(policy.encode(), OURS).decode()
    for kind in FALLBACKS:
        for url in URLS if kind not in ("inline", "eval") else [""]:
            assert header_allows(changed, kind, url, PAGE) == header_allows(policy, kind, url, PAGE), (kind, url)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_banner_gets_through_where_a_source_or_its_nonce_can_do_it(policy: str) -> None:
    changed = with_source(policy.encode(), OURS).decode()
    assert header_allows(changed, "style", SHEET, PAGE)
    assert header_allows(changed, "connect", "https://shop.example/_choices/state", PAGE)
    assert header_allows(changed, "form", "https://shop.example/_choices/choice", PAGE)
    assert header_allows(changed, "script", SCRIPT, PAGE, nonce="abc")


@pytest.mark.parametrize("policy", ["default-src  'self' ;script-src 'self'", "img-src *", "script-src 'nonce-a'"])
def test_a_policy_that_lets_us_through_keeps_its_bytes(policy: str) -> None:
    assert with_source(policy.encode(), OURS) == policy.encode()


def test_only_the_directive_in_force_gains_our_source() -> None:
    policy = b"script-src a.example; script-src b.example; img-src *"
    assert with_source(policy, "s/_choices/") == b"script-src a.example s/_choices/; script-src b.example; img-src *"


def test_a_directive_that_is_not_in_force_does_not_change() -> None:
    once = with_source(b"script-src; style-src 'self'; script-src a.example", OURS)
    assert once == b"script-src %s; style-src 'self'; script-src a.example" % OURS.encode()
    assert with_source(once, OURS) == once


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("shop.example", "shop.example/_choices/"),
        ("Shop.example:8443", "Shop.example:8443/_choices/"),
        ("shop.example; script-src *", ""),
        ("a,b", ""),
        ("[::1]:80", ""),
        ("", ""),
    ],
)
def test_a_host_that_is_no_plain_name_opens_nothing(host: str, source: str) -> None:
    assert own_source(host, "/_choices") == source


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ("default-src 'self'; report-uri https://tracker.test/csp", "default-src 'self'"),
        ("default-src 'self'; report-uri /own https://tracker.test/csp;", "default-src 'self'; report-uri /own;"),
        ("default-src 'self'; report-uri /own", "default-src 'self'; report-uri /own"),
        ("default-src 'self'; Report-To mine; x", "default-src 'self'; Report-To mine; x"),
        ("report-to theirs; default-src 'self'", " default-src 'self'"),
        ("report-to", ""),
        ("report-uri //tracker.test, default-src 'self'; report-to theirs", " default-src 'self'"),
    ],
)
def test_report_targets_that_may_not_hear_are_gone_and_nothing_else(policy: str, left: str) -> None:
    kept = without_reports(policy.encode(), lambda url: "tracker" not in url, {"mine"}, lambda: None)
    assert kept == left.encode()


def test_the_groups_are_those_this_answer_defines() -> None:
    headers = [
        (b"reporting-endpoints", b'a="https://x.example/?b=1, c=2", d-1="/r"'),
        (b"report-to", b'{"group":"e","endpoints":[]},{"endpoints":[]}'),
        (b"x", b'f="g"'),
    ]
    assert reporting_groups(headers) == {"a", "d-1", "e", "default"}


def test_the_first_directive_of_a_name_counts() -> None:
    assert parse(" Script-Src a  b;;script-src c; sandbox") == {"script-src": ["a", "b"], "sandbox": []}
