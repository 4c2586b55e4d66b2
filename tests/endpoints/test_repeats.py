"""Two clicks, one event."""

from __future__ import annotations

import asyncio

import pytest

from gateway.endpoints import repeats as module
from gateway.endpoints.repeats import Repeats
from gateway.errors import LedgerUnavailable


class Book:
    """Takes down what is recorded, slowly; fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.taken: list[str] = []

    async def record(self, what: str) -> None:
        await asyncio.sleep(0.01)
        if self.failures:
            self.failures -= 1
            raise LedgerUnavailable("away")
        self.taken.append(what)


def recorded(*acts: tuple[str, str], together: bool = False) -> list[str]:
    async def work() -> list[str]:
        repeats, book = Repeats(), Book()
        waiting = [repeats.once(id, what, book.record(what)) for id, what in acts]
        if together:
            await asyncio.gather(*waiting)
        else:
            for one in waiting:
                await one
        return book.taken

    return asyncio.run(work())


@pytest.mark.parametrize("together", [True, False])
def test_the_same_choice_of_the_same_visitor_is_recorded_once(together: bool) -> None:
    assert recorded(("a", "yes"), ("a", "yes"), together=together) == ["yes"]


def test_after_a_while_the_same_is_a_choice_made_anew() -> None:
    """What ended the first one may not have come by here."""
    now = [100.0]

    async def work() -> list[str]:
        repeats, book = Repeats(lambda: now[0]), Book()
        for pause in (0, 2.9, 0.2):
            now[0] += pause
            await repeats.once("a", "yes", book.record("yes"))
        return book.taken

    assert asyncio.run(work()) == ["yes", "yes"]


def test_a_choice_that_was_changed_in_between_is_recorded_again() -> None:
    assert recorded(("a", "yes"), ("a", "no"), ("a", "yes")) == ["yes", "no", "yes"]


def test_visitors_are_told_apart_and_who_has_no_id_is_never_taken_for_another() -> None:
    assert recorded(("a", "yes"), ("b", "yes"), ("", "no"), ("", "no")) == ["yes", "yes", "no", "no"]


def test_what_was_not_recorded_is_recorded_by_the_next_attempt() -> None:
    async def work() -> list[str]:
        repeats, book = Repeats(), Book(failures=1)
        both = (repeats.once("a", "yes", book.record("yes")) for _ in range(2))
        results = await asyncio.gather(*both, return_exceptions=True)
        assert [type(result) for result in results] == [LedgerUnavailable] * 2
        await repeats.once("a", "yes", book.record("yes"))
        return book.taken

    assert asyncio.run(work()) == ["yes"]


def test_it_remembers_a_bounded_number_of_visitors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 2)
    acts = [("a", "yes"), ("b", "yes"), ("c", "yes"), ("c", "yes"), ("a", "yes")]
    assert recorded(*acts) == ["yes"] * 4


def test_a_visitor_who_leaves_does_not_stop_the_recording() -> None:
    async def work() -> list[str]:
        repeats, book = Repeats(), Book()
        first = asyncio.create_task(repeats.once("a", "yes", book.record("yes")))
        await asyncio.sleep(0)
        first.cancel()
        await repeats.once("a", "yes", book.record("yes"))
        return book.taken

    assert asyncio.run(work()) == ["yes"]
