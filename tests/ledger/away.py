"""A record that is away for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.ledger.files import bodies_path
from tests.postgres import Server


@contextmanager
def away(url: str, server: Callable[[], Server]) -> Iterator[None]:
    """Meanwhile the record at `url` can neither be read nor written. It is in a file or on the `server`."""
    if url.startswith("postgresql:"):
        server().stop()
        try:
            yield
        finally:
            server().start()
        return
    path = Path(url.removeprefix("sqlite:///"))
    for file in (path, bodies_path(path)):
        if file.exists():
            file.rename(file.with_suffix(".away"))
        file.mkdir(parents=True)  # nor begun anew
    try:
        yield
    finally:
        for file in (path, bodies_path(path)):
            file.rmdir()
            if file.with_suffix(".away").exists():
                file.with_suffix(".away").rename(file)
