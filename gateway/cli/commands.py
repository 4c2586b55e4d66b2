"""The commands by name; each one's module is imported only when it is asked for."""

from __future__ import annotations

import importlib

import click

from gateway import __version__

MODULES = {
    "serve": "the gateway in front of a shop",
    "check": "report every problem of the configuration",
    "demo": "a small tracked shop with the gateway in front of it",
    "scan": "what a shop sets and loads, and what the gateway would do with it",
    "catalogue": "look up cookies and URLs in the catalogue",
    "ledger": "the consent record",
    "stats": "consent and enforcement, counted",
    "token": "tokens for staff, by role",
}


class Commands(click.Group):
    """A group whose commands live in `gateway.cli.NAME`, each as `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODULES:
            return None
        command: click.Command = importlib.import_module(f"gateway.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click's own, from the table above: help needs no module."""
        with formatter.section("Commands"):
            formatter.write_dl(list(MODULES.items()))


@click.command(cls=Commands)
@click.version_option(__version__, prog_name="consent-gateway")
def commands() -> None:
    """A visitor's choice about cookies and tracking, enforced on the wire, in front of any shop.

    CONSENT_GATEWAY_DATA names the data folder (else XDG_DATA_HOME/consent-gateway, that is
    ~/.local/share/consent-gateway), CONSENT_GATEWAY_SECRET the signing keys (oldest first, comma-separated,
    at least 32 bytes each; else a key made in the data folder), CONSENT_GATEWAY_TAG_KEY the key by which a
    person's entries are found (as long; else made there too, and never to be changed), CONSENT_GATEWAY_DATABASE
    the consent record (sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE). All override the configuration
    file.
    """
