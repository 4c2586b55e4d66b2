"""What a shell sees: commands, exit codes, help."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from gateway import __version__
from gateway.cli import main
from gateway.cli.commands import MODULES, commands


def test_help_lists_the_commands_that_work_and_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    output = capsys.readouterr().out
    listed = [line.split()[0] for line in output.partition("Commands:\n")[2].splitlines()]
    assert listed == ["serve", "check", "demo", "scan", "catalogue", "ledger", "stats", "token"] == list(MODULES)
    assert "CONSENT_GATEWAY_SECRET" in output


@pytest.mark.parametrize(
    "argv",
    [*([name] for name in MODULES), ["catalogue", "lookup"], ["ledger", "verify"], ["ledger", "export"]],
    ids=" ".join,
)
def test_every_command_has_help(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*argv, "--help"]) == 0
    assert "Usage: consent-gateway" in capsys.readouterr().out


def test_help_of_the_whole_imports_no_command() -> None:
    program = (
        "import sys; from gateway.cli import main; main(['--help'])\n"
        "assert not {'gateway.cli.serve', 'gateway.cli.ledger', 'uvicorn', 'aiohttp'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


def test_python_m_gateway_is_the_same_program() -> None:
    done = subprocess.run([sys.executable, "-m", "gateway", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"consent-gateway, version {__version__}\n")


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["scan"],
        ["scan", "ftp://shop.example"],
        ["token"],
        ["statistics"],
        ["--bogus"],
        ["check", "--config", "absent.toml"],
        ["ledger", "import"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    assert "Usage: consent-gateway" in capsys.readouterr().err


def test_what_does_not_exist_is_not_imported() -> None:
    assert commands.get_command(click.Context(commands), "commands") is None


def test_an_interrupted_command_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def command() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gateway.cli.demo.command", command)
    assert main(["demo"]) == 1
