"""Graphs of networks with symbols: formulas are whole, what recurs in them has a name."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.draw.cone import field
from shapecalc.draw.graph.dot import to_dot
from shapecalc.draw.graph.mermaid import to_mermaid
from shapecalc.draw.graph.outline import to_text
from shapecalc.draw.graph.scene import graph
from shapecalc.draw.picture import Box, Polygon, Text, leaves
from tests.draw.geometry import complaints
from tests.runner import runner

SYMBOLIC = [("vgg16", "HxWx3"), ("resnet18", "HxWx3"), ("unet", "HxWx1"), ("lenet5", "HxHx1")]


@pytest.mark.parametrize(("name", "shape"), SYMBOLIC)
@pytest.mark.parametrize("width", [80, 140])
def test_lines_of_characters_are_no_wider_than_their_page(name, shape, width):
    text = to_text(shapecalc.summarize(name, input=shape), depth=1, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "floor(H/2)" in text or "floor((H" in text
    assert text.count("floor") <= 2 * text.count(" = floor")  # only where the names are told


@pytest.mark.parametrize(("name", "shape"), SYMBOLIC)
def test_a_picture_with_symbols_keeps_the_laws_and_to_its_width(name, shape):
    drawing = graph(shapecalc.summarize(name, input=shape), depth=1)
    assert complaints(drawing) == {}
    texts = [leaf.text for leaf in leaves(drawing.children) if isinstance(leaf, Text)]
    assert any(text.startswith("h2") and " = " in text for text in texts)
    assert drawing.width < 900


def test_a_formula_of_a_node_is_whole_and_has_no_bar_beside_it():
    drawing = graph(shapecalc.summarize("resnet18", input="HxWx3"), depth=1)
    shapes = list(leaves(drawing.children))
    texts = [shape.text for shape in shapes if isinstance(shape, Text)]
    assert "9408*h2*w2 MACs" in texts
    assert "512.00 K MACs" in texts
    assert not any(isinstance(shape, Box) and shape.kind == "bar-macs" for shape in shapes)
    assert any(isinstance(shape, Box) and shape.kind == "bar-params" for shape in shapes)


def test_the_command_obeys_a_width_and_says_what_characters_cannot():
    from shapecalc.cli import main

    narrow, wide = (
        runner().invoke(main, ["draw", "vgg16", "--input", "HxWx3", "--width", width]).output
        for width in ("80", "140")
    )
    assert "Left out to fit a width of 80: MACs" in narrow
    assert "36,864*H*W" in wide
    assert "Left out" not in wide
    refused = runner().invoke(main, ["draw", "lenet5", "--width", "90", "--to", "svg"])
    assert refused.exit_code == 2
    assert "--width is that of a page of characters" in refused.output
    turned = runner().invoke(main, ["draw", "lenet5", "--direction", "right"]).output
    assert "In characters a graph runs down" in turned
    assert "runs down" not in runner().invoke(main, ["draw", "lenet5"]).output


@pytest.mark.parametrize("write", [to_mermaid, to_dot])
def test_texts_that_tell_no_names_have_none(write):
    text = write(shapecalc.summarize("vgg16", input="HxWx3"))
    assert "h2" not in text
    assert "floor(H/2)" in text


TWO = {
    "inputs": {"left": "105x105x1", "right": "64x64x1"},
    "layers": [
        {"conv": {"name": "a", "from": "left", "filters": 8, "kernel": 10}},
        {"maxpool": {"name": "pool", "kernel": 2}},
        {"global_avgpool": {"name": "ga"}},
        {"conv": {"name": "b", "from": "right", "filters": 8, "kernel": 3}},
        {"global_avgpool": {"name": "gb"}},
        {"concat": {"from": ["ga", "gb"]}},
    ],
}


def test_each_of_two_inputs_has_a_cone_of_its_own():
    drawing = field(shapecalc.summarize(TWO))
    assert complaints(drawing) == {}
    texts = [shape.text for shape in drawing.children if isinstance(shape, Text)]
    assert [text for text in texts if text.endswith("wide")] == [
        "left: 105 wide",
        "right: 64 wide",
        "left and right: 105 wide",
    ]
    cones = [shape for shape in drawing.children if isinstance(shape, Polygon)]
    assert len(cones) == 2
    bars = {
        shape.name: shape for shape in drawing.children if isinstance(shape, Box) and shape.name
    }
    assert bars["gb"].width / bars["ga"].width == pytest.approx(64 / 105)
    assert bars["right"].y > bars["ga"].y  # the right one begins below the left one's cone
