"""Two starts are equal, or a hash tells what was not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.keys import Secret
from gateway.config.settings import Controller, Settings
from gateway.fingerprint import fingerprint
from gateway.model.entry import Event, Kind

PLAIN = Settings()


def test_it_is_the_body_of_a_config_event() -> None:
    assert Event(Kind.CONFIG, 1, fingerprint(PLAIN, [b"script"]))


@pytest.mark.parametrize(
    "same",
    [
        Settings(),
        Settings(keys=(Secret(b"k" * 32),), tag_key=Secret(b"t" * 32), limits=False),
        Settings(folder=Path("elsewhere"), data="elsewhere", database="sqlite:///x"),
    ],
    ids=["equal", "other secrets", "other places"],
)
def test_secrets_and_places_are_not_part_of_it(same: Settings) -> None:
    assert fingerprint(same) == fingerprint(PLAIN)


def test_a_setting_changes_the_configurations_hash_only() -> None:
    one, two = fingerprint(PLAIN), fingerprint(Settings(controller=Controller(name="山目選物")))
    assert {key for key in one if one[key] != two[key]} == {"configuration"}


def test_a_script_changes_the_templates_hash_only_and_their_order_does_not() -> None:
    one, two = fingerprint(PLAIN, [b"a", b"b"]), fingerprint(PLAIN, [b"b", b"c"])
    assert {key for key in one if one[key] != two[key]} == {"templates"}
    assert fingerprint(PLAIN, [b"b", b"a"]) == one
