"""`stats`: what the statistics endpoint answers."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import click

from gateway.cli.configuration import config_option, settings_for
from gateway.ledger import open_tallies
from gateway.ledger.figures import Figures
from gateway.statistics.formats import as_csv, as_json, as_jsonl, as_text
from gateway.statistics.periods import KINDS
from gateway.statistics.report import DIMENSIONS

_FORMATS = {"text": as_text, "json": as_json, "csv": as_csv, "jsonl": as_jsonl}


@click.command()
@click.option("--by", type=click.Choice(DIMENSIONS), help="One dimension; without it totals.")
@click.option("--period", type=click.Choice(KINDS), help="The base period, or a coarser one.")
@click.option("--format", "form", default="text", show_default=True, type=click.Choice(list(_FORMATS)))
@config_option
def command(by: str | None, period: str | None, form: str, config: Path | None) -> None:
    """Consent and enforcement, counted: closed periods, nothing about anybody."""
    figures = Figures(open_tallies(settings_for(config).database), time.time)
    try:
        report = asyncio.run(figures.report(by or "", period or ""))
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    click.echo(_FORMATS[form](report), nl=False)
