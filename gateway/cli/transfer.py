"""`ledger export` and `ledger import`: the record as lines on standard output, and back. Progress is on stderr."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from functools import cache
from pathlib import Path
from typing import BinaryIO

import click
import msgspec
from rich.console import Console
from rich.progress import Progress, wrap_file

from gateway.cli.configuration import config_option, settings_for
from gateway.config.settings import Settings
from gateway.disclosing import disclose
from gateway.errors import ImportRefused
from gateway.ledger import open_ledger
from gateway.ledger.base import Ledger
from gateway.ledger.export import Export, Format, tally
from gateway.ledger.reading import announce
from gateway.model.disclosure import Disclosure
from gateway.model.exchange import Item, items
from gateway.registry import Registry

LONGEST = 64 * 1024 * 1024
"""Bytes of one line; an archived text is one line."""


@click.command("export")
@click.option(
    "--format",
    "name",
    type=click.Choice([name.value for name in Format]),
    default=Format.JSONL.value,
    show_default=True,
    help="jsonl can be imported; iso27560 and kantara are one record or receipt a line.",
)
@click.option("--counts", is_flag=True, help="Only how many entries of which kind each revision has: no identities.")
@config_option
def export_record(name: str, counts: bool, config: Path | None) -> int:
    """Write the whole record to standard output, one JSON object a line.

    The record is verified on the way; exit 1 names the first entry at fault. Refusals hold no identifier, so they have
    no receipt; neither has what was deleted. That the record was exported is an entry of it, written before any output.
    """
    settings = settings_for(config)
    ledger = open_ledger(settings.database, folder=settings.folder)
    if counts:
        for row in asyncio.run(_tally(ledger)):
            click.echo(msgspec.json.encode(row))
        return 0
    console = Console(stderr=True)
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            total, _ = asyncio.run(ledger.head())
            task = progress.add_task("Exporting", total=total)
            export = Export(
                ledger,
                Format(name),
                _in_force(settings),
                announce=lambda: _announce(ledger, f"ledger export {name}"),
                progress=lambda done: progress.update(task, completed=done),
            )
            asyncio.run(_write(export.pieces(), ledger))
    except BrokenPipeError:
        # The reader has left; Python must not try to flush to it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    click.echo(_summary(export), err=True)
    return 0


@click.command("import")
@click.argument("file", type=click.File("rb"))
@config_option
def import_record(file: BinaryIO, config: Path | None) -> None:
    """Make an empty record what FILE says (- is standard input), a file that `ledger export` wrote.

    The chain is verified on the way; exit 1 names the line and the entry at fault. All of it is imported, or nothing.
    """
    settings = settings_for(config)
    ledger = open_ledger(settings.database, folder=settings.folder)
    try:
        asyncio.run(_restore(ledger, items(_lines(file))))
    except ImportRefused as error:
        raise click.UsageError(str(error)) from error
    seq, head = asyncio.run(ledger.head())
    click.echo(f"{seq} entries imported and verified, head {head.hex()}")


def _in_force(settings: Settings) -> Callable[[str], Disclosure]:
    registry = Registry(settings)
    return cache(lambda locale: disclose(settings, registry, locale))


async def _restore(ledger: Ledger, found: Iterator[Item]) -> None:
    try:
        await ledger.restore(found)
    finally:
        await ledger.close()


async def _announce(ledger: Ledger, what: str) -> None:
    await ledger.open()
    await announce(ledger, "shell", what, now=time.time())


async def _tally(ledger: Ledger) -> list[dict[str, object]]:
    await ledger.head()  # a record that is not there is not made
    try:
        await _announce(ledger, "ledger export counts")
        return await tally(ledger)
    finally:
        await ledger.close()


async def _write(pieces: AsyncGenerator[bytes, None], ledger: Ledger) -> None:
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                click.echo(piece, nl=False)
    finally:
        await ledger.close()


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The file's lines, with a bar on the terminal; a line without end is cut, and so cannot be read."""
    console = Console(stderr=True)
    watched = console.is_terminal
    with wrap_file(
        file, _size(file), description="Importing", console=console, transient=True, disable=not watched
    ) as reader:
        while line := reader.readline(LONGEST):
            yield line


def _size(file: BinaryIO) -> int:
    try:
        return os.fstat(file.fileno()).st_size
    except OSError:
        return 0


def _summary(export: Export) -> str:
    what = "entries" if export.format is Format.JSONL else "receipts"
    parts = [f"{export.written} {what} of {export.entries} entries"]
    parts += [f"{export.deleted} deleted"] if export.deleted else []
    parts += [f"{export.withheld} whose erasure was asked for"] if export.withheld else []
    parts += [f"{export.anonymous} refusals without an identifier"] if export.anonymous else []
    return ", ".join(parts)
