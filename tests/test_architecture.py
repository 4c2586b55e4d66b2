"""The layers hold: imports run downwards only, and the pure layers do no I/O."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = (
    {"cli", "__main__", "__init__"},
    {"demo", "scan"},
    {"server"},
    {"app"},
    {"connection", "edition", "lifespan", "settling", "staff", "workers"},
    {"interfaces"},
    {"notice_page"},
    {"disclosing", "second_wall"},
    {"registry", "fingerprint", "counting", "push"},
    {"middleware", "proxy", "endpoints"},
    {"config", "enforcement", "ledger", "observability"},
    {"statistics"},
    {"model"},
    {"errors", "lease", "types"},
)
IMPURE = {"asyncio", "aiohttp", "starlette", "uvicorn", "socket", "sqlite3", "aiosqlite", "http", "urllib.request"}
FILES = sorted((ROOT / "gateway").rglob("*.py"))


def part(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def level(name: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if name in layer)


def imports(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    lazy = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in lazy:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def own(path: Path) -> str:
    parts = path.relative_to(ROOT / "gateway").with_suffix("").parts
    return parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downwards_only(path: Path) -> None:
    here = own(path)
    for module in imports(path):
        if module.split(".")[0] != "gateway" or module == "gateway":
            continue
        there = part(module)
        if here in ("__init__", "cli", "__main__") or there == here:
            continue
        assert level(there) > level(here), f"{here} imports {module}"


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if own(path) in ("model", "enforcement", "statistics")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_model_enforcement_and_statistics_do_no_io(path: Path) -> None:
    assert not set(imports(path)) & IMPURE


def test_no_module_hides_outside_the_layers() -> None:
    assert {own(path) for path in FILES} == set().union(*LAYERS)
