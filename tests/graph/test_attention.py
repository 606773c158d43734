"""Attention, a block that the language has by itself."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc import loads, summarize, verify
from shapecalc.errors import SpecErrors
from shapecalc.layers.shape import Map
from shapecalc.output.totals import sums
from shapecalc.output.view import View


def report(text: str, **options: Any) -> Any:
    return summarize(loads(f"name: net\n{text}"), **options)


def parts(text: str) -> list[str]:
    return [row.name.rpartition("/")[2] for row in report(text).layers]


#: ViT-B/16's encoder: 12 times attention of 197 tokens of 768 channels.
VIT = """
input: 197x768
layers: [{repeat: {name: block, times: 12, layers: [{attention: {heads: 12}}]}}]
"""


def test_vit_b_16() -> None:
    """Twelve times (768 + 1) x 4 x 768 parameters; the two products alone 715,327,488 MACs."""
    net = report(VIT)
    assert net.totals.params == 12 * 2_362_368
    products = [row for row in net.layers if row.type == "matmul"]
    assert len(products) == 24
    assert sum(row.macs for row in products) == 715_327_488
    assert net.totals.macs == 715_327_488 + 12 * 197 * 4 * 768 * 768
    assert net.totals.peak == 197 * 2304 + 12 * 197 * 197 + 197 * 768


def test_its_parts_stand_in_order_under_their_names() -> None:
    rows = report("input: 5x6\nlayers: [attention: 2]").layers
    assert [(row.name, row.type) for row in rows] == [
        ("attention1/qkv", "dense"),
        ("attention1/scores", "matmul"),
        ("attention1/softmax", "softmax"),
        ("attention1/weighted", "matmul"),
        ("attention1/out", "dense"),
    ]
    assert [row.output for row in rows] == [
        Map((5,), 18), Map((2, 5), 5), Map((2, 5), 5), Map((5,), 6), Map((5,), 6)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "params", "macs", "output"),
    [
        ("heads: 2", 18 * 7 + 6 * 7, 5 * 24 * 6 + 2 * 25 * 6, Map((5,), 6)),
        ("heads: 2, bias: false", 24 * 6, 1020, Map((5,), 6)),
        ("heads: 2, bias: qkv", 18 * 7 + 36, 1020, Map((5,), 6)),
        ("heads: 2, bias: out", 18 * 6 + 42, 1020, Map((5,), 6)),
        ("heads: 2, out: false", 18 * 7, 5 * 18 * 6 + 300, Map((5,), 6)),
        # Keys of 4 channels, values of as many: 2 heads x 3 x 4 = 24 units, then back to 6.
        ("heads: 2, key: 4", 24 * 7 + 6 * 9, 5 * 24 * 6 + 2 * 25 * 8 + 5 * 8 * 6, Map((5,), 6)),
        # Values of 5: 2 x (4 + 4 + 5) = 26 units; 2 heads x 25 x (4 + 5); 10 channels to 6.
        ("heads: 2, key: 4, value: 5", 26 * 7 + 66, 780 + 450 + 300, Map((5,), 6)),
        ("heads: 2, value: 5, out: false", 22 * 7, 660 + 50 * 3 + 50 * 5, Map((5,), 10)),
        # One head of keys and values for both (multi-query): 6 + 3 + 3 units.
        ("heads: 2, groups: 1", 12 * 7 + 42, 5 * 12 * 6 + 300 + 180, Map((5,), 6)),
        ("heads: 2, causal: true", 18 * 7 + 42, 1020, Map((5,), 6)),
        # Scale and shift for the 3 channels of a head, of queries and of keys; scales alone.
        ("heads: 2, qk_norm: layernorm", 18 * 7 + 42 + 12, 1020, Map((5,), 6)),
        ("heads: 2, qk_norm: rmsnorm", 18 * 7 + 42 + 6, 1020, Map((5,), 6)),
        (
            "heads: 2, groups: 1, qk_norm: rmsnorm",
            12 * 7 + 42 + 6,
            5 * 12 * 6 + 300 + 180,
            Map((5,), 6),
        ),
    ],
)
def test_fields(fields: str, params: int, macs: int, output: Map) -> None:
    net = report(f"input: 5x6\nlayers: [{{attention: {{{fields}}}}}]")
    assert net.totals.params == params
    assert net.totals.macs == macs
    assert net.layers[-1].output == output


def test_queries_and_keys_are_normalised_head_by_head() -> None:
    text = "input: 5x6\nlayers: [{attention: {heads: 2, qk_norm: layernorm}}]"
    rows = report(text).layers
    assert [row.name.rpartition("/")[2] for row in rows] == [
        "query", "key", "value", "query_norm", "key_norm", "scores", "softmax", "weighted", "out",
    ]  # fmt: skip
    for row in rows[3:5]:
        assert row.params == 2 * 3
        # Twice per position: 3 divisions, an addition of epsilon and a root.
        assert (row.work.divisions, row.work.exponentials) == (5 * 2 * 3, 5 * 2)
    # Each head sees its own channels only.
    span = rows[3].layer.mixes(*rows[3].inputs)
    assert (span.lo, span.hi, span.step) == ((0, 0, 0), (2, 2, 2), 3)
    assert parts(CROSS % "[x, memory], qk_norm: rmsnorm")[:5] == [
        "query", "key", "value", "query_norm", "key_norm",
    ]  # fmt: skip


def test_a_map_attends_over_all_its_positions() -> None:
    rows = report("input: 3x5x4\nlayers: [attention: 2]").layers
    assert [row.output for row in rows[1:]] == [
        Map((2, 15), 15), Map((2, 15), 15), Map((3, 5), 4), Map((3, 5), 4)
    ]  # fmt: skip


CROSS = "inputs: {x: 5x6, memory: 7x4, other: 7x3}\nlayers:\n- attention: {heads: 2, from: %s}"


def test_cross_attention() -> None:
    """Queries of x; keys and values of the memory, or values of their own."""
    assert parts(CROSS % "[x, memory]")[:2] == ["query", "key_value"]
    net = report(CROSS % "[x, memory]")
    assert net.totals.params == 6 * 7 + 12 * 5 + 6 * 7
    assert net.totals.macs == 5 * 36 + 7 * 48 + 2 * 5 * 7 * 6 + 5 * 36
    assert net.layers[-1].output == Map((5,), 6)
    assert parts(CROSS % "[x, memory, other]")[:3] == ["query", "key", "value"]
    assert report(CROSS % "[x, memory, other]").totals.params == 42 + 6 * 5 + 6 * 4 + 42


def test_what_flows_in_besides_may_be_called_like_a_part() -> None:
    """Broken by a part of attention that hides a layer of the same name."""
    text = """
input: 5x6
layers:
- dense: {name: out, units: 4, over: channels}
- attention: {heads: 2, from: [input, out]}
"""
    assert [row.output for row in report(text)["attention1"].layers][1] == Map((5,), 12)


def test_swin() -> None:
    """A shifted window of 7x7 on 10x9: four windows, with padding; 13 x 13 distances of 3 heads."""
    text = """
input: 10x9x96
layers: [attention: {heads: 3, window: 7, shift: 3, relative_position: true}]
"""
    assert parts(text) == [
        "partition", "qkv", "scores", "position", "window_mask", "softmax", "weighted", "out",
        "merge",
    ]  # fmt: skip
    net = report(text)
    assert net.totals.params == 96 * 97 * 4 + 169 * 3
    assert net.totals.macs == 4 * 49 * 96 * 96 * 4 + 2 * 4 * 49 * 49 * 96
    assert net.layers[-1].output == Map((10, 9), 96)


@pytest.mark.parametrize(
    ("fields", "as_number"),
    [
        ("window: channels//24", "window: 4"),
        ("window: height//2, shift: width - 6", "window: 5, shift: 3"),
        ("window: 4, shift: 3*(height > 7)", "window: 4, shift: 3"),
        ("window: 4, shift: 3*(height > 10)", "window: 4, shift: 0"),
        ("window: 4, shift: [channels - 96, 1]", "window: 4, shift: [0, 1]"),
        ("window: height//5, grid: true", "window: 2, grid: true"),
    ],
)
def test_fields_that_need_shapes_decide_like_numbers(fields: str, as_number: str) -> None:
    """Broken by windows and masks that are there only where their sizes were numbers before."""
    text = "input: 10x9x96\nlayers:\n- attention: {heads: 3, %s}"
    rows, numbers = report(text % fields).layers, report(text % as_number).layers
    assert [(row.name, row.type, row.output) for row in rows] == [
        (row.name, row.type, row.output) for row in numbers
    ]
    assert rows[-1].type == "window_merge"
    assert any(row.type == "window_mask" for row in rows) == (
        "shift" in fields and "10)" not in fields
    )


def test_a_shift_may_not_depend_on_layers_below() -> None:
    text = """
input: 10x9x96
layers:
- attention: {heads: 3, window: 5, shift: height - 4, from: below}
- maxpool: {name: below, from: input, kernel: 2}
"""
    with pytest.raises(SpecErrors) as caught:
        report(text)
    (problem,) = caught.value.problems
    assert problem.code == "E115"
    assert "whether a layer is there depends on the channels of 'below'" in problem.message


def test_a_shift_that_no_one_knows_has_a_mask() -> None:
    text = "input: 10x9x96\nlet: {s: free}\nlayers:\n- attention: {heads: 3, window: 5, shift: s}"
    assert "window_mask" in parts(text)


def test_what_a_constant_is_called_is_no_field() -> None:
    """Broken by parts that ask for a field, which nobody gave, by its name."""
    text = "input: 8x8x6\nlet: {window: 2, shift: 1, groups: 1, key: 5}\nlayers: [attention: 2]"
    assert report(text).totals == report("input: 8x8x6\nlayers: [attention: 2]").totals


def test_it_is_quadratic_in_the_tokens() -> None:
    net = report("input: Nx768\nlayers: [attention: 12]")
    assert str(net.totals.macs) == "1536*N*(N + 1536)"
    assert str(net["attention1/scores"].macs) == "768N^2"
    assert str(net.totals.peak) == "12N^2 + 3072N"
    assert (
        net.at(N=197).totals.macs == report("input: 197x768\nlayers: [attention: 12]").totals.macs
    )


def test_a_block_of_that_name_comes_first() -> None:
    text = """
input: 5x6
blocks: {attention: {fields: {width: 3}, layers: [{conv: {filters: width, kernel: 1}}]}}
layers: [attention: 4, attention]
"""
    assert [row.output.channels for row in report(text).layers] == [4, 3]


def test_fields_may_be_names_and_expressions() -> None:
    text = """
input: 5x6
let: {width: 3}
blocks:
  layer: {fields: {heads: 2, drop: false}, layers: [{attention: {heads: heads, key: width*heads}}]}
layers: [layer]
"""
    assert report(text).layers[0].output == Map((5,), 36)


def test_defaults_and_training_reach_its_parts() -> None:
    text = """
input: 5x6
defaults: {attention: {bias: false}}
layers: [{attention: {heads: 2, trainable: false}}, {attention: {heads: 2, share: attention1}}]
"""
    net = report(text)
    assert net.totals.params == 24 * 6
    assert net.totals.frozen == 24 * 6


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("layers: [attention]", "E113", "attention needs heads: parts that attend each by itself"),
        ("layers: [attention: {heads: 4}]", "E205", "6 channels cannot be split into 4 heads"),
        ("layers: [attention: {heads: 2, groups: 4}]", "E205",
         "2 heads cannot be split into 4 groups"),
        ("layers: [attention: {heads: 2, haeds: 2}]", "E111", "attention has no field 'haeds'"),
        ("layers: [attention: {heads: 2, bias: maybe}]", "E110",
         "attention: bias takes one of true, false, qkv, out, not 'maybe'"),
        ("layers: [attention: {heads: 2, from: [input, input, input, input]}]", "E207",
         "attention takes up to 3 inputs, but 4 flow in"),
        ("layers: [attention: {heads: 2, causal: 1}]", "E110",
         "attention: causal takes true or false, not '1'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str, code: str, message: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        report(f"input: 5x6\n{text}")
    problem = caught.value.problems[0]
    assert problem.code == code
    assert message in problem.message


def test_the_referee_agrees() -> None:
    text = """
input: 6x5x4
layers:
- attention: {heads: 2, window: 4, shift: 1, relative_position: true}
- attention: {heads: 2, window: 2, grid: true}
- attention: {heads: 4, groups: 2, key: 3, value: 2}
- reshape: 30x4
- attention: {heads: 2, causal: true}
- attention: {heads: 2, from: [., .], out: false, qk_norm: layernorm}
- attention: {heads: 4, groups: 2, qk_norm: rmsnorm, causal: true}
"""
    assert verify(report(text), gradients=True).disagreements == []


def test_a_causal_network_says_what_generation_keeps() -> None:
    """GPT-2 of 1,024 tokens: 12 layers keep keys and values of 768 channels each."""
    text = """
input: 1024x768
layers: [{repeat: {times: 12, layers: [{attention: {heads: 12, causal: true}}]}}]
"""
    kept = {total.key: total.number for total in sums(report(text), View(), frozen=False)}
    assert kept["kv_cache"] == 2 * 12 * 1024 * 768
    grouped = text.replace("causal", "groups: 4, causal")
    kept = {total.key: total.number for total in sums(report(grouped), View(), frozen=False)}
    assert kept["kv_cache"] == 2 * 12 * 1024 * 256
    assert "kv_cache" not in {total.key for total in sums(report(VIT), View(), frozen=False)}
