"""Numbers smaller than a byte, held to arrays that NumPy packs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import shapecalc
from shapecalc.algebra.expr import substitute
from shapecalc.cli import main
from shapecalc.counting.storage import BITS, TypeWordError, read_types
from shapecalc.output.options import make_view
from shapecalc.reference.run import allocate
from tests.runner import runner

SMALL = [word for word in BITS if BITS[word] < 8]

#: Odd sizes, size 1, grouped, depthwise, shared, several arrays a layer, a bias a position.
SPEC: dict[str, Any] = {
    "input": "9x7x3",
    "layers": [
        {"conv": {"filters": 5, "kernel": 3, "name": "c"}},
        "batchnorm",
        "prelu",
        {"conv": {"filters": 5, "kernel": 1, "bias": False}},
        {"conv": {"filters": 5, "kernel": 1, "groups": 5, "bias": "per_position"}},
        {"depthwise": {"kernel": 3, "multiplier": 3}},
        {"separable": {"filters": 7, "kernel": [1, 2]}},
        {"transposed": {"filters": 1, "kernel": 2}},
        {"conv": {"filters": 5, "kernel": 1, "name": "d"}},
        {"dense": 11},
    ],
}


def packed(size: int, bits: int) -> int:
    """Count the bytes that NumPy packs so many elements into."""
    return len(np.packbits(np.zeros(size * bits, dtype=np.uint8)))


@pytest.mark.parametrize("dtype", SMALL)
@pytest.mark.parametrize("biases", ["", "int32", "int2"])
def test_a_file_holds_every_array_in_whole_bytes(dtype: str, biases: str) -> None:
    graph = shapecalc.load(SPEC)
    types = f"weights={dtype}" + (f",biases={biases}" if biases else "")
    view = make_view(dtype=types)
    report = shapecalc.summarize(graph)
    roles = {
        f"{row.name}.{array.name}": array.role for row in report.rows for array in row.parameters
    }
    bits = {"weight": BITS[dtype], "bias": BITS[biases or dtype], "buffer": BITS[dtype]}
    sizes = {
        name: packed(array.size, bits[roles[name]])
        for name, array in allocate(graph, dtype=np.float64).items()
    }
    assert view.stored(report.totals) == sum(sizes.values())
    buffers = sum(size for name, size in sizes.items() if roles[name] == "buffer")
    assert view.trained(report.totals) == sum(sizes.values()) - buffers
    assert sum(view.stored(row) for row in report.rows) == view.stored(report.totals)
    for row in report.rows:
        own = [name for name in sizes if name.split(".")[0] == row.name]
        assert view.stored(row) == sum(sizes[name] for name in own)
    data = json.loads(report.render("json", dtype=types))
    assert data["totals"]["flash"] == sum(sizes.values())
    assert data["totals"]["peak_memory"] == 4 * report.totals.peak


def test_shared_arrays_are_in_the_file_once_and_are_read_by_each() -> None:
    conv = {"filters": 5, "kernel": 1}
    layers = [{"conv": {**conv, "name": "d"}}, {"conv": {**conv, "share": "d"}}]
    report = shapecalc.summarize({"input": "3x3x5", "layers": layers})
    view = make_view(dtype="weights=int4")
    assert view.stored(report.totals) == 13 + 3  # 25 and 5 elements, two a byte
    rows = json.loads(
        report.render("json", dtype="weights=int4", columns="name,weights_read"),
    )["rows"]
    assert [row["weights_read"] for row in rows] == [0, 16, 16]


@pytest.mark.parametrize("dtype", ["int4", "int2", "int1"])
def test_formulas_of_packed_sizes_are_those_of_numbers(dtype: str) -> None:
    text = """
input: 8x8x3
let: {k: free}
layers: [conv: {filters: k, kernel: 3}, depthwise: {kernel: 3}, batchnorm, dense: 2*k + 1]
"""
    view = make_view(dtype=f"weights={dtype}")
    formula = view.stored(shapecalc.summarize(shapecalc.loads(text)).totals)
    for k in (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 255):
        report = shapecalc.summarize(shapecalc.loads(text, settings={"k": k}))
        number = sum(
            packed(array.size, BITS[dtype])  # type: ignore[arg-type]
            for row in report.rows
            for array in row.parameters
        )
        assert view.stored(report.totals) == number
        assert substitute(formula, {"k": k}) == number
        swept = shapecalc.sweep(
            shapecalc.loads(text), {"k": [k]}, columns="flash", dtype=f"weights={dtype}"
        )
        assert swept["flash"].tolist() == [number]


def test_a_question_of_bytes_is_about_packed_arrays() -> None:
    text = "input: 8x8x3\nlet: {k: 5}\nlayers: [conv: {filters: k, kernel: 3}, dense: k]"
    for question in ("flash <= 700B", "params <= 0.7KB", "parameter_memory <= 700"):
        solved = shapecalc.solve(
            shapecalc.loads(text), question, over={"k": "1:30"}, dtype="weights=int4"
        )
        for k in range(1, 31):
            sizes = [k * 27, k, k * 36 * k, k]
            assert solved.admits(k=k) is (sum(packed(size, 4) for size in sizes) <= 700)


def test_a_layers_count_is_no_number_of_packed_bytes() -> None:
    with pytest.raises(shapecalc.SpecErrors, match="no count tells the bytes"):
        shapecalc.solve("lenet5", "conv1.params <= 1KB", dtype="weights=int4")


@pytest.mark.parametrize("word", SMALL)
def test_activations_take_whole_bytes(word: str) -> None:
    for text in (word, f"activations={word}", f"weights=int8,activations={word}"):
        with pytest.raises(TypeWordError, match="activations take whole bytes") as caught:
            read_types(text)
        assert text[caught.value.start :] == word
    assert read_types(f"float16,weights={word}").weights == word
    assert read_types(f"{word},activations=int8").biases == word


@pytest.mark.parametrize(
    ("word", "meant"),
    [("bit", "int1"), ("FP16", "float16"), ("half", "float16"), ("nf4", "float4")],
)
def test_words_of_other_tools_are_called_by_ours(word: str, meant: str) -> None:
    done = runner().invoke(main, ["summarize", "lenet5", "--dtype", f"weights={word}"])
    assert done.exit_code == 2
    assert f"it is called {meant} here" in done.stderr


def test_an_explanation_packs_every_array() -> None:
    lesson = shapecalc.explain(
        SPEC, "separable1", of="memory", dtype="weights=int4,activations=int8"
    )
    text = " ".join(lesson.render("text").split())
    report = shapecalc.summarize(SPEC)
    for array in report["separable1"].parameters:
        assert f"bytes of {array.name} = " in text
        assert f"= {packed(array.size, 4)}" in text  # type: ignore[arg-type]
