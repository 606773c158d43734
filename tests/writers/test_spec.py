"""Specs that are written of networks: the same networks, and short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.api import loads
from shapecalc.cli import main
from shapecalc.report.compute import compute_report
from shapecalc.spec.find import shipped
from shapecalc.writers.spec import written
from tests.paths import NETWORKS, SPECS
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.report import Report

NAMES = [*shipped(), *(str(path) for path in sorted(NETWORKS.glob("*.yaml")))]


def again(text: str) -> Report:
    return compute_report(loads(text))


def volumes(report: Report) -> list[str]:
    """Return what every layer costs, whatever its name and its place."""
    rows = report.rows
    return sorted(f"{r.type} {r.output} {r.params} {r.buffers} {r.macs} {r.does}" for r in rows)


def must_be_the_same(a: Report, b: Report) -> None:
    totals = ("params", "buffers", "macs", "flops", "frozen", "activations")
    assert {t: getattr(a.totals, t) for t in totals} == {t: getattr(b.totals, t) for t in totals}
    assert volumes(a) == volumes(b)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_written_flat_and_folded_again_is_the_same(name: str) -> None:
    report = shapecalc.summarize(name)
    flat = again(written(report, flat=True).text)
    must_be_the_same(flat, report)
    assert not [node for node in flat.graph.nodes if "/" in node.path]
    folded = written(flat).text
    must_be_the_same(again(folded), report)
    assert folded.count("\n") <= written(report, flat=True).text.count("\n") + 4


#: Networks with the most lines that their specs may have: twice those of the hand-written one.
HAND = ["vgg16", "resnet50", "googlenet", "densenet121", "mobilenet-v2", "vit-b-16", "gpt2-small"]


@pytest.mark.parametrize("name", HAND)
def test_a_spec_has_at_most_twice_the_lines_of_the_hand_written_one(name: str) -> None:
    flat = again(written(shapecalc.summarize(name), flat=True).text)
    by_hand = (SPECS / f"{name}.yaml").read_text("utf-8").count("\n")
    text = written(flat).text
    assert "repeat:" in text or "blocks:" in text
    assert text.count("\n") <= 2 * by_hand


def folded(layers: list[Any], shape: str = "16x16x8") -> list[str]:
    """Return the lines of the blocks and the layers of a spec that is written."""
    text = written(shapecalc.summarize({"input": shape, "layers": layers})).text
    begin = text.index("blocks:") if "blocks:" in text else text.index("layers:")
    return [line for line in text[begin : text.index("expect:")].split("\n") if line]


def test_a_run_of_equal_layers_is_a_repeat() -> None:
    assert folded([{"conv": {"filters": 8, "kernel": 3, "pad": 1}}, "relu"] * 4) == [
        "layers:",
        "  - repeat: {times: 4, layers: [conv: {filters: 8, kernel: 3, pad: 1}, relu]}  # 16x16x8",
    ]


def test_what_most_layers_have_is_a_default_and_others_say_that_they_have_not() -> None:
    layers = [{"conv": {"filters": n, "kernel": 1, "bias": n > 6}} for n in (4, 5, 6, 7)]
    report = shapecalc.summarize({"input": "4x4x2", "layers": layers})
    text = written(report).text
    assert "defaults:\n  conv: {bias: false}\n" in text
    assert "  - conv: {filters: 7, kernel: 1, bias: true}\n" in text
    must_be_the_same(again(text), report)


def test_uneven_padding_stays_uneven() -> None:
    layer = {"conv": {"filters": 4, "kernel": 3, "pad": [[0, 1], [2, 3]]}}
    assert folded([layer])[-1] == "  - conv: {filters: 4, kernel: 3, pad: [[0, 1], [2, 3]]}"


def test_a_repeat_does_not_begin_with_what_ends_a_block() -> None:
    unit = [{"add": [[{"conv": {"filters": 8, "kernel": 1}}], []]}, "relu"]
    lines = folded([{"conv": {"filters": 8, "kernel": 3}}, "relu", *unit * 3])
    assert lines[3] == (
        "  - repeat: {times: 3, layers: [add: [[conv: {filters: 8, kernel: 1}], []], relu]}"
        "  # 14x14x8"
    )


def test_what_differs_is_a_field_and_multiples_of_it_are_written_so() -> None:
    layers: list[Any] = []
    for filters in (8, 24, 40):
        layers += [
            {"conv": {"filters": filters, "kernel": 3, "pad": 1}}, "batchnorm", "relu",
            {"conv": {"filters": 4 * filters, "kernel": 1}}, "batchnorm", "relu",
            {"depthwise": {"kernel": 5}}, "gelu", "maxpool",
        ]  # fmt: skip
    lines = folded(layers, "64x64x3")
    assert "    fields: [filters]" in lines
    assert "      - conv: {filters: 4*filters, kernel: 1}" in lines
    assert sum(line.startswith("  - unit: ") for line in lines) == 3


def test_what_is_a_multiple_in_most_parts_is_a_field_and_usual_values_are_defaults() -> None:
    layers: list[Any] = []
    for filters, more, kernel in ((8, 32, 5), (24, 96, 5), (40, 200, 3)):
        layers += [
            {"conv": {"filters": filters, "kernel": 3, "pad": 1}}, "batchnorm", "relu",
            {"conv": {"filters": more, "kernel": 1}}, "batchnorm", "relu",
            {"depthwise": {"kernel": kernel}}, "gelu", "maxpool",
        ]  # fmt: skip
    report = shapecalc.summarize({"input": "64x64x3", "layers": layers})
    text = written(report).text
    must_be_the_same(again(text), report)
    assert "    fields: [filters, filters2, {kernel: 5}]" in text


def test_layers_that_name_each_other_become_a_block_with_names_of_its_own() -> None:
    part: list[Any] = [
        {"conv": {"name": "a", "filters": 8, "kernel": 1}},
        {"conv": {"name": "b", "filters": 8, "kernel": 1}},
        {"add": {"name": "c", "from": ["a", "b"]}},
        {"multiply": {"name": "d", "from": ["a", "c"]}},
        {"subtract": {"name": "e", "from": ["d", "b"]}},
    ]
    layers = [{"group": {"name": name, "layers": part}} for name in ("first", "second", "third")]
    lines = folded(layers)
    assert lines[1] == "  residual:"
    layers_of_all = "[conv: {filters: 8, kernel: 1}, residual]"
    assert lines[-1] == f"  - repeat: {{times: 3, layers: {layers_of_all}}}  # 16x16x8"


def test_concatenations_of_all_that_came_before_are_nested() -> None:
    grown: list[Any] = []
    for number in range(1, 5):
        grown.append({"conv": {"name": f"c{number}", "filters": 4, "kernel": 3, "pad": 1}})
        names = ["input", *(f"c{n}" for n in range(1, number + 1))]
        grown.append({"concat": {"from": names}})
    lines = folded(grown)
    assert lines[-1] == (
        "  - repeat: {times: 4, layers: [concat: [[], [conv: {filters: 4, kernel: 3, pad: 1}]]]}"
        "  # 16x16x24"
    )


_CONV = {"filters": 8, "kernel": 3}


def test_branches_of_several_inputs_are_written_inside_their_join() -> None:
    branches = [[{"conv": {**_CONV, "from": side}}, "relu"] for side in ("left", "right")]
    tail = [{"conv": {"filters": 8, "kernel": 1}}, "relu"] * 2
    spec = {"inputs": {"left": "9x9x3", "right": "9x9x3"}, "layers": [{"concat": branches}, *tail]}
    report = shapecalc.summarize(spec)
    text = written(report).text
    must_be_the_same(again(text), report)
    assert text[text.index("inputs:") : text.index("\n\nexpect")].split("\n") == [
        "inputs:",
        "  left: 9x9x3",
        "  right: 9x9x3",
        "",
        "layers:",
        "  - concat:",
        "      - [conv: {from: left, filters: 8, kernel: 3}, relu]",
        "      - [conv: {from: right, filters: 8, kernel: 3}, relu]",
        "  - repeat: {times: 2, layers: [conv: {filters: 8, kernel: 1}, relu]}  # 7x7x8",
    ]


def test_what_leads_to_another_output_begins_where_it_parts() -> None:
    side = [{"conv": {"name": "aux", "from": "mid", "filters": 4, "kernel": 1}}, {"dense": 5}]
    layers = [{"conv": _CONV}, {"relu": {"name": "mid"}}, "maxpool", {"dense": 5}, *side]
    report = shapecalc.summarize({"input": "9x9x3", "layers": layers})
    assert len(report.graph.outputs) == 2
    lines = folded(layers, "9x9x3")
    assert lines == [
        "layers:",
        "  - conv: {filters: 8, kernel: 3}",
        "  - relu: {name: mid}",
        "  - conv: {filters: 4, kernel: 1}",
        "  - dense: {name: fc2, units: 5}",
        "  - maxpool: {from: mid}",
        "  - dense: {name: fc1, units: 5}",
    ]
    must_be_the_same(again(written(report).text), report)


def test_an_output_that_others_read_is_listed() -> None:
    layers = [{"conv": _CONV}, {"relu": {"name": "mid"}}, "maxpool", {"dense": 5}]
    spec = {"input": "9x9x3", "layers": layers, "outputs": ["mid", "fc1"]}
    report = shapecalc.summarize(spec)
    text = written(report).text
    assert "\noutputs: [mid, fc1]\n" in text
    assert again(text).graph.outputs == report.graph.outputs


def test_sizes_may_be_symbols() -> None:
    layers = [
        {"conv": {"filters": "2*C + 1", "kernel": 3, "stride": 2}},
        {"add": [[{"conv": {"filters": "channels", "kernel": 1}}], []]},
        {"upsample": {"to": "HxW"}},
        "global_avgpool",
        {"dense": "C//2 + 1"},
    ]
    report = shapecalc.summarize({"input": "HxWxC", "layers": layers})
    for flat in (False, True):
        text = written(report, flat=flat).text
        assert "input: HxWxC" in text
        assert "expect" not in text
        must_be_the_same(again(text), report)
    lines = written(report).text.split("\n")
    assert "  - add: [[conv: {filters: 2*C + 1, kernel: 1}], []]" in lines
    assert "  - upsample: {to: [H, W]}" in lines
    assert '  - dense: "(C + 2)//2"' in lines


@pytest.mark.parametrize("flat", [False, True])
def test_a_network_without_layers_is_one_still(flat: bool) -> None:
    report = again("input: 8x8x3\nlayers: [repeat: {times: 0, layers: [relu]}]")
    must_be_the_same(again(written(report, flat=flat).text), report)


def test_symbols_go_into_specs_and_not_into_programs(tmp_path: Path) -> None:
    net = tmp_path / "net.yaml"
    net.write_text("input: HxWx3\nlayers: [conv3-8, relu]\n")
    assert runner().invoke(main, ["convert", str(net), "--to", "yaml"]).exit_code == 0
    for name in ("pytorch", "keras"):
        done = runner().invoke(main, ["convert", str(net), "--to", name])
        assert (done.exit_code, "error[E121]" in done.output) == (2, True)


#: Attention, by its fields.
ATTENTIONS = [
    "2", "{heads: 4, causal: true}", "{heads: 2, key: 3}", "{heads: 2, key: 3, value: 5}",
    "{heads: 4, groups: 2}", "{heads: 4, key: 5, groups: 1, qk_norm: layernorm}",
    "{heads: 2, bias: false}", "{heads: 2, bias: qkv}", "{heads: 2, bias: out, qk_norm: rmsnorm}",
    "{heads: 2, out: false}", "{heads: 2, bias: false, out: false}",
]  # fmt: skip
_WINDOWS = [
    "{heads: 2, window: 3}", "{heads: 2, relative_position: true, window: 3, shift: 1}",
    "{heads: 2, qk_norm: rmsnorm, window: 2x3, grid: true}",
]  # fmt: skip


@pytest.mark.parametrize(
    ("attention", "shape"),
    [*((text, "10x8") for text in ATTENTIONS), *((text, "6x6x8") for text in _WINDOWS)],
)
def test_attention_that_stands_as_its_parts_is_a_block_again(attention: str, shape: str) -> None:
    layers = f"[layernorm, attention: {attention}, gelu]"
    flat = written(compute_report(loads(f"input: {shape}\nlayers: {layers}")), flat=True).text
    assert "matmul" in flat
    text = written(again(flat)).text
    assert f"layers:\n  - layernorm\n  - attention: {attention}  # {shape}\n  - gelu\n" in text
    must_be_the_same(again(text), again(flat))


@pytest.mark.parametrize(("word", "change"), [
    ("softmax", "softmax: {name: attention1.softmax, over: 1}"),  # along the queries
    ("softmax", "softmax: {name: attention1.softmax, note: x}"),
    ("qkv", "dense: {name: attention1.qkv, trainable: false, units: 24, over: channels}"),
])  # fmt: skip
def test_what_is_nearly_attention_stays_its_parts(word: str, change: str) -> None:
    report = shapecalc.summarize({"input": "10x8", "layers": [{"attention": 2}, "gelu"]})
    text = written(report, flat=True).text
    old = f"name: attention1.{word}"
    lines = [f"  - {change}" if old in line else line for line in text.split("\n")]
    assert f"  - {change}" in lines
    other = again("\n".join(line for line in lines if not line.startswith("expect")))
    assert "attention:" not in written(other).text
    must_be_the_same(again(written(other).text), other)


def test_texts_frozen_layers_notes_and_shared_weights_stay() -> None:
    spec = {
        "name": "A: b #1",
        "note": 'it\'s "1:1"',
        "input": "8x8x3",
        "layers": [
            {"conv": {"name": "one", "filters": 3, "kernel": 1, "trainable": False}},
            {"conv": {"name": "two", "filters": 3, "kernel": 1, "share": "one"}},
            {"relu": {"note": "x: y"}},
        ],
    }
    report = shapecalc.summarize(spec)
    for flat in (False, True):
        other = again(written(report, flat=flat).text)
        must_be_the_same(other, report)
        assert (other.name, other.graph.spec.note) == ("A: b #1", 'it\'s "1:1"')
        assert [row.note for row in other.rows] == ["", "", "", "x: y"]


def test_a_spec_is_written_by_its_suffix(tmp_path: Path) -> None:
    target = tmp_path / "net.yaml"
    assert runner().invoke(main, ["convert", "resnet50", str(target)]).exit_code == 0
    must_be_the_same(shapecalc.summarize(target), shapecalc.summarize("resnet50"))
    done = runner().invoke(main, ["compare", "resnet50", str(target)])
    assert "The networks do not differ." in done.output


def test_a_spec_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "net.yaml"
    target.write_text("input: 4\nlayers: [relu]\n")
    done = runner().invoke(main, ["convert", "resnet50", str(target)])
    assert done.exit_code == 2
    assert "E007" in done.output
    assert target.read_text() == "input: 4\nlayers: [relu]\n"


def test_flat_belongs_to_specs() -> None:
    done = runner().invoke(main, ["convert", "lenet5", "--to", "pytorch", "--flat"])
    assert done.exit_code == 2
    assert "error[E323]" in done.output
