"""`stats` says on the terminal what the endpoint answers."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.ledger import open_ledger, open_tallies
from gateway.statistics.cell import Cell
from gateway.statistics.periods import holding


@pytest.fixture(autouse=True)
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSENT_GATEWAY_DATA", str(tmp_path))
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    week = holding("week", int(time.time() // 86_400) - 21).first

    async def fill() -> None:
        ledger = open_ledger(url)
        await ledger.open()
        await open_tallies(url).settle("week", week)
        await open_tallies(url).add([(week, Cell(what), 40) for what in ("shown", "accept_all", "refuse_all", "save")])
        await ledger.close()

    asyncio.run(fill())


def test_text_json_csv_and_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats"]) == 0
    assert "accept_all                             40" in capsys.readouterr().out
    assert main(["stats", "--format", "json", "--by", "category"]) == 0
    assert json.loads(capsys.readouterr().out)["by"] == "category"
    assert main(["stats", "--format", "csv", "--period", "month"]) == 0
    assert capsys.readouterr().out.startswith("period,from,to,by,value,measure,number,formula")
    assert main(["stats", "--format", "jsonl"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["measure"]: line["count"] for line in lines}["decisions"] == 120


@pytest.mark.parametrize("arguments", [["--by", "device"], ["--period", "day"], ["--format", "xml"]])
def test_what_cannot_be_asked_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", *arguments]) == 2


def test_without_a_record_it_says_so_and_makes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSENT_GATEWAY_DATA", str(tmp_path / "none"))
    assert main(["stats"]) == 2
    assert not (tmp_path / "none").exists()
