"""ONNX files become specs: what each operation is, what names they get, and what is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.errors import SpecErrors
from tests.readers.onnx_bytes import elsewhere, model, node, tensor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shapecalc.report import Report


@pytest.fixture
def read(tmp_path: Path):
    def reading(data: bytes) -> Report:
        path = tmp_path / "net.onnx"
        path.write_bytes(data)
        return shapecalc.summarize(path)

    return reading


def rows(report: Report) -> list[tuple[str, str, str]]:
    """Return the layers' names, types and outputs."""
    shapes = [row.output for row in report.rows]
    texts = ["x".join(map(str, (*shape.sides, shape.channels))) for shape in shapes]
    return [(row.name, row.type, text) for row, text in zip(report.rows, texts, strict=True)][1:]


#: A convolution, its activation and a pool, a flatten and a dense layer, as PyTorch exports them.
SMALL = [
    node("Conv", "x c.weight c.bias", "a", "/c/Conv", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
    node("Relu", "a", "b", "/relu/Relu"),
    node("MaxPool", "b", "p", "/pool/MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
    node("Flatten", "p", "f", "/Flatten"),
    node("Gemm", "f fc.weight fc.bias", "y", "/fc/Gemm", transB=1),
]
ARRAYS = {"c.weight": [8, 3, 3, 3], "c.bias": [8], "fc.weight": [10, 8 * 4 * 5], "fc.bias": [10]}
SMALL_NET = model(SMALL, {"x": [1, 3, 8, 10]}, {"y": [1, 10]}, ARRAYS)


def test_a_small_network_is_read(read) -> None:
    report = read(SMALL_NET)
    assert rows(report) == [
        ("c", "conv", "8x10x8"),
        ("relu", "relu", "8x10x8"),
        ("pool", "maxpool", "4x5x8"),
        ("flatten", "flatten", "160"),
        ("fc", "dense", "10"),
    ]
    assert report.totals.params == 8 * 27 + 8 + 160 * 10 + 10
    assert report.totals.macs == 8 * 10 * 8 * 27 + 1600
    assert report.remarks == ()


@pytest.mark.parametrize("batch", [1, 4, "N", None])
def test_the_batch_is_left_out(read, batch) -> None:
    data = model(SMALL, {"x": [batch, 3, 8, 10]}, {"y": [batch, 10]}, ARRAYS)
    assert rows(read(data)) == rows(read(SMALL_NET))


def test_weights_may_lie_in_another_file_or_be_inputs(read) -> None:
    arrays = {name: elsewhere(name, dims) for name, dims in ARRAYS.items()}
    outside = model(SMALL, {"x": [1, 3, 8, 10]}, {"y": [1, 10]}, arrays)
    given = model(SMALL, {"x": [1, 3, 8, 10], **ARRAYS}, {"y": [1, 10]})
    for data in (outside, given):
        assert read(data).totals.params == read(SMALL_NET).totals.params


def one(op: str, dims: Sequence[int], arrays: dict[str, Any] | None = None, *,
        opset: int = 20, **attributes: Any) -> bytes:  # fmt: skip
    """Write a model of one operation."""
    inputs = " ".join(["x", *(arrays or {})])
    return model([node(op, inputs, "y", **attributes)], {"x": dims}, {"y": []}, arrays, opset=opset)


def test_an_open_side_is_refused(read) -> None:
    data = model(SMALL, {"x": [1, 3, "H", 10]}, {"y": [1, 10]}, ARRAYS)
    with pytest.raises(SpecErrors, match="leaves sizes open"):
        read(data)


def test_tensors_of_whole_numbers_are_read(read) -> None:
    shape = tensor("s", [2], [0, -1])
    data = model([node("Reshape", "x s", "y")], {"x": [2, 3, 4, 5]}, {"y": [2, 60]}, {"s": shape})
    assert rows(read(data)) == [("y", "flatten", "60")]
