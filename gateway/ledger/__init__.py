"""The consent record: an append-only chain of entries in a database."""

from __future__ import annotations

import time
from pathlib import Path

from gateway.ledger.base import Ledger
from gateway.ledger.sqlite import SqliteLedger
from gateway.ledger.tallies import Tallies
from gateway.types import Clock


def open_ledger(url: str, clock: Clock = time.time) -> Ledger:
    """The ledger at `url` (`sqlite:///PATH`; four slashes for an absolute path). Touches nothing yet.

    Raises ValueError for another kind of URL.
    """
    scheme, separator, path = url.partition(":///")
    if scheme != "sqlite" or not separator or not path:
        raise ValueError(f"ledger {scheme}: expected sqlite:///PATH")
    return SqliteLedger(Path(path), clock=clock)


def open_tallies(url: str) -> Tallies:
    """The counters kept with the ledger at `url`. Touches nothing yet."""
    return Tallies(Path(url.partition(":///")[2]))
