"""Completeness and independence: every layer has its functions, and no rule is asked."""

from __future__ import annotations

import ast
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from shapecalc.layers import BUILTIN, FAMILIES, layer_class, opaque_class
from shapecalc.layers.base import Layer
from shapecalc.reference import registry
from tests.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXECUTE = ROOT / "shapecalc" / "reference"

#: The rules of a layer, and what a report has of them.  The referee must not ask them.
RULES = {
    "output", "weights", "work", "requires", "window", "moves", "positions", "connected", "taps",
    "sets", "scaled", "steps", "rounds", "totals",
}  # fmt: skip
#: What a module here may have of the modules that rules are made of.
ALLOWED = {
    "shapecalc.algebra": {"Dim", "known"},
    "shapecalc.api": {"graph_of"},  # the network of a report, never its numbers
    "shapecalc.errors": {"Problem", "SpecErrors"},
    "shapecalc.graph": {"Deferred", "Graph", "Input", "Node", "without_values"},
    "shapecalc.layers.axes": {"Cut", "End"},  # plain data: what a field holds
    "shapecalc.layers.shape": {"Map", "Vector", "Shape"},
    "shapecalc.layers.base": {"Layer"},
    "shapecalc.report": {"Report"},  # as a type, for what `graph_of` takes
    "shapecalc.text.words": {"did_you_mean"},
}


@pytest.mark.parametrize("word", BUILTIN)
def test_every_layer_has_all_that_the_referee_needs(word: str) -> None:
    """Broken by a layer that cannot run, go back, be counted or be written as formulas."""
    made = layer_class(word)
    for role in (registry.backward_to_all, registry.counted, registry.formula):
        assert callable(role.needed(made))
    assert registry.overwriting.own(made) or registry.forward.needed(made)


def test_what_is_registered_is_for_layers_of_the_language() -> None:
    every = {*BUILTIN.values(), opaque_class()}
    for role in (registry.forward, registry.overwriting, registry.backward_to_all, registry.slots):
        assert role.keys() <= every


def test_what_is_missing_is_told_with_where_to_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.backward_to_all.needed(layer_class("lrn"))
    monkeypatch.delitem(registry.backward_to_all, layer_class("lrn"))
    with pytest.raises(LookupError) as caught:
        registry.backward_to_all.needed(layer_class("lrn"))
    assert str(caught.value) == (
        "Lrn has no function backward: write it in shapecalc/reference/lrn.py, under"
        " @registry.backward(Lrn)"
    )


def test_a_type_has_one_function_of_a_kind() -> None:
    registry.forward.needed(layer_class("lrn"))
    with pytest.raises(TypeError, match="Lrn has two functions forward"):
        registry.forward(layer_class("lrn"))(lambda *_: None)


def test_every_family_has_its_file() -> None:
    assert set(FAMILIES) <= {path.stem for path in EXECUTE.glob("*.py")}


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
        ("from shapecalc.algebra import ceil_div", "ceil_div from shapecalc.algebra"),
        ("from shapecalc.layers.conv import biases", "biases from shapecalc.layers.conv"),
        ("from shapecalc.layers.fields import per_side", "per_side from shapecalc.layers.fields"),
        ("import shapecalc.report.propagate", "import shapecalc.report.propagate"),
    ],
)
def test_asking_a_rule_is_caught(text: str, told: str) -> None:
    assert dependences(text) == [told]
    assert dependences("from shapecalc.layers.conv import Conv\nk = Conv.kernel") == []
