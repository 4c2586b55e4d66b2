from __future__ import annotations

import pytest

from gateway.enforcement.html import HtmlRewriter
from gateway.enforcement.programs import PROGRAM, SNIPPET
from gateway.model.categories import Fate
from tests.enforcement.trackers import policy

REFUSED, UNDECIDED = policy(Fate.REMOVE), policy(Fate.HOLD)
OWN = b"menu('open');" * (SNIPPET // 12)
LOADER = b"s = document.createElement('script'); s.src = 'https://counter.test/t.js'; a(s);"


def run(script: bytes, rules: object) -> tuple[bytes, list[tuple[str, str, Fate]]]:
    rewriter = HtmlRewriter(rules)  # type: ignore[arg-type]
    page = rewriter.write(b"<script>" + script + b"</script>") + rewriter.end()
    return page, [tuple(count) for count in rewriter.counts]  # type: ignore[misc]


def test_a_program_of_the_shops_runs_without_the_tracker_it_loads() -> None:
    page, counts = run(OWN + LOADER, REFUSED)
    assert page == b"<script>" + OWN + LOADER.replace(b"https://counter.test/t.js", b"about:blank#") + b"</script>"
    assert counts == [("counter", "script", Fate.REMOVE)]


def test_a_snippet_goes_as_a_whole() -> None:
    assert run(LOADER, REFUSED)[0] == b""


def test_what_can_be_loaded_as_it_stood_waits_behind_the_program() -> None:
    page, _ = run(OWN + LOADER, UNDECIDED)
    assert page.startswith(b"<script>menu(")
    assert page.endswith(
        b'</script><script async type="text/plain" data-consent-category="statistics" data-consent-service="counter"'
        b' data-consent-src="https://counter.test/t.js"></script>'
    )


def test_where_the_rest_of_the_address_is_unknown_the_page_is_built_anew_on_consent() -> None:
    page, _ = run(OWN + LOADER.replace(b"t.js'", b"t.js?id=' + id"), UNDECIDED)
    assert b"about:blank#' + id" in page
    assert page.endswith(
        b'<script type="text/plain" data-consent-category="statistics" data-consent-service="counter"'
        b" data-consent-reload></script>"
    )


def test_calls_make_a_script_the_trackers_unless_it_is_a_program() -> None:
    call = b"count(1);"
    assert run(OWN + LOADER + call, REFUSED)[0] == b""
    program = OWN * (PROGRAM // len(OWN) + 1)
    page, counts = run(program + LOADER + call, REFUSED)
    assert b"about:blank#" in page
    assert page.endswith(b"count(1);</script>")
    assert counts == [("counter", "script", Fate.REMOVE)]


@pytest.mark.parametrize("rules", [REFUSED, UNDECIDED])
def test_rewriting_twice_is_rewriting_once(rules: object) -> None:
    once, _ = run(OWN + LOADER, rules)
    rewriter = HtmlRewriter(rules)  # type: ignore[arg-type]
    assert rewriter.write(once) + rewriter.end() == once


def test_what_a_shop_has_parked_itself_stays_parked() -> None:
    rewriter = HtmlRewriter(UNDECIDED)
    page = b'<script type="text/plain" data-consent-category="statistics">' + OWN + LOADER + b"</script>"
    assert rewriter.write(page) + rewriter.end() == page
