"""A small record with everything in it, and what others than the gateway make of an export."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from gateway.ledger.files import bodies_path
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.categories import Category
from gateway.model.disclosure import Disclosure, Party, Purpose, Recipient, archived
from gateway.model.entry import Entry, Event, Kind, Value
from tests.ledger import events as visitors

NOTICE = Disclosure(
    rev=1,
    locale="en",
    date="2026-01-01",
    controller=Party(name="Hill Ltd", contact="privacy@hill.example", email="privacy@hill.example", country="TW"),
    jurisdiction="TW",
    purposes=(
        Purpose(
            category=Category.STATISTICS,
            name="Statistics",
            purpose="Which pages are used",
            codes=("157",),
            basis="19-1-5",
            data=("pages visited",),
            period="P185D",
            regions=("TW", "US"),
            method="cookies",
            recipients=(
                Recipient(id="counter", name="Counter", vendor="Count Inc", regions=("US",)),
                Recipient(id="replay", name="Replay", vendor="Watch Inc", separate=True),
            ),
        ),
        Purpose(category=Category.MARKETING, name="Marketing", purpose="Advertisements", period="P185D"),
    ),
    rights=("inspect", "erase"),
    url="/_choices/notice/1",
    withdrawal="/_choices/",
    grant_days=185,
)
TEXT = archived(NOTICE)
SHA256 = hashlib.sha256(TEXT).hexdigest()
DAY = 20_775
PICTURE = b"\xff\x00 not UTF-8"


def choice(kind: Kind, number: int, **changed: Value) -> Event:
    """A choice of the subject `number` under the archived notice."""
    shown = {"notice_sha256": SHA256, "ui_sha256": hashlib.sha256(PICTURE).hexdigest()}
    body = {**visitors.choice(number, day=DAY).body, **shown}
    if kind is Kind.REFUSE:
        del body["subject_tag"], body["minute"]
    return Event(kind, DAY, {**body, **changed})


def given(*names: str) -> Mapping[str, int]:
    return {name: int(name in names) for name in ("preferences", "statistics", "marketing")}


def events() -> list[Event]:
    return [
        choice(Kind.GRANT, 1, choices=given("statistics", "marketing")),
        choice(Kind.REFUSE, 2, choices=given()),
        choice(Kind.GRANT, 3, choices=given("marketing")),
        choice(Kind.CHANGE, 1, choices=given("statistics"), surface="settings"),
        choice(Kind.WITHDRAW, 1, choices=given(), surface="settings"),
        choice(Kind.GPC, 3, choices=given(), surface="gpc", signal=1),
        Event(Kind.ANCHOR, 20_776, {}),
    ]


def filled(path: Path, made: Iterable[Event] = ()) -> None:
    """Makes the record at `path`, with its archived texts."""

    async def work() -> None:
        ledger = SqliteLedger(path)
        await ledger.open()
        await asyncio.gather(ledger.archive(TEXT), ledger.archive(PICTURE))
        await asyncio.gather(*(ledger.append(event) for event in made or events()))
        await ledger.close()

    asyncio.run(work())


def erase(path: Path, *seqs: int) -> None:
    """Deletes those bodies, and accounts for them."""
    with closing(sqlite3.connect(bodies_path(path))) as bodies:
        bodies.executemany("DELETE FROM body WHERE seq = ?", [(seq,) for seq in seqs])
        bodies.commit()
    filled(path, [Event(Kind.ERASURE, 20_777, {"n": len(seqs)})])


def entries(path: Path) -> list[Entry]:
    async def work() -> list[Entry]:
        return [entry async for entry in SqliteLedger(path).entries()]

    return asyncio.run(work())


def recomputed(lines: Iterable[bytes]) -> tuple[int, str, int]:
    """What a third party finds who has nothing but the file: entries, head, bodies that are gone.

    Written from the formulas in the file's first line; uses nothing of the gateway.
    """
    head, count, gone, explained, texts = bytes(32), 0, 0, 0, set()
    first, *others, last = map(json.loads, lines)
    assert (first["line"], last["line"]) == ("header", "end")
    for line in others:
        if line["line"] == "text":
            text = line["text"].encode() if "text" in line else base64.b64decode(line["base64"])
            assert hashlib.sha256(text).hexdigest() == line["sha256"]
            texts.add(line["sha256"])
            continue
        count += 1
        assert line["seq"] == count
        assert bytes.fromhex(line["prev"]) == head
        if line["body"] is None:
            gone += 1
        else:
            body = json.dumps(line["body"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            sealed = hmac.new(bytes.fromhex(line["salt"]), b"cg/v1/body\0" + body.encode(), hashlib.sha256)
            assert sealed.hexdigest() == line["commitment"]
            explained += line["body"].get("n", 0)
            assert {line["body"].get(key) for key in ("notice_sha256", "ui_sha256")} <= texts | {None}
        place = count.to_bytes(8, "big") + line["day"].encode() + b"\0" + line["kind"].encode() + b"\0"
        head = hashlib.sha256(b"cg/v1/chain\0" + head + place + bytes.fromhex(line["commitment"])).digest()
        assert head.hex() == line["head"]
    assert gone == explained
    assert (last["entries"], last["head"]) == (count, head.hex())
    return count, head.hex(), gone
