"""Masks and numbers by distance, on scores; attention itself is in tests/graph/test_attention.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.layers.attention import CausalMask, RelativePosition, WindowMask
from shapecalc.layers.base import NO_WORK, Parameter, Work
from shapecalc.layers.shape import Map
from shapecalc.reference.layer import forward

if TYPE_CHECKING:
    from conftest import Refusal

H = -np.inf


@pytest.mark.parametrize("scores", [Map((3, 5), 5), Map((2, 3, 5), 5)])
def test_a_causal_mask_changes_no_size(scores: Map, refusal: Refusal) -> None:
    assert refusal(CausalMask(), scores) is None
    assert CausalMask().output(scores) == scores
    assert CausalMask().work((scores,), scores) == NO_WORK


def test_a_causal_mask_is_for_positions_with_themselves(refusal: Refusal) -> None:
    error = refusal(CausalMask(), Map((3, 5), 7))
    assert error is not None
    assert error.message == "3x5x7 are scores of 7 keys for 5 queries"


def test_a_causal_mask_by_hand() -> None:
    scores = np.arange(1.0, 19).reshape(1, 3, 2, 3)  # keys x heads x queries
    masked = forward(CausalMask(), {}, scores)[0]
    assert masked[:, 0].T.tolist() == [[1, H, H], [2, 8, H], [3, 9, 15]]  # queries x keys
    assert masked[:, 1].T.tolist() == [[4, H, H], [5, 11, H], [6, 12, 18]]


@pytest.mark.parametrize(
    ("size", "scores", "distances"),
    [
        ((7,), Map((3, 49), 49), 169),  # Swin: 13 x 13
        ((7,), Map((64, 3, 49), 49), 169),
        ((2, 3), Map((5, 6), 6), 15),
        ((1, 4), Map((5, 4), 4), 7),
        ((2, 3, 2), Map((5, 12), 12), 45),
    ],
)
def test_relative_positions(
    size: tuple[int, ...], scores: Map, distances: int, refusal: Refusal
) -> None:
    layer = RelativePosition(size=size)
    assert refusal(layer, scores) is None
    assert layer.output(scores) == scores
    assert layer.weights(scores) == (Parameter("table", (distances, scores.sides[-2])),)
    assert layer.work((scores,), scores) == Work(adds=scores.size)


@pytest.mark.parametrize("scores", [Map((3, 49), 48), Map((3, 7), 7), Map((49,), 49)])
def test_scores_of_another_window_are_refused(scores: Map, refusal: Refusal) -> None:
    error = refusal(RelativePosition(size=(7,)), scores)
    assert error is not None
    assert (error.code, error.field) == ("E206", "size")


def test_relative_positions_by_hand() -> None:
    """A row of 3: distances of query less key from -2 to 2 are numbered 0 to 4."""
    table = np.array([[10.0], [11], [12], [13], [14]])
    scores = np.zeros((1, 3, 1, 3))
    added = forward(RelativePosition(size=(1, 3)), {"table": table}, scores)[0, :, 0]
    assert added.T.tolist() == [[12, 11, 10], [13, 12, 11], [14, 13, 12]]


def test_a_window_mask(refusal: Refusal) -> None:
    layer = WindowMask(size=(7,), shift=(3,))
    scores, whole = Map((4, 3, 49), 49), Map((10, 9), 96)
    assert refusal(layer, scores, whole) is None
    assert layer.output(scores, whole) == scores
    assert layer.work((scores, whole), scores) == NO_WORK
    error = refusal(layer, Map((5, 3, 49), 49), whole)
    assert error is not None
    assert error.message == "5x3x49x49 are not windows of 7 of 10x9x96"


def test_a_window_mask_by_hand() -> None:
    """Of 4 places in windows of 2, shifted by 1, the last window holds the last and the first."""
    scores, whole = np.ones((1, 2, 2, 2)), np.zeros((1, 1, 4))
    masked = forward(WindowMask(size=(2,), shift=(1,)), {}, scores, whole)[0]
    assert masked[:, 0].tolist() == [[1, 1], [1, 1]]
    assert masked[:, 1].tolist() == [[1, H], [H, 1]]


def _causal_twin(layer: Any, x: Any) -> Any:
    import torch

    if x.ndim < 3 or x.shape[1] != x.shape[-1]:
        raise ValueError("other keys than queries")
    made = torch.nn.Module()
    hidden = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device="cpu").triu(1)
    made.forward = lambda x: (
        x.movedim(1, -1).masked_fill(hidden.to(x.device), -torch.inf).movedim(-1, 1)
    )
    return made


def _window_mask_twin(layer: Any, x: Any, whole: Any) -> Any:
    """Number the regions of the rolled map as Swin does: from the ends of its sides."""
    import torch

    rank = whole.ndim - 2
    size, shift = (each * rank if len(each) == 1 else each for each in (layer.size, layer.shift))
    if len(size) != rank or len(shift) != rank or x.ndim < 4:
        raise ValueError("sizes for another number of sides")
    if not layer.grid and any(s >= w for s, w in zip(shift, size, strict=True) if s):
        raise ValueError("shifted by a window or more")
    regions = torch.zeros((), dtype=torch.int64, device="cpu")
    for n, w, s in zip(whole.shape[2:], size, shift, strict=True):
        side = -(-n // w) * w
        line = torch.zeros(side, dtype=torch.int64, device="cpu")
        if w < side and s:
            line[-s:] = 1
        regions = 2 * regions[..., None] + line
    for axis, w in enumerate(size):
        regions = regions.unflatten(2 * axis, (-1, w))
    regions = regions.permute(*range(0, 2 * rank, 2), *range(1, 2 * rank, 2))
    regions = regions.flatten(rank).flatten(0, rank - 1)
    hidden = regions[:, :, None] != regions[:, None]
    if x.shape[2] != len(hidden) or {x.shape[1], x.shape[-1]} != {hidden.shape[-1]}:
        raise ValueError("other windows")
    if x.ndim > 4:
        hidden = hidden[:, None]
    made = torch.nn.Module()
    made.forward = lambda x, _: (
        x.movedim(1, -1).masked_fill(hidden.to(x.device), -torch.inf).movedim(-1, 1)
    )
    return made


def _relative_twin(layer: Any, x: Any) -> Any:
    """Look every pair's distance up in the table, as Swin's index does."""
    import torch

    sides = layer.size * 2 if len(layer.size) == 1 else layer.size
    count = torch.Size(sides).numel()
    if x.ndim < 4 or {x.shape[1], x.shape[-1]} != {count}:
        raise ValueError("scores of another window")
    places = torch.cartesian_prod(*(torch.arange(n, device="cpu") for n in sides)).reshape(
        count, -1
    )
    apart = places[:, None] - places[None] + torch.tensor(sides, device="cpu") - 1
    index = torch.zeros(count, count, dtype=torch.int64, device="cpu")
    for axis, n in enumerate(sides):
        index = index * (2 * n - 1) + apart[..., axis]
    made = torch.nn.Module()
    made.table = torch.nn.Parameter(torch.rand(int(index.max()) + 1, x.shape[-2]))
    made.forward = lambda x: (
        x.movedim(1, -1) + made.table[index.to(x.device)].movedim(-1, 0)
    ).movedim(-1, 1)
    return made


#: PyTorch has no such classes.
TWINS = {
    "causal_mask": _causal_twin,
    "window_mask": _window_mask_twin,
    "relative_position": _relative_twin,
}
