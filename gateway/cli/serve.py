"""`serve`: the gateway as a reverse proxy."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.configuration import config_option, settings_for
from gateway.config.checks import UPSTREAM
from gateway.config.settings import Settings
from gateway.errors import ConfigError, Problem


@click.command()
@click.option("--upstream", metavar="URL", help="The shop's URL. Alone it is enough to start.")
@config_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Processes that serve.")
def command(upstream: str | None, config: Path | None, host: str, port: int, workers: int) -> int:
    """The gateway in front of a shop.

    SIGHUP reads the configuration again: with a faulty one everything stays as it was and each fault is logged, with
    a good one the processes are replaced one after the other. SIGTERM and Ctrl-C stop when what is under way is
    answered.
    """

    def settings() -> Settings:
        found = settings_for(config, {} if upstream is None else {"upstream": upstream})
        if not found.upstream:
            raise ConfigError([Problem("upstream", "", UPSTREAM.expected)])
        return found

    first = settings()
    from gateway.server import serve

    return serve(first, host, port, workers, settings)
