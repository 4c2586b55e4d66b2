"""Events of made-up visitors, each known by a number."""

from __future__ import annotations

from gateway.model.entry import Event, Kind, choice_event

HASH = "0" * 64
DAY = 20_000


def tag(number: int) -> bytes:
    """The tag of visitor `number`: bytes that occur nowhere else by chance."""
    return b"\xf5tag" + number.to_bytes(12, "big")


def choice(
    number: int = 0,
    *,
    kind: Kind = Kind.GRANT,
    day: int = DAY,
    granted: bool = True,
    surface: str = "banner",
    minute: int = 0,
) -> Event:
    """An event of visitor `number`, `minute` of the day, that leaves something granted, or nothing."""
    return choice_event(
        kind,
        now=day * 86_400.0 + minute * 60,
        subject_tag=None if kind is Kind.REFUSE else tag(number),
        choices={"preferences": int(granted), "statistics": 0, "marketing": 0},
        notice_rev=1,
        notice_sha256=HASH,
        ui_sha256=HASH,
        policy_rev=1,
        tenant="",
        locale="en",
        layout="wide",
        surface=surface,
        signal=0,
    )


def withdrawal(number: int = 0, *, day: int = DAY, granted: bool = False) -> Event:
    """Visitor `number` withdraws, everything unless `granted`."""
    return choice(number, kind=Kind.WITHDRAW, day=day, granted=granted, surface="settings")


def refusal(day: int = DAY) -> Event:
    """A refusal, of nobody."""
    return choice(kind=Kind.REFUSE, day=day, granted=False)
