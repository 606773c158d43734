"""Attention in windows that ONNX files write out: `attention` again, as Swin and MaxViT have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.readers.onnx.strides import Strides
from shapecalc.readers.onnx.window_cuts import WindowCut, cut_into
from tests.readers.onnx_bytes import model, node, tensor

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.report import Report

#: A map of 4x6x8 in windows of 2x2, with two heads of depth 4.
WINDOWS = ["partition", "qkv", "scores", "position", "softmax", "weighted", "out", "merge"]


def whole(name: str, *numbers: int) -> bytes:
    return tensor(name, [len(numbers)], list(numbers))


ARRAYS: dict[str, Any] = {
    "qkv.w": [8, 24], "qkv.b": [24], "o.w": [8, 8], "o.b": [8], "bias": [1, 2, 4, 4],
    "onnx::mask": [1, 6, 1, 4, 4], "s": tensor("s", [], [0.5]),
    "cut": whole("cut", 1, 2, 2, 3, 2, 8), "gridded": whole("gridded", 1, 2, 2, 2, 3, 8),
    "windows": whole("windows", 6, 4, 8), "three": whole("three", 6, 4, 3, 2, 4),
    "by_window": whole("by_window", 1, 6, 2, 4, 4), "heads": whole("heads", 6, 2, 4, 4),
    "cells": whole("cells", 1, 4, 6, 8), "apart": whole("apart", 1, 6, 4, 8),
    "gridparts": whole("gridparts", 1, 2, 2, 2, 3, 8), "parts": whole("parts", 1, 2, 3, 2, 2, 8), "map": whole("map", 1, 4, 6, 8),
    **{name: tensor(name, [], [n]) for n, name in enumerate(("zero", "one", "two"))},
    **{name: whole(name, n) for name, n in (("none", 0), ("first", 1), ("last", -1), ("end", 2**40))},
    **{f"axis{n}": whole(f"axis{n}", n) for n in (1, 2)},
}  # fmt: skip


def rolled(x: str, y: str, at: str) -> list[bytes]:
    nodes = []
    for axis, source, result in ((1, x, f"{y}1"), (2, f"{y}1", y)):
        nodes += [
            node("Slice", f"{source} {at} end axis{axis}", f"{result}a"),
            node("Slice", f"{source} none {at} axis{axis}", f"{result}b"),
            node("Concat", f"{result}a {result}b", result, axis=axis),
        ]
    return nodes


def swapped(x: str, y: str, before: str, after: str) -> list[bytes]:
    """Put windows and positions in each other's place, as MaxViT's grids are made."""
    return [
        node("Reshape", f"{x} {before}", f"{y}u"),
        node("Transpose", f"{y}u", f"{y}v", perm=[0, 2, 1, 3]),
        node("Reshape", f"{y}v {after}", y),
    ]


def attention(x: str, y: str, *, mask: bool, grid: bool = False) -> list[bytes]:
    hidden = [
        node("Reshape", "c by_window", "d"),
        node("Add", "d onnx::mask", "e"),
        node("Reshape", "e heads", "f"),
    ]
    return [
        node("Reshape", f"{x} {'gridded' if grid else 'cut'}", "m"),
        node("Transpose", "m", "n", perm=[0, 1, 3, 2, 4, 5]),
        *(swapped("n", "w", "cells", "windows") if grid else [node("Reshape", "n windows", "w")]),
        node("MatMul", "w qkv.w", "g"), node("Add", "g qkv.b", "h"),
        node("Reshape", "h three", "r"), node("Transpose", "r", "t", perm=[2, 0, 3, 1, 4]),
        *[node("Gather", f"t {at}", part, axis=0) for at, part in (("zero", "q"), ("one", "k"), ("two", "v"))],
        node("Mul", "q s", "qs"), node("Transpose", "k", "kt", perm=[0, 1, 3, 2]),
        node("MatMul", "qs kt", "a"), node("Add", "a bias", "c"),
        *(hidden if mask else [node("Identity", "c", "f")]),
        node("Softmax", "f", "p", axis=-1), node("MatMul", "p v", "i"),
        node("Transpose", "i", "j", perm=[0, 2, 1, 3]), node("Reshape", "j windows", "l"),
        node("MatMul", "l o.w", "u"), node("Add", "u o.b", "z"),
        *(swapped("z", "y1", "apart", "gridparts") if grid else [node("Reshape", "z parts", "y1")]),
        node("Transpose", "y1", "y2", perm=[0, 1, 3, 2, 4, 5]),
        node("Reshape", "y2 map", y),
    ]  # fmt: skip


def read(folder: Path, *nodes: bytes, sides: tuple[int, int] = (4, 6), **more: Any) -> Report:
    ends = [
        node("Transpose", "x", "b", perm=[0, 2, 3, 1]),
        *nodes,
        node("Transpose", "out", "y", perm=[0, 3, 1, 2]),
    ]
    arrays = {**ARRAYS, **more}
    data = model(ends, {"x": [1, 8, *sides]}, {"y": [1, 8, *sides]}, arrays)
    (folder / "net.onnx").write_bytes(data)
    return shapecalc.summarize(folder / "net.onnx")


def inner(report: Report) -> list[str]:
    return [row.name.removeprefix("attention/") for row in report.rows[1:]]


#: Dense layers of 8 and 24 units with biases, and 3x3 distances for each of two heads.
PARAMS, MACS = 9 * 24 + 9 * 8 + 2 * 9, 24 * 8 * (24 + 8) + 2 * 24 * 4 * 8


@pytest.mark.parametrize("grid", [False, True])
def test_attention_in_windows_is_attention(grid: bool, tmp_path: Path) -> None:
    report = read(tmp_path, *attention("b", "out", mask=False, grid=grid))
    assert inner(report) == WINDOWS
    assert report["attention/partition"].layer.grid is grid
    assert (report.totals.params, report.totals.macs) == (PARAMS, MACS)
    assert str(report.rows[-1].output) == str(report.rows[0].output)


def test_a_map_that_is_one_window_is_a_window(tmp_path: Path) -> None:
    sizes = {
        "cut": (1, 1, 2, 1, 2, 8), "windows": (1, 4, 8), "three": (1, 4, 3, 2, 4),
        "parts": (1, 1, 1, 2, 2, 8), "map": (1, 2, 2, 8),
    }  # fmt: skip
    more = {name: whole(name, *extents) for name, extents in sizes.items()}
    report = read(tmp_path, *attention("b", "out", mask=False), sides=(2, 2), **more)
    assert inner(report) == WINDOWS
    assert report.totals.params == PARAMS


def test_windows_that_are_shifted_are_those_of_a_rolled_map(tmp_path: Path) -> None:
    nodes = [*rolled("b", "c0", "first"), *attention("c0", "c1", mask=True)]
    report = read(tmp_path, *nodes, *rolled("c1", "out", "last"))
    assert inner(report) == [*WINDOWS[:4], "window_mask", *WINDOWS[4:]]
    assert report["attention/partition"].layer.shift == (1,)
    assert (report.totals.params, report.totals.macs) == (PARAMS, MACS)


@pytest.mark.parametrize(
    ("mask", "before", "after"),
    [(False, "first", "last"), (True, "first", "first"), (True, "last", "first")],
)
def test_windows_of_another_kind_stay_as_their_parts(
    mask: bool, before: str, after: str, tmp_path: Path
) -> None:
    """A map that is rolled without a mask, twice the same way, or ahead first."""
    nodes = [*rolled("b", "c0", before), *attention("c0", "c1", mask=mask)]
    report = read(tmp_path, *nodes, *rolled("c1", "out", after))
    types = [row.type for row in report.rows]
    assert types.count("roll") == 2
    assert ("window_partition" in types) is not mask
    assert (report.totals.params, report.totals.macs) == (PARAMS, MACS)


def test_a_mask_without_a_roll_is_none_of_windows(tmp_path: Path) -> None:
    report = read(tmp_path, *attention("b", "out", mask=True))
    assert [row.type for row in report.rows].count("matmul") == 2
    assert "window_partition" not in [row.type for row in report.rows]
    assert (report.totals.params, report.totals.macs) == (PARAMS, MACS)


def test_weights_go_into_the_layers_of_windows(tmp_path: Path) -> None:
    from shapecalc.verify.own_weights import own_weights

    weights = own_weights(read(tmp_path, *attention("b", "out", mask=False)))
    assert weights is not None
    assert list(weights.missing) == ["attention/position.table"]  # stored is what is made of it


@pytest.mark.parametrize("grid", [False, True])
def test_a_map_is_cut_as_numpy_cuts_it(grid: bool) -> None:
    import numpy as np

    cut = WindowCut((4, 6, 5), 2, grid)
    places = np.arange(4 * 6 * 5)
    if grid:
        windows = places.reshape(2, 2, 2, 3, 5).transpose(1, 3, 0, 2, 4).reshape(6, 4, 5)
    else:
        windows = places.reshape(2, 2, 3, 2, 5).transpose(0, 2, 1, 3, 4).reshape(6, 4, 5)
    assert taken(cut.apart()) == windows.ravel().tolist()
    assert np.take(windows.ravel(), taken(cut.together())).tolist() == places.tolist()
    assert cut_into(cut.together(), 4) == cut
    assert cut_into(cut.together(), 9) is cut_into(Strides.of((4, 6)), 4) is None


def taken(strides: Strides) -> list[int]:
    """List the places that elements come from."""
    places = [strides.offset]
    for count, stride in [part for axis in strides.axes for part in axis]:
        places = [place + n * stride for place in places for n in range(count)]
    return places
