"""Is a record whole? One pass over its entries, in order, without any database."""

from __future__ import annotations

import hmac
from collections import Counter

from gateway.errors import ChainBroken
from gateway.model.entry import CHOICES, GENESIS, Body, Entry, Kind, body_fault, chain_hash, commitment


class ChainCheck:
    """Feed every entry from the first on, then `finish`. Raises ChainBroken at the first entry at fault.

    Deleted bodies are in order if the record itself accounts for them (R-125): their number equals the sum
    of `n` in its `erasure` and `retention` entries, and a `retention` accounts for nothing later than its
    `until`. Memory grows with the days that have deleted bodies, not with the entries.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.head = GENESIS
        self._absent: Counter[str] = Counter()
        self._first_absent = 0
        self._explained = 0
        self._retained: list[tuple[str, int, int]] = []

    def feed(self, entry: Entry) -> None:
        seq = self.seq + 1
        if entry.seq != seq:
            raise ChainBroken(seq, "missing")
        if entry.prev != self.head:
            raise ChainBroken(seq, "does not follow the entry before it")
        if chain_hash(self.head, seq, entry.day, entry.kind, entry.commitment) != entry.head:
            raise ChainBroken(seq, "number, day, kind or commitment was changed")
        if entry.body is None or entry.salt is None:
            self._deleted(entry)
        else:
            self._present(entry, entry.salt, entry.body)
        self.seq, self.head = seq, entry.head

    def finish(self) -> None:
        absent = self._absent.total()
        if absent != self._explained:
            fault = f"{absent} bodies are gone, the record accounts for {self._explained}"
            raise ChainBroken(self._first_absent or self.seq, fault)
        allowed = 0
        for until, n, seq in sorted(self._retained):
            allowed += n
            if allowed > sum(count for day, count in self._absent.items() if day <= until):
                raise ChainBroken(seq, f"claims more deleted bodies than are gone up to {until}")

    def _deleted(self, entry: Entry) -> None:
        if entry.kind not in CHOICES:
            raise ChainBroken(entry.seq, f"the body of a {entry.kind} entry never goes")
        if entry.body is not None or entry.salt is not None:
            raise ChainBroken(entry.seq, "body and salt go together")
        self._absent[entry.day] += 1
        self._first_absent = self._first_absent or entry.seq

    def _present(self, entry: Entry, salt: bytes, body: Body) -> None:
        try:
            genuine = hmac.compare_digest(commitment(salt, body), entry.commitment)
        except (TypeError, ValueError):
            genuine = False
        if not genuine:
            raise ChainBroken(entry.seq, "the body or its salt was changed")
        fault = body_fault(entry.kind, body)
        if fault:
            raise ChainBroken(entry.seq, fault)
        n = int(str(body.get("n", 0)))
        self._explained += n
        if entry.kind is Kind.RETENTION:
            self._retained.append((str(body["until"]), n, entry.seq))
