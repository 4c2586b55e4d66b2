"""`catalogue lookup`: what the gateway takes a cookie or a URL for, and why."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.table import Table

from gateway.enforcement.catalogue_data import load_catalogue
from gateway.model.catalogue import Catalogue
from gateway.model.pattern import Pattern
from gateway.model.service import Service


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of the catalogue; `service` is None for a name on the allow-list."""

    service: Service | None
    category: str
    why: str


@click.group()
def command() -> None:
    """Look up cookies and URLs in the catalogue."""


@command.command()
@click.argument("name_or_url", metavar="NAME|URL")
def lookup(name_or_url: str) -> int:
    """Service, category and origin of a cookie's name or of a URL, and why. Exit 1 if it is unknown."""
    finding = find(load_catalogue(), name_or_url)
    if finding is None:
        click.echo(f"{name_or_url}: unknown", err=True)
        return 1
    table = Table(show_header=False, box=None)
    for name, value in _rows(finding):
        table.add_row(name, value)
    Console(markup=False, highlight=False, soft_wrap=True).print(table)
    return 0


def find(catalogue: Catalogue, asked: str) -> Finding | None:
    """What `asked` is: with a slash a URL, else a cookie, else a host."""
    if "/" in asked:
        return _find_url(catalogue, asked)
    return _find_cookie(catalogue, asked) or _find_url(catalogue, f"//{asked}/")


def _find_cookie(catalogue: Catalogue, name: str) -> Finding | None:
    category = catalogue.cookie_category(name)
    if category is None:
        return None
    service = catalogue.for_cookie(name)
    if service is None:
        return Finding(None, category, "cookie on the frameworks' allow-list")
    patterns = [pattern for pattern in service.cookies if Pattern(pattern).matches(name)]
    return Finding(service, category, f"cookie {', '.join(patterns)}")


def _find_url(catalogue: Catalogue, url: str) -> Finding | None:
    if url.startswith("/") and not url.startswith("//"):
        host, target = "", url
    else:
        try:
            parts = urlsplit(url if "//" in url else f"//{url}")
        except ValueError:
            return None
        host = (parts.hostname or "").lower()
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    service = catalogue.for_url(host, target)
    return Finding(service, service.category, _why(service, host, target)) if service else None


def _why(service: Service, host: str, target: str) -> str:
    for url in sorted(service.urls, key=len, reverse=True):
        name, slash, path = url.lower().partition("/")
        if name and _is_below(host, name) and Pattern(slash + path).begins(target.lower()):
            return f"address {url}"
    hosts = [name for name in service.hosts if _is_below(host, name)]
    return f"host {max(hosts, key=len)}" if hosts else "a path known on any host"


def _is_below(host: str, name: str) -> bool:
    return host == name.removeprefix("=") or host.endswith(f".{name}")


def _rows(finding: Finding) -> list[tuple[str, str]]:
    service = finding.service
    rows = [("service", f"{service.name} ({service.id})")] if service else []
    rows += [("vendor", service.vendor)] if service and service.vendor else []
    rows += [("category", finding.category), ("why", finding.why)]
    return rows + ([("origin", service.origin)] if service else [])
