"""The option `--config`, and the settings it leads to: the one place that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click

from gateway.config.loading import load_settings
from gateway.config.settings import Settings
from gateway.enforcement.catalogue_data import load_catalogue

USUAL = Path("gateway.toml")

config_option = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Configuration file; gateway.toml in the current folder if there is one.",
)


def config_path(given: Path | None) -> Path | None:
    """The file to read: the one given, else the usual one if it exists, else none."""
    return given or (USUAL if USUAL.exists() else None)


def settings_for(given: Path | None, overrides: Mapping[str, object] | None = None) -> Settings:
    """Raises ConfigError with every problem."""
    known = load_catalogue().by_id
    return load_settings(config_path(given), os.environ, overrides=overrides, known_services=known)
