"""What all the oracles share: getting a framework, and getting our answer for one layer."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from shapecalc import SpecErrors
from shapecalc.graph import Graph, Input, Node
from shapecalc.load import build
from shapecalc.propagate import propagate
from shapecalc.source import Source

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.report import Report
    from shapecalc.shape import Shape

_NOTHING = build(Source("alone.yaml", "input: 1\nlayers: [identity]"))


def need(name: str) -> Any:  # noqa: ANN401  (a module without types)
    """Import a framework, or skip the test module that asks for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reason = f"{name} is not installed: pip install 'shapecalc-convnets[oracle]'"
        pytest.importorskip(name.split(".")[0], reason=reason)
        return import_module(name)


def alone(layer: Layer, *shapes: Shape) -> Graph:
    """Make a network of one layer."""
    sources = [Node(f"input{number}", Input(shape), ()) for number, shape in enumerate(shapes)]
    judged = Node("layer", layer, tuple(range(len(shapes))))
    return Graph(
        spec=_NOTHING.spec,
        nodes=(*sources, judged),
        groups={},
        outputs=(len(sources),),
        expected={},
    )


def answer(layer: Layer, *shapes: Shape) -> Report | None:
    """Return our report on one layer, or None when we refuse it."""
    try:
        return propagate(alone(layer, *shapes))
    except SpecErrors:
        return None
