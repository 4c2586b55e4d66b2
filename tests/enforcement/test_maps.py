from __future__ import annotations

import pytest

from gateway.enforcement.attributes import start_tag
from gateway.enforcement.maps import edit_map
from gateway.enforcement.page_policy import Kind
from gateway.model.categories import Fate
from tests.enforcement.trackers import policy

TAG = start_tag(b"<script type=importmap>")
REMOVE = policy(Fate.REMOVE)


@pytest.mark.parametrize(
    "url",
    [b"https://counter.test/a", rb"https:\/\/counter.test\/a", rb"\u0068ttps://counter.test/a", b"//counter.test"],
)
def test_an_address_that_may_not_load_is_replaced_however_json_spells_it(url: bytes) -> None:
    change = edit_map(TAG, b'{"imports": {"a": "%s", "b": "/own.js"}}' % url, Kind.SCRIPT, REMOVE)
    assert change is not None
    assert change.content == b'{"imports": {"a": "data:text/javascript,", "b": "/own.js"}}'


@pytest.mark.parametrize("content", [b'{"imports": {"a": "/own.js"}}', b'{"a": "\\q', b"", b'"\\ud800"'])
def test_others_stay(content: bytes) -> None:
    assert edit_map(TAG, content, Kind.SCRIPT, REMOVE) is None
