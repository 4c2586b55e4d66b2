import pytest

from gateway.model.categories import OPTIONAL
from gateway.model.choice import make_choice
from gateway.model.decision import Rules, decide
from gateway.model.entry import Kind, subject_tag, tag_key
from gateway.model.evidence import PLACES, Evidence, Interface
from gateway.model.signals import Signals

P, S, M = OPTIONAL
DAY = 20_000
ID = "a" * 22
KEY = tag_key(b"k" * 32)


def _shown(locale: str, place: str) -> tuple[str, str]:
    return "1" * 64, ("2" if (locale, place) == ("en", "banner") else "3") * 64


EVIDENCE = Evidence(KEY, _shown, 4, 5, "000489")
GRANT = make_choice(frozenset({P, M}), {S: DAY}, DAY, 1, id=ID)


def test_an_event_says_what_was_chosen_where_and_what_was_shown() -> None:
    interface = Interface("en", "wide", "banner")
    event = EVIDENCE.event(Kind.GRANT, GRANT, ID, interface, now=DAY * 86_400 + 61, gpc=False)
    assert (event.kind, event.day) == (Kind.GRANT, DAY)
    assert event.body == {
        "choices": {"preferences": 1, "statistics": 0, "marketing": 1},
        "notice_rev": 4,
        "notice_sha256": "1" * 64,
        "ui_sha256": "2" * 64,
        "policy_rev": 5,
        "tenant": "000489",
        "locale": "en",
        "layout": "wide",
        "surface": "banner",
        "signal": 0,
        "subject_tag": subject_tag(KEY, ID).hex(),
        "minute": "2024-10-04T00:01Z",
    }


LOCALES = ("zh-Hant", "en")


def test_what_a_browser_sends_falls_to_the_defaults_unless_listed() -> None:
    assert Interface.of("fr", ["wide"], "x" * 999, locales=LOCALES) == Interface("zh-Hant", "plain", "nojs")
    assert Interface.of(None, None, None, locales=LOCALES) == Interface()
    assert Interface.of("en", "narrow", "embed", locales=LOCALES) == Interface("en", "narrow", "embed", "embed")
    odd = Interface.of("en", "narrow", "settings", "x" * 999, locales=LOCALES)
    assert odd == Interface("en", "narrow", "settings", "settings")


@pytest.mark.parametrize(
    ("surface", "page", "place"),
    [
        ("banner", None, "banner"),
        ("nojs", None, "banner"),
        ("settings", None, "settings"),
        ("settings", "me", "me"),
        ("settings", "do-not-sell", "do-not-sell"),
        ("embed", "me", "embed"),
        ("gpc", None, "signal"),
    ],
)
def test_each_surface_has_the_text_that_was_shown_in_it(surface: str, page: str | None, place: str) -> None:
    assert Interface.of("en", "wide", surface, page, locales=LOCALES).place == place
    assert place in PLACES


def test_a_signal_that_withdrew_grants_is_an_event_of_that_consent() -> None:
    decision = decide(GRANT, Signals(gpc=True), Rules(), DAY)
    event = EVIDENCE.gpc_event(decision, now=DAY * 86_400.0)
    assert event is not None
    assert event.kind is Kind.GPC
    assert event.body["choices"] == {"preferences": 1, "statistics": 0, "marketing": 0}
    assert (event.body["surface"], event.body["signal"]) == ("gpc", 1)
    assert event.body["subject_tag"] == subject_tag(KEY, ID).hex()


def test_a_signal_that_withdrew_nothing_is_none() -> None:
    for choice, day in ((None, DAY), (GRANT, DAY + 200)):
        assert EVIDENCE.gpc_event(decide(choice, Signals(gpc=True), Rules(), day), now=0.0) is None
    assert EVIDENCE.gpc_event(decide(GRANT, Signals(), Rules(), DAY), now=0.0) is None
