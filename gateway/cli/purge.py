"""`ledger purge`: deletes the bodies that are due, or, at the end of the service, all of them and the keys."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import click

from gateway.cli.configuration import config_option, settings_for
from gateway.cli.progress import counting
from gateway.config.evidence import hold, retention
from gateway.config.keys import destroy_keys
from gateway.ledger import open_ledger
from gateway.ledger.base import Ledger, Progress, Purged
from gateway.ledger.journal import FOLDER, adopt
from gateway.model.entry import iso_day
from gateway.model.retention import Retention


@click.command()
@click.option("--all", "everything", is_flag=True, help="The end of the service: every body, and the keys.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
def purge(everything: bool, yes: bool, config: Path | None) -> None:
    """Delete the bodies whose erasure was asked for, and those kept long enough; the chain stays.

    The gateway does it daily by itself. It ends when no byte of them is left in the record's files, so it
    waits for whoever reads the record. While it rewrites the file no choice can be recorded.
    """
    settings = settings_for(config)
    held = hold(settings)
    if held is not None and held.in_force(int(time.time() // 86_400)):
        raise click.ClickException(f"evidence is held until {iso_day(held.until)}: {held.reason}")
    ledger = open_ledger(settings.database, folder=settings.folder)
    if not everything:
        with counting("Deleting bodies") as progress:
            done = asyncio.run(_purge(ledger, retention(settings), progress))
        click.echo(f"{done.erased} bodies deleted on request, {done.expired} after their period")
        return
    seq, _ = asyncio.run(ledger.head())
    if not yes:
        click.echo("Stop the gateway first. Afterwards nobody's choice can be proved, shown or found any more.")
        click.confirm(f"Delete the bodies of all {seq} entries and the keys?", abort=True)
    with counting("Deleting every body") as progress:
        done = asyncio.run(_purge(ledger, None, progress))
    click.echo(f"{done.expired} bodies deleted; the chain stays and verifies")
    for journal in adopt(settings.folder / FOLDER):
        journal.wipe()
    for path in destroy_keys(settings.folder):
        click.echo(f"{path} destroyed")
    if settings.keys or settings.tag_key:
        click.echo("Keys also came from the environment: remove CONSENT_GATEWAY_SECRET and CONSENT_GATEWAY_TAG_KEY.")


async def _purge(ledger: Ledger, rule: Retention | None, progress: Progress) -> Purged:
    """Without a rule everything goes."""
    await ledger.head()  # a record that is not there is not made
    try:
        if rule is None:
            return await ledger.purge_everything(progress)
        return await ledger.purge(rule, progress)
    finally:
        await ledger.close()
