"""The consent record: an append-only chain of entries in a database."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError, Problem
from gateway.ledger.base import Ledger
from gateway.ledger.sqlite import SqliteLedger
from gateway.ledger.sqlite_tallies import SqliteTallies
from gateway.ledger.tallies import Tallies
from gateway.types import Clock

MISSING: Final = "the package asyncpg, to reach PostgreSQL with: pip install consent-gateway[postgresql]"


def open_ledger(url: str, clock: Clock = time.time, folder: Path = Path()) -> Ledger:
    """The ledger at `url`: `sqlite:///PATH` (four slashes for an absolute path) or `postgresql://...`.

    `folder` is the data folder; a record in PostgreSQL keeps its list of deleted bodies there. Touches nothing yet.
    Raises ValueError for another kind of URL, ConfigError if the package for it is missing.
    """
    path = _path(url)
    if path is not None:
        return SqliteLedger(path, clock=clock)
    try:
        from gateway.ledger.postgresql.ledger import PostgresLedger
    except ImportError:
        raise _missing() from None
    return PostgresLedger(url, folder, clock=clock)


def open_tallies(url: str) -> Tallies:
    """The counters kept with the ledger at `url`. Touches nothing yet. Raises like `open_ledger`."""
    path = _path(url)
    if path is not None:
        return SqliteTallies(path)
    try:
        from gateway.ledger.postgresql.tallies import PostgresTallies
    except ImportError:
        raise _missing() from None
    return PostgresTallies(url)


def _path(url: str) -> Path | None:
    """The file of an SQLite record; None for PostgreSQL."""
    scheme, separator, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and rest != "/":
        return Path(rest[1:])
    if scheme in ("postgresql", "postgres") and separator:
        return None
    raise ValueError(f"ledger {scheme}: expected sqlite:///PATH or postgresql://USER@HOST/DATABASE")


def _missing() -> ConfigError:
    return ConfigError([Problem("database", "postgresql", MISSING)])
