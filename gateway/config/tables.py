"""From TOML's tables to typed structs, key by key, so that one fault does not hide the others."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit

import msgspec

from gateway.config.checks import Check
from gateway.errors import Problem

HIDDEN = "********"
_SECRET = re.compile(r"secret|key|token|password", re.IGNORECASE)
_NAMES: dict[Any, str] = {bool: "true or false", int: "a whole number", str: "a text in quotes"}


class Bad:
    """Stands for a value that had a problem; the problem is in the list."""


BAD = Bad()


def convert_table(kind: Any, raw: Mapping[str, Any], where: str, problems: list[Problem]) -> Any:
    """`raw` as a struct of type `kind`, or BAD; every problem is appended to `problems`.

    `where` is the table's own name ("" for the file). A value with a problem counts as left out.
    """
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    values = {}
    for key, value in raw.items():
        name = f"{where}.{key}" if where else key
        if key not in fields:
            problems.append(Problem(name, shown(key, value), f"another key: {_unknown(key, fields)}"))
            continue
        converted = _convert(fields[key].type, value, name, problems)
        if converted is not BAD:
            values[fields[key].name] = converted
    missing = [name for name, field in fields.items() if field.required and name not in raw]
    problems.extend(Problem(f"{where}.{name}", None, words(fields[name].type)) for name in missing)
    if any(field.required and field.name not in values for field in fields.values()):
        return BAD
    return kind(**values)


def words(kind: Any, value: object = None) -> str:
    """What a value of the type `kind` looks like, with a guess at what `value` was meant to be."""
    inner, metas = _unwrap(kind)
    for meta in metas:
        check = (meta.extra or {}).get("check")
        if check is not None:
            return str(check.expected)
    options = _options(inner)
    if options:
        return " or ".join(f'"{option}"' for option in options) + _guess(value, options)
    least = next((f", at least {meta.ge}" for meta in metas if meta.ge is not None), "")
    most = next((f", at most {meta.le}" for meta in metas if meta.le is not None), "")
    return _NAMES[inner] + least + most


def suggestion(value: object, known: Iterable[str]) -> str:
    """The known word that `value` resembles most, or nothing."""
    return next(iter(difflib.get_close_matches(str(value), sorted(known), 1)), "")


def shown(key: str, value: object) -> object:
    """`value` as a problem may print it: no secret, no password of a URL."""
    if _SECRET.search(key):
        return HIDDEN
    return without_credentials(value) if isinstance(value, str) else value


def without_credentials(url: str) -> str:
    """`url` with user name and password hidden."""
    try:
        place = urlsplit(url).netloc
    except ValueError:
        place = url.partition("://")[2]
    credentials, at, _ = place.rpartition("@")
    return url.replace(credentials + at, HIDDEN + at, 1) if at else url


def _convert(kind: Any, value: Any, name: str, problems: list[Problem]) -> Any:
    inner, metas = _unwrap(kind)
    if get_origin(inner) is tuple:
        return _convert_list(get_args(inner)[0], value, name, problems)
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        if isinstance(value, dict):
            return convert_table(inner, value, name, problems)
        problems.append(Problem(name, shown(name, value), f"a table, [{name}]"))
        return BAD
    if inner is str and type(value) is date:
        value = value.isoformat()
    try:
        converted = msgspec.convert(value, kind)
    except msgspec.ValidationError:
        converted = BAD
    checks: list[Check] = [meta.extra["check"] for meta in metas if meta.extra]
    if converted is BAD or not all(check.holds(converted) for check in checks):
        problems.append(Problem(name, shown(name, value), words(kind, value)))
        return BAD
    return converted


def _convert_list(kind: Any, value: Any, name: str, problems: list[Problem]) -> Any:
    if not isinstance(value, list):
        inner, _ = _unwrap(kind)
        is_table = isinstance(inner, type) and issubclass(inner, msgspec.Struct)
        expected = f"a list of tables, [[{name}]]" if is_table else f"a list, each item {words(kind)}"
        problems.append(Problem(name, shown(name, value), expected))
        return BAD
    items = [_convert(kind, item, f"{name}[{place}]", problems) for place, item in enumerate(value)]
    return tuple(item for item in items if item is not BAD)


def _unwrap(kind: Any) -> tuple[Any, list[msgspec.Meta]]:
    """The type below Annotated and `| None`, and what was said about it on the way."""
    if get_origin(kind) is Annotated:
        below, *metas = get_args(kind)
        inner, more = _unwrap(below)
        return inner, [*metas, *more]
    if get_origin(kind) in (Union, UnionType):
        return _unwrap(next(part for part in get_args(kind) if part is not NoneType))
    return kind, []


def _options(inner: Any) -> tuple[str, ...]:
    if get_origin(inner) is Literal:
        return get_args(inner)
    return tuple(inner) if isinstance(inner, type) and issubclass(inner, StrEnum) else ()


def _unknown(key: str, fields: Iterable[str]) -> str:
    if _SECRET.search(key):
        return "secrets are not in the file, set CONSENT_GATEWAY_SECRET"
    close = suggestion(key, fields)
    return f"did you mean {close}?" if close else f"one of {', '.join(fields)}"


def _guess(value: object, options: Iterable[str]) -> str:
    close = suggestion(value, options)
    return f", did you mean {close}?" if close else ""
