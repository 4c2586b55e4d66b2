"""`demo`: something to look at, without any configuration."""

from __future__ import annotations

import click


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port.")
@click.option("--preview", is_flag=True, help="Every state of the banner and its pages instead, in every language.")
def command(port: int, preview: bool) -> None:
    """A small tracked shop with the gateway in front of it."""
    from gateway.demo import run, run_preview

    click.get_current_context().exit(run_preview(port) if preview else run(port))
