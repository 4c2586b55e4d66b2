"""How the record is."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.ledger import open_ledger
from gateway.ledger.health import NOTE, health, note_verified
from gateway.model.entry import Event, Kind
from tests.ledger.events import refusal


def found(folder: Path) -> dict[str, str | int | None]:
    async def whole() -> dict[str, str | int | None]:
        ledger = open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}")
        await ledger.open()
        await ledger.append(refusal())
        await ledger.append(Event(Kind.ANCHOR, 20_000, {}))
        try:
            return await health(ledger, folder)
        finally:
            await ledger.close()

    return asyncio.run(whole())


def test_size_head_and_anchor_and_no_verification_yet(tmp_path: Path) -> None:
    state = found(tmp_path)
    assert (state["entries"], state["anchor"], state["verified"]) == (2, "2024-10-04", None)
    assert len(str(state["head"])) == 64


def test_a_verification_is_noted_and_a_damaged_note_is_none(tmp_path: Path) -> None:
    note_verified(tmp_path, 7, bytes(32), 1_795_000_000)
    assert (tmp_path / NOTE).stat().st_mode & 0o777 == 0o600
    state = found(tmp_path)
    assert (state["verified"], state["seq"]) == ("2026-11-18 11:06", 7)
    (tmp_path / NOTE).write_text("{")
    assert found(tmp_path)["verified"] is None
