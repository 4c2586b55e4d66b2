"""Reads the configuration file and the environment; reports all that is wrong with both at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gateway.config.checks import DATABASE
from gateway.config.keys import KEY_SIZE, Secret, parse_keys
from gateway.config.register import RECOGNISED_BY, cookie_faults, register_faults
from gateway.config.review import Review, review
from gateway.config.settings import CookieEntry, FileSettings, ServiceEntry, Settings
from gateway.config.tables import convert_table, shown, suggestion, without_credentials
from gateway.errors import ConfigError, Problem
from gateway.model.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and all that is to say about it: `problems` make it unusable, see also `review`.

    In `settings` a value with a problem counts as left out.
    """

    settings: Settings
    problems: tuple[Problem, ...]
    review: Review


def load_settings(
    path: Path | None,
    env: Mapping[str, str],
    *,
    overrides: Mapping[str, object] | None = None,
    catalogue: Catalogue | None = None,
) -> Settings:
    """The settings of the file at `path` (None: no file), then `overrides`, then the environment over both.

    Without the `catalogue` a service's id is not looked up. Raises ConfigError with every problem; nothing is
    written and no key is made.
    """
    reading = read_settings(path, env, overrides=overrides, catalogue=catalogue)
    if reading.problems:
        raise ConfigError(reading.problems)
    return reading.settings


def read_settings(
    path: Path | None,
    env: Mapping[str, str],
    *,
    overrides: Mapping[str, object] | None = None,
    catalogue: Catalogue | None = None,
    today: date | None = None,
) -> Reading:
    """As `load_settings`, raising nothing. `today` (default: the date) is the day the entries are judged on."""
    today = today or date.today()
    problems: list[Problem] = []
    raw = {**_read(path, problems), **(overrides or {})}
    file = convert_table(FileSettings, raw, "", problems)
    problems.extend(_service_problems(raw, catalogue))
    named = {problem.key for problem in problems}
    faults = _register_problems(raw, file, catalogue, today)
    problems.extend(problem for problem in faults if problem.key not in named)
    problems.extend(_repeated(raw, "services", "id"))
    problems.extend(_repeated(raw, "cookies", "name"))
    problems.extend(_revision_problems(raw))
    if not any(problem.key in ("scope", "prefix") for problem in problems):
        problems.extend(_scope_problems(file))
    problems.extend(_csp_problems(file))
    problems.extend(_filter_list_problems(file.filter_lists))
    order = {key: place for place, key in enumerate(raw)}
    problems.sort(key=lambda problem: order.get(re.split(r"[.\[]", problem.key)[0], -1))
    problems.extend(_environment_problems(env))
    nameless = len(file.services) < len(list(_tables(raw, "services")))
    found = Review() if catalogue is None or nameless else review(file, catalogue, today)
    return Reading(_with_environment(file, env), tuple(problems), found.without({p.key for p in problems}))


def data_folder(env: Mapping[str, str]) -> Path:
    """Where the ledger and the key are unless told: XDG_DATA_HOME (or ~/.local/share)/consent-gateway.

    Without a home folder, as in some containers: ./consent-gateway-data. (XDG Base Directory Specification:
    a relative XDG_DATA_HOME is ignored.)
    """
    xdg = Path(env.get("XDG_DATA_HOME", ""))
    if xdg.is_absolute():
        return xdg / "consent-gateway"
    if env.get("HOME"):
        return Path(env["HOME"]) / ".local" / "share" / "consent-gateway"
    return Path("consent-gateway-data")


def _with_environment(file: FileSettings, env: Mapping[str, str]) -> Settings:
    fields = {name: getattr(file, name) for name in file.__struct_fields__}
    given = env.get("CONSENT_GATEWAY_DATA") or file.data
    folder = Path(given) if given else data_folder(env)
    fields["database"] = (
        env.get("CONSENT_GATEWAY_DATABASE") or file.database or f"sqlite:///{folder / 'ledger.sqlite'}"
    )
    return Settings(
        **fields,
        folder=folder,
        keys=_keys(env),
        tag_key=Secret(env["CONSENT_GATEWAY_TAG_KEY"].encode()) if "CONSENT_GATEWAY_TAG_KEY" in env else None,
        limits=env.get("CONSENT_GATEWAY_LIMITS") != "off",
    )


def _keys(env: Mapping[str, str]) -> tuple[Secret, ...]:
    """None if none are given, or if their file cannot be read: that has been reported then."""
    if "CONSENT_GATEWAY_SECRET" in env:
        return parse_keys(env["CONSENT_GATEWAY_SECRET"])
    path = env.get("CONSENT_GATEWAY_SECRET_FILE")
    if not path:
        return ()
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ()
    return parse_keys(",".join(text.split()))


def _read(path: Path | None, problems: list[Problem]) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(
            Problem("--config", str(path), f"a file in UTF-8 that can be read ({_reason(error)})")
        )
        return {}
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(_syntax(path, text, str(error)))
        return {}


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or "no reason given" if isinstance(error, OSError) else error.reason


def _syntax(path: Path, text: str, message: str) -> Problem:
    lines = text.splitlines() or [""]
    found = re.search(r"line (\d+)", message)
    number = min(int(found[1]), len(lines)) if found else len(lines)
    line = lines[number - 1].strip()
    return Problem(f"{path.name}, line {number}", shown(line, line), f"TOML: {message}")


def _scope_problems(file: FileSettings) -> Iterator[Problem]:
    folder = file.scope[file.scope.find("/") :]
    if not file.prefix.startswith(folder):
        yield Problem("prefix", file.prefix, f"a path below scope, such as {folder}_choices")
    if file.owns_root and file.scope != "/":
        yield Problem("owns_root", file.owns_root, f"false: the shop has only {file.scope}")


def _csp_problems(file: FileSettings) -> Iterator[Problem]:
    blocked = file.unknown == "block" or (file.unknown is None and file.services)
    if file.csp.mode == "enforce" and not blocked:
        yield Problem("csp.mode", "enforce", 'unknown = "block" or [[services]] beside it: it names what may load')


def _tables(raw: Mapping[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tables of a list with their names; whatever else is there has been reported already."""
    items = raw.get(name)
    for place, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield f"{name}[{place}]", item


def _service_problems(raw: Mapping[str, Any], catalogue: Catalogue | None) -> Iterator[Problem]:
    known = None if catalogue is None else catalogue.by_id
    for name, entry in _tables(raw, "services"):
        service = entry.get("id")
        if known is None or not isinstance(service, str) or service in known:
            continue
        if "category" not in entry:
            close = suggestion(service, known)
            guess = f" (did you mean {close}?)" if close else ""
            yield Problem(f"{name}.id", service, f"an id of the catalogue{guess}, or a category beside it")
        elif not any(entry.get(key) for key in RECOGNISED_BY):
            yield Problem(f"{name}.id", service, f"one of {', '.join(RECOGNISED_BY)} to recognise it by")


def _register_problems(
    raw: Mapping[str, Any], file: FileSettings, catalogue: Catalogue | None, today: date
) -> Iterator[Problem]:
    """Faults of entries whose values are right one by one; a category that is not leaves nothing to judge by."""
    services = []
    for name, table in _tables(raw, "services"):
        entry = convert_table(ServiceEntry, table, name, [])
        if isinstance(entry, ServiceEntry) and ("category" not in table or entry.category):
            services.append((name, entry))
    if catalogue is not None:
        yield from register_faults(services, file, catalogue, today)
    cookies = [(name, convert_table(CookieEntry, table, name, [])) for name, table in _tables(raw, "cookies")]
    yield from cookie_faults([pair for pair in cookies if isinstance(pair[1], CookieEntry)], file.policy)


def _repeated(raw: Mapping[str, Any], table: str, key: str) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, entry in _tables(raw, table):
        value = entry.get(key)
        if not isinstance(value, str):
            continue
        if value in seen:
            yield Problem(f"{name}.{key}", value, f"one that {seen[value]} does not have already")
        seen.setdefault(value, name)


def _revision_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    policy = raw.get("policy")
    if not isinstance(policy, dict):
        return
    current = policy.get("rev", 1)
    seen: set[int] = set()
    for name, entry in _tables(policy, "revisions"):
        rev = entry.get("rev")
        if not isinstance(rev, int) or not isinstance(current, int):
            continue
        if rev in seen:
            yield Problem(f"policy.{name}.rev", rev, "each revision once")
        if rev > current:
            yield Problem(f"policy.{name}.rev", rev, f"at most policy.rev, which is {current}")
        seen.add(rev)


def _filter_list_problems(paths: Sequence[str]) -> Iterator[Problem]:
    if paths and find_spec("adblock") is None:
        yield Problem("filter_lists", list(paths), "the package adblock: pip install consent-gateway[filters]")
    for place, path in enumerate(paths):
        try:
            Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            yield Problem(f"filter_lists[{place}]", path, f"a file in UTF-8 that can be read ({_reason(error)})")


def _environment_problems(env: Mapping[str, str]) -> Iterator[Problem]:
    name = "CONSENT_GATEWAY_SECRET" if "CONSENT_GATEWAY_SECRET" in env else "CONSENT_GATEWAY_SECRET_FILE"
    keys = _keys(env)
    for place, key in enumerate(keys, 1):
        if len(key) < KEY_SIZE:
            expected = f"key {place} to have at least {KEY_SIZE} bytes, it has {len(key)}"
            yield Problem(name, key, expected)
    if name in env and not keys:
        yield Problem(name, env[name], "a file in UTF-8 with the signing keys, the oldest first")
    if "CONSENT_GATEWAY_TAG_KEY" in env:
        tag_key = Secret(env["CONSENT_GATEWAY_TAG_KEY"].encode())
        if len(tag_key) < KEY_SIZE:
            expected = f"at least {KEY_SIZE} bytes, it has {len(tag_key)}"
            yield Problem("CONSENT_GATEWAY_TAG_KEY", tag_key, expected)
    database = env.get("CONSENT_GATEWAY_DATABASE")
    if database and not DATABASE.holds(database):
        yield Problem("CONSENT_GATEWAY_DATABASE", without_credentials(database), DATABASE.expected)
    limits = env.get("CONSENT_GATEWAY_LIMITS")
    if limits not in (None, "", "on", "off"):
        yield Problem("CONSENT_GATEWAY_LIMITS", limits, "off, or nothing")
