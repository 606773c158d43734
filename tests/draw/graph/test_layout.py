"""Where nodes and wires lie: laws of every shipped network and of random ones."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import pytest

import shapecalc
from shapecalc.draw.graph.scene import graph, placed_of, scene_of
from shapecalc.draw.graph.walk import edges
from shapecalc.draw.picture import Box, Cluster, Text, bounds
from tests.draw.geometry import crossing_texts, outside_of_page, texts_out_of_boxes
from tests.draw.graph.nets import SHIPPED, of_inputs, random_inputs

DIRECTIONS = ("down", "right")
#: A shipped network is looked at in its usual way, with levels folded, or with all rounds.
WAYS = ({}, {"depth": 1}, {"unroll": True, "depth": 2})


class Rectangle(NamedTuple):
    """A node, by its rims along and across, and the layers on it."""

    start: float
    end: float
    low: float
    high: float
    nodes: tuple[int, ...]


def rectangles(placed, direction):
    for stack, wide, along, across in placed.stacks:
        long, broad = (stack.height, wide) if direction == "down" else (wide, stack.height)
        nodes = tuple(plate.node for plate in stack.plates)
        yield Rectangle(along, along + long, across - broad / 2, across + broad / 2, nodes)


def overlapping(nodes):
    nodes = sorted(nodes)
    for place, node in enumerate(nodes):
        for other in nodes[place + 1 :]:
            if other.start >= node.end:
                break
            if node.low < other.high and other.low < node.high:
                yield node, other


def crossed(nodes, wires):
    """Yield nodes that a wire runs through."""
    for wire in wires:
        for one, other in pairwise(wire.points):
            (a0, a1), (t0, t1) = map(sorted, zip(one, other, strict=True))
            for node in nodes:
                along = a0 < node.end - 0.01 and a1 > node.start + 0.01
                if along and t0 < node.high - 0.01 and t1 > node.low + 0.01:
                    yield node, wire


def drawn_edges(nodes, wires):
    """Return which nodes wires lead from and to, over wires that begin where others end."""
    begins = {}
    for number, wire in enumerate(wires):
        begins.setdefault(rounded(wire.points[0]), []).append(number)

    def on_rim(node, point):
        a, t = point
        return (
            node.start - 0.01 <= a <= node.end + 0.01 and node.low - 0.01 <= t <= node.high + 0.01
        )

    ends = {
        number: [node for node in nodes if on_rim(node, wire.points[-1])]
        for number, wire in enumerate(wires)
    }
    pairs = set()
    for node in nodes:
        waiting = [n for n, wire in enumerate(wires) if on_rim(node, wire.points[0])]
        passed = set()
        while waiting:
            number = waiting.pop()
            if number in passed:
                continue
            passed.add(number)
            for end in ends[number]:
                pairs.add((node.nodes, end.nodes))
            if not ends[number]:
                waiting += begins.get(rounded(wires[number].points[-1]), [])
    return pairs


def rounded(point):
    return tuple(round(x, 2) for x in point)


def wanted_edges(scene, nodes):
    stack_of = {index: node.nodes for node in nodes for index in node.nodes}
    pairs = {(stack_of[edge.source], stack_of[edge.target]) for edge in edges(scene)}
    return {(one, other) for one, other in pairs if one != other}


def must_keep_the_laws(report, direction, **words):
    scene = scene_of(report, **words)
    placed = placed_of(scene, direction=direction)
    nodes = list(rectangles(placed, direction))
    assert list(overlapping(nodes)) == []
    assert list(crossed(nodes, placed.wires)) == []
    assert drawn_edges(nodes, placed.wires) == wanted_edges(scene, nodes)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_keeps_the_laws(name, direction):
    report = shapecalc.summarize(name)
    for words in WAYS:
        must_keep_the_laws(report, direction, **words)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_random_networks_keep_the_laws(direction):
    for seed in range(150):
        must_keep_the_laws(of_inputs(random_inputs(seed)), direction)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", SHIPPED)
def test_all_texts_have_room(name, direction):
    drawing = graph(shapecalc.summarize(name), direction=direction)
    assert outside_of_page(drawing) == []
    assert crossing_texts(drawing) == []
    assert texts_out_of_boxes(drawing) == []


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", SHIPPED)
def test_no_shape_lies_on_a_node_or_a_wire(name, direction):
    drawing = graph(shapecalc.summarize(name), direction=direction)
    nodes = [bounds(cluster) for cluster in drawing.children if isinstance(cluster, Cluster)
             and not any(isinstance(shape, Box) and shape.kind == "level"
                         for shape in cluster.children)]  # fmt: skip
    labels = [bounds(shape) for shape in drawing.children if isinstance(shape, Text)]
    assert labels
    assert not [label for label in labels for node in nodes if label.meets(node)]
