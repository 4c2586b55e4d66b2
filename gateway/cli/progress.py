"""A line on the terminal for work that takes a while: how far, and how fast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from gateway.ledger import base


@contextmanager
def counting(what: str, total: int | None = None) -> Iterator[base.Progress]:
    """Shows on standard error how much of `total` is done; the function it gives is told the number.

    Nothing is shown where standard error is not a terminal.
    """
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total, rate="")

        def done(count: int) -> None:
            speed = progress.tasks[0].speed
            rate = "" if speed is None else f"{speed:,.0f}/s"
            progress.update(task, completed=count, rate=rate)

        yield done
