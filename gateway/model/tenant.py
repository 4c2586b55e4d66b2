"""The part of a host that is one shop's: everything else belongs to its neighbours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tenant:
    """All paths below `path` (which begins and ends with a slash), on `host` or, if empty, on any host."""

    path: str = "/"
    host: str = ""

    @classmethod
    def of(cls, scope: str) -> Tenant:
        """Reads `/000489/` or `www.mall.example/000489/`."""
        host, slash, path = scope.partition("/")
        return cls(slash + path, host)

    @property
    def everything(self) -> bool:
        """Whether the shop shares with nobody."""
        return self == Tenant()

    @property
    def name(self) -> str:
        """What choices and events are bound to; empty for a shop that shares with nobody."""
        return "" if self.everything else self.host + self.path

    def holds(self, path: str, host: str = "") -> bool:
        """Whether a request for `path` (percent-decoded) at `host` (lower case, without port) is the shop's.

        Segments count whole; empty ones and dots are resolved first, as servers do.
        """
        return (not self.host or host == self.host) and _begins(path, self.path)


def _begins(path: str, folder: str) -> bool:
    wanted = _segments(folder)
    return _segments(path)[: len(wanted)] == wanted


def _segments(path: str) -> list[str]:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return kept
