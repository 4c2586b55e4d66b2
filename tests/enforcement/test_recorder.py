"""What is known of other pages changes nothing: the same bytes, counts and third parties as for a first page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.enforcement import passages, recorder
from gateway.enforcement.edit import Count
from gateway.enforcement.html import HtmlRewriter, Injection
from gateway.enforcement.page_policy import PagePolicy
from gateway.model.categories import Fate
from tests.enforcement.markup import PARTS
from tests.enforcement.trackers import SHARED, banner, policy

Outcome = tuple[bytes, Counter[Count], Counter[str]]

TRACKED = [
    '<script src="https://counter.test/a.js"></script>',
    '<img src="https://adverts.test/tr?id=1" width="1" height="1">',
    '<script>chat("now")</script>',
    '<script src="https://chat.test/widget.js"></script>',
    '<iframe src="https://video.test/embed/1" title="a film"></iframe>',
    '<script src="https://nobody.test/known.js"></script>',
    '<p class="words">words and words, the same as ever</p>',
    '<a href="https://elsewhere.test/?fbclid=1">away</a>',
    '<div data-a="1>2">',
    '<base href="https://counter.test/x/">',
    '<base href="/own/">',
    '<base href="/">',
    '<html lang="ja">',
    '<body class="a">',
    "</body>",
    "</html>",
    "<template>",
    "</template>",
    '<select name="a">',
    "</select>",
    "<svg><title>",
    "</title></svg>",
    '<style>a{background:url("https://adverts.test/tr.gif")}</style>',
    '<noscript><img src="https://counter.test/n.gif"></noscript>',
    "<!-- a comment with \"> in it -->",
    "<",
]


def outcome(page: bytes, rules: PagePolicy, injection: Injection | None, size: int = 0) -> Outcome:
    rewriter = HtmlRewriter(rules, injection)
    size = size or len(page) or 1
    out = [rewriter.write(page[at : at + size]) for at in range(0, len(page), size)]
    out.append(rewriter.end())
    return b"".join(out), rewriter.counts, rewriter.met


def full() -> Injection:
    """As `banner`, with placeholders and buttons."""
    simple = banner(head=b"[head]")
    return Injection(
        simple.body,
        simple.foot,
        False,
        lambda language, embed, number: f"[{embed.service} {number} {language}]".encode("ascii", "replace"),
        lambda language, embeds, first: f"[{[embed.service for embed in embeds]} {first}]".encode(),
        head=b"[head]",
    )


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passages so short that every page of a test has many."""
    monkeypatch.setattr(passages, "SHORTEST", 12)
    monkeypatch.setattr(passages, "_WINDOW", 64)
    monkeypatch.setattr(recorder, "ROW", 2)


STATES = (Fate.KEEP, Fate.HOLD, Fate.REMOVE)
WARM = {fate: policy(fate) for fate in STATES}


NO_CHECKS = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)


@pytest.mark.timeout(300)
@settings(max_examples=400, deadline=None, suppress_health_check=NO_CHECKS)
@given(st.lists(st.sampled_from([*TRACKED, *TRACKED, *PARTS.values()]), min_size=1, max_size=14), st.integers(1, 200))
@pytest.mark.usefixtures("short", "unmeasured")
def test_a_page_is_the_same_after_many_others(tokens: list[str], size: int) -> None:
    page = "".join(tokens).encode("utf-8", "replace")
    for fate in STATES:
        for injection in (None, full()):
            first = outcome(page, policy(fate), injection)
            for _ in range(3):
                assert outcome(page, WARM[fate], full() if injection else None) == first
            assert outcome(page, WARM[fate], full() if injection else None, size) == first


def counted(rewriter: HtmlRewriter) -> Iterator[int]:
    """How long the passages were that needed no reading."""
    following = rewriter._recorder
    assert following is not None
    follow = following.follow
    known: list[int] = []

    def watched(data: bytes, position: int, out: list[bytes]) -> int:
        after = follow(data, position, out)
        known.append(after - position)
        return after

    following.follow = watched  # type: ignore[method-assign]
    yield from known
    yield 0
    while True:
        yield sum(known)


def known_bytes(page: bytes, rules: PagePolicy, size: int = 0) -> int:
    rewriter = HtmlRewriter(rules, full())
    known = counted(rewriter)
    next(known)
    size = size or len(page)
    for at in range(0, len(page), size):
        rewriter.write(page[at : at + size])
    rewriter.end()
    return next(known)


PLAIN = [f'<li class="card"><a href="/p/{n}" class="name">{"goods " * 9}{n}</a></li>\n' for n in range(400)]
CARDS = [card.replace("</li>", "<textarea></textarea></li>") for card in PLAIN]
"""Each with a token that is read whenever it comes."""
SHOP = b'<!doctype html><html lang="en"><head><title>shop</title></head><body><ul>'


def shop_page(cards: list[str]) -> bytes:
    return SHOP + "".join(cards).encode() + b"</ul></body></html>"


def test_most_of_a_page_is_known_the_third_time_and_after_a_change_soon_again() -> None:
    rules, page = policy(Fate.REMOVE), shop_page(CARDS)
    assert known_bytes(page, rules) == 0
    assert known_bytes(page, rules) == 0, "kept from the second time on only"
    assert known_bytes(page, rules) > len(page) * 0.94
    changed = shop_page([*CARDS[:100], '<li class="new">only today</li>', *CARDS[103:]])
    assert known_bytes(changed, rules) > len(page) * 0.85
    assert outcome(changed, rules, full()) == outcome(changed, policy(Fate.REMOVE), full())


def test_what_is_new_but_has_no_token_that_matters_is_passed_at_once() -> None:
    rules, page = policy(Fate.REMOVE), shop_page(PLAIN)
    assert known_bytes(page, rules) > len(page) * 0.94
    other = shop_page([*PLAIN[:100], '<li onclick="go(\'//counter.test/\')">', *PLAIN[100:200]])
    assert outcome(other, rules, full()) == outcome(other, policy(Fate.REMOVE), full())


def test_before_a_place_of_ours_a_passage_ends_and_is_known() -> None:
    rules = policy(Fate.REMOVE)
    page = SHOP.replace(b"</head>", b"<style>%s</style></head>" % (b"a{color:red}" * 40)) + b"<p>" * 200
    for _ in range(3):
        assert known_bytes(page, rules) < len(page) - 480
    assert known_bytes(page, rules) > len(page) - 120
    assert outcome(page, rules, full()) == outcome(page, policy(Fate.REMOVE), full())


def test_passages_that_follow_each_other_become_one_and_part_again_where_a_page_differs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = '<script src="https://counter.test/a.js"></script>'
    rules, page = policy(Fate.REMOVE), shop_page([*CARDS[:60], script, *CARDS[60:120]])
    first = outcome(page, policy(Fate.REMOVE), full())
    rows = 0

    def counting(row: Sequence[passages.Passage]) -> passages.Passage:
        nonlocal rows
        rows += 1
        return joined(row)

    joined = passages.joined
    monkeypatch.setattr(passages, "joined", counting)
    for _ in range(12):
        assert outcome(page, rules, full()) == first
    assert rows
    for at in (3, 30, 59, 100):
        other = shop_page([*CARDS[:at], script, *CARDS[at : at + 40], script, *CARDS[:at]])
        for _ in range(12):
            assert outcome(other, rules, full()) == outcome(other, policy(Fate.REMOVE), full())
            assert outcome(page, rules, full()) == first
    rows = 0
    assert outcome(page, rules, full()) == first
    assert not rows, "what differs from page to page is not joined for ever"


def test_what_stands_behind_a_placeholder_is_known_whatever_its_number() -> None:
    frame = '<iframe src="https://video.test/embed/1" title="a film"></iframe>'
    rules, page = policy(Fate.HOLD), shop_page([frame.join(["", *CARDS[:40], ""])] * 9)
    first = outcome(page, policy(Fate.HOLD), full())
    for _ in range(5):
        assert outcome(page, rules, full()) == first
    assert b"[video 300 en]" in first[0]
    assert len(rules.remembered._passages) < 8, "none of its own for each placeholder"


def test_where_the_network_cuts_a_page_its_passages_stay_the_same() -> None:
    rules, page = policy(Fate.REMOVE), shop_page(CARDS)
    for _ in range(2):
        outcome(page, rules, full())
    for size in (4096, 5000, 16_384):
        assert known_bytes(page, rules, size) > len(page) * 0.4


def test_rules_are_not_mixed() -> None:
    page = shop_page([*CARDS[:30], '<script src="https://counter.test/a.js"></script>', *CARDS[30:60]])
    rules = {fate: policy(fate) for fate in STATES}
    for _ in range(4):
        assert b"counter.test" in outcome(page, rules[Fate.KEEP], full())[0]
        assert b"counter.test" not in outcome(page, rules[Fate.REMOVE], full())[0]
        assert b'data-consent-src="https://counter.test' in outcome(page, rules[Fate.HOLD], full())[0]


def test_what_was_removed_is_counted_each_time() -> None:
    page = shop_page([*CARDS[:30], '<script src="https://counter.test/a.js"></script>', *CARDS[30:60]])
    rules = policy(Fate.REMOVE)
    for _ in range(4):
        assert outcome(page, rules, full())[1] == {Count("counter", "script", Fate.REMOVE): 1}


@pytest.mark.timeout(300)
@pytest.mark.corpus
@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the saved pages are not at {SHARED}")
@pytest.mark.parametrize("fate", STATES)
@pytest.mark.usefixtures("unmeasured")
def test_saved_pages_come_out_the_same_whatever_was_seen_before(fate: Fate) -> None:
    rules = policy(fate)
    for path in sorted((SHARED / "corpus" / "dev").glob("*.html"))[::3]:
        page = path.read_bytes()
        first = outcome(page, policy(fate), full(), 65_536)
        for _ in range(3):
            assert outcome(page, rules, full(), 65_536) == first, path.name
