"""PyTorch as judge: its layers, built from our fields, own and give what our rules say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from draw import layers, tables
from hypothesis import given, settings
from hypothesis import strategies as st
from judge import alone, answer, need

from shapecalc import summarize
from shapecalc.layers import BUILTIN, layer_class
from shapecalc.layers.transposed import Transposed
from shapecalc.propagate import propagate
from shapecalc.shape import Map, Shape

torch = need("torch")

from twin import differences, run, twin  # noqa: E402  (it needs PyTorch)

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.base import Layer

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).parents[2]
SPECS = [*ROOT.glob("specs/*.yaml"), *ROOT.glob("tests/language/*.yaml")]

#: Layer types without a twin, each with its reason.
WITHOUT: dict[str, str] = {}


@pytest.mark.parametrize("path", sorted(SPECS), ids=lambda path: path.stem)
def test_every_network_is_its_twin(path: Path) -> None:
    assert differences(summarize(path)) == []


@pytest.mark.parametrize("word", BUILTIN)
def test_every_type_has_a_twin_or_a_reason(word: str) -> None:
    has_twin = twin.dispatch(layer_class(word)) is not twin.dispatch(object)
    assert has_twin != bool(WITHOUT.get(word))


# -- one layer at a time ------------------------------------------------------------------------


def agree(layer: Layer, *shapes: Shape) -> None:
    """Both refuse the layer; or both take it, with the same arrays, output and MACs."""
    report = answer(layer, *shapes)
    if report is not None:
        assert differences(report, device="cpu") == []
        return
    with pytest.raises((ValueError, RuntimeError, IndexError)):  # what PyTorch refuses with
        run([(node.layer, node) for node in alone(layer, *shapes).nodes], device="cpu")


def too_long_for_torch(layer: Layer) -> bool:
    """Tell whether PyTorch allows a larger output padding than Keras, whose modes these are."""
    return layer.type == "transposed" and layer.pad.mode != "given" and layer.output_padding


@pytest.mark.parametrize("word", BUILTIN)
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_any_layer_is_its_twin(word: str, data: st.DataObject) -> None:
    layer, shapes = data.draw(layers(word))
    agree(layer, *shapes)


@settings(max_examples=400, deadline=None)
@given(drawn=tables())
def test_any_table_of_connections_is_its_twin(drawn: tuple[Layer, tuple[Shape, ...]]) -> None:
    layer, shapes = drawn
    agree(layer, *shapes)
