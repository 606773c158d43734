"""ONNX files become specs: what each operation is, what names they get, and what is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from tests.readers.onnx_bytes import elsewhere, model, node, tensor
from tests.runner import runner

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


#: A product of three values, of which no layer knows.
EINSUM = [
    node("Conv", "x w", "a", "c", kernel_shape=[1, 1]),
    node("Einsum", "a m", "b", "mix", equation="bchw,cd->bdhw"),
    node("Relu", "b", "y", "last"),
]


def einsum(stated: dict[str, Any]) -> bytes:
    return model(
        EINSUM, {"x": [1, 3, 4, 5]}, {"y": [1, 6, 4, 5]}, {"w": [8, 3, 1, 1], "m": [8, 6]}, stated
    )


def test_what_has_no_rule_is_a_row_of_unknown_costs(read) -> None:
    report = read(einsum({"b": [1, 6, 4, 5]}))
    assert rows(report)[1] == ("mix", "opaque", "4x5x6")
    assert report.remarks == (
        "partial: 1 Einsum without a rule; totals are those of all other layers, at least",
    )
    assert report["mix"].params == 48
    assert not report["mix"].is_counted
    line = next(text for text in report.render("csv").splitlines() if text.startswith("mix,"))
    assert "?" in line.split(",")
    assert report.totals.macs == 20 * 24


def test_what_has_no_shape_either_is_left_out_and_listed(read) -> None:
    report = read(einsum({}))
    assert [name for name, *_ in rows(report)] == ["c"]
    assert report.remarks[0].startswith(
        "partial: 1 Einsum and 1 Relu behind it left out, as there is no rule for them"
    )


@pytest.mark.parametrize(("stated", "code"), [({"b": [1, 6, 4, 5]}, 1), ({}, 1)])
def test_strict_does_not_pass_what_is_partial(stated, code, tmp_path) -> None:
    (tmp_path / "net.onnx").write_bytes(einsum(stated))
    path = str(tmp_path / "net.onnx")
    assert runner().invoke(main, ["summarize", path]).exit_code == 0
    assert runner().invoke(main, ["summarize", path, "--strict"]).exit_code == code
    (tmp_path / "net.onnx").write_bytes(SMALL_NET)
    assert runner().invoke(main, ["summarize", path, "--strict"]).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [["explain", "mix"], ["verify"], ["sweep", "--over", "batch=1:2"], ["solve", "macs <= 1k"],
     ["compare", "lenet5"], ["training"]],
)  # fmt: skip
def test_every_command_lives_with_what_has_no_rule(words, tmp_path) -> None:
    (tmp_path / "net.onnx").write_bytes(einsum({"b": [1, 6, 4, 5]}))
    command, *more = words
    done = runner().invoke(main, [command, str(tmp_path / "net.onnx"), *more])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception


def test_explain_does_not_call_it_nothing(tmp_path) -> None:
    (tmp_path / "net.onnx").write_bytes(einsum({"b": [1, 6, 4, 5]}))
    done = runner().invoke(main, ["explain", str(tmp_path / "net.onnx"), "mix", "--of", "macs"])
    assert "MACs: ?" in done.stdout
    assert "What Einsum computes is not known" in done.stdout
