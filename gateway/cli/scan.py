"""`scan`: what a shop sets and loads, and what the gateway would do with it."""

from __future__ import annotations

import sys

import click

from gateway.errors import ScanError

_MOST_PAGES = 500


@click.command()
@click.argument("url")
@click.option(
    "--pages", default=20, show_default=True, type=click.IntRange(1, _MOST_PAGES), help="Pages visited at most."
)
@click.option("--browser", is_flag=True, help="Open them in Chromium too: sees what scripts do at run time.")
@click.option(
    "--format", "form", default="text", show_default=True, type=click.Choice(["text", "toml", "json"]),
    help="toml is a block for the configuration.",
)  # fmt: skip
def command(url: str, pages: int, browser: bool, form: str) -> int:
    """List the cookies and third parties of the shop at URL, and what the gateway would do with them.

    The visit is polite: robots.txt is honoured, one request at a time, same site only.
    """
    from rich.console import Console
    from rich.progress import Progress

    from gateway.scan import report
    from gateway.scan.crawl import Limits
    from gateway.scan.links import joined
    from gateway.scan.visit import scan

    shop = joined("", url if "://" in url else f"https://{url}")
    if not shop:
        raise click.BadParameter(f"{url!r} is no http or https URL", param_hint="URL")
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("Visiting", total=pages * (1 + browser))
            findings = scan(shop, Limits(pages), browser=browser, on_page=lambda: progress.advance(task))
    except ScanError as error:
        click.echo(f"Nothing could be scanned: {error}", err=True)
        return 1
    if form == "text":
        report.print_text(findings, Console(file=sys.stdout, markup=False, highlight=False))
    else:
        click.echo(report.toml(findings) if form == "toml" else report.to_json(findings), nl=form == "json")
    return 0
