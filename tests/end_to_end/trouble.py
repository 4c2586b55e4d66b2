"""Everything that goes wrong with a cluster while visitors choose, and what the record says afterwards."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from gateway.ledger import open_ledger, open_tallies
from gateway.model.categories import OPTIONAL
from gateway.model.entry import Entry, Event, Kind
from gateway.statistics.cell import Cell
from gateway.statistics.tally import counted
from tests.end_to_end.cluster import Cluster, cluster
from tests.end_to_end.customer import Customer, Recorded
from tests.postgres import Server

VISITORS = 12
_BY_CHOICE = ("accept_all", "refuse_all", "save", "withdraw", "granted:", "refused:", "gpc")
Said = Counter[tuple[str, Recorded]]


@dataclass
class Seen:
    """What came of it. `lost` and `doubled` are acknowledged choices, by the tag of their subject.

    A first grant or a refusal that got no answer is made again by a visitor whom nothing links to the first attempt:
    `…_beyond` are those in the record that nobody was told of, `…_open` the attempts that got no answer.
    """

    pages: int
    acknowledged: int
    failures: list[str]
    faults: list[str]
    unexplained: list[str]
    killed: int
    lost: Said = field(default_factory=Counter)
    doubled: Said = field(default_factory=Counter)
    grants_beyond: int = 0
    grants_open: int = 0
    refusals_beyond: int = 0
    refusals_open: int = 0
    recount: Counter[Cell] = field(default_factory=Counter)
    tallies: Counter[Cell] = field(default_factory=Counter)
    left: list[Path] = field(default_factory=list)

    def wrong(self) -> list[str]:
        """Everything that must not be."""
        found = [*self.faults, *(f"no kill explains {what}" for what in self.unexplained)]
        found += [f"lost {what}" for what in self.lost.items()] + [f"doubled {what}" for what in self.doubled.items()]
        if not 0 <= self.grants_beyond <= self.grants_open:
            found.append(f"{self.grants_beyond} grants nobody was told of, {self.grants_open} attempts without answer")
        if not 0 <= self.refusals_beyond <= self.refusals_open:
            found.append(f"{self.refusals_beyond} refusals too many, {self.refusals_open} attempts without answer")
        if self.recount != self.tallies:
            found.append(f"counters {self.tallies - self.recount} too high, {self.recount - self.tallies} too low")
        return found + [f"left behind {path}" for path in self.left]


def storm(
    folder: Path, postgres: Server, *, rounds: int, away: float, calm: float, tell: Callable[[str], object] = str
) -> Seen:
    """`rounds` times everything goes wrong, once each; the record is away for `away` seconds, or a little longer."""
    until = threading.Event()
    with cluster(folder, postgres) as running, ThreadPoolExecutor(VISITORS) as threads:
        customers = [Customer(running, number) for number in range(VISITORS)]
        living = [threads.submit(customer.live, until) for customer in customers]
        try:
            for number in range(rounds):
                _trouble(running, number, away, calm, tell)
        finally:
            until.set()
        for life in living:
            life.result()
        for gateway in running.gateways:
            gateway.end()
        entries, tallies = asyncio.run(_read(running.url, folder))
    left = [file for gateway in running.gateways for file in (gateway.folder / "journal").glob("*")]
    return _compared(customers, entries, tallies, left)


def _trouble(running: Cluster, number: int, away: float, calm: float, tell: Callable[[str], object]) -> None:
    one, two, three = (running.gateways[(number + place) % 3] for place in range(3))

    def step(what: str, *works: Callable[[], None]) -> None:
        tell(what)
        for work in works:
            work()
            time.sleep(calm)

    step("a gateway is killed", lambda: one.end(signal.SIGKILL), one.start)
    step("nginx reloads", running.reload)
    step("the database restarts", running.postgres.stop, running.postgres.start)
    step("a gateway is restarted", two.end, two.start)
    step("the database is away", running.postgres.stop, lambda: time.sleep(away))
    step("meanwhile a gateway is killed", lambda: three.end(signal.SIGKILL), running.reload, three.start)
    step("and another one", lambda: one.end(signal.SIGKILL))
    step("the database is back", running.postgres.start, one.start)


async def _read(url: str, folder: Path) -> tuple[list[Entry], Counter[Cell]]:
    """The record, which verifies, and its counters of choices."""
    ledger = open_ledger(url, folder=folder)
    await ledger.open()
    try:
        await ledger.verify()
        days = await open_tallies(url).days(["", "surface", "locale", "revision"])
        sums: Counter[Cell] = Counter()
        for cells in days.values():
            sums.update({cell: n for cell, n in cells.items() if cell.what.startswith(_BY_CHOICE)})
        return [entry async for entry in ledger.entries()], sums
    finally:
        await ledger.close()


def _compared(customers: list[Customer], entries: list[Entry], tallies: Counter[Cell], left: list[Path]) -> Seen:
    said: Said = Counter()
    for customer in customers:
        for tag, acts in customer.said.items():
            said.update({(tag, act): n for act, n in acts.items()})
    recorded: Said = Counter()
    recount: Counter[Cell] = Counter()
    for entry in entries:
        if entry.body is not None:
            recount.update(counted(Event(entry.kind, 0, entry.body), OPTIONAL, None))
        if entry.body is not None and "subject_tag" in entry.body:
            choices = entry.body["choices"]
            assert isinstance(choices, dict)
            granted = frozenset(name for name, yes in choices.items() if yes)
            recorded[str(entry.body["subject_tag"]), (entry.kind, granted)] += 1
    tags = {tag for tag, _ in said}
    beyond = recorded - said
    refusals = sum(entry.kind is Kind.REFUSE for entry in entries)
    attempts = sum((customer.open for customer in customers), Counter[Kind]())
    acknowledged = sum(customer.refusals for customer in customers)
    return Seen(
        pages=sum(customer.pages for customer in customers),
        acknowledged=said.total() + acknowledged,
        failures=[what for customer in customers for what, _, _ in customer.failures],
        faults=[fault for customer in customers for fault in customer.faults],
        unexplained=[what for customer in customers for what in customer.unexplained()],
        killed=len(customers[0].cluster.killed),
        lost=said - recorded,
        doubled=Counter({key: n for key, n in beyond.items() if key[0] in tags}),
        grants_beyond=sum(n for (tag, _), n in beyond.items() if tag not in tags),
        grants_open=attempts[Kind.GRANT],
        refusals_beyond=refusals - acknowledged,
        refusals_open=attempts[Kind.REFUSE],
        recount=recount,
        tallies=tallies,
        left=left,
    )
