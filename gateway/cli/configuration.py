"""The option `--config`, and the settings it leads to: the one place that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click

from gateway.config.loading import Reading, load_settings, read_settings
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
    return load_settings(config_path(given), os.environ, overrides=overrides, catalogue=load_catalogue())


def reading_of(given: Path | None) -> Reading:
    """The settings with all that is to say about them."""
    return read_settings(config_path(given), os.environ, catalogue=load_catalogue())
