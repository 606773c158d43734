"""Sweeps through the library: what may be swept, what comes out, and in which order."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

import shapecalc
from shapecalc.analysis.sweep import plan as planning
from shapecalc.errors import SpecErrors

if TYPE_CHECKING:
    from pathlib import Path


def code_of(error: pytest.ExceptionInfo[SpecErrors]) -> str:
    return error.value.problems[0].code


def test_the_lectures_sizes_of_alexnet() -> None:
    swept = shapecalc.sweep(
        "alexnet", {"N": [224, 227, 258, 259]}, columns="conv1.output,pool3.height"
    )
    assert swept["conv1.output.height"].tolist() == [54, 55, 62, 63]
    assert swept["conv1.output.channels"].tolist() == [96] * 4
    assert swept["pool3.height"].tolist() == [5, 6, 6, 7]
    assert swept["pool3.height"].dtype == np.int64


def test_constants_symbols_sides_and_fields_in_one_grid() -> None:
    spec = "let: {k: 2}\ninput: Tx5\nlayers: [conv: {filters: k, kernel: 3}, relu, dense: {name: out, units: 4}]"
    graph = shapecalc.loads(spec)
    swept = shapecalc.sweep(
        graph, {"k": [3, 2], "T": [9, 7], "out.units": [4, 1]}, columns="params"
    )
    rows = [
        (k, t, u, k * 5 * 3 + k + (t - 2) * k * u + u)
        for k in (3, 2)
        for t in (9, 7)
        for u in (4, 1)
    ]
    found = zip(*(swept[name].tolist() for name in ("k", "T", "out.units", "params")), strict=True)
    assert list(found) == rows


def test_one_propagation_serves_what_can_stay_a_symbol(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []
    really = planning.compute_report
    monkeypatch.setattr(planning, "compute_report", lambda graph: done.append(1) or really(graph))
    over = {"N": range(67, 300), "conv1.filters": range(1, 50), "fc6.units": [10, 20]}
    assert len(shapecalc.sweep("alexnet", over)) == 233 * 49 * 2
    assert len(done) == 1
    shapecalc.sweep("alexnet", {"N": range(67, 300), "conv1.stride": [1, 2, 4]})
    assert len(done) <= 1 + 3 + 3


@pytest.mark.parametrize(
    ("name", "input_", "shape"),
    [
        ("N", None, (300, 300)),
        ("size", None, (300, 300)),
        ("H", None, (300, 227)),
        ("height", None, (300, 227)),
        ("W", None, (227, 300)),
        ("W", "230x240x3", (230, 300)),
        ("x1", "x1xx1x3", None),
        ("q", "qxqx3", (300, 300)),
    ],
)
def test_sides_of_the_input(name: str, input_: str | None, shape: tuple[int, int] | None) -> None:
    if shape is None:
        with pytest.raises(SpecErrors):
            shapecalc.sweep("alexnet", {name: [300]}, input=input_)
        return
    swept = shapecalc.sweep("alexnet", {name: [300]}, input=input_, columns="input.output")
    assert (swept["input.output.height"][0], swept["input.output.width"][0]) == shape


def test_what_does_not_exist_is_marked_with_the_reason() -> None:
    swept = shapecalc.sweep("alexnet", {"N": range(65, 69)}, columns="macs")
    assert swept.exists.tolist() == [False, False, True, True]
    assert swept["note"].tolist() == ["pool3 needs N >= 67"] * 2 + ["", ""]
    assert swept["macs"][:2].tolist() == [None, None]
    assert swept["macs"].dtype == object
    kept = swept.existing
    assert kept["N"].tolist() == [67, 68]
    assert kept["macs"].dtype == np.int64
    assert len(kept) == 2


def test_divisibility_and_joins_too() -> None:
    grouped = shapecalc.loads(
        "let: {c: 4}\ninput: 6x7xc\nlayers: [conv: {filters: 8, kernel: 1, groups: 4}]"
    )
    swept = shapecalc.sweep(grouped, {"c": range(1, 9)}, columns="params")
    assert np.flatnonzero(swept.exists).tolist() == [3, 7]
    assert "multiple of 4" in swept["note"][0]
    skip = shapecalc.loads("input: HxWx3\nlayers:\n  - add: {a: [maxpool, upsample: 2], b: []}\n")
    swept = shapecalc.sweep(skip, {"H": [6, 7], "W": [4, 5]}, columns="macs")
    assert swept.exists.tolist() == [True, False, False, False]


def test_a_network_that_depends_on_a_count_has_layers_now_and_then() -> None:
    graph = shapecalc.loads(
        "let: {n: 2}\ninput: 9x8x3\nlayers:\n  - repeat: {times: n, layers: [conv3-4]}\n  - dense: 5\n"
    )
    swept = shapecalc.sweep(graph, {"n": [0, 1, 3]}, columns="conv3.params,conv1.height,params")
    assert swept["conv3.params"].tolist() == [None, None, 3 * 3 * 4 * 4 + 4]
    assert swept["conv1.height"].tolist() == [None, 9, 9]
    assert swept["params"].dtype == np.int64
    assert swept.exists.all()


def test_a_receptive_field_without_a_formula_is_computed_by_numbers() -> None:
    graph = shapecalc.loads(
        "input: Tx3\nlayers: [upsample: {factor: 2, mode: bilinear}, conv: {filters: 2, kernel: 3, pad: 1}]"
    )
    swept = shapecalc.sweep(graph, {"T": range(1, 12)}, columns="conv1.rf")
    for row, size in enumerate(range(1, 12)):
        (side,) = shapecalc.summarize(graph).at(T=size)["conv1"].field or ()
        assert swept["conv1.receptive_field.length"][row] == side.size


def test_where_only_a_formula_ends_the_network_goes_on() -> None:
    """A receptive field's formula needs a whole period of units: without one it is computed."""
    graph = shapecalc.loads(
        "input: Tx3\nlayers: [upsample: {factor: 2, mode: bilinear}, conv: {filters: 2, kernel: 4}]"
    )
    symbolic = shapecalc.summarize(graph)
    assert symbolic.domain is not None
    assert symbolic["conv1"].field is None
    swept = shapecalc.sweep(graph, {"T": [1, 2, 3, 4]}, columns="conv1.rf,macs")
    assert swept.exists.tolist() == [False, True, True, True]
    assert swept["conv1.receptive_field.length"].tolist() == [None, 2, 3, 4]
    assert swept["macs"].tolist() == [None, 24, 72, 120]


def test_blocks_and_several_outputs() -> None:
    swept = shapecalc.sweep(
        "googlenet", {"N": [224, 255]}, columns="inception_3a.params,inception_3a.output"
    )
    assert swept["inception_3a.params"].tolist() == [163_696] * 2
    assert swept["inception_3a.output.height"].tolist() == [28, 32]
    swept = shapecalc.sweep("googlenet-train", {"N": [224, 255]})
    assert sum(name.endswith(".output.channels") for name in swept.names) == 3


def test_arrays_and_texts_name_values_as_well() -> None:
    lists = shapecalc.sweep("alphago", {"k": [64, 128]})
    arrays = shapecalc.sweep("alphago", {"k": np.array([64, 128])})
    texts = shapecalc.sweep("alphago", "k=64,128")
    assert lists["params"].tolist() == arrays["params"].tolist() == texts["params"].tolist()
    assert lists["params"].tolist() == [99 * k * k + 1213 * k + 361 for k in (64, 128)]


def test_a_sweep_is_fixed() -> None:
    swept = shapecalc.sweep("lenet5", {"N": [32, 33]})
    with pytest.raises(AttributeError):
        swept.plan = None  # type: ignore[misc, assignment]
    with pytest.raises(ValueError, match="read-only"):
        swept["params"][0] = 1
    with pytest.raises(KeyError, match="there are N, params"):
        swept["parms"]
    assert repr(swept) == "<Sweep LeNet-5: 2 points>"


def test_columns_are_what_a_data_frame_takes() -> None:
    swept = shapecalc.sweep("lenet5", {"N": range(28, 40)})
    assert all(isinstance(values, np.ndarray) for values in swept.columns.values())
    assert {len(values) for values in swept.columns.values()} == {12}
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(swept.existing.columns)
    assert list(frame.columns) == list(swept.names)
    assert str(frame["macs"].dtype) == "int64"


@pytest.mark.parametrize(
    ("over", "options", "code"),
    [
        ({"conv1.stide": [1, 2]}, {}, "E111"),
        ({"conv9.stride": [1]}, {}, "E350"),
        ({"M": [1]}, {}, "E350"),
        ({"H": [227], "N": [227]}, {}, "E350"),
        ({"input.H": [227]}, {}, "E350"),
        ({"H": [227]}, {"input": "HxWx3"}, "E351"),
        ({"N": [227]}, {"input": "NxNx3", "settings": {"N": 3}}, "E352"),
        ({"N": range(1, 60)}, {}, "E353"),
        ({"N": []}, {}, "E340"),
        ({"N": [-1]}, {}, "E340"),
        ({"N": [1.5]}, {}, "E340"),
        ({"N": range(10**12)}, {}, "E342"),
        ({"conv2.groups": range(1, 20_000)}, {}, "E342"),
        ({"N": [227]}, {"columns": "parms"}, "E301"),
        ({"N": [227]}, {"columns": "conv1.does"}, "E301"),
        ({"N": [227]}, {"columns": "conv9.output"}, "E301"),
        ({"N": [227]}, {"columns": "count"}, "E301"),
    ],
)
def test_what_cannot_be_swept(over: dict, options: dict, code: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        shapecalc.sweep("alexnet", over, **options)
    assert code_of(caught) == code


def test_a_loaded_network_has_its_settings() -> None:
    graph = shapecalc.load("alphago", settings={"k": 7})
    assert (
        shapecalc.sweep(graph, {"conv1.filters": [5, 6]}, columns="conv2.params")["conv2.params"][0]
        == 5 * 7 * 9 + 7
    )
    with pytest.raises(TypeError):
        shapecalc.sweep(graph, {"conv1.filters": [5]}, settings={"k": 3})


@pytest.mark.parametrize("values", [[2, 4, 6], [3, 4, 5], [6, 4, 2], [2, 4, 7], [5]])
def test_a_list_of_values_is_swept_as_it_is(values: list[int]) -> None:
    spec = shapecalc.loads("let: {k: 2}\ninput: 8x8x3\nlayers: [dense: k]")
    swept = shapecalc.sweep(spec, {"k": values}, columns="params")
    assert swept["k"].tolist() == values
    assert swept["params"].tolist() == [193 * k for k in values]


def test_one_output_needs_no_name_and_several_have_theirs() -> None:
    assert "output.channels" in shapecalc.sweep("alexnet", {"N": [227]}).columns
    heads = (
        "input: 8x8x3\n"
        "layers: [conv: {name: a, filters: 2, kernel: 3}, dense: {name: b, units: 2, from: input}]\n"
        "outputs: [a, b]"
    )
    names = shapecalc.sweep(shapecalc.loads(heads), {"N": [8]}).columns
    assert {"a.output.height", "b.output.channels"} <= set(names)


def test_one_side_is_swept_and_the_other_stays() -> None:
    text = shapecalc.sweep("alexnet", {"H": [227, 258]}).render("text")
    assert "the input's height; its width stays 227" in text


def test_the_sides_that_may_be_swept_are_listed() -> None:
    with pytest.raises(SpecErrors) as caught:
        shapecalc.sweep("alexnet", {"Q": [227]})
    (problem,) = caught.value.problems
    assert problem.hint == "there are H, W, N; also fields of layers, like conv1.stride"


def test_two_fields_of_one_layer_are_both_swept() -> None:
    """A side of 19 by a window of 3: (19 + 2*pad - 3) // stride + 1."""
    graph = shapecalc.loads("input: 19x19x3\nlayers: [conv: {name: c, filters: 1, kernel: 3}]")
    over = {"c.pad": [0, 1], "c.stride": [1, 2]}
    swept = shapecalc.sweep(graph, over, columns="c.height")
    assert swept["c.height"].tolist() == [17, 9, 19, 10]


def test_an_array_of_steps_is_told_as_a_range() -> None:
    text = shapecalc.sweep("alexnet", {"H": np.arange(227, 237)}).render("text")
    assert text.startswith("AlexNet\nOver H from 227 to 236\n")


def test_a_size_without_a_whole_pattern_of_units_is_told_with_its_own_numbers() -> None:
    """Of 1 a transposed window of 3 makes 3, of 2 it makes 5: only these take a window of 4."""
    text = (
        "input: HxHx1\nlayers:"
        " [transposed: {filters: 1, kernel: 3, stride: 2}, conv: {filters: 1, kernel: 4}]"
    )
    swept = shapecalc.sweep(shapecalc.loads(text), {"H": [1, 2]}, columns="conv1.rf")
    assert swept["note"].tolist() == [
        "conv1: a 4-high window does not fit an input 3 high with padding 0",
        "",
    ]


def test_points_that_exist_have_whole_numbers_of_the_machine() -> None:
    text = "let: {k: 2}\ninput: 9x9x3\nlayers: [conv: {filters: 2, kernel: 1, groups: k}]"
    graph = shapecalc.loads(text.replace("9x9x3", "9x9x6"))
    swept = shapecalc.sweep(graph, {"k": [4, 1, 2]}, columns="params")
    assert swept["params"].tolist() == [None, 14, 8]
    assert swept.existing["params"].dtype == np.int64


def test_nobody_is_reminded_of_a_letter_that_has_values() -> None:
    """A letter in a padding stands for 1 and more; here it runs from 0, and no letter is left."""
    conv = "input: 19x19x3\nlayers: [conv: {name: c, filters: 1, kernel: 3}]"
    over = {"c.pad": [0, 1], "c.stride": [1, 2]}
    assert "stands for 1, 2, 3" not in shapecalc.sweep(shapecalc.loads(conv), over).render("text")
    let = "let: {p: 1}\ninput: 19x19x3\nlayers: [conv: {filters: 1, kernel: 3, pad: p}]"
    swept = shapecalc.sweep(shapecalc.loads(let), {"p": [0, 1]})
    assert "stands for 1, 2, 3" not in swept.render("text")


@pytest.mark.parametrize(
    ("text", "over", "columns", "options"),
    [
        (
            "conv: {filters: 4, kernel: k, pad: 1}",
            {"k": [2, 3]},
            ["macs", "count"],
            {"profile": "xla"},
        ),
        (
            "conv: {filters: k, kernel: 3, pad: same}, batchnorm",
            {"k": [2, 3]},
            ["count"],
            {"profile": "xla"},
        ),
        (
            "conv: {filters: 4, kernel: 3, pad: k, rounding: ceil_caffe}",
            {"k": [0, 1, 2]},
            ["macs"],
            {},
        ),
        (
            "blurpool: {kernel: 2, stride: 1}, conv: {name: last, filters: 3, kernel: 1, stride: k}",
            {"k": [1, 2]},
            ["last.rf", "macs"],
            {},
        ),
    ],
    ids=["taps", "scaled", "clipped", "rims"],
)
def test_what_needs_numbers_has_them_of_the_point(
    tmp_path: Path,
    text: str,
    over: dict[str, list[int]],
    columns: list[str],
    options: dict[str, str],
) -> None:
    """Where no formula is found a sweep tries the points, and says what their summaries say."""
    layers = "".join(f"  - {layer}\n" for layer in re.split(r", (?=conv:|batchnorm)", text))
    (tmp_path / "net.yaml").write_text(f"input: 9x9x4\nlet: {{k: 1}}\nlayers:\n{layers}")
    path = str(tmp_path / "net.yaml")
    swept = shapecalc.sweep(path, over, columns=columns, **options)
    for row, point in enumerate(product(*over.values())):
        settings = dict(zip(over, point, strict=True))
        side = settings.pop("N", 9)
        report = shapecalc.summarize(path, settings=settings, input=f"{side}x{side}x4")
        totals = json.loads(report.render("json", **options))["totals"]
        for name in columns:
            if name == "last.rf":
                assert (
                    swept["last.receptive_field.height"][row]
                    == report["last"].to_record()["receptive_field"][0]
                )
            else:
                assert swept[name][row] == totals[name]


#: Two parts of one channel, and layers behind them that look back at it.
SPLIT = """
let: {a: 3, d: 1}
input: [13, "11+d", 1]
layers:
  - concat: {split: 2, branches: [[], [conv: {filters: "d", kernel: 1}]]}
  - repeat: {times: 3, layers: [{conv: {filters: "d+2", kernel: 3, stride: "a", groups: "d"}}]}
  - maxpool: {kernel: 4, stride: "a", pad: "valid", dilation: 2}
"""


def test_a_split_of_too_few_channels_is_refused_at_every_point(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(SPLIT)
    with pytest.raises(SpecErrors) as caught:
        shapecalc.sweep(str(path), {"d": [1, 2]}, columns="macs")
    assert code_of(caught) == "E205"
