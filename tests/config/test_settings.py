"""The table of settings: complete, documented, and valid as it stands."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin

import msgspec
import pytest

from gateway.config.settings import FileSettings, Settings
from gateway.enforcement.language import LOCALES


def tables(kind: Any) -> list[Any]:
    """The struct `kind` and every struct below it."""
    found = [kind]
    for field in msgspec.structs.fields(kind):
        inner = get_args(field.type)[0] if get_origin(field.type) is tuple else field.type
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            found += tables(inner)
    return found


@pytest.mark.parametrize("table", tables(FileSettings), ids=lambda table: table.__name__)
def test_every_setting_says_what_it_means(table: Any) -> None:
    assert table.__doc__
    for field in msgspec.structs.fields(table):
        if get_origin(field.type) is Annotated:
            assert any(meta.description for meta in field.type.__metadata__), field.name


def test_settings_do_not_change() -> None:
    with pytest.raises(AttributeError):
        Settings().prefix = "/x"  # type: ignore[misc]


def test_the_defaults_are_the_documented_ones() -> None:
    settings = Settings()
    assert (settings.prefix, settings.mode, settings.unknown) == ("/_choices", "enforce", None)
    assert (settings.dnt, settings.language, settings.stats.period) == ("honour", "zh-Hant", "week")
    assert (settings.policy.rev, settings.policy.regions, settings.limits) == (1, ("TW",), True)


def test_every_language_there_are_texts_for_can_be_the_configured_one() -> None:
    (field,) = (field for field in msgspec.structs.fields(FileSettings) if field.name == "language")
    assert get_args(get_args(field.type)[0]) == LOCALES
