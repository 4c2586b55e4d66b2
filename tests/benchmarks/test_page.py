"""The pages that the benchmarks serve are what they are measured as."""

from __future__ import annotations

import asyncio
import importlib
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("page")


def test_the_constant_page_has_the_size_it_is_said_to_have(pages: ModuleType) -> None:
    assert len(pages.page()) == pages.SIZE
    assert pages.page() == pages.page()


def test_no_two_of_many_visits_see_the_same_page_but_one_visit_always_does(pages: ModuleType) -> None:
    assert len({pages.visit(number) for number in range(500)}) == 500
    assert pages.visit(3) == pages.visit(3)


def test_visits_go_through_all_categories_with_pages_of_about_one_size(pages: ModuleType) -> None:
    bodies = [pages.visit(number) for number in range(pages.CATEGORIES)]
    assert len({re.search(rb"<h1>(.*?)</h1>", body)[1] for body in bodies}) == pages.CATEGORIES  # type: ignore[index]
    assert all(abs(len(body) - pages.SIZE) < pages.SIZE / 20 for body in bodies)


def test_a_visitor_has_one_token_in_the_head_and_in_every_form_that_posts(pages: ModuleType) -> None:
    tree = LexborHTMLParser(pages.visit(11))
    meta = tree.css_first('meta[name="csrf-token"]')
    assert meta is not None
    token = meta.attributes["content"]
    forms = [form.css_first('input[name="csrf"]') for form in tree.css('form[method="post"]')]
    assert len(forms) > 20
    assert {field.attributes["value"] for field in forms if field is not None} == {token}
    assert token != LexborHTMLParser(pages.visit(12)).css_first('meta[name="csrf-token"]').attributes["content"]  # type: ignore[union-attr]


def test_a_visitor_has_a_name_a_cart_and_one_to_six_products_seen(pages: ModuleType) -> None:
    trees = [LexborHTMLParser(pages.visit(number)) for number in range(60)]
    assert {len(tree.css(".viewed li")) for tree in trees} == {1, 2, 3, 4, 5, 6}
    assert len({tree.css_first(".visitor").text() for tree in trees}) > 5  # type: ignore[union-attr]
    assert len({tree.css_first("[data-cart-count]").text() for tree in trees}) > 5  # type: ignore[union-attr]


def test_every_page_holds_every_tracker(pages: ModuleType) -> None:
    for body in (pages.page(), pages.visit(0), pages.visit(39)):
        assert all(host in body for host in pages.TRACKERS)


def test_the_shop_serves_saved_pages_in_turn_and_a_visit_where_one_is_named(
    pages: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "one.html").write_bytes(b"first")
    (tmp_path / "two.html").write_bytes(b"second")
    monkeypatch.setenv("PAGES", str(tmp_path))
    monkeypatch.delitem(sys.modules, "shop", raising=False)
    app = importlib.import_module("shop").app
    monkeypatch.delitem(sys.modules, "shop")

    def answer(query: bytes = b"") -> bytes:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(app({"path": "/", "query_string": query}, None, send))
        return b"".join(message.get("body", b"") for message in sent)

    assert [answer(), answer(), answer()] == [b"first", b"second", b"first"]
    assert answer(b"visit=7") == pages.visit(7)
