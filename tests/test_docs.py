"""The README says what the code does; its tables are made from the code."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from gateway.cli.commands import MODULES
from gateway.config.settings import FileSettings
from tests.end_to_end.wire import wire_table
from tests.model.truth import age_table, truth_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def settings_table() -> str:
    """One row per key of the configuration file: name, default, meaning."""
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for field in msgspec.structs.fields(FileSettings):
        default = field.default
        rows += _rows(field.encode_name, field.type, default)
    return "\n".join(rows)


def _rows(name: str, kind: object, default: object) -> list[str]:
    inner = next((t for t in [kind, *getattr(kind, "__args__", ())] if _is_struct(t)), None)
    if inner is None:
        meaning = " ".join(_descriptions(kind))
        return [f"| `{name}` | `{_toml(default)}` | {meaning} |"]
    several = getattr(kind, "__origin__", None) is tuple
    label = f"[[{name}]]" if several else f"[{name}]"
    keys = ", ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(inner))
    return [f"| `{label}` | | {keys} |"]


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _descriptions(kind: object) -> list[str]:
    metadata = getattr(kind, "__metadata__", ())
    return [meta.description for meta in metadata if isinstance(meta, msgspec.Meta) and meta.description]


def _toml(value: object) -> str:
    if value is None:
        return "none"
    return msgspec.json.encode(value).decode()


def test_the_table_of_settings_is_made_from_the_settings() -> None:
    found = re.search(r"<!-- settings -->\n(.*?)<!-- /settings -->", README, re.DOTALL)
    assert found
    assert found[1].strip() == settings_table()


@pytest.mark.parametrize(("name", "table"), [("truth", truth_table()), ("ages", age_table())])
def test_the_tables_of_choices_are_those_the_tests_read(name: str, table: str) -> None:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", README, re.DOTALL)
    assert found
    assert found[1].strip() == table


def test_the_table_of_hostile_input_is_what_the_tests_send() -> None:
    page = (ROOT / "docs/hostile-input.md").read_text("utf-8")
    found = re.search(r"<!-- wire -->\n(.*?)<!-- /wire -->", page, re.DOTALL)
    assert found
    assert found[1].strip() == wire_table()


@pytest.mark.parametrize("name", list(MODULES))
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"`consent-gateway {name}" in README


def test_every_file_and_command_the_readme_names_exists() -> None:
    for path in re.findall(r"`((?:scripts|gateway|benchmarks)/[\w./-]*)`", README):
        assert (ROOT / path).exists(), path


def test_every_link_of_the_readme_leads_somewhere() -> None:
    titles = re.findall(r"^#+ (.*)$", README, re.M)
    headings = {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if target.startswith("#"):
            assert target[1:] in headings, target
        else:
            assert (ROOT / target).exists(), target


def test_the_changelog_and_the_package_agree_on_what_is_released() -> None:
    import gateway

    released = re.findall(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert not released or released[0] == gateway.__version__
