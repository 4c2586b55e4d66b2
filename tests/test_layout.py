"""Each source file has the test file of its name, and the reverse."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
ELSEWHERE = {
    "gateway/__init__.py": "tests/test_app.py",
    "gateway/__main__.py": "tests/cli/test_commands.py",
    "gateway/types.py": "nothing to run",
}
"""Sources tested under another name."""
WITHOUT_SOURCE = {"banner", "benchmarks", "conformance", "data", "end_to_end", "fuzz", "golden", "nginx", "scripts"}
"""Folders of tests for things that are not Python modules."""


def sources() -> set[str]:
    files = (ROOT / "gateway").rglob("*.py")
    named = (path for path in files if path.name != "__init__.py" or path.parent.name == "gateway")
    return {path.relative_to(ROOT).as_posix() for path in named}


def expected_test(source: str) -> str:
    folder, _, name = source.removeprefix("gateway/").rpartition("/")
    return f"tests/{folder}/test_{name}" if folder else f"tests/test_{name}"


def test_every_source_file_has_a_test_file() -> None:
    missing = {
        source
        for source in sources()
        if source not in ELSEWHERE and not (ROOT / expected_test(source)).exists()
    }
    assert missing == set()


def test_every_test_file_has_a_source_file() -> None:
    wanted = {expected_test(source) for source in sources()}
    tests = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    mirrored = {test for test in tests if test.count("/") > 1 and test.split("/")[1] not in WITHOUT_SOURCE}
    assert {test for test in mirrored if test not in wanted and "init" not in test} == set()


def test_no_exception_is_left_over() -> None:
    assert set(ELSEWHERE) <= sources()
