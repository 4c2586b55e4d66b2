"""`check`: every problem, one a line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.cli.configuration import settings_for
from gateway.edition import Edition
from gateway.endpoints.assets import load_assets
from gateway.ledger import open_ledger
from gateway.registry import Registry

NAMED = """
[controller]
name = "山目選物有限公司"
contact = "privacy@shop.example"
[policy]
date = 2026-11-01
"""
OWN = """
[[services]]
id = "own"
category = "preferences"
marks = ["own_chat"]
"""
COMPLETE = """
[[services]]
id = "own"
category = "preferences"
marks = ["own_chat"]
code = "090"
basis = "19-1-5"
use = "d"
why = "answers"
breaks = "chat"
reviewed_by = "shop"
date = 2026-11-01
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONSENT_GATEWAY_SECRET", raising=False)
    monkeypatch.setenv("CONSENT_GATEWAY_DATA", str(tmp_path / "data"))


def test_without_a_file_the_defaults_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "No file, all defaults: no problems\nTrial: no services declared" in capsys.readouterr().out


def test_gateway_toml_in_the_current_folder_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gateway.toml").write_text("")
    assert main(["check"]) == 0
    captured = capsys.readouterr()
    assert "\ngateway.toml: no problems\n" in captured.out
    assert captured.err == ""


def test_every_problem_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("faulty.toml").write_text('mode = "x"\nprefix = "x"\n[[services]]\nid = "gogle-analytics"\n' + NAMED)
    assert main(["check", "--config", "faulty.toml"]) == 1
    captured = capsys.readouterr()
    assert [line.split(" =")[0] for line in captured.out.splitlines()] == ["mode", "prefix", "services[0].id"]
    assert "Warning" not in captured.out
    assert "google-analytics" in captured.out
    assert captured.err == "3 problems\n"


def test_one_problem_is_singular(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gateway.toml").write_text("dnt = 1")
    assert main(["check"]) == 1
    assert capsys.readouterr().err == "1 problem\n"


def test_a_short_secret_is_a_problem_and_is_not_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSENT_GATEWAY_SECRET", "correct-horse")
    assert main(["check"]) == 1
    captured = capsys.readouterr()
    assert "CONSENT_GATEWAY_SECRET = ********" in captured.out
    assert "horse" not in captured.out + captured.err


def test_report_mode_is_warned_about(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gateway.toml").write_text('mode = "report"')
    assert main(["check"]) == 0
    assert "changes nothing and only counts" in capsys.readouterr().out


def test_problems_gaps_and_warnings_come_at_once_and_warnings_apart(capsys: pytest.CaptureFixture[str]) -> None:
    faulty = OWN + 'code = "x"\nbasis = "19-1-2"\n[[services]]\nid = "google-analytics"\nregions = ["US"]\n'
    Path("gateway.toml").write_text(NAMED.replace("山目選物有限公司", "TODO") + "grant_days = 90\n" + faulty, "utf-8")
    assert main(["check"]) == 1
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    told = [line.partition(" =")[0] for line in lines if not line.startswith("Warning: ")]
    assert told == [
        "services[0].code", "services[0].basis", "services[1].contract", "services[1].regions",
        "controller.name", "services[0].use", "services[0].why", "services[0].breaks", "services[0].reviewed_by",
        "services[0].date",
    ]  # fmt: skip
    assert [line.partition(" =")[0] for line in lines[len(told) :]] == ["Warning: policy.grant_days"]
    assert captured.err == "10 problems\n"


def test_warnings_alone_are_exit_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gateway.toml").write_text(NAMED + '[[services]]\nid = "google-analytics"\n', "utf-8")
    assert main(["check"]) == 0
    assert capsys.readouterr().out.startswith("Warning: services[0].contract = None: expected the contract with Google")


def test_a_faultless_file_is_told_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    text = 'strict_cookies = true\n' + NAMED + OWN.replace('"preferences"', '"necessary"')
    entry = 'code = "148"\nbasis = "19-1-2"\nuse = "b"\nwhy = "x"\nbreaks = "x"\nreviewed_by = "x"\ndate = 2026-11-01\n'
    Path("gateway.toml").write_text(text + entry, "utf-8")
    assert main(["check"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "gateway.toml: no problems",
        "Declared services: 1 necessary. Known services that are not among them wait until they are.",
        "Unknown scripts, frames and objects of third parties: blocked. Unknown cookies: blocked.",
        "Second wall: on.",
        "Visitors are asked about: nothing, there is no banner.",
        "A yes counts 185 days, a no 366.",
    ]


def test_report_mode_is_told_among_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gateway.toml").write_text('mode = "report"')
    assert main(["check"]) == 0
    assert "Report mode: nothing is changed" in capsys.readouterr().out


def started() -> None:
    """What a start of the gateway does to the record."""

    async def work() -> None:
        settings = settings_for(None)
        ledger = open_ledger(settings.database)
        await ledger.open()
        await Edition(settings, Registry(settings), load_assets()).archive(ledger).keep()
        await ledger.close()

    asyncio.run(work())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(("answers", "sells"), id="a purpose"),
        pytest.param(("山目", "海目"), id="the company"),
        pytest.param(("date = 2026-11-01", "date = 2026-11-02"), id="the date"),
        pytest.param(("[policy]", "[policy]\ngrant_days = 300"), id="a longer lifetime"),
    ],
)
def test_a_notice_changed_without_a_new_revision_is_a_problem(
    capsys: pytest.CaptureFixture[str], change: tuple[str, str]
) -> None:
    file, text = Path("gateway.toml"), COMPLETE + NAMED
    file.write_text(text)
    assert main(["check"]) == 0
    started()
    assert main(["check"]) == 0
    capsys.readouterr()
    file.write_text(text.replace(*change))
    assert main(["check"]) == 1
    assert capsys.readouterr().out.startswith("policy.rev = 1")
    file.write_text(text.replace(*change).replace("[policy]", "[policy]\nrev = 2"))
    assert main(["check"]) == 0


def test_in_a_trial_that_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    started()
    Path("gateway.toml").write_text('dnt = "off"')
    assert main(["check"]) == 0
    assert "Warning: policy.rev = 1" in capsys.readouterr().out


def test_what_is_wrong_with_the_shops_own_sentences_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    own = '[policy.texts.zh-Hant]\nmore = "x"\n[policy.texts.fr]\n[policy.texts.en]\nmor = "x"'
    Path("gateway.toml").write_text(own)
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert [line.split(" =")[0] for line in out.splitlines() if "Warning" not in line] == [
        *("policy.texts.fr", "policy.texts.en.mor", "policy.texts.en.more"),
    ]
