"""`ledger`: the consent record from a shell. Questions about it change nothing, but an export is noted in it."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path

import click

from gateway.cli.configuration import config_option, settings_for
from gateway.cli.progress import counting
from gateway.cli.purge import purge
from gateway.cli.transfer import export_record, import_record
from gateway.ledger import open_ledger
from gateway.ledger.health import note_verified


class Head(click.ParamType[bytes]):
    """32 bytes in hex."""

    name = "hex"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        try:
            head = bytes.fromhex(str(value))
        except ValueError:
            head = b""
        if len(head) != 32:
            self.fail(f"{value!r}: expected 64 hexadecimal digits", param, ctx)
        return head


@click.group()
def command() -> None:
    """The consent record."""


@command.command()
@click.option("--head", type=Head(), help="A head written down earlier: it must still be in the record.")
@config_option
def verify(head: bytes | None, config: Path | None) -> None:
    """Recompute the whole record; exit 1 names the first entry at fault."""
    settings = settings_for(config)
    ledger = open_ledger(settings.database, folder=settings.folder)
    total, _ = asyncio.run(ledger.head())
    start = time.perf_counter()
    with counting("Verifying", total) as progress:
        seq, last = asyncio.run(ledger.verify(head, progress))
    with suppress(OSError):
        note_verified(settings.folder, seq, last, time.time())
    speed = seq / (time.perf_counter() - start)
    click.echo(f"{seq} entries verified, head {last.hex()}")
    click.echo(f"{speed:,.0f} entries a second", err=True)
    if head is None:
        click.echo("A cut end shows only with --head and a head written down elsewhere.", err=True)


@command.command()
@config_option
def head(config: Path | None) -> None:
    """Number and hash of the last entry: write it down elsewhere, it anchors the record."""
    settings = settings_for(config)
    seq, last = asyncio.run(open_ledger(settings.database, folder=settings.folder).head())
    click.echo(f"{seq} {last.hex()}")


command.add_command(export_record)
command.add_command(import_record)
command.add_command(purge)
