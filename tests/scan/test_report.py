"""Findings for people, for the configuration and for programs."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

from rich.console import Console

from gateway.config.loading import load_settings
from gateway.enforcement.catalogue_data import load_catalogue
from gateway.model.categories import Category, Fate
from gateway.model.service import Service
from gateway.scan.findings import Cookie, Findings, ThirdParty
from gateway.scan.report import print_text, to_json, toml

KEEP, HOLD, REMOVE = Fate.KEEP, Fate.HOLD, Fate.REMOVE
ANALYTICS = Service("google-analytics", "Google Analytics", Category.STATISTICS)
CLOUD = Service("hosted-libraries", "Cloudflare", Category.NECESSARY)
FOUND = Findings(
    "https://shop.test/",
    2,
    (
        ThirdParty(ANALYTICS, ("www.google-analytics.com",), ("script",), HOLD, HOLD, 2),
        ThirdParty(CLOUD, ("cdnjs.cloudflare.com",), ("script",), KEEP, KEEP, 1),
    ),
    (
        ThirdParty(None, ("x.test",), ("image", "script"), KEEP, REMOVE, 1),
        ThirdParty(None, ("a?b",), (), KEEP, KEEP, 1),
    ),
    (
        Cookie("_ga", "Google Analytics", Category.STATISTICS, "browser", REMOVE),
        Cookie("sessionid", "", Category.NECESSARY, "server", KEEP),
        Cookie('uid"_*', "", None, "server", KEEP),
        Cookie('uid"_*', "", None, "browser", KEEP),
        Cookie("s*", "", None, "server", KEEP),
    ),
    ("robots.txt kept 3 more from being visited",),
)
NOTHING = Findings("https://shop.test/", 1, (), (), ())


def text(findings: Findings, width: int = 120) -> str:
    output = io.StringIO()
    print_text(findings, Console(file=output, width=width))
    return output.getvalue()


def load(block: str, folder: Path) -> object:
    file = folder / "gateway.toml"
    file.write_text(block, "utf-8")
    return load_settings(file, {}, catalogue=load_catalogue())


def test_the_tables_say_what_was_seen_and_what_becomes_of_it() -> None:
    printed = re.sub(r" +", " ", text(FOUND))
    for row in (
        "https://shop.test/: 2 pages read",
        "Google Analytics statistics www.google-analytics.com waits waits",
        "google-analytics script",
        "Cloudflare necessary cdnjs.cloudflare.com passes passes",
        "x.test passes blocked",
        "image, script",
        "_ga statistics Google Analytics browser cut and expired",
        "sessionid necessary server passes",
        'uid"_* unknown server passes; strict_cookies blocks it',
        "Note: robots.txt kept 3 more",
    ):
        assert row in printed, row


def test_a_narrow_terminal_still_shows_what_has_to_be_copied() -> None:
    printed = text(FOUND, 60)
    assert "google-analytics" in printed
    assert "…" not in printed


def test_nothing_is_said_to_be_nothing() -> None:
    printed = text(NOTHING)
    assert "1 page read" in printed
    for title in ("Services", "Hosts nobody knows", "Cookies"):
        assert f"{title}: none" in printed


def test_the_block_can_be_pasted(tmp_path: Path) -> None:
    settings = load(toml(FOUND), tmp_path)
    assert [entry.id for entry in settings.services] == ["google-analytics", "hosted-libraries"]  # type: ignore[attr-defined]


def test_the_comments_can_be_completed(tmp_path: Path) -> None:
    block = re.sub(r'^# (?=\[|id|name|hosts|category)', "", toml(FOUND), flags=re.M)
    settings = load(block.replace('category = ""', 'category = "necessary"'), tmp_path)
    assert [(entry.id, entry.hosts) for entry in settings.services][2:] == [("x.test", ("x.test",))]  # type: ignore[attr-defined]
    assert [entry.name for entry in settings.cookies] == ['uid"_*']  # type: ignore[attr-defined]


def test_a_block_without_services_says_so(tmp_path: Path) -> None:
    block = toml(NOTHING)
    assert "No service of the catalogue" in block
    assert "nobody knows" not in block
    load(block, tmp_path)


def test_json_holds_everything() -> None:
    found = json.loads(to_json(FOUND))
    assert (found["shop"], found["pages"], len(found["remarks"])) == ("https://shop.test/", 2, 1)
    assert found["services"][0] == {
        "id": "google-analytics", "name": "Google Analytics", "category": "statistics",
        "hosts": ["www.google-analytics.com"], "kinds": ["script"], "pages": 2, "trial": "hold", "declared": "hold",
    }  # fmt: skip
    assert found["unknown"][0]["declared"] == "remove"
    assert found["cookies"][2] == {
        "name": 'uid"_*', "category": None, "service": "", "source": "server", "fate": "keep"
    }  # fmt: skip
