from __future__ import annotations

import pytest

from gateway.enforcement.attributes import start_tag
from gateway.enforcement.link_element import edit_link_element
from gateway.model.categories import Fate
from tests.enforcement.trackers import policy

HOLD = policy(Fate.HOLD)
MARKS = b'data-consent-category="statistics" data-consent-service="counter"'


@pytest.mark.parametrize("rel", ["preconnect", "DNS-prefetch", "preload", "modulepreload", "prefetch", "prerender"])
def test_hints_do_not_wait(rel: str) -> None:
    change = edit_link_element(start_tag(f"<link rel={rel} href=//counter.test/>".encode()), HOLD)
    assert change is not None
    assert change.output == b""


@pytest.mark.parametrize("rel", ["stylesheet", "alternate stylesheet", "icon", "apple-touch-icon", "manifest"])
def test_resources_wait(rel: str) -> None:
    change = edit_link_element(start_tag(f"<link rel='{rel}' href=//counter.test/>".encode()), HOLD)
    assert change is not None
    assert change.output == f"<link rel='{rel}' data-consent-href=\"//counter.test/\" {MARKS.decode()}>".encode()


@pytest.mark.parametrize("rel", ["canonical", "pingback", "expect", "alternate", "next", "author", ""])
def test_links_that_load_nothing_stay(rel: str) -> None:
    assert edit_link_element(start_tag(f"<link rel='{rel}' href=//counter.test/>".encode()), HOLD) is None
