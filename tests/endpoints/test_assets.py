"""The banner's files: immutable, compressed, named by their content."""

from __future__ import annotations

import gzip
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gateway.endpoints.assets import SOURCES, asset_routes, load_assets

ASSETS = load_assets()


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=asset_routes(prefix="/_choices", assets=ASSETS.values())))


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("cg.js", "text/javascript"),
        ("wk.js", "text/javascript"),
        ("dl.js", "text/javascript"),
        ("cg.css", "text/css"),
        ("pg.css", "text/css"),
        ("pg.js", "text/javascript"),
    ],
)
def test_an_asset_is_immutable_under_the_hash_of_its_content(
    client: TestClient, name: str, media_type: str
) -> None:
    address = ASSETS[name].url("/_choices")
    answer = client.get(address, headers={"accept-encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert sha256(answer.content).hexdigest()[:12] == address.split(".")[1]


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip ; q=1.0, identity", True),
        ("gzip;q=0.01", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("br", False),
        ("notgzip", False),
        ("gzipped", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_who_takes_it(client: TestClient, accepted: str, packed: bool) -> None:
    answer = client.get(ASSETS["cg.js"].url("/_choices"), headers={"accept-encoding": accepted})
    assert (answer.headers.get("content-encoding") == "gzip") is packed
    assert answer.content == ASSETS["cg.js"].body


@pytest.mark.parametrize("file", ["cg.js", "cg.000000000000.js", "consent-banner.js", "..%2Fassets.py"])
def test_another_name_is_not_found_and_not_kept(client: TestClient, file: str) -> None:
    answer = client.get(f"/_choices/assets/{file}")
    assert answer.status_code == 404
    assert answer.headers.get("cache-control", "no-store") == "no-store"


def test_a_script_made_for_its_address_is_served_like_the_others() -> None:
    made = {("gd.1.js", "a+b"): b"made"}
    routes = asset_routes(prefix="/_choices", assets=ASSETS.values(), made=lambda *address: made.get(address))
    client = TestClient(Starlette(routes=routes))
    answer = client.get("/_choices/assets/gd.1.js?a+b")
    assert answer.content == b"made"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/_choices/assets/gd.1.js").status_code == 404


def test_the_compressed_form_is_the_same_on_every_start() -> None:
    again = load_assets()
    assert [asset.packed for asset in again.values()] == [asset.packed for asset in ASSETS.values()]
    assert all(gzip.decompress(asset.packed) == asset.body for asset in ASSETS.values())
    assert all(asset.packed[4:8] == bytes(4) for asset in ASSETS.values()), "the time of packing is in it"


def test_an_installed_package_brings_its_own_files(tmp_path: Path) -> None:
    installed, checkout = tmp_path / "installed", tmp_path / "checkout"
    installed.mkdir()
    for source in SOURCES.values():
        (installed / source).write_text("/* installed */ a{}", "utf-8")
    assert load_assets((installed, checkout))["cg.css"].body == b"a{}"
    assert load_assets((checkout, installed))["cg.css"].body == b"a{}"


def test_names_give_blockers_nothing_to_hide() -> None:
    words = ("consent", "cookie", "banner", "gdpr")
    assert not [asset.file for asset in ASSETS.values() for word in words if word in asset.file]


@pytest.mark.parametrize("name", list(SOURCES))
def test_no_comment_is_served(name: str) -> None:
    body = ASSETS[name].body
    assert b"/*" not in body
    assert not [line for line in body.splitlines() if line.startswith(b"//")]


def test_the_script_uses_no_storage_and_no_evaluation() -> None:
    forbidden = (b"localStorage", b"sessionStorage", b"indexedDB", b"document.cookie", b"eval(", b"innerHTML")
    ours = ("cg.js", "wk.js", "dl.js", "pg.js")
    assert not [word for word in forbidden for name in ours if word in ASSETS[name].body]
