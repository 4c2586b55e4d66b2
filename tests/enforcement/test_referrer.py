"""`unsafe-url` goes, whatever the visitor agreed to; all other policies are the shop's."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from gateway.enforcement.attributes import start_tag
from gateway.enforcement.headers import get_all
from gateway.enforcement.policy_headers import HeaderPolicy
from gateway.enforcement.referrer import is_talkative, is_talkative_meta
from gateway.model.categories import Fate
from tests.enforcement.trackers import SHARED, policy, rewritten

KINDS = [
    ("unsafe-url", True), (" Unsafe-URL\n", True), ("always", True), ("", False), ("no-referrer", False),
    ("origin", False), ("no-referrer-when-downgrade", False), ("strict-origin", False),
]  # fmt: skip


@pytest.mark.parametrize(("value", "talkative"), KINDS)
def test_a_policy_that_tells_every_host_the_whole_address(value: str, talkative: bool) -> None:
    assert is_talkative(value) is talkative
    assert is_talkative_meta(start_tag(b"<meta name=' Referrer' content='%s'>" % value.encode())) is talkative
    assert not is_talkative_meta(start_tag(b"<meta name=description content='%s'>" % value.encode()))


@pytest.mark.parametrize("fate", list(Fate))
@pytest.mark.parametrize(
    ("page", "after"),
    [
        (b'<meta name="referrer" content="unsafe-url"><p>', b"<p>"),
        (b'<meta name="referrer" content="origin"><p>', b'<meta name="referrer" content="origin"><p>'),
        (b'<a class=a referrerpolicy="unsafe-url" href="/x">', b'<a class=a href="/x">'),
        (b'<img referrerpolicy=unsafe-url src="/x.png">', b'<img src="/x.png">'),
        (b'<script referrerpolicy=unsafe-url src="/x.js"></script>', b'<script src="/x.js"></script>'),
        (b'<iframe referrerpolicy="no-referrer" src="/x">', b'<iframe referrerpolicy="no-referrer" src="/x">'),
        (b'<a referrerpolicy="origin" href="/x">', b'<a referrerpolicy="origin" href="/x">'),
    ],
)
def test_it_leaves_the_page(page: bytes, after: bytes, fate: Fate) -> None:
    assert rewritten(b"<body>" + page, policy(fate)) == b"<body>" + after


REFERENCE = SHARED / "conformance" / "privacy-reference-tests" / "referrer-trimming" / "tests.json"


def sent(header: bytes, here: str, there: str, referrer: str | None) -> str | None:
    """What a browser tells `there` under the two policies the gateway gives pages (Referrer Policy, 8.3)."""
    if referrer is None or urlsplit(here).netloc == urlsplit(there).netloc:
        return referrer
    origin = "{0.scheme}://{0.netloc}/".format(urlsplit(referrer))
    return {b"same-origin": None, b"strict-origin-when-cross-origin": origin}[header]


@pytest.mark.corpus
@pytest.mark.skipif(not REFERENCE.is_file(), reason=f"no reference tests: {REFERENCE} is missing")
@pytest.mark.parametrize("marketing", [True, False])
def test_other_hosts_learn_no_more_than_the_reference_allows(marketing: bool, say: Callable[[str], None]) -> None:
    """Rows about `document.referrer` are left out: a gateway gives pages a policy, it runs no script in them."""
    groups = json.loads(REFERENCE.read_text("utf-8"))
    rows = [row for group in groups.values() for row in group["tests"]]
    about_headers = [row for row in rows if "expectReferrerHeaderValue" in row]
    headers = HeaderPolicy(lambda url, kind: True, marketing=marketing).page([(b"referrer-policy", b"unsafe-url")])
    (value,) = get_all(headers, b"referrer-policy")
    for row in about_headers:
        here = row.get("navigatingFromURL") or row["siteURL"]
        there = row.get("navigatingToURL") or row["requestURL"]
        told = sent(value, here, there, row["referrerValue"])
        assert (row["expectReferrerHeaderValue"] or "").startswith(told or ""), row["name"]
    say(f"referrer-trimming: {len(about_headers)} of {len(rows)}; the others are about document.referrer")
    assert len(about_headers) == 23
