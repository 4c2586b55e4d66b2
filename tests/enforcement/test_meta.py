from __future__ import annotations

import pytest

from gateway.enforcement.attributes import start_tag
from gateway.enforcement.meta import edit_base, edit_meta
from gateway.model.categories import Fate
from tests.enforcement.trackers import policy

KEEP, REMOVE = policy(Fate.KEEP), policy(Fate.REMOVE)


@pytest.mark.parametrize(
    "tag",
    [
        "<meta http-equiv=refresh content='0;url=//counter.test/'>",
        "<meta http-equiv=REFRESH content=\"5 , '//counter.test/'\">",
        "<meta http-equiv=refresh content='0;url=data:text/html,a'>",
        "<meta http-equiv=refresh content='0;url= javascript:a()'>",
        "<meta http-equiv=link content='</a>;rel=next, <//counter.test/s>;rel=stylesheet'>",
    ],
)
def test_a_header_in_the_page_that_leads_where_nothing_may_load_goes(tag: str) -> None:
    change = edit_meta(start_tag(tag.encode()), REMOVE)
    assert change is not None
    assert change.output == b""
    assert edit_meta(start_tag(tag.encode()), KEEP) is None


def test_one_that_tells_full_addresses_goes_always() -> None:
    assert edit_meta(start_tag(b"<meta name=referrer content=unsafe-url>"), KEEP)


@pytest.mark.parametrize("tag", [b"<meta http-equiv=refresh content='5'>", b"<meta charset=utf-8>", b"<meta>"])
def test_others_stay(tag: bytes) -> None:
    assert edit_meta(start_tag(tag), REMOVE) is None


def test_a_base_elsewhere_goes() -> None:
    assert edit_base(start_tag(b"<base href=//counter.test/>"), REMOVE)
    assert edit_base(start_tag(b"<base href=/a/>"), REMOVE) is None
