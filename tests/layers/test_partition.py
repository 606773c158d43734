"""Maps rolled around, cut into windows, and put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.algebra import ceil_div
from shapecalc.algebra.expr import symbol
from shapecalc.errors import RuleError
from shapecalc.layers.base import NO_WORK
from shapecalc.layers.partition import Roll, WindowMerge, WindowPartition
from shapecalc.layers.shape import Map
from shapecalc.reference.layer import forward

if TYPE_CHECKING:
    from conftest import Refusal

H, W = map(symbol, "HW")


@pytest.mark.parametrize(
    ("fields", "shape", "windows"),
    [
        ({"size": (2,)}, Map((4, 6), 5), Map((6, 4), 5)),
        ({"size": (2, 3)}, Map((4, 6), 5), Map((4, 6), 5)),
        ({"size": (3,)}, Map((7,), 2), Map((3, 3), 2)),  # the last window has 1 row of the map
        ({"size": (7,), "shift": (3,)}, Map((56, 56), 96), Map((64, 49), 96)),  # Swin-T
        ({"size": (7,)}, Map((10, 9), 96), Map((4, 49), 96)),
        ({"size": (2, 3, 2)}, Map((4, 6, 2), 5), Map((4, 12), 5)),
        ({"size": (7,)}, Map((H, W), 3), Map((ceil_div(H, 7) * ceil_div(W, 7), 49), 3)),
    ],
)
def test_windows_and_back(
    fields: dict[str, Any], shape: Map, windows: Map, refusal: Refusal
) -> None:
    cut, merge = WindowPartition(**fields), WindowMerge(**fields)
    assert refusal(cut, shape) is None
    assert cut.output(shape) == windows
    assert merge.output(windows, shape) == shape
    assert cut.work((shape,), windows) == merge.work((windows, shape), shape) == NO_WORK
    assert cut.weights(shape) == ()


def test_what_was_cut_otherwise_is_refused(refusal: Refusal) -> None:
    error = refusal(WindowMerge(size=(3,)), Map((6, 4), 5), Map((4, 6), 1))
    assert error is not None
    assert error.code == "E206"
    assert error.message == "6x4x5 are not windows of 3 of 4x6x1"
    assert error.rule == "it has 4 windows of 9 positions"


@pytest.mark.parametrize(
    ("layer", "field"),
    [
        (Roll(shift=(1, 2, 3)), "shift"),
        (WindowPartition(size=(2, 3, 4)), "size"),
        (WindowPartition(size=(2,), shift=(1, 1, 1)), "shift"),
    ],
)
def test_a_field_for_other_sides_is_refused(layer: Any, field: str) -> None:
    with pytest.raises(RuleError) as caught:
        layer.output(Map((6, 10), 3))
    assert (caught.value.code, caught.value.field) == ("E202", field)
    assert str(caught.value) == f"{field} gives 3 sizes, but the input has 2 sides"


def _run(layer: Any, *xs: Any) -> list[list[int]]:
    arrays = [np.array(x, float)[None, None] for x in xs]
    rows: list[list[int]] = forward(layer, {}, *arrays)[0, 0].astype(int).tolist()
    return rows


#: 3 rows of 4.
MAP = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]


def test_by_hand() -> None:
    assert _run(Roll(shift=(1, -1)), MAP) == [[10, 11, 12, 9], [2, 3, 4, 1], [6, 7, 8, 5]]
    # Windows of 2x2: a row of zeros fills the last two.
    windows = [[1, 2, 5, 6], [3, 4, 7, 8], [9, 10, 0, 0], [11, 12, 0, 0]]
    assert _run(WindowPartition(size=(2,)), MAP) == windows
    assert _run(WindowMerge(size=(2,)), windows, MAP) == MAP
    # Shifted by 1: everything moves one row and one column back, around the ends.
    shifted = [[6, 7, 10, 11], [8, 5, 12, 9], [0, 0, 2, 3], [0, 0, 4, 1]]
    assert _run(WindowPartition(size=(2,), shift=(1,)), MAP) == shifted
    assert _run(WindowMerge(size=(2,), shift=(1,)), shifted, MAP) == MAP
    # A side that is one window alone does not move.
    assert _run(WindowPartition(size=(3, 2), shift=(1,)), MAP) == [
        [2, 3, 6, 7, 10, 11],
        [4, 1, 8, 5, 12, 9],
    ]
    # A grid of 3x2 cells: a window takes one place of each.
    assert _run(WindowPartition(size=(3, 2), grid=True), MAP) == [
        [1, 3, 5, 7, 9, 11],
        [2, 4, 6, 8, 10, 12],
    ]


@pytest.mark.parametrize(
    ("size", "shift", "sides"),
    [((3,), (3,), (3, 3)), ((2, 4), (1, 5), (4, 5)), ((4, 2), (3,), (2, 3))],
)
def test_windows_are_shifted_by_less_than_one(
    size: Any, shift: Any, sides: tuple[int, int], refusal: Refusal
) -> None:
    error = refusal(WindowPartition(size=size, shift=shift), Map((12, 12), 5))
    assert error is not None
    assert (error.code, error.field) == ("E203", "shift")
    assert error.rule == f"{sides[1]} < {sides[0]} must hold"
    assert refusal(WindowPartition(size=size, shift=(1,)), Map((12, 12), 5)) is None
    assert refusal(WindowPartition(size=size, shift=shift, grid=True), Map((12, 12), 5)) is None


def _roll_twin(layer: Any, x: Any) -> Any:
    import torch

    rank = x.ndim - 2
    shifts = layer.shift * rank if len(layer.shift) == 1 else layer.shift
    if len(shifts) != rank:
        raise ValueError("shifts for another number of sides")
    made = torch.nn.Module()
    made.forward = lambda x: torch.roll(x, shifts, tuple(range(2, rank + 2)))
    return made


def _fields(layer: Any, x: Any) -> tuple[list[int], list[int], list[int]]:
    """Return the sides of windows, the map's after padding, and how far each moves."""
    rank = x.ndim - 2
    size, shift = (each * rank if len(each) == 1 else each for each in (layer.size, layer.shift))
    if len(size) != rank or len(shift) != rank:
        raise ValueError("sizes for another number of sides")
    if not layer.grid and any(s >= w for s, w in zip(shift, size, strict=True) if s):
        raise ValueError("shifted by a window or more")
    sides = [-(-n // w) * w for n, w in zip(x.shape[2:], size, strict=True)]
    moves = [0 if w >= n else s for s, w, n in zip(shift, size, sides, strict=True)]
    return list(size), sides, moves


def _windows(layer: Any, x: Any) -> Any:
    """Pad, roll and cut, a side at a time: its windows go in front of its places."""
    import torch
    from torch.nn import functional

    size, sides, moves = _fields(layer, x)
    rank = len(size)
    ends = [end for n, side in zip(x.shape[2:], sides, strict=True) for end in (side - n, 0)]
    x = functional.pad(x, ends[::-1])
    x = torch.roll(x, [-move for move in moves], tuple(range(2, rank + 2)))
    for axis in range(rank):
        at, w = 2 + 2 * axis, size[axis]
        if layer.grid:
            x = x.unflatten(at, (w, -1)).transpose(at, at + 1)
        else:
            x = x.unflatten(at, (-1, w))
    first, rest = range(2, 2 + 2 * rank, 2), range(3, 2 + 2 * rank, 2)
    return x.permute(0, 1, *first, *rest).flatten(2 + rank).flatten(2, 1 + rank)


def _partition_twin(layer: Any, x: Any) -> Any:
    import torch

    _fields(layer, x)
    made = torch.nn.Module()
    made.forward = lambda x: _windows(layer, x)
    return made


def _merge_twin(layer: Any, windows: Any, x: Any) -> Any:
    """Send the windows to where the windows of the places' numbers come from."""
    import torch

    _fields(layer, x)

    def forward(windows: Any, x: Any) -> Any:
        sides = x.shape[2:]
        numbers = torch.arange(1, sides.numel() + 1, device="cpu").reshape(1, 1, *sides)
        origin = _windows(layer, numbers)[0, 0]
        if origin.shape != windows.shape[2:]:
            raise ValueError("other windows")
        order = origin.flatten().argsort()[-sides.numel() :]  # places that fill are 0
        return windows.flatten(2)[:, :, order].reshape(*windows.shape[:2], *sides)

    made = torch.nn.Module()
    made.forward = forward
    return made


#: PyTorch has no such classes.
TWINS = {"roll": _roll_twin, "window_partition": _partition_twin, "window_merge": _merge_twin}
