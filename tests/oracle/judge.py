"""What all the oracles share: getting a framework, and getting our answer for one layer."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from shapecalc import SpecErrors
from shapecalc.api import build
from shapecalc.graph import Input, Node
from shapecalc.report.compute import compute_report
from shapecalc.text import Source

if TYPE_CHECKING:
    from shapecalc.graph import Graph
    from shapecalc.layers.shape import Shape
    from shapecalc.report import Report

#: A layer of whatever type: which fields it has is known when it runs.
AnyLayer: TypeAlias = Any

_NOTHING = build(Source("alone.yaml", "input: 1\nlayers: [identity]"))


def need(name: str) -> Any:
    """Import a framework, or skip the test module that asks for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reason = f"{name} is not installed: pip install 'shapecalc-convnets[oracle]'"
        pytest.importorskip(name.split(".", maxsplit=1)[0], reason=reason)
        return import_module(name)


def alone(layer: AnyLayer, *shapes: Shape) -> Graph:
    """Make a network of one layer."""
    sources = [
        Node(f"input{number}", Input(shape=shape), ()) for number, shape in enumerate(shapes)
    ]
    judged = Node("layer", layer, tuple(range(len(shapes))))
    return _NOTHING._replace(nodes=(*sources, judged), groups={}, outputs=(len(sources),))


def answer(layer: AnyLayer, *shapes: Shape) -> Report | None:
    """Return our report on one layer, or None when we refuse it."""
    try:
        return compute_report(alone(layer, *shapes))
    except SpecErrors:
        return None


def taken(layer: AnyLayer, *shapes: Shape) -> Report:
    """Return our report on one layer that we have to take."""
    report = answer(layer, *shapes)
    assert report is not None
    return report
