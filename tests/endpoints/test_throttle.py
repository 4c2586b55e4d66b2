"""Who fails too often waits, longer each time; others do not."""

from __future__ import annotations

from gateway.endpoints.throttle import FAILURES, LONGEST, PAUSE, Throttle


def test_some_failures_cost_nothing_then_pauses_double() -> None:
    now = [1000.0]
    throttle = Throttle(lambda: now[0])
    waits = []
    for _ in range(FAILURES + 9):
        throttle.failed("a")
        waits.append(throttle.wait("a"))
    assert waits[: FAILURES - 1] == [0] * (FAILURES - 1)
    assert waits[FAILURES - 1 : FAILURES + 2] == [PAUSE, 2 * PAUSE, 4 * PAUSE]
    assert waits[-1] == LONGEST
    assert throttle.wait("b") == 0


def test_each_of_several_processes_allows_its_part() -> None:
    throttle = Throttle(lambda: 1000.0, processes=2)
    throttle.failed("a")
    assert throttle.wait("a") == 0
    throttle.failed("a")
    assert throttle.wait("a") == PAUSE
    many = Throttle(lambda: 1000.0, processes=64)
    many.failed("a")
    assert many.wait("a") == PAUSE


def test_a_pause_ends() -> None:
    now = [1000.0]
    throttle = Throttle(lambda: now[0])
    for _ in range(FAILURES):
        throttle.failed("a")
    now[0] += PAUSE - 0.5
    assert throttle.wait("a") == 1
    now[0] += 0.5
    assert throttle.wait("a") == 0


def test_failures_of_long_ago_are_forgotten() -> None:
    now = [1000.0]
    throttle = Throttle(lambda: now[0])
    for _ in range(FAILURES):
        throttle.failed("a")
    now[0] += LONGEST + 1
    throttle.failed("a")
    assert throttle.wait("a") == 0


def test_without_limits_nobody_waits() -> None:
    throttle = Throttle(lambda: 0.0, on=False)
    for _ in range(99):
        throttle.failed("a")
    assert throttle.wait("a") == 0


def test_the_memory_of_addresses_is_bounded() -> None:
    throttle = Throttle(lambda: 1000.0)
    for number in range(10_050):
        throttle.failed(str(number))
    assert len(vars(throttle)["_failures"]) == 10_000
