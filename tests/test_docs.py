"""The README says what the code does; its tables are made from the code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import click
import msgspec
import pytest

from gateway.cli.commands import MODULES, commands
from gateway.config.settings import FileSettings
from tests.end_to_end.wire import wire_table
from tests.model.truth import age_table, truth_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PATTERNS = ("*.md", "docs/*.md", "benchmarks/*.md", "docs/*/*.md", "static/*/*.md")
PAGES = sorted(page for pattern in PATTERNS for page in ROOT.glob(pattern) if page.name != "CHANGELOG.md")
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]


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


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_file_a_page_names_exists(page: Path) -> None:
    folders = "scripts|gateway|benchmarks|nginx|tests|docs"
    for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", page.read_text("utf-8")):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_and_option_a_page_names_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    lines = re.findall(r"`consent-gateway ([^`]+)`", text) + re.findall(r"^\s*consent-gateway ([^#\n]+)", text, re.M)
    for line in lines:
        words = line.replace("[", " ").replace("]", " ").split()
        found: click.Command = commands
        while isinstance(found, click.Group) and words:
            name = words.pop(0)
            following = found.get_command(click.Context(found), name)
            if following is None:
                assert (found is commands and name.isupper()) or name.startswith("-"), line
                break
            found = following
        options = {option for parameter in found.params for option in parameter.opts} | {"--help", "--version"}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options, line


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"https?:", target):
            continue
        path, _, heading = target.partition("#")
        aim = (page.parent / path).resolve() if path else page
        assert aim.exists(), target
        assert not heading or heading in headings(aim), target


def headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_test_a_page_names_exists(page: Path) -> None:
    assert set(re.findall(r"`(test_\w+)`", page.read_text("utf-8"))) <= all_tests()


@cache
def all_tests() -> frozenset[str]:
    pattern = re.compile(r"^(?:async )?def (test_\w+)", re.M)
    texts = [file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py")]
    return frozenset(name for text in texts for name in pattern.findall(text))


def test_every_threat_names_what_shows_that_it_is_met() -> None:
    table = (ROOT / "docs/threats.md").read_text("utf-8").partition("| threat |")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| ") and "**" not in line]
    assert len(rows) > 30
    assert [row[0] for row in rows if not re.search(r"`test_\w+`|`tests/[\w/]+\.py`", row[2])] == []


def test_the_changelog_and_the_package_agree_on_what_is_released() -> None:
    import gateway

    released = re.findall(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert not released or released[0] == gateway.__version__
