"""What goes first into the head of a page: the guard, then the signals for Google's tags."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from gateway.enforcement.consent_mode import ConsentMode
from gateway.enforcement.guard import Guard
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category
from gateway.model.decision import Decision


@dataclass(frozen=True, slots=True)
class Head:
    """The two scripts of one shop; `folder` is the address of the gateway's assets, with a slash at its end."""

    guard: Guard
    consent_mode: ConsentMode
    folder: str

    def markup(self, decision: Decision, host: str, nonce: str, *, inline: bool = False) -> bytes:
        """What runs before all other scripts of a page of `host`; the guard `inline` where that may run."""
        guard = self.guard.tag(decision, host, self.folder, nonce, inline=inline)
        return guard + self.consent_mode.tag(decision, nonce)


def make_head(
    catalogue: Catalogue,
    guard: bytes,
    consent_mode: str,
    *,
    declared: Collection[str] | None,
    block_unknown: bool,
    first_party: Iterable[str],
    offered: Collection[Category],
) -> Head:
    """From the guard's code and the address of the signals' file, which stands where the guard will; see `Guard`."""
    made = Guard(
        catalogue,
        guard,
        declared=declared,
        block_unknown=block_unknown,
        first_party=first_party,
        offered=offered,
    )
    return Head(made, ConsentMode(catalogue, consent_mode, declared), consent_mode.rpartition("/")[0] + "/")
