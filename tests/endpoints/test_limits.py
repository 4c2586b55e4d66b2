"""Too many posts of one place wait, and who they came from is nowhere."""

from __future__ import annotations

import json
import pickle
from array import array
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.endpoints.limits import A_SECOND, AT_ONCE, Limited, Limits
from tests.test_app import Shop, settings, visiting


class Time:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def spent(limits: Limits, address: str) -> int:
    """How many pass before one has to wait."""
    number = 0
    while not limits.wait(address):
        number += 1
    return number


def test_each_of_several_processes_lets_its_part_pass() -> None:
    time = Time()
    limits = Limits(time, 4)
    assert spent(limits, "192.0.2.1") == AT_ONCE // 4
    assert limits.wait("192.0.2.1") == 2
    time.now += 4 / A_SECOND
    assert spent(limits, "192.0.2.1") == 1


def test_one_place_waits_and_others_do_not() -> None:
    time = Time()
    limits = Limits(time)
    assert spent(limits, "192.0.2.1") == AT_ONCE
    assert limits.wait("192.0.2.1") == 1
    assert sum(limits.wait(f"198.51.100.{number}") for number in range(200)) <= 1


@pytest.mark.parametrize("seconds", [0.5, 1, 7, 30])
def test_time_gives_back(seconds: float) -> None:
    time = Time()
    limits = Limits(time)
    spent(limits, "a")
    time.now += seconds
    assert spent(limits, "a") == seconds * A_SECOND
    time.now += 599 - seconds
    assert spent(limits, "a") == AT_ONCE


@pytest.mark.parametrize("jump", [600, -5])
def test_the_mixing_changes_and_a_clock_that_goes_back_locks_nobody_out(jump: float) -> None:
    time = Time()
    limits = Limits(time)
    spent(limits, "a")
    time.now += jump
    assert limits.wait("a") == 0


def test_no_address_is_kept() -> None:
    limits = Limits(Time())
    limits.wait("203.0.113.77")
    assert {type(value) for value in vars(limits).values()} <= {Time, bytes, float, array}
    assert b"203.0.113" not in pickle.dumps({name: value for name, value in vars(limits).items() if name != "_clock"})


async def app(scope: object, receive: object, send: object) -> None:
    await PlainTextResponse("done")(scope, receive, send)  # type: ignore[arg-type]


def page(request: Request, status: int, message: str) -> Response:
    return PlainTextResponse("page: " + message, status)


def test_posts_are_counted_and_the_answer_says_how_long() -> None:
    visitor = TestClient(Limited(app, Time(), page), client=("192.0.2.9", 1))
    assert {visitor.post("/").status_code for _ in range(AT_ONCE)} == {200}
    form, data = visitor.post("/"), visitor.post("/", json={})
    assert visitor.get("/").status_code == 200
    assert (form.status_code, form.headers["retry-after"], form.headers["cache-control"]) == (429, "1", "no-store")
    assert form.text.startswith("page: too many")
    assert data.status_code == 429
    assert data.json() == {"error": "too many at once: try again in 1 seconds"}


def test_a_household_is_one_place() -> None:
    limited = Limited(app, Time(), page)
    for _ in range(AT_ONCE):
        TestClient(limited, client=("2001:db8:1:2::1", 1)).post("/")
    assert TestClient(limited, client=("2001:db8:1:2:ffff::2", 1)).post("/").status_code == 429
    assert TestClient(limited, client=("2001:db8:1:3::1", 1)).post("/").status_code == 200


@pytest.mark.parametrize("on", [True, False])
def test_a_flood_of_choices_is_stopped_unless_limits_are_off(
    tmp_path: Path, on: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with visiting(create_app(settings(tmp_path, limits=on), shop=Shop())) as visitor:
        answers = [visitor.post("/_choices/choice", '{"action":"refuse"}') for _ in range(AT_ONCE + 40)]
        page = visitor.post("/_choices/choice", "action=refuse", Accept_Language="en")
        assert visitor.get("/").status == 200
    assert ({answer.status for answer in answers} == {200, 429}) is on
    assert (page.status == 429) is on
    if on:
        assert "too many" in json.loads(answers[-1].body)["error"]
        assert b"Too many at once" in page.body
    assert ("rate limits are off" in caplog.text) is not on
