"""`serve`: the gateway as a reverse proxy."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.configuration import config_option, settings_for
from gateway.config.checks import UPSTREAM
from gateway.errors import ConfigError, Problem


@click.command()
@click.option("--upstream", metavar="URL", help="The shop's URL. Alone it is enough to start.")
@config_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Processes.")
def command(upstream: str | None, config: Path | None, host: str, port: int, workers: int) -> None:
    """The gateway in front of a shop."""
    settings = settings_for(config, {} if upstream is None else {"upstream": upstream})
    if not settings.upstream:
        raise ConfigError([Problem("upstream", "", UPSTREAM.expected)])
    from gateway.server import serve

    serve(settings, host, port, workers)
