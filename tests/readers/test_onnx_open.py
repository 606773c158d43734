"""ONNX files that leave sizes open: letters, where every size has the same layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from tests.readers.onnx_bytes import model, node, tensor
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.report import Report, Row

CONV = node("Conv", "x w", "a", "conv", pads=[1, 1, 1, 1], strides=[2, 2], kernel_shape=[3, 3])
POOLED = [
    CONV,
    node("Relu", "a", "b", "relu"),
    node("GlobalAveragePool", "b", "g", "pool"),
    node("Flatten", "g", "f", "flat"),
    node("Gemm", "f m", "y", "fc", transB=1),
]
#: As older exporters write `x.flatten(2).transpose(1, 2)`, and what undoes it again.
POSITIONS = [
    CONV,
    node("Shape", "a", "s"),
    node("Slice", "s zero two", "head"),
    node("Concat", "head minus", "flat", axis=0),
    node("Reshape", "a flat", "r", "reshape"),
    node("Transpose", "r", "t", "turn", perm=[0, 2, 1]),
    node("MatMul", "t mix", "d", "fc"),
    node("Transpose", "d", "u", "back", perm=[0, 2, 1]),
    node("Gather", "s zero", "n0"),
    node("Slice", "s two end", "sides"),
    node("Concat", "n0 eight sides", "whole", axis=0),
    node("Reshape", "u whole", "y", "image"),
]
#: Twice as large, and of the input's own size, as sizes that are computed.
RESIZED = [
    CONV,
    node("Shape", "a", "s"),
    node("Slice", "s zero two", "head"),
    node("Slice", "s two end", "sides"),
    node("Mul", "sides two", "twice"),
    node("Concat", "head twice", "sizes", axis=0),
    node("Resize", ["a", "", "", "sizes"], "b", "up", mode="nearest"),
    node("Shape", "x", "xs"),
    node("Slice", "xs two end", "xsides"),
    node("Concat", "head xsides", "xsizes", axis=0),
    node("Resize", ["b", "", "", "xsizes"], "c", "like", mode="linear"),
    node("Slice", "c one half two", "y", "part"),
]
ARRAYS = {
    "w": [8, 3, 3, 3], "m": [10, 8], "mix": [8, 8], "zero": tensor("zero", [1], [0]),
    "one": tensor("one", [1], [1]), "two": tensor("two", [1], [2]), "end": tensor("end", [1], [4]),
    "minus": tensor("minus", [1], [-1]), "eight": tensor("eight", [1], [8]),
    "half": tensor("half", [1], [-1]),
}  # fmt: skip
NETWORKS = {"pooled": POOLED, "positions": POSITIONS, "resized": RESIZED}


def written(path: Path, nodes: list[bytes], sides: tuple[int | str | None, ...]) -> Path:
    path.write_bytes(model(nodes, {"x": ["N", 3, *sides]}, {"y": None}, ARRAYS))
    return path


def extents(row: Row) -> str:
    return "x".join(map(str, (*row.output.sides, row.output.channels)))


def rows(report: Report) -> list[tuple[str, str, str, object, object]]:
    return [(r.name, r.type, extents(r), r.params, r.macs) for r in report.rows]


def test_open_sides_are_letters(tmp_path: Path) -> None:
    path = written(tmp_path / "net.onnx", POOLED, ("height", "width"))
    result = runner().invoke(main, ["summarize", str(path)])
    assert result.exit_code == 0, result.output
    assert "HxWx3" in result.output
    assert (
        "sizes that the file leaves open are letters: --input gives H and W values" in result.output
    )
    assert (
        str(shapecalc.summarize(path).totals.macs) == "216*floor((H + 1)/2)*floor((W + 1)/2) + 80"
    )


@pytest.mark.parametrize("name", sorted(NETWORKS))
@pytest.mark.parametrize(("height", "width"), [(9, 7), (8, 6), (352, 416), (31, 64)])
def test_a_formula_gives_what_the_file_gives_at_that_size(
    name: str, height: int, width: int, tmp_path: Path
) -> None:
    path = written(tmp_path / "net.onnx", NETWORKS[name], (None, None))
    fixed = written(tmp_path / "fixed.onnx", NETWORKS[name], (height, width))
    there = rows(shapecalc.summarize(fixed))
    given = f"{height}x{width}x3"
    assert rows(shapecalc.summarize(path, input=given)) == there
    assert rows(shapecalc.summarize(path, settings={"H": height, "W": width})) == there
    assert {r.type for r in shapecalc.summarize(path).rows} == {row[1] for row in there}


def test_shapes_that_are_computed_are_formulas(tmp_path: Path) -> None:
    report = shapecalc.summarize(written(tmp_path / "net.onnx", POSITIONS, (None, 20)))
    outputs = {row.name: extents(row) for row in report.rows}
    assert outputs["fc"] == "10*floor((H + 1)/2)x8"
    assert outputs["input"] == "Hx20x3"


@pytest.mark.parametrize(
    ("sides", "given", "shape"),
    [
        (("n", "n"), None, "HxHx3"),
        ((None, None), "NxNx3", "NxNx3"),
        ((None, None), "KxWx3", "KxWx3"),
    ],
)
def test_letters_are_those_that_are_given_or_one_for_every_word(
    sides: tuple[str | None, ...], given: str | None, shape: str, tmp_path: Path
) -> None:
    report = shapecalc.summarize(written(tmp_path / "net.onnx", POOLED, sides), input=given)
    assert extents(report.rows[0]) == shape


def test_layers_that_only_some_sizes_have_are_refused(tmp_path: Path) -> None:
    dense = [CONV, node("Flatten", "a", "f"), node("Gemm", "f m", "y", "fc", transB=1)]
    with pytest.raises(SpecErrors, match="leaves sizes open") as caught:
        shapecalc.summarize(written(tmp_path / "net.onnx", dense, (None, None)))
    problem = caught.value.problems[0]
    assert problem.rule.startswith("of H = 352 and W = 416, Gemm 'fc' has 80 weights for 10 units")
    assert problem.hint == "give them: --input 224x224x3"


def test_sizes_without_a_formula_are_refused(tmp_path: Path) -> None:
    nodes = [
        node("Shape", "x", "s"),
        node("Slice", "s zero two", "head"),
        node("Slice", "s two end", "sides"),
        node("Cast", "sides", "real", to=1),
        node("Mul", "real factor", "large", "by"),
        node("Cast", "large", "sizes", to=7),
        node("Concat", "head sizes", "all", axis=0),
        node("Resize", ["x", "", "", "all"], "y", "up", mode="nearest"),
    ]
    arrays = {**ARRAYS, "factor": tensor("factor", [], [1.5])}
    data = model(nodes, {"x": [1, 3, None, None]}, {"y": None}, arrays)
    (tmp_path / "net.onnx").write_bytes(data)
    with pytest.raises(SpecErrors, match="leaves sizes open") as caught:
        shapecalc.summarize(tmp_path / "net.onnx")
    assert caught.value.problems[0].rule == "its layers differ from those of H = 544 and W = 608"
    given = shapecalc.summarize(tmp_path / "net.onnx", input="8x6x3")
    assert extents(given.rows[-1]) == "12x9x3"


def test_a_second_input_has_letters_of_its_own(tmp_path: Path) -> None:
    nodes = [
        node("GlobalAveragePool", "a", "b"),
        node("GlobalAveragePool", "c", "d"),
        node("Add", "b d", "y", "sum"),
    ]
    inputs = {"a": [1, 3, "h", "w"], "c": [1, 3, "h", "v"]}
    (tmp_path / "net.onnx").write_bytes(model(nodes, inputs, {"y": None}))
    report = shapecalc.summarize(tmp_path / "net.onnx")
    assert [extents(row) for row in report.rows[:2]] == ["HxWx3", "HxW2x3"]


def test_weights_are_found_whatever_the_sizes(tmp_path: Path) -> None:
    path = written(tmp_path / "net.onnx", POSITIONS, (None, None))
    result = runner().invoke(main, ["verify", str(path), "--set", "H=8", "--set", "W=6"])
    assert result.exit_code == 0, result.output
    assert "the weights of net.onnx" in result.output
