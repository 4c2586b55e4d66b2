"""A block that TOML reads, and that asks for a category."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from gateway.statistics.snippet import snippet


def test_cookies_and_hosts_become_entries_without_a_category() -> None:
    unknown = [("cookie", "uid_*", 40), ("host", "cdn*.example.com", 20), ("host", "a.example", 10)]
    found = tomllib.loads(snippet(unknown))
    assert found["cookies"] == [{"name": "uid_*", "category": ""}]
    hosts = [(entry["id"], entry["hosts"], entry["category"]) for entry in found["services"]]
    assert hosts == [("example-com", ["example.com"], ""), ("a-example", ["a.example"], "")]


@given(st.lists(st.tuples(st.sampled_from(["cookie", "host"]), st.text(max_size=20), st.integers(10, 99))))
def test_whatever_a_visitor_sends_as_a_name_the_block_stays_toml(unknown: list[tuple[str, str, int]]) -> None:
    tomllib.loads(snippet(unknown))


def test_the_same_host_under_two_masks_is_one_entry() -> None:
    assert snippet([("host", "a*.b.example", 10), ("host", "c*.b.example", 10)]).count("[[services]]") == 1
