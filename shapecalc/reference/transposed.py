"""Transposed convolution: every input unit spreads its kernels over the output."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.shape import Map
from shapecalc.layers.transposed import Transposed
from shapecalc.reference import registry
from shapecalc.reference.arrays import (
    Gradients,
    Slot,
    along_sides,
    bias_slot,
    kernel_slot,
    spread,
    spread_pairs,
)
from shapecalc.reference.example import copied, fewest_sides, least, small_window
from shapecalc.reference.formula import PLACES, POSITIONS, TAPS, Index, Ref, plain, ref, summed
from shapecalc.reference.moving import SlidingWindow, bias_formula, windows
from shapecalc.reference.tally import accumulators
from shapecalc.reference.weighted import (
    add_bias,
    bias_gradient,
    correlate,
    correlate_back,
    correlate_kernels,
    counted_bias,
)

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas


class Landing(NamedTuple):
    """Where the kernels land: on a canvas of `extents`, of which the part `cut` is the output.

    The first `reached` rows of a side take part; the rest are rows that nothing reaches.
    """

    sliding: SlidingWindow
    extents: Axes
    reached: tuple[slice, ...]
    cut: tuple[slice, ...]


def landing(layer: Transposed, x: Array) -> Landing:
    """Read where the kernels of the units of `x` land, and what of that is kept."""
    kernel, stride, dilation = (
        spread(setting, x) for setting in (layer.kernel, layer.stride, layer.dilation)
    )
    pairs, rank = spread_pairs(layer.pad.pairs, x), x.ndim - 2
    padding = layer.output_padding
    extra = (None,) * rank if padding is None else spread(padding, x)
    sides = [
        _side((n - 1) * s + d * (k - 1) + 1, d * (k - 1) + 1, n * s, layer.pad.mode, pair, more)
        for n, k, s, d, pair, more in zip(
            x.shape[2:], kernel, stride, dilation, pairs, extra, strict=True
        )
    ]
    extents, reached, cut = zip(*sides, strict=True)
    none = (0,) * rank
    sliding = SlidingWindow(kernel, stride, dilation, ((0, 0),) * rank, none, (None,) * rank)
    return Landing(sliding, extents, reached, cut)


def _side(
    last: int, extent: int, strides: int, mode: str, pair: tuple[int, int], extra: int | None
) -> tuple[int, slice, slice]:
    """Return one side's canvas, the rows of it that kernels reach, and the rows that are kept.

    `last` rows are reached; `extent` is what a kernel covers, `strides` a stride for every unit.
    `same` keeps `strides` rows (with an output padding, Keras's number), the odd one too many is
    cut at the end; `valid` keeps all, and no fewer than `strides` unless an output padding says.
    """
    if mode == "same":
        kept = strides if extra is None else last - extent + extent % 2 + extra
        before = max(last - kept, 0) // 2
    elif mode == "valid" and extra is None:
        kept, before = max(last, strides), 0
    else:
        before, after = pair
        kept = last + (extra or 0) - before - after
    return max(last, before + kept), slice(0, last), slice(before, before + kept)


@registry.slots(Transposed)
def slots(layer: Transposed, x: Array) -> dict[str, Slot]:
    """C x F/groups x kernel: the kernels by the unit that spreads them."""
    kernel, filters = spread(layer.kernel, x), known(layer.filters)
    terms = x.shape[1] // layer.groups * prod(kernel)
    needed = {"weight": kernel_slot((x.shape[1], filters // layer.groups, *kernel), terms)}
    if layer.bias == "per_position":
        kept = [part.stop - part.start for part in landing(layer, x).cut]
        needed["bias"] = bias_slot((filters, *kept))
    elif layer.bias:
        needed["bias"] = bias_slot((filters,))
    return needed


@registry.forward(Transposed)
def forward(layer: Transposed, arrays: Arrays, x: Array) -> Array:
    """Add every unit's kernels, so weighted, to the canvas; keep the part; add the bias."""
    where = landing(layer, x)
    canvas = np.zeros((len(x), known(layer.filters), *where.extents), x.dtype)
    reached = canvas[along_sides(where.reached)]
    correlate_back(windows(reached, where.sliding), arrays["weight"], x, layer.groups)
    return add_bias(np.ascontiguousarray(canvas[along_sides(where.cut)]), arrays)


@registry.backward(Transposed)
def backward(layer: Transposed, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Convolve the gradient with the kernels for the input, and with the input for the kernels."""
    where = landing(layer, x)
    canvas = np.zeros((len(x), known(layer.filters), *where.extents), x.dtype)
    canvas[along_sides(where.cut)] = gradient
    view = windows(canvas[along_sides(where.reached)], where.sliding)
    trained = bias_gradient(gradient, arrays)
    trained["weight"] = correlate_kernels(view, x, layer.groups)
    return Gradients((correlate(view, arrays["weight"], layer.groups),), trained)


@registry.counted(Transposed)
def counted(layer: Transposed, arrays: Arrays, x: Array) -> Array:
    """Add every input's product with every weight to the place where it lands."""
    where, filters = landing(layer, x), known(layer.filters)
    per_group = filters // layer.groups
    canvas = accumulators((len(x), filters, *where.extents), x)
    for channel, kernels in enumerate(arrays["weight"]):
        group = channel // (x.shape[1] // layer.groups)
        for number, kernel in enumerate(kernels, group * per_group):
            for tap in np.ndindex(*kernel.shape):
                lands = along_sides(
                    slice(t * d, t * d + s * (n - 1) + 1, s)
                    for t, d, s, n in zip(
                        tap, where.sliding.dilation, where.sliding.stride, x.shape[2:], strict=True
                    )
                )
                part = canvas[:, number][lands]
                canvas[:, number][lands] = part + x[:, channel] * kernel[tap]
    return counted_bias(canvas[along_sides(where.cut)], arrays)


# -- formulas --------------------------------------------------------------------------------------

TRANSPOSED_WEIGHT = (
    "The weights' gradient is the correlation of the output's gradient with the input: a weight"
    " gets, from every unit, that unit times the gradient where the weight landed."
)

TRANSPOSED_INPUT = "The way back is a plain convolution of g with the same kernels."


@registry.formula(Transposed)
def formulas(layer: Transposed, x: Array) -> Formulas:
    """Write a transposed convolution's formulas: its forward is a convolution's way back."""
    where, filters, groups = landing(layer, x), known(layer.filters), layer.groups
    sliding, starts = where.sliding, [part.start for part in where.cut]
    seen, made = x.shape[1] // groups, filters // groups
    sides, kernel, land = {}, {}, {}
    for axis, before in enumerate(starts):
        parts = ((PLACES[axis], sliding.stride[axis], 1), (TAPS[axis], sliding.dilation[axis], 1))
        land[POSITIONS[axis]] = Index(parts, -before)
        sides[PLACES[axis]], kernel[TAPS[axis]] = x.shape[2 + axis], sliding.kernel[axis]
    inputs, taps, places = "".join(sides), "".join(kernel), "".join(land)
    filter_ = Index((("c", made, seen), ("e", 1, 1))) if groups > 1 else plain("f")[0]
    own = "e" if groups > 1 else "f"
    weight, shown = ref("w", f"c{own}{taps}"), ref("x", f"c{inputs}")
    met = Ref("g", (filter_, *land.values()))
    added = ref("b", f"f{places}" if layer.bias == "per_position" else "f") if layer.bias else None
    over = {"c": x.shape[1], **({"e": made} if groups > 1 else {}), **sides, **kernel}
    condition = {**({"f": filter_} if groups > 1 else {}), **land}
    cut = "g is 0 outside the output." if any(starts) else ""
    kept = {letter: part.stop - part.start for letter, part in zip(land, where.cut, strict=True)}
    return {
        "y": summed("y", f"f{places}", (weight, shown), over, condition, plus=added),
        "w": summed("w", f"c{own}{taps}", (shown, met), sides, note=TRANSPOSED_WEIGHT),
        "x": summed("x", f"c{inputs}", (met, weight), {own: made, **kernel},
                    note=" ".join(filter(None, (TRANSPOSED_INPUT, cut)))),
        **bias_formula(layer.bias, kept),
    }  # fmt: skip


@registry.paper_copy(Transposed)
def paper_copy(layer: Transposed, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep one filter of a small kernel."""
    rank, extra = len(inputs[0].sides), layer.output_padding
    small = copied(small_window(layer, inputs), filters=1, groups=1)
    if extra is not None:
        small = copied(small, output_padding=least(extra, 1))

    def kept(n: int, axis: int) -> int:
        x = np.broadcast_to(0.0, (1, 1, *(n if side == axis else 40 for side in range(rank))))
        part = landing(small, x).cut[axis]
        return int(part.stop - part.start)

    return small, (Map(fewest_sides(rank, kept), 1),)
