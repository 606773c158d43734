"""Where nodes and wires lie: laws of every shipped network and of random ones."""

from __future__ import annotations

from itertools import pairwise
from time import process_time
from typing import NamedTuple

import pytest

import shapecalc
from shapecalc.draw.graph.layout import Track
from shapecalc.draw.graph.nodes import Bar
from shapecalc.draw.graph.scene import graph, placed_of, scene_of
from shapecalc.draw.graph.walk import edges
from shapecalc.draw.picture import Box, Cluster, Text, bounds, leaves
from tests.draw.geometry import crossing_texts, outside_of_page, texts_out_of_boxes
from tests.draw.graph.nets import SHIPPED, of_inputs, random_inputs, shipped_report

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
    readers = {}
    for edge in edges(scene):
        readers.setdefault(edge.source, set()).add(edge.target)
    for node in nodes:  # what is drawn on a layer is all that reads it
        assert all(readers[below] == {above} for below, above in pairwise(node.nodes))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_keeps_the_laws(name, direction):
    report = shipped_report(name)
    for words in WAYS:
        must_keep_the_laws(report, direction, **words)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_random_networks_keep_the_laws(direction):
    for seed in range(150):
        must_keep_the_laws(of_inputs(random_inputs(seed)), direction)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", SHIPPED)
def test_all_texts_have_room(name, direction):
    drawing = graph(shipped_report(name), direction=direction)
    assert outside_of_page(drawing) == []
    assert crossing_texts(drawing) == []
    assert texts_out_of_boxes(drawing) == []


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", SHIPPED)
def test_no_shape_lies_on_a_node_or_a_wire(name, direction):
    drawing = graph(shipped_report(name), direction=direction)
    nodes = [bounds(cluster) for cluster in drawing.children if isinstance(cluster, Cluster)
             and not any(isinstance(shape, Box) and shape.kind == "level"
                         for shape in cluster.children)]  # fmt: skip
    labels = [bounds(shape) for shape in drawing.children if isinstance(shape, Text)]
    assert labels
    assert not [label for label in labels for node in nodes if label.meets(node)]


@pytest.mark.parametrize("longer", [0, 2, 5])
def test_ends_that_nothing_reads_have_no_wire(longer):
    report = shapecalc.summarize(
        {
            "inputs": {"image": "32x32x3", "text": "12x64"},
            "layers": [
                {"conv": {"filters": 8, "kernel": 3, "from": "image"}},
                *({"dense": 10 + number} for number in range(longer)),
                {"dense": {"units": 12, "from": "text", "name": "words"}},
            ],
        }
    )
    wires = placed_of(scene_of(report)).wires
    assert len(wires) == 2 + longer  # one into every layer
    assert all(wire.arrow for wire in wires)


def test_the_laws_notice_what_breaks_them():
    one, other = Rectangle(0, 20, -5, 5, (0,)), Rectangle(30, 50, -5, 5, (1,))
    assert list(overlapping([one, other._replace(start=19)]))
    assert not list(overlapping([one, other._replace(start=20)]))
    through = Track(((0, 20), (40, 20), (40, -20)))
    assert list(crossed([one, other], [through])) == [(other, through)]
    assert not list(crossed([one, other], [Track(((20, 0), (30, 0)))]))
    wires = [Track(((20, 0), (25, 0))), Track(((25, 0), (30, 0)))]
    assert drawn_edges([one, other], wires) == {((0,), (1,))}
    assert drawn_edges([one, other], wires[:1]) == set()


@pytest.mark.parametrize(("words", "most"), [({}, 1.0), ({"unroll": True}, 4.0)])
def test_time_is_linear(words, most, monkeypatch):
    """10,000 layers: folded in a second; as one picture, were it not refused, in a few."""
    monkeypatch.setattr("shapecalc.draw.graph.scene.MOST", 20_000)
    layers = [{"conv": {"filters": 2, "kernel": 1}}, "batchnorm", "relu", "tanh"]
    report = shapecalc.summarize(
        {"input": "4x4x2", "layers": [{"repeat": {"times": 2500, "layers": layers}}]}
    )
    start = process_time()
    drawing = graph(report, **words)
    assert process_time() - start < most
    assert (len(drawing.children) > 5000) == bool(words)


def test_the_same_network_is_the_same_picture():
    assert graph(shapecalc.summarize("googlenet")) == graph(shapecalc.summarize("googlenet"))


def test_a_node_shows_what_is_asked_for():
    """VGG-16's fc6 has three quarters of the parameters, and a full bar."""
    scene = scene_of(shipped_report("vgg16"), show="rf,params")
    plates = {plate.name: plate for stack, *_ in placed_of(scene).stacks for plate in stack.plates}
    assert plates["fc6"].bars == (Bar("rf", "rf 404", None), Bar("params", "102.76 M", 1.0))
    assert plates["conv1_1"].bars[1] == Bar("params", "1.79 K", 1792 / 102764544)
    assert plates["pool1"].bars == (Bar("rf", "rf 6", None),)
    assert plates["conv1_1"].title == (
        "conv1_1: conv 64 3x3, pad same; 224\N{MULTIPLICATION SIGN}224\N{MULTIPLICATION SIGN}3"
        " \N{RIGHTWARDS ARROW} 224\N{MULTIPLICATION SIGN}224\N{MULTIPLICATION SIGN}64;"
        " 1,792 parameters; 86,704,128 MACs"
    )


def test_a_repeat_says_how_often_and_what_all_of_it_costs():
    placed = placed_of(scene := scene_of(shipped_report("alphago")))
    ((border, *_),) = placed.borders
    assert scene.heading(border) == ("\N{MULTIPLICATION SIGN}11", "3.65 M \N{MIDDLE DOT} 1.32 G")
    assert scene.frame_title(border) == (
        "drawn once, 11 times one behind the other; 22 layers;"
        " 3,651,648 parameters; 1,317,482,496 MACs"
    )


def test_rounds_with_numbers_are_called_by_the_first_and_the_last():
    scene = scene_of(shipped_report("resnet50"))
    headings = [scene.heading(border)[0] for border, *_ in placed_of(scene).borders]
    assert "bottleneck2\N{EN DASH}6 \N{MULTIPLICATION SIGN}5" in headings


def test_symbols_stand_on_the_wires():
    drawing = graph(shapecalc.summarize("alphago", free=["k"]))
    texts = [shape.text for shape in leaves(drawing.children) if isinstance(shape, Text)]
    assert "19\N{MULTIPLICATION SIGN}19\N{MULTIPLICATION SIGN}k" in texts
    assert outside_of_page(drawing) == []
