from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "uncorroborated"
SERVICES = [
    {"id": "a", "category": "marketing", "hosts": ["known.test", "=sub.known.test", "alone.test"], "urls": ["/any.js"]},
    {"id": "b", "category": "statistics", "urls": ["above.test/pixel", "lonely.test/tag.js"]},
    {"id": "c", "category": "necessary", "hosts": ["needed.test"]},
    {"id": "d", "category": "marketing", "hosts": ["ours.test"]},
]


def run(folder: Path, text: str) -> str:
    (folder / "catalogue.json").write_text(json.dumps({"services": SERVICES}))
    (folder / "corrections.toml").write_text('vouched = ["d"]')
    (folder / "list.txt").write_text(text)
    command = [sys.executable, str(SCRIPT), str(folder / "list.txt"), "--data", str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def found(folder: Path) -> list[str]:
    lines = (folder / "uncorroborated.txt").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_hosts_that_no_list_names_are_written_down(tmp_path: Path) -> None:
    out = run(tmp_path, "! a comment\n||known.test^$third-party\n||deep.above.test^\nother.test\n")
    assert found(tmp_path) == ["alone.test", "lonely.test"]
    assert out == "2 of 5 hosts\n"


def test_rules_about_parts_of_a_site_name_nobody(tmp_path: Path) -> None:
    run(tmp_path, "||alone.test/banner.js\n/lonely.test/\n||known.test^\n||above.test^\n")
    assert found(tmp_path) == ["alone.test", "lonely.test"]
