"""`check`: is the configuration usable and complete? Everything at once, problems and warnings apart."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from gateway.cli.configuration import config_option, config_path, reading_of
from gateway.config.review import is_trial, unnumbered
from gateway.config.settings import Settings
from gateway.edition import Edition
from gateway.endpoints.assets import load_assets
from gateway.errors import LedgerError
from gateway.ledger import open_ledger
from gateway.model.categories import OPTIONAL, Category
from gateway.registry import Registry
from gateway.second_wall import wall_mode

_WALLS = {"enforce": "on", "report": "counts, blocks nothing", "off": "off"}


@click.command()
@config_option
def command(config: Path | None) -> int:
    """Report every problem of the configuration: key, value, what was expected.

    Warnings are printed after the problems and do not change the exit code.
    """
    reading = reading_of(config)
    problems = [*reading.problems, *reading.review.gaps]
    warnings = [*reading.review.warnings]
    if not reading.problems and asyncio.run(_changed_unsaid(reading.settings)):
        (warnings if is_trial(reading.settings) else problems).append(unnumbered(reading.settings))
    for problem in problems:
        click.echo(str(problem))
    for warning in warnings:
        click.echo(f"Warning: {warning}")
    if problems:
        click.echo(f"{len(problems)} problem{'s' * (len(problems) > 1)}", err=True)
        return 1
    click.echo(f"{config_path(config) or 'No file, all defaults'}: no problems")
    for line in _in_force(reading.settings):
        click.echo(line)
    return 0


async def _changed_unsaid(settings: Settings) -> bool:
    """Whether the record knows another notice under this revision; without a record nobody was shown one."""
    edition = Edition(settings, Registry(settings), load_assets())
    try:
        return await edition.archive(open_ledger(settings.database, folder=settings.folder)).changed()
    except LedgerError:
        return False


def _in_force(settings: Settings) -> Iterator[str]:
    """What the gateway would do."""
    registry = Registry(settings)
    if settings.mode == "report":
        yield "Report mode: nothing is changed, what enforcing would do is counted."
    counts = Counter(listing.service.category for listing in registry.listings)
    if counts:
        kinds = ", ".join(f"{counts[category]} {category}" for category in Category if counts[category])
        yield f"Declared services: {kinds}. Known services that are not among them wait until they are."
    else:
        number = len(registry.catalogue.services)
        yield f"Trial: no services declared, the catalogue with its {number} services is the list."
    fate = "blocked" if registry.block_unknown else "pass"
    cookies = "blocked" if settings.strict_cookies else "pass"
    yield f"Unknown scripts, frames and objects of third parties: {fate}. Unknown cookies: {cookies}."
    yield f"Second wall: {_WALLS[wall_mode(settings, registry)]}."
    asked = ", ".join(category for category in OPTIONAL if category in registry.offered)
    yield f"Visitors are asked about: {asked or 'nothing, there is no banner'}."
    policy = settings.policy
    yield f"A yes counts {policy.grant_days} days, a no {policy.refusal_days}."
