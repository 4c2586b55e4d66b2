"""Every exception of the gateway, one tree.

GatewayError
├── ConfigError          the configuration cannot be used; carries every problem at once
├── LedgerError
│   ├── LedgerUnavailable  the event could not be made durable; nothing was granted
│   │   └── LedgerBusy       as many events as may wait are waiting
│   ├── ChainBroken        the record was edited; carries the sequence number
│   └── ImportRefused      a file is no exported record, or there is a record already; nothing was changed
├── UpstreamError        the shop did not answer as HTTP demands
│   ├── UpstreamUnreachable  502
│   ├── UpstreamBusy         503
│   ├── UpstreamTimeout      504
│   └── UpstreamBadResponse  502
├── ScanError            a shop could not be visited
└── RewriteError         a body cannot be read as what it claims to be; it is closed, never passed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class GatewayError(Exception):
    """The root: catch this to catch everything the gateway raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a configuration: the key as written in TOML, the value found, what was expected."""

    key: str
    value: object
    expected: str

    def __str__(self) -> str:
        return f"{self.key} = {self.value!r}: expected {self.expected}"


class ConfigError(GatewayError):
    """The configuration has `problems`, all of them, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class LedgerError(GatewayError):
    """Something about the consent record."""


class LedgerUnavailable(LedgerError):
    """The event could not be made durable; a grant must not be answered with success."""


class LedgerBusy(LedgerUnavailable):
    """As many events as may wait for the disk are waiting."""


class ChainBroken(LedgerError):
    """The record does not verify; `seq` is the first entry at fault."""

    def __init__(self, seq: int, fault: str) -> None:
        self.seq = seq
        self.fault = fault
        super().__init__(f"entry {seq}: {fault}")


class ImportRefused(LedgerError):
    """A record cannot be made from that file, or not there; says why. Nothing was changed."""


class UpstreamError(GatewayError):
    """The shop failed; `status` is what the visitor is answered."""

    status = 502


class UpstreamUnreachable(UpstreamError):
    """No connection to the shop."""


class UpstreamBusy(UpstreamError):
    """As many requests as may wait for a connection to the shop are waiting."""

    status = 503


class UpstreamTimeout(UpstreamError):
    """The shop did not answer in time."""

    status = 504


class UpstreamBadResponse(UpstreamError):
    """The shop's answer is not HTTP, or broke off before its header was complete."""


class RewriteError(GatewayError):
    """A body cannot be decoded or read; what follows is closed."""


class ScanError(GatewayError):
    """No page of the shop could be read; says why."""
