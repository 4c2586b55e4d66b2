"""A scan's findings for people, for the configuration, and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from gateway.config.checks import HOST
from gateway.model.categories import Category, Fate
from gateway.model.pattern import Pattern
from gateway.scan.findings import Cookie, Findings, ThirdParty

_WORDS = {Fate.KEEP: "passes", Fate.HOLD: "waits", Fate.REMOVE: "blocked"}
_FEWEST = 3
"""Fixed characters a cookie's name must have to be suggested: `*` alone would name every cookie."""


def print_text(findings: Findings, console: Console) -> None:
    """Three tables and what they mean."""
    console.print(f"{findings.shop}: {_number(findings.pages, 'page')} read\n")
    services = (
        (f"{party.service.name}\n{party.service.id}", party.service.category.value, *_seen(party))
        for party in findings.services
        if party.service
    )
    _print(console, "Services", ("service, id", "category", "seen as", "in a trial", "once declared"), services)
    unknown = map(_seen, findings.unknown)
    _print(console, "Hosts nobody knows", ("host, seen as", "in a trial", "once services are declared"), unknown)
    cookies = (
        (found.name, found.category or "unknown", found.service, found.source, _cookie_words(found))
        for found in findings.cookies
    )
    _print(console, "Cookies", ("cookie", "category", "service", "from", "without consent"), cookies)
    console.print('"waits": parked until the visitor agrees to its category, gone after a refusal.')
    for remark in findings.remarks:
        console.print(f"Note: {remark}")


def toml(findings: Findings) -> str:
    """A block for the configuration: services as they are, what nobody knows as comments to complete."""
    return "\n".join(_toml(findings)) + "\n"


def to_json(findings: Findings) -> str:
    """Everything, in one object."""
    return json.dumps(
        {
            "shop": findings.shop,
            "pages": findings.pages,
            "services": [
                {
                    "id": party.service.id,
                    "name": party.service.name,
                    "category": party.service.category,
                    **_party(party),
                }
                for party in findings.services
                if party.service
            ],
            "unknown": [_party(party) for party in findings.unknown],
            "cookies": [
                {
                    "name": found.name,
                    "category": found.category,
                    "service": found.service,
                    "source": found.source,
                    "fate": found.fate,
                }
                for found in findings.cookies
            ],
            "remarks": findings.remarks,
        },
        ensure_ascii=False,
        indent=2,
    )


def _print(console: Console, title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column(columns[0], overflow="fold", no_wrap=True)
    for column in columns[1:]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table if table.row_count else f"{title}: none\n")


def _seen(party: ThirdParty) -> tuple[str, str, str]:
    return "\n".join((*party.hosts, ", ".join(party.kinds))), _WORDS[party.trial], _WORDS[party.declared]


def _cookie_words(found: Cookie) -> str:
    if found.category is None:
        return "passes; strict_cookies blocks it"
    return "passes" if found.category is Category.NECESSARY else "cut and expired"


def _party(party: ThirdParty) -> dict[str, object]:
    return {
        "hosts": party.hosts,
        "kinds": party.kinds,
        "pages": party.pages,
        "trial": party.trial,
        "declared": party.declared,
    }


def _toml(findings: Findings) -> Iterator[str]:
    yield f"# {findings.shop}: {_number(findings.pages, 'page')} read."
    if not findings.to_declare:
        yield "# No service of the catalogue that asks for consent was seen."
    for service in findings.to_declare:
        yield "\n[[services]]"
        yield f"id = {_quoted(service.id)}  # {service.name}: {service.category}"
    hosts = [host for party in findings.unknown for host in party.hosts if HOST.holds(host)]
    if hosts:
        yield "\n# Hosts nobody knows: once services are declared their scripts, frames and objects are blocked."
        yield "# Take the # away and choose necessary, preferences, statistics or marketing."
    for host in hosts:
        yield f'\n# [[services]]\n# id = {_quoted(host)}\n# category = ""\n# hosts = [{_quoted(host)}]'
    names = sorted({found.name for found in findings.cookies if found.category is None})
    names = [name for name in names if Pattern(name).weight >= _FEWEST]
    if names:
        yield "\n# Cookies nobody knows: they pass."
    for name in names:
        yield f'\n# [[cookies]]\n# name = {_quoted(name)}\n# category = ""'


def _quoted(text: str) -> str:
    """A basic string of TOML; every text here is printable."""
    return json.dumps(text, ensure_ascii=False)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
