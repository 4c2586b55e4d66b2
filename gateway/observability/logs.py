"""Log lines as JSON objects, and what never gets into one: address, User-Agent, query, cookie.

Three nets. Only the fields of `FIELDS` are taken from `extra`. Of other packages' messages only the
template's first line is kept, without its arguments: servers put peers and URLs there. Of exceptions only
the types and the places in the code are kept: their messages quote what visitors sent.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

FIELDS = frozenset(
    {"method", "status", "route", "milliseconds", "service", "category", "count", "seq", "head", "problem"}
)
"""What a record of ours may carry besides its message. A `route` is a pattern, never a path asked for."""

OWN = "gateway"

_QUERY = re.compile(r"\?[^\s\"']+")
_ADDRESS_LIKE = re.compile(r"[0-9A-Fa-f]*[:.][0-9A-Fa-f:.]+")


class JsonLines(logging.Formatter):
    """One record, one line: time (UTC), level, logger, message, then the allowed fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        line |= {name: value for name, value in vars(record).items() if name in FIELDS}
        if record.exc_info and record.exc_info[1]:
            line["error"] = _places(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__)


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Sends every logger's records to `stream` (default: standard error) as JSON lines, once.

    The server must be started without a logging configuration of its own.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = True


def redacted(text: str) -> str:
    """`text` without queries and IP addresses."""
    return _ADDRESS_LIKE.sub(_without_address, _QUERY.sub("?…", text))


def _without_address(found: re.Match[str]) -> str:
    """The text found, or "(address)" if it is one, with the port and the punctuation after it."""
    core = found[0].rstrip(".")
    for address in (core, core.rpartition(":")[0]):
        with suppress(ValueError):
            ipaddress.ip_address(address)
            return "(address)" + found[0].removeprefix(address)
    return found[0]


def _message(record: logging.LogRecord) -> str:
    own = record.name == OWN or record.name.startswith(f"{OWN}.")
    text = record.getMessage() if own else str(record.msg).partition("\n")[0]
    return redacted(text)


def _places(error: BaseException) -> list[str]:
    """The chain of exceptions, the outermost first, each with its call stack's innermost places."""
    places = []
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        frames = traceback.extract_tb(link.__traceback__)[-5:]
        stack = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
        places.append(f"{type(link).__name__} in {stack}" if stack else type(link).__name__)
        link = link.__cause__ or link.__context__
    return places
