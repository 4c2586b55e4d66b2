"""What is left of our scripts and stylesheets, and how far it is out of the shop's reach."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.endpoints.assets import load_assets
from gateway.endpoints.minify import script, stylesheet


def test_comments_and_indentation_stay_at_home() -> None:
    source = "// @ts-check\n/** two\n * lines */\n  const a = /** @type {X} */ (b);\n\n  // note\n  c();\n"
    assert script(source) == "const a=(b);c();"


@pytest.mark.parametrize(
    "kept", ["'a , b'", '"a = b"', "`a ? ${b} : c`", "(/ +[=;] */g)", "(/[/ ]x = y/)", "'it\\'s = x'"]
)
def test_what_is_quoted_stays_as_it_is(kept: str) -> None:
    assert script(f"f({kept});") == f"f({kept});"


def test_words_stay_apart() -> None:
    assert script("const a = b in c ? new D() : typeof e;") == "const a=b in c?new D():typeof e;"
    assert script("f(a,\n  b,\n);\n}\n") == "f(a,b,)}"


@pytest.mark.parametrize("name", [name for name in load_assets() if name.endswith(".js")])
def test_every_script_is_still_a_script(name: str, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on the path")
    file = tmp_path / name
    file.write_bytes(load_assets()[name].body)
    assert subprocess.run([node, "--check", file], capture_output=True, text=True).stderr == ""


def test_every_declaration_is_important_but_what_is_set_from_elsewhere() -> None:
    source = "a, b > c {\n  color: red;\n  --x: 1px;\n  anchor-name: --cg;\n}\n@media (min-width: 9px){ a { top: 0; } }"
    assert stylesheet(source) == (
        "a,b>c{color:red!important;--x:1px;anchor-name:--cg}@media (min-width:9px){a{top:0!important}}"
    )


def test_what_is_important_already_is_so_once() -> None:
    assert stylesheet("a { color: red !important; }") == "a{color:red!important}"


def test_selectors_are_put_below_a_scope() -> None:
    source = ":where(.p) { --x: 1 } :scope, h1 { top: 0 } @media print { b i { top: 0 } dialog:scope[open] { top: 0 } }"
    assert stylesheet(source, ".p:not(#_)") == (
        ":where(.p){--x:1}.p:not(#_),.p:not(#_) h1{top:0!important}"
        "@media print{.p:not(#_) b i{top:0!important}dialog.p:not(#_)[open]{top:0!important}}"
    )
