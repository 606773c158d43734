"""One statement makes one layer wherever its names mean the same, and another where they do not."""

from __future__ import annotations

import shapecalc

BLOCK = """
input: 9x7x4
let: {k: 3}
blocks:
  unit:
    fields: {filters: 5, kernel: 1}
    layers:
      - conv: {filters: filters, kernel: kernel, pad: same}
      - inner: filters + k
  inner:
    fields: [maps]
    let: {more: maps + 1}
    layers: [conv: {filters: more, kernel: 3, pad: 1}]
  outer:
    fields: {filters: 7}
    layers: [unit: {inherit: true}]
layers:
"""


def filters(text: str, **values: str) -> list[int]:
    """Return how many filters the convolutions have, in their order."""
    graph = shapecalc.loads(BLOCK + text, settings=values)
    return [node.layer.filters for node in graph.nodes if node.layer.type == "conv"]


def layers(text: str) -> list[int]:
    """Return which layer object stands at every convolution."""
    graph = shapecalc.loads(BLOCK + text)
    return [id(node.layer) for node in graph.nodes if node.layer.type == "conv"]


def test_rounds_that_are_alike_hold_the_same_layers():
    text = "  - repeat: {times: 3, layers: [unit: 6]}\n"
    assert filters(text) == 3 * [6, 10]
    first, second, *others = layers(text)
    assert first != second
    assert others == 2 * [first, second]


def test_a_network_may_name_constants_in_rounds():
    text = "  - repeat: {times: 3, layers: [conv: {filters: 2*k, kernel: 1}]}\n"
    assert filters(text, k="4") == [8, 8, 8]
    assert len(set(layers(text))) == 1


def test_rounds_that_count_hold_layers_of_their_own():
    text = "  - repeat: {times: 3, index: i, layers: [unit: 2*i + 2, unit: 6]}\n"
    counted = filters(text)
    assert counted == [2, 6, 6, 10, 4, 8, 6, 10, 6, 10, 6, 10]


def test_two_uses_of_a_block_are_two():
    text = "  - unit: 6\n  - unit: {filters: 6, kernel: 3}\n  - unit\n  - unit: {kernel: 3}\n"
    assert filters(text) == [6, 10, 6, 10, 5, 9, 5, 9]
    graph = shapecalc.loads(BLOCK + text)
    kernels = [
        n.layer.kernel for n in graph.nodes if n.layer.type == "conv" and n.layer.filters < 9
    ]
    assert kernels == [(1,), (3,), (1,), (3,)]


def test_what_depends_on_the_flow_is_asked_of_each():
    text = (
        "  - repeat: {times: 3, layers: [unit: channels + 1]}\n"
        "  - repeat: {times: 2, layers: [conv: {filters: 2*channels, kernel: 1}]}\n"
    )
    report = shapecalc.summarize(shapecalc.loads(BLOCK + text))
    made = [row.output.channels for row in report.rows if row.type == "conv"]
    assert made == [5, 9, 10, 14, 15, 19, 38, 76]


def test_fields_that_are_inherited_are_those_of_the_block_around():
    text = "  - outer: 6\n  - repeat: {times: 2, layers: [outer: 8]}\n  - outer\n"
    assert filters(text) == [6, 10, 8, 12, 8, 12, 7, 11]
