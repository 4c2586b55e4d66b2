"""Log lines: readable by machines, and free of visitors."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.observability.logs import configure, redacted

CANARIES = ("203.0.113.9", "Mozilla", "wang", "sid=1", "2001:db8", "secret")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    configure(stream=stream)
    yield stream
    root.handlers[:], level = before
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_json_line(stream: io.StringIO) -> None:
    logging.getLogger("gateway.app").info("started %s\nagain", "說明", extra={"seq": 5, "ip": "203.0.113.9"})
    (line,) = lines(stream)
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "info", "logger": "gateway.app", "message": "started 說明\nagain", "seq": 5}


def test_a_field_that_json_does_not_know_is_named_by_its_type(stream: io.StringIO) -> None:
    logging.getLogger("gateway").info("x", extra={"count": object()})
    assert lines(stream)[0]["count"] == "object"


def test_the_access_log_is_silent(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info('%s - "%s %s" %d', "203.0.113.9", "GET", "/?name=wang", 200)
    assert stream.getvalue() == ""


def test_messages_of_other_packages_lose_their_arguments(stream: io.StringIO) -> None:
    logging.getLogger("websockets").info('%s - "WebSocket %s" [accepted]', "203.0.113.9:5", "/?sid=1")
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <ValueError('wang')>")
    logging.getLogger("gatewayish").error("agent %s", "Mozilla")
    assert [line["message"] for line in lines(stream)] == [
        '%s - "WebSocket %s" [accepted]',
        "Task exception was never retrieved",
        "agent %s",
    ]


def test_an_exception_is_types_and_places_without_what_it_quotes(stream: io.StringIO) -> None:
    try:
        try:
            int("wang")
        except ValueError as error:
            raise KeyError("secret") from error
    except KeyError:
        logging.getLogger("gateway").exception("failed")
    (line,) = lines(stream)
    assert [place.split(" in ")[0] for place in line["error"]] == ["KeyError", "ValueError"]
    assert "test_an_exception_is_types" in line["error"][0]
    assert not any(canary in stream.getvalue() for canary in CANARIES)


def test_an_exception_that_was_never_raised_is_its_type(stream: io.StringIO) -> None:
    logging.getLogger("gateway").error("failed", exc_info=ValueError("wang"))
    assert lines(stream)[0]["error"] == ["ValueError"]


def test_exceptions_that_cause_each_other_end(stream: io.StringIO) -> None:
    one, two = ValueError(), KeyError()
    one.__cause__, two.__cause__ = two, one
    logging.getLogger("gateway").error("failed", exc_info=one)
    assert lines(stream)[0]["error"] == ["ValueError", "KeyError"]


def test_no_exception_in_flight_is_no_error(stream: io.StringIO) -> None:
    logging.getLogger("gateway").error("failed", exc_info=True)
    assert "error" not in lines(stream)[0]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("GET /a?name=wang HTTP", "GET /a?… HTTP"),
        ("from 203.0.113.9 now", "from (address) now"),
        ("from 203.0.113.9:4711", "from (address):4711"),
        ("from 2001:db8::1 now", "from (address) now"),
        ("from [::1]:80", "from [(address)]:80"),
        ("from ::ffff:203.0.113.9.", "from (address)."),
        ("version 1.2.3 at 12:30:59 entry 5: broken", "version 1.2.3 at 12:30:59 entry 5: broken"),
    ],
)
def test_queries_and_addresses_are_cut(text: str, left: str) -> None:
    assert redacted(text) == left


def test_configuring_twice_does_not_print_twice(stream: io.StringIO) -> None:
    configure("WARNING", stream)
    logging.getLogger("gateway").warning("x")
    logging.getLogger("gateway").info("y")
    assert len(lines(stream)) == 1
