import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def shell(script: str, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", f". {ROOT}/scripts/environment; {script}"],
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )


def program(folder: Path, name: str, body: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def test_a_python_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path, "python3.14", "echo shim: not installed >&2; exit 127")
    program(tmp_path, "python3", f'exec {sys.executable} "$@"')
    found = shell('find_python && echo "$python"', str(tmp_path))
    assert found.stdout == "python3\n"


def test_no_python_is_said_clearly(tmp_path: Path) -> None:
    program(tmp_path, "python3", "exit 1")
    found = shell("find_python", str(tmp_path))
    assert found.returncode == 1
    assert "Python 3.11 or newer" in found.stderr
