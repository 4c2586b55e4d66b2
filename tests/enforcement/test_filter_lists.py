"""The operator's own filter lists."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from gateway.enforcement.filter_lists import _TYPES, FilterLists
from gateway.enforcement.page_policy import Kind
from gateway.errors import ConfigError

SHOP = "https://shop.test/"
LIST = """[Adblock Plus 2.0]
! a comment
||ads.test^$third-party
@@||ads.test/allowed.js
/beacon/*$image
||frames.test^$subdocument
shop.test##.advert
"""


@pytest.fixture
def lists(tmp_path: Path) -> FilterLists:
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text(LIST)
    second.write_text("||second.test^\n||ads.test/own$~third-party\n")
    return FilterLists.load([str(first), str(second)])


@pytest.mark.parametrize(
    ("url", "kind", "blocked"),
    [
        ("https://ads.test/x.js", Kind.SCRIPT, True),
        ("https://www.ads.test/x.png?a=b", Kind.IMAGE, True),
        ("https://ads.test/allowed.js", Kind.SCRIPT, False),
        ("https://x.test/beacon/1", Kind.IMAGE, True),
        ("https://x.test/beacon/1", Kind.PIXEL, True),
        ("https://x.test/beacon/1", Kind.SCRIPT, False),
        ("https://frames.test/", Kind.FRAME, True),
        ("https://frames.test/", Kind.IMAGE, False),
        ("https://second.test/", Kind.HINT, True),
        ("https://x.test/", Kind.SCRIPT, False),
        ("https://\udcff.test/\ud800", Kind.SCRIPT, False),
        ("https:///", Kind.SCRIPT, False),
    ],
)
def test_rules_of_all_lists_count_with_their_options(lists: FilterLists, url: str, kind: Kind, blocked: bool) -> None:
    assert lists(url, SHOP, kind.value) is blocked


def test_every_kind_of_use_has_its_word_in_the_lists() -> None:
    assert set(_TYPES) == {kind.value for kind in Kind}


def test_another_thread_may_ask(lists: FilterLists) -> None:
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(lists("https://ads.test/", SHOP, "script")))
    thread.start()
    thread.join()
    assert answers == [True]


def test_every_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "binary.txt"
    binary.write_bytes(b"\xff\xfe")
    absent = tmp_path / "absent.txt"
    with pytest.raises(ConfigError) as raised:
        FilterLists.load([str(absent), str(binary)])
    found = [(problem.key, problem.value) for problem in raised.value.problems]
    assert found == [("filter_lists[0]", str(absent)), ("filter_lists[1]", str(binary))]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adblock", None)
    with pytest.raises(ConfigError, match="the package adblock"):
        FilterLists.load(["a.txt"])
