"""Products of two activations: matrices, head by head too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shapecalc import SpecErrors, loads, summarize
from shapecalc.algebra.expr import symbol
from shapecalc.layers.axes import Cut, End
from shapecalc.layers.base import Work
from shapecalc.layers.product import Matmul
from shapecalc.layers.shape import Map
from shapecalc.layers.window import OWN, InputSpan

if TYPE_CHECKING:
    from conftest import Refusal

N, M = map(symbol, "NM")


def cut(first: int, after: int) -> Cut:
    return Cut(End(first), End(after))


@pytest.mark.parametrize(
    ("fields", "first", "second", "output", "macs"),
    [
        ({}, Map((2,), 3), Map((3,), 5), Map((2,), 5), 30),
        ({}, Map((7, 2), 3), Map((7, 3), 5), Map((7, 2), 5), 210),
        ({"transpose": "first"}, Map((3,), 2), Map((3,), 5), Map((2,), 5), 30),
        ({"transpose": "second"}, Map((2,), 3), Map((5,), 3), Map((2,), 5), 30),
        ({"transpose": "both"}, Map((11, 7, 3), 2), Map((11, 7, 5), 3), Map((11, 7, 2), 5), 2310),
        # Scores: 2 heads of 3 channels, 5 queries by 7 keys; those of a map are all its positions.
        ({"transpose": "second", "heads": 2}, Map((5,), 6), Map((7,), 6), Map((2, 5), 7), 210),
        ({"transpose": "second", "heads": 2}, Map((5, 3), 6), Map((7,), 6), Map((2, 15), 7), 630),
        # 4 heads of 3 channels for 2 of keys.
        (
            {"transpose": "second", "heads": 4, "groups": 2},
            Map((5,), 12), Map((7,), 6), Map((4, 5), 7), 420,
        ),
        # Heads put together: 2 heads of 5 queries by 7 keys take 7 values of 2 x 4 channels.
        ({"heads": 2, "merge": "sequence"}, Map((2, 5), 7), Map((7,), 8), Map((5,), 8), 280),
        (
            {"heads": 4, "groups": 1, "merge": "sequence"},
            Map((4, 5), 7), Map((7,), 3), Map((5,), 12), 420,
        ),
        ({"heads": 2, "merge": "map"}, Map((2, 6), 6), Map((2, 3), 8), Map((2, 3), 8), 288),
        # Windows, 3 of 4 positions.
        (
            {"transpose": "second", "heads": 2, "windows": True},
            Map((3, 4), 10), Map((3, 4), 10), Map((3, 2, 4), 4), 480,
        ),
        (
            {"heads": 2, "merge": "map", "windows": True},
            Map((3, 2, 4), 4), Map((3, 4), 10), Map((3, 4), 10), 480,
        ),
        # Queries and keys out of one: channels 0 to 4 by channels 4 to 8, of 13.
        (
            {"transpose": "second", "heads": 2, "first": cut(0, 4), "second": cut(4, 8)},
            Map((5,), 13), Map((5,), 13), Map((2, 5), 5), 100,
        ),
        ({"transpose": "second", "heads": 3}, Map((N,), 12), Map((M,), 12), Map((3, N), M), 12 * N * M),
    ],
)  # fmt: skip
def test_output_and_macs(
    fields: dict[str, Any], first: Map, second: Map, output: Map, macs: Any, refusal: Refusal
) -> None:
    layer = Matmul(**fields)
    assert refusal(layer, first, second) is None
    assert layer.output(first, second) == output
    assert layer.work((first, second), output) == Work(macs=macs)
    assert layer.weights(first, second) == ()


def test_heads_in_a_row_look_at_the_keys_that_they_share() -> None:
    """Four heads of 3 queries, two of 5 keys: rows of the first, columns of the second."""
    queries, keys = Map((3,), 8), Map((5,), 4)
    first, second = Matmul(transpose="second", heads=4, groups=2).window(queries, keys).windows
    assert (first.along, second.along) == ((1, 0), (2, 0))  # of 4 x 3 x 5
    assert (first.spans[0], second.spans[0]) == (OWN, OWN)
    assert first.spans[1] == InputSpan((0,), (1,), 2)
    assert second.spans[1] == InputSpan((0, 0), (1, 1), 2)


def test_a_scaled_product_multiplies_the_first_operand() -> None:
    layer = Matmul(heads=2, transpose="second", root=True, first=cut(0, 6), second=cut(6, 12))
    shapes = (Map((5,), 18), Map((5,), 18))
    assert layer.work(shapes, layer.output(*shapes)) == Work(macs=150, multiplies=30)


@pytest.mark.parametrize(
    ("fields", "first", "second", "code", "message"),
    [
        ({}, Map((2,), 3), Map((5,), 3), "E206", "2x3 cannot be multiplied by 5x3"),
        ({}, Map((7, 2), 3), Map((3,), 5), "E206", "7x2x3 cannot be multiplied by 3x5"),
        ({}, Map((7, 2), 3), Map((6, 3), 5), "E206", "7x2x3 cannot be multiplied by 6x3x5"),
        (
            {"transpose": "second", "heads": 4}, Map((5,), 6), Map((7,), 6),
            "E205", "6 channels cannot be split into 4 heads",
        ),
        (
            {"transpose": "second", "heads": 4, "groups": 3}, Map((5,), 12), Map((7,), 9),
            "E205", "4 heads cannot be split into 3 groups",
        ),
        (
            {"heads": 2, "merge": "map"}, Map((2, 5), 7), Map((7,), 8),
            "E206", "2x5x7 cannot be multiplied by 7x8",
        ),
        (
            {"heads": 2, "merge": "sequence"}, Map((5,), 7), Map((7,), 8),
            "E206", "5x7 cannot be multiplied by 7x8",
        ),
        ({"merge": "map"}, Map((5,), 7), Map((7,), 8), "E203", "merge needs heads"),
        ({"windows": True}, Map((5,), 7), Map((7,), 8), "E203", "windows needs heads"),
        (
            {"first": cut(4, 9)}, Map((5,), 7), Map((5,), 8),
            "E203", "first names channels that the operand 5x7 does not have",
        ),
        (
            {"second": cut(4, 4)}, Map((5,), 7), Map((7,), 8),
            "E203", "second names channels that the operand 7x8 does not have",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    fields: dict[str, Any], first: Map, second: Map, code: str, message: str, refusal: Refusal
) -> None:
    error = refusal(Matmul(**fields), first, second)
    assert error is not None
    assert (error.code, error.message) == (code, message)


def _matmul_twin(layer: Any, *inputs: Any) -> Any:
    """Split, multiply and merge by PyTorch's means: views, repeats and its own product."""
    import torch

    def operand(x: Any, span: Any, heads: int | None, repeated: int, turned: bool) -> Any:
        rows = x.movedim(1, -1)
        if span is not None:
            ends = {"start": 0, "end": rows.shape[-1]}
            span = [abs(ends[end.side] - end.distance) for end in (span.start, span.stop)]
            if not span[0] < span[1] <= rows.shape[-1]:
                raise ValueError("no such channels")
            rows = rows[..., span[0] : span[1]]
        if heads is not None:
            rows = rows.flatten(1 + layer.windows, -2).unflatten(-1, (heads, -1)).transpose(-3, -2)
            rows = rows.repeat_interleave(repeated, -3)
        return rows.mT if turned else rows

    if any(x.ndim < 3 for x in inputs):
        raise ValueError("no sides")
    merged = layer.merge != "none"
    parts = layer.groups or layer.heads
    if layer.heads is None and (merged or layer.groups or layer.windows):
        raise ValueError("no heads")
    if layer.heads is not None and layer.heads % parts:
        raise ValueError("heads that groups do not divide")

    def forward(x: Any, other: Any) -> Any:
        a = operand(x, layer.first, None if merged else layer.heads, 1,
                    layer.transpose in ("first", "both"))  # fmt: skip
        b = operand(other, layer.second, parts, layer.heads // parts if parts else 1,
                    layer.transpose in ("second", "both"))  # fmt: skip
        if a.shape[:-2] != b.shape[:-2]:
            raise ValueError("PyTorch would stretch")
        if layer.root:
            a = a / a.shape[-1] ** 0.5
        y = torch.matmul(a, b)
        if merged:
            y = y.transpose(-3, -2).flatten(-2)
            sides = other.shape[2 + layer.windows :]
            if layer.merge == "map" and y.shape[1 + layer.windows] != sides.numel():
                raise ValueError("another number of positions")
            y = y.reshape(*other.movedim(1, -1).shape[:-1], -1) if layer.merge == "map" else y
        return y.movedim(-1, 1)

    made = torch.nn.Module()
    made.forward = forward
    return made


#: PyTorch has no such class.
TWINS = {"matmul": _matmul_twin}


@pytest.mark.parametrize("third", ["[12, 18]", "[-6, null]", "3 of 3", "{part: 3, of: [6, 6, 6]}"])
def test_a_part_of_the_channels_is_written_as_a_slice_s(third: str) -> None:
    """Broken by a second notation for what `slice` takes, or by one that counts otherwise."""
    text = f"input: 5x18\nlayers: [matmul: {{from: [input, input], transpose: second, second: {third}, first: [0, 6]}}]"
    row = summarize(loads(text)).rows[-1]
    assert (row.output, row.macs) == (Map((5,), 5), 5 * 5 * 6)
    assert row.layer.held(*row.inputs) == 5 * 6


def test_a_part_of_the_channels_leaves_nothing_out() -> None:
    text = "input: 5x18\nlayers: [matmul: {from: [input, input], second: [0, 6, 2]}]"
    with pytest.raises(SpecErrors, match=r"a part of an axis \(\[from, to\] or 2 of 4\)"):
        summarize(loads(text))
    uneven = text.replace("[0, 6, 2]", "1 of 4")
    with pytest.raises(SpecErrors, match="channels of 18 cannot be split into 4 equal parts"):
        summarize(loads(uneven))
