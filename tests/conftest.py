"""Nothing in the tests depends on how long it takes: hypothesis has no deadline."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from hypothesis import HealthCheck, settings

from gateway import registry
from gateway.enforcement.catalogue_data import load_catalogue
from tests.postgres import Server

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def catalogue_of_gateways() -> Iterator[None]:
    """Read once for all gateways of a process: it never changes after construction."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "load_catalogue", cache(load_catalogue))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The one PostgreSQL server of all tests of a process, started for the first that asks."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def unmeasured() -> Iterator[None]:
    """Without coverage, which takes three times as long: for much input to code that other tests measure."""
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)


@pytest.fixture
def say(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """A line of the summary, whichever process the test ran in: what was measured, not only that it was enough."""
    return lambda text: record_property("said", text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    said = [text for report in reports for name, text in report.user_properties if name == "said"]
    if said:
        terminalreporter.section("measured")
        terminalreporter.write_line("\n".join(map(str, said)))
