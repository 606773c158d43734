"""Graphs taken apart into strands: every layer once, every reference once."""

from __future__ import annotations

from time import process_time

import pytest

import shapecalc
from shapecalc.draw.graph.levels import tree_of
from shapecalc.draw.graph.structure import structure_of
from shapecalc.draw.graph.tree import (
    Compound,
    Folded,
    Fork,
    Leaf,
    Rounds,
    Twig,
    leaves_of,
    parts,
)
from tests.draw.graph.nets import SHIPPED, random_inputs, shipped_report

CHAIN = [(), (0,), (1,), (2,)]


def outline(items):
    """Write items as nested tuples."""
    made = []
    for item in items:
        inner = tuple(map(outline, parts(item)))
        match item:
            case Leaf():
                made.append(item.node)
            case Fork():
                made.append(("fork", *inner))
            case Twig():
                made.append(("twig", *inner))
            case Compound():
                made.append((item.path, *inner))
            case Folded():
                made.append((item.path, len(item.indices)))
            case Rounds():
                made.append((item.times, *inner))
    return tuple(made)


@pytest.mark.parametrize(
    ("inputs", "nested", "links"),
    [
        (CHAIN, (0, 1, 2, 3), 0),
        ([(), (0,), (1, 0)], (0, ("fork", (1,), ()), 2), 0),
        ([(), (0,), (0,), (1, 2)], (0, ("fork", (1,), (2,)), 3), 0),
        ([(), (0,), (0, 1), (2, 0)], (0, ("fork", (("fork", (), (1,)), 2), ()), 3), 0),
        # Two layers read two layers: no nesting has that.
        ([(), (0,), (0,), (1, 2), (1, 2), (3, 4)], (0, 1, 2, 3, 4, 5), 5),
        # Two ends: the shorter one hangs beside the strand.
        ([(), (0,), (0,), (2,)], (0, ("fork", (1,), (2, 3))), 0),
        # Two inputs.
        ([(), (), (0, 1)], (("fork", (0,), (1,)), 2), 0),
    ],
)  # fmt: skip
def test_a_graph_is_nested_as_it_is_read(inputs, nested, links):
    tree = structure_of(inputs)
    assert outline(tree.items) == nested
    assert len(tree.links) == links


def test_every_layer_of_a_random_graph_stands_once_on_a_strand():
    nested = 0
    for seed in range(400):
        inputs = random_inputs(seed)
        tree = structure_of(inputs)
        assert sorted(leaves_of(tree.items)) == list(range(len(inputs)))
        nested += not tree.links
    assert 20 < nested < 380


def strands(items):
    yield items
    for item in items:
        for inner in parts(item):
            yield from strands(inner)


def test_both_ends_of_a_link_lie_on_one_strand():
    links = 0
    for seed in range(400):
        tree = structure_of(random_inputs(seed))
        places = [{item.node for item in strand if isinstance(item, Leaf)}
                  for strand in strands(tree.items)]  # fmt: skip
        for link in tree.links:
            assert any({link.source, link.target} <= place for place in places)
            links += 1
    assert links > 400


@pytest.mark.parametrize("name", SHIPPED)
def test_every_layer_of_a_shipped_network_is_drawn_once_or_in_a_fold(name):
    report = shipped_report(name)
    for depth in (None, 0, 1):
        tree = tree_of(report, depth)
        assert sorted(leaves_of(tree.items)) == list(range(len(report.rows)))


@pytest.mark.parametrize(
    ("name", "depth", "nested"),
    [
        ("alphago", None, (0, 1, 2, (11, (3, 4)), 25, 26)),
        ("resnet18", 1, (0, 1, 2, 3, 4, *(((f"conv{n}_x", size)) for n, size in
                                          ((2, 14), (3, 16), (4, 16), (5, 16))), 67, 68, 69)),
    ],
)  # fmt: skip
def test_levels_and_repeats_are_folded(name, depth, nested):
    assert outline(tree_of(shipped_report(name), depth).items) == nested


def test_repeats_that_grow_are_drawn_once():
    tree = tree_of(shapecalc.summarize("densenet121"))
    rounds = [item for strand in strands(tree.items) for item in strand if isinstance(item, Rounds)]
    assert [item.times for item in rounds] == [6, 12, 24, 16]
    assert not tree.links


def test_a_round_that_is_read_from_elsewhere_is_no_repeat():
    layers = [{"repeat": {"times": 5, "layers": ["relu", "tanh"]}}]
    layers += [{"add": {"from": [".", f"tanh{number}"]}} for number in (1, 2)]
    tree = tree_of(shapecalc.summarize({"input": "4x4x2", "layers": layers}))
    assert outline(tree.items) == (0, 1, 2, 3, 4, (3, (5, 6)), 11, 12)


def test_an_unrolled_tree_folds_nothing():
    tree = tree_of(shapecalc.summarize("alphago"), unrolled=True)
    assert outline(tree.items) == tuple(range(27))


def test_layers_that_are_written_out_are_no_repeat():
    """VGG's convolutions of one size have names of their own."""
    tree = tree_of(shapecalc.summarize("vgg16"))
    assert len(outline(tree.items)) == 40


def test_a_level_that_skips_leave_on_the_way_is_whole():
    """An encoder's skips end in the decoder, and both have their frames."""
    text = """
input: 8x8x2
layers:
  - group: {name: encoder, layers: [conv: {filters: 2, kernel: 1}, relu, maxpool, relu, maxpool]}
  - group:
      name: decoder
      layers:
        - upsample
        - add: {from: [., encoder/relu2]}
        - upsample
        - add: {from: [., encoder/relu1]}
"""
    tree = tree_of(shapecalc.summarize(shapecalc.loads(text)))
    assert [item[0] for item in outline(tree.items)[1:]] == ["encoder", "decoder"]
    assert len(tree.links) == 2


def test_a_large_graph_is_taken_apart_in_a_second():
    size = 10_000
    inputs = [(), *((n - 1,) if n % 3 else (n - 1, max(n - 7, 0)) for n in range(1, size))]
    start = process_time()
    tree = structure_of(inputs)
    assert process_time() - start < 1.5
    assert len(list(leaves_of(tree.items))) == size
