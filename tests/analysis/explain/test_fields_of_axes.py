"""What is said of receptive fields: of layers that look along one side, and of indices."""

from __future__ import annotations

import pytest

from shapecalc import explain, loads

NET = "input: 8x7x3\nlayers: [conv: {filters: 4, kernel: 3}, softmax: {over: %s}]"


@pytest.mark.parametrize(
    ("over", "field", "words"),
    [
        ("width", "3x7 pixels", "every unit sees all along the width"),
        ("height", "8x3 pixels", "every unit sees all along the height"),
        ("positions", "8x7 pixels", "every unit sees the whole map"),
        ("channels", "3 pixels", "Every unit looks at its own place only"),
    ],
)
def test_a_layer_looks_along_some_sides(over: str, field: str, words: str) -> None:
    text = explain(loads(NET % over), "softmax1", of="receptive-field").render("text", width=500)
    assert f"receptive field: {field}" in text
    assert words in text


def test_a_place_of_a_table_sees_its_index() -> None:
    net = loads("input: 9\nlayers: [embedding: {entries: 11, size: 5}]")
    text = explain(net, "embedding1", of="receptive-field").render("text", width=500)
    assert "receptive field: 1 position\n" in text
    assert "Every place sees the index that it looks up." in text
