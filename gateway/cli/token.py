"""`token`: who of the staff may read what."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from gateway.cli.configuration import config_option, settings_for
from gateway.config.tokens import ROLES, Role, Tokens


@click.group()
def command() -> None:
    """Tokens for staff: marketing reads statistics, officer the record, ops the metrics."""


@command.command()
@click.option("--role", required=True, type=click.Choice(ROLES), help="No role includes another.")
@config_option
def new(role: str, config: Path | None) -> None:
    """Print a new token, once; only its hash is kept."""
    click.echo(_tokens(config).new(cast(Role, role)))


@command.command("list")
@config_option
def list_(config: Path | None) -> None:
    """Id, role and day of every token; never the token."""
    for token in _tokens(config).all():
        click.echo(f"{token.id}  {token.role:9}  {token.made}")


@command.command()
@click.argument("id")
@config_option
def revoke(id: str, config: Path | None) -> int:
    """Take a token back, by the id that `list` shows; exit 1 if there is none."""
    gone = _tokens(config).revoke(id)
    click.echo("revoked" if gone else f"there is no token {id}", err=not gone)
    return 0 if gone else 1


def _tokens(config: Path | None) -> Tokens:
    return Tokens(settings_for(config).folder)
