"""`check`: is the configuration usable? Every problem at once."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.configuration import config_option, config_path, settings_for
from gateway.errors import ConfigError


@click.command()
@config_option
def command(config: Path | None) -> int:
    """Report every problem of the configuration: key, value, what was expected."""
    try:
        settings = settings_for(config)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem))
        click.echo(f"{len(error.problems)} problem{'s' * (len(error.problems) > 1)}", err=True)
        return 1
    if settings.mode == "report":
        click.echo('Warning: mode = "report" changes nothing and only counts; use it for the rollout only.')
    click.echo(f"{config_path(config) or 'No file, all defaults'}: no problems")
    return 0
