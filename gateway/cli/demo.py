"""`demo`: something to look at, without any configuration."""

from __future__ import annotations

import click


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port.")
def command(port: int) -> None:
    """A small tracked shop with the gateway in front of it."""
    from gateway.demo import run

    click.get_current_context().exit(run(port))
