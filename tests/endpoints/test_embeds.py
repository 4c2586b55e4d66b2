"""One embed in a page of its own."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gateway.endpoints.embeds import embed_routes
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category
from gateway.model.service import Service

FILM = Service("film", "Film & Co", Category.PREFERENCES, hosts=("film.test",), embed=True)
ADS = Service("ads", "Ads", Category.MARKETING, hosts=("ads.test",))
CLIENT = TestClient(Starlette(routes=embed_routes(prefix="/_choices", catalogue=Catalogue([FILM, ADS]))))


def ask(source: str, **headers: str) -> tuple[int, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = CLIENT.get("/_choices/embed", params={"src": source}, headers=named)
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    return answer.status_code, answer.text


def test_the_embed_stands_alone_in_the_page() -> None:
    status, page = ask('https://film.test/e?a="b"&c', sec_fetch_site="same-origin", sec_fetch_dest="iframe")
    assert status == 200
    assert page.count("<iframe") == 1
    assert 'src="https://film.test/e?a=&quot;b&quot;&amp;c"' in page
    assert 'title="Film &amp; Co"' in page


@pytest.mark.parametrize(
    "source",
    ["", "/local", "https://ads.test/a", "https://who.test/", "javascript:alert(1)", "data:text/html,x", "film.test"],
)
def test_nothing_else_is_framed(source: str) -> None:
    assert ask(source)[0] == 404


@pytest.mark.parametrize(
    ("site", "destination"), [("cross-site", "iframe"), ("same-origin", "document"), ("none", "document")]
)
def test_nobody_else_may_frame_it(site: str, destination: str) -> None:
    assert ask("https://film.test/", sec_fetch_site=site, sec_fetch_dest=destination)[0] == 403
