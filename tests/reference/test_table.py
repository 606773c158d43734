"""Completeness and independence: every layer has its lines, and no rule is asked."""

from __future__ import annotations

import ast
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from shapecalc.layers import BUILTIN, layer_class
from shapecalc.layers.base import Layer
from shapecalc.reference.table import BACKWARD, FORWARD, OVERWRITE, SLOTS
from tests.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXECUTE = ROOT / "shapecalc" / "reference"

#: The rules of a layer.  The referee must not call them.
RULES = {
    "output", "weights", "work", "requires", "window", "moves", "positions", "connected", "taps",
    "sets", "scaled", "steps", "rounds",
}  # fmt: skip
#: What a module here may have of the modules that rules are made of.
ALLOWED = {
    "shapecalc.algebra.dim": {"Dim", "known"},
    "shapecalc.errors": {"Problem", "SpecErrors", "did_you_mean"},
    "shapecalc.graph.model": {"Deferred", "Graph", "Input", "Node", "without_values"},
    "shapecalc.layers.shape": {"Map", "Vector", "Shape"},
    "shapecalc.layers.base": {"Layer"},
}


def missing(word: str) -> list[str]:
    """Say what has to be written for a layer type."""
    made = layer_class(word)
    family = BUILTIN[word][0]
    tables = {"FORWARD": FORWARD, "BACKWARD": BACKWARD}
    return [
        f"{made.__name__} has no line in {name} of shapecalc/reference/table.py: write its"
        f" {name.lower()} in shapecalc/reference/{family}.py, and what arrays it owns in SLOTS"
        for name, table in tables.items()
        if made not in table
    ]


@pytest.mark.parametrize("word", BUILTIN)
def test_every_layer_has_a_forward_and_a_backward(word: str) -> None:
    assert missing(word) == []


def test_no_table_holds_what_is_no_layer() -> None:
    builtin = {layer_class(word) for word in BUILTIN}
    for table in (FORWARD, BACKWARD, SLOTS, OVERWRITE):
        assert table.keys() <= builtin


def test_a_missing_layer_is_told_with_what_to_write(monkeypatch) -> None:
    monkeypatch.delitem(BACKWARD, layer_class("lrn"))
    (told,) = missing("lrn")
    assert told.startswith("Lrn has no line in BACKWARD of shapecalc/reference/table.py: write its")


def test_the_families_are_those_of_the_rules() -> None:
    families = {module for module, _ in BUILTIN.values()}
    assert families <= {path.stem for path in EXECUTE.glob("*.py")}


# -- independence -------------------------------------------------------------------------------


def dependences(text: str) -> list[str]:
    """List where a module asks a rule: calls of one, and imports of what rules are made of."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in RULES:
            found.append(f"line {node.lineno} reads .{node.attr}")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr":
            named = ast.unparse(node.args[1]).strip("'")
            found += [f"line {node.lineno} gets {named}"] if named in RULES else []
        elif isinstance(node, ast.Import):
            found += [f"import {each.name}" for each in node.names if "shapecalc" in each.name]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shapecalc"):
            names = [each.name for each in node.names]
            found += [f"{name} from {node.module}" for name in names if not allowed(node, name)]
    return found


def allowed(node: ast.ImportFrom, name: str) -> bool:
    """Tell whether a module may import a name: its own package's, layer classes, plain data."""
    module = node.module or ""
    if module.startswith("shapecalc.reference"):
        return True
    if module in ALLOWED:
        return name in ALLOWED[module]
    made = getattr(import_module(module), name, None)
    return (
        module.startswith("shapecalc.layers.")
        and isinstance(made, type)
        and issubclass(made, Layer)
    )


@pytest.mark.parametrize("path", sorted(EXECUTE.glob("*.py")), ids=lambda path: path.stem)
def test_the_referee_asks_no_rule(path: Path) -> None:
    assert dependences(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("y = layer.output(x)", "line 1 reads .output"),
        ("f = layer.moves", "line 1 reads .moves"),
        ("f = getattr(layer, 'weights', None)", "line 1 gets weights"),
        (
            "from shapecalc.layers.window import output_size",
            "output_size from shapecalc.layers.window",
        ),
        ("from shapecalc import window", "window from shapecalc"),
        ("from shapecalc.algebra.dim import ceil_div", "ceil_div from shapecalc.algebra.dim"),
        ("from shapecalc.layers.conv import biases", "biases from shapecalc.layers.conv"),
        ("from shapecalc.layers.fields import per_side", "per_side from shapecalc.layers.fields"),
        ("import shapecalc.report.propagate", "import shapecalc.report.propagate"),
    ],
)
def test_asking_a_rule_is_caught(text: str, told: str) -> None:
    assert dependences(text) == [told]
    assert dependences("from shapecalc.layers.conv import Conv\nk = Conv.kernel") == []
