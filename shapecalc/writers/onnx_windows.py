"""How ONNX spells layers whose windows move over a map: convolutions and pools.

Pads are always explicit.  A pool that rounds up says so where ONNX's rule gives its size, which
from opset 22 on is one rule for shape inference and runtimes; elsewhere its overhang is padding.
"""

from __future__ import annotations

from math import comb, prod
from typing import TYPE_CHECKING, Any

from shapecalc.algebra import known
from shapecalc.layers.window import output_size
from shapecalc.writers.onnx_net import INT
from shapecalc.writers.site import UnsayableError, frame_of, mean_counts, transposed_cuts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.writers.onnx_net import LaidValue, Place

    Pairs = Sequence[tuple[int, int]]


def padded(place: Place, x: str, ends: Pairs, value: float | None = None, mode: str = "") -> str:
    """Put margins around a map whose channels are second, of zeros or another number.

    Where they are negative, it is cut.
    """
    sides = place.x.sides
    axes = [axis + 2 for axis, pair in enumerate(ends) if min(pair) < 0]
    if axes:
        cuts = [(max(-ends[axis - 2][0], 0), max(-ends[axis - 2][1], 0)) for axis in axes]
        starts = [before for before, _ in cuts]
        stops = [sides[axis - 2] - after for axis, (_, after) in zip(axes, cuts, strict=True)]
        net = place.net
        x = net.node("Slice", x, net.ints(*starts), net.ints(*stops), net.ints(*axes))
    grown = [(max(before, 0), max(after, 0)) for before, after in ends]
    if not any(map(any, grown)):
        return x
    pads = place.net.ints(0, 0, *(a for a, _ in grown), 0, 0, *(b for _, b in grown))
    more = [] if value is None else [place.net.number(value)]
    return place.net.node("Pad", x, pads, *more, **({"mode": mode} if mode else {}))


def cut(place: Place, x: str, ends: Pairs) -> tuple[str, list[int]]:
    """Cut a map where margins are negative; return it with ONNX's list of those that are left."""
    less = [(min(before, 0), min(after, 0)) for before, after in ends]
    if any(map(any, less)):
        x = padded(place, x, less)
    return x, [*(max(a, 0) for a, _ in ends), *(max(b, 0) for _, b in ends)]


def _window(place: Place, pads: list[int]) -> dict[str, Any]:
    site = place.site
    return {
        "kernel_shape": list(site.spread(site.layer.kernel)),
        "strides": list(site.spread(site.layer.steps())),
        "dilations": list(site.spread(site.layer.dilation)),
        "pads": pads,
    }


def _biased(place: Place, op: str, arrays: list[str], **attributes: Any) -> LaidValue:  # noqa: ANN401
    """Add a convolution with its bias, which may differ from position to position."""
    bias = place.layer.bias
    if bias and bias != "per_position":
        arrays = [*arrays, place.array("bias")]
    y = place.net.node(op, *arrays, **attributes)
    if bias == "per_position":
        y = place.net.node("Add", y, place.array("bias"))
    return place.gives(y)


def _conv(place: Place) -> LaidValue:
    layer = place.layer
    x, pads = cut(place, place.x.first(), frame_of(place.site))
    kernel = place.array("weight") if layer.connections is None else _by_table(place)
    return _biased(place, "Conv", [x, kernel], group=layer.groups, **_window(place, pads))


def _by_table(place: Place) -> str:
    """Lay the kernels that there are where the table has them, and zeros elsewhere."""
    net, layer = place.net, place.layer
    kernel = place.site.spread(layer.kernel)
    count = sum(map(len, layer.connections))
    places, number = [], 0
    for row in layer.connections:
        for channel in range(place.site.channels):
            at = row.index(channel) if channel in row else None
            places.append(count if at is None else number + at)
        number += len(row)
    nothing = net.filled(0, 1, *kernel)
    kernels = net.node("Concat", place.array("weight"), nothing, axis=0)
    extents = (len(layer.connections), place.site.channels)
    return net.node("Gather", kernels, net.constant(places, extents, INT), axis=0)


def _depthwise(place: Place) -> LaidValue:
    x, pads = cut(place, place.x.first(), frame_of(place.site))
    arrays = [x, place.array("weight")]
    return _biased(place, "Conv", arrays, group=place.site.channels, **_window(place, pads))


def _separable(place: Place) -> LaidValue:
    x, pads = cut(place, place.x.first(), frame_of(place.site))
    depth, net = place.array("depthwise.weight"), place.net
    x = net.node("Conv", x, depth, group=place.site.channels, **_window(place, pads))
    return _biased(place, "Conv", [x, place.array("pointwise.weight")])


def _transposed(place: Place) -> LaidValue:
    site, layer = place.site, place.layer
    cuts, extra = transposed_cuts(site)
    if any(more >= s for more, s in zip(extra, site.spread(layer.stride), strict=True)):
        # which runtimes refuse: less is cut instead
        pairs = zip(cuts, extra, strict=True)
        cuts, extra = [(before, after - more) for (before, after), more in pairs], ()
    attributes: dict[str, Any] = {
        "kernel_shape": list(site.spread(layer.kernel)),
        "strides": list(site.spread(layer.stride)),
        "dilations": list(site.spread(layer.dilation)),
        "group": layer.groups,
    }
    if any(extra):
        attributes["output_padding"] = list(extra)
    x, kernel = place.x.first(), place.array("weight")
    less = [*(max(a, 0) for a, _ in cuts), *(max(b, 0) for _, b in cuts)]
    if all(min(pair) >= 0 for pair in cuts):
        return _biased(place, "ConvTranspose", [x, kernel], pads=less, **attributes)
    y = place.net.node("ConvTranspose", x, kernel, pads=less, **attributes)
    more = [(max(-before, 0), max(-after, 0)) for before, after in cuts]
    y = padded(place, y, more)
    if layer.bias:
        size = known(place.row.parameters[1].shape[0])
        alike = None if layer.bias == "per_position" else (size, *(1,) * site.rank)
        y = place.net.node("Add", y, place.array("bias", alike))
    return place.gives(y)


# -- pools --------------------------------------------------------------------------------------


def _rounds_up(place: Place) -> list[tuple[int, int]] | None:
    """Return the pads of a pool whose rounding is ONNX's, which keeps its windows; else None."""
    shape = place.site.inputs[0]
    moves = place.layer.moves(shape)
    if place.layer.rounds() == "floor" or any(move.mode == "same" for move in moves):
        return None
    sizes = zip(map(known, shape.sides), moves, place.sides, strict=True)
    if any(output_size(n, move._replace(rounding="ceil")) != size for n, move, size in sizes):
        return None
    return [(known(move.before), known(move.after)) for move in moves]


def _is_shallow(place: Place, ends: Pairs) -> bool:
    """Tell whether every kernel is larger than its padding, as runtimes require."""
    kernel = place.site.spread(place.layer.kernel)
    return all(max(pair) < k for pair, k in zip(ends, kernel, strict=True))


def _pool(place: Place, op: str, x: str, ends: Pairs, **more: int) -> str:
    pads = [*(a for a, _ in ends), *(b for _, b in ends)]
    return place.net.node(op, x, **_window(place, pads), **more)


def _maxpool(place: Place) -> LaidValue:
    if not all(map(all, mean_counts(place.site))):
        raise UnsayableError(
            "a window of its pool is nothing but padding, of which runtimes make what they like",
            "`rounding: ceil` drops such windows",
        )
    x, up = place.x.first(), _rounds_up(place)
    if up is not None and _is_shallow(place, up):
        return place.gives(_pool(place, "MaxPool", x, up, ceil_mode=1))
    frame = frame_of(place.site)
    still = [(0, 0)] * place.site.rank
    if not _is_shallow(place, frame):
        x = padded(place, x, frame, float("-inf"))
        return place.gives(_pool(place, "MaxPool", x, still))
    x, pads = cut(place, x, frame)
    rank = place.site.rank
    ends = list(zip(pads[:rank], pads[rank:], strict=True))
    return place.gives(_pool(place, "MaxPool", x, ends))


def _avgpool(place: Place) -> LaidValue:
    layer, x = place.layer, place.x.first()
    frame, up = frame_of(place.site), _rounds_up(place)
    counted = int(layer.count_include_pad)
    counts = mean_counts(place.site)
    sound = (counted and layer.pad.mode == "given") or (not counted and all(map(all, counts)))
    if up is not None and _is_shallow(place, up) and sound:
        y = _pool(place, "AveragePool", x, up, ceil_mode=1, count_include_pad=counted)
        return place.gives(y)
    whole = list(place.site.spread(layer.kernel))
    padded_only = all(min(pair) >= 0 for pair in frame) and any(map(any, frame))
    if not counted and sound and padded_only and _is_shallow(place, frame):
        return place.gives(_pool(place, "AveragePool", x, frame, count_include_pad=0))
    y = _means(place, x, frame)
    if any(count != k for side, k in zip(counts, whole, strict=True) for count in side):
        factors = [1.0]
        for side, k in zip(counts, whole, strict=True):
            factors = [factor * k / max(count, 1) for factor in factors for count in side]
        y = place.net.node("Mul", y, place.net.constant(factors, place.sides))
    return place.gives(y)


def _means(place: Place, x: str, frame: Pairs) -> str:
    """Add the means of whole windows, zeros around the map among them."""
    still = [(0, 0)] * place.site.rank
    if _is_shallow(place, frame) and all(min(pair) >= 0 for pair in frame):
        counted = {"count_include_pad": 1} if any(map(any, frame)) else {}
        return _pool(place, "AveragePool", x, frame, **counted)
    return _pool(place, "AveragePool", padded(place, x, frame), still)


def _subsampling(place: Place) -> LaidValue:
    net = place.net
    y = _means(place, place.x.first(), frame_of(place.site))
    y = net.node("Mul", y, net.number(prod(place.site.spread(place.layer.kernel))))
    y = net.node("Mul", y, place.along_channels("weight", last=False, fill=0.25))
    return place.gives(net.node("Add", y, place.along_channels("bias", last=False)))


def _blurpool(place: Place) -> LaidValue:
    layer, net, site = place.layer, place.net, place.site
    kernel, channels = site.spread(layer.kernel), site.channels
    x = padded(place, place.x.first(), [((k - 1) // 2, k // 2) for k in kernel], mode="reflect")
    taps = [1.0]
    for k in kernel:
        taps = [tap * comb(k - 1, at) / 2 ** (k - 1) for tap in taps for at in range(k)]
    blur = net.constant(taps * channels, (channels, 1, *kernel))
    strides = list(site.spread(layer.stride))
    return place.gives(net.node("Conv", x, blur, group=channels, strides=strides))


def _global(op: str) -> Callable[[Place], LaidValue]:
    return lambda place: place.gives(place.net.node(op, place.x.first()))


def _adaptive(pool: str, reduce: str) -> Callable[[Place], LaidValue]:
    """Spell a pool whose windows divide a map evenly: as a pool where they are alike."""

    def spell(place: Place) -> LaidValue:
        net, x = place.net, place.x.first()
        spans = [
            [(i * n // o, -(-(i + 1) * n // o)) for i in range(o)]
            for n, o in zip(place.x.sides, place.sides, strict=True)
        ]
        steps = [_step(side) for side in spans]
        if all(step for _, step in steps):
            kernel, strides = ([*numbers] for numbers in zip(*steps, strict=True))
            return place.gives(net.node(pool, x, kernel_shape=kernel, strides=strides))
        for axis, side in enumerate(spans, 2):
            ends = ((net.ints(a), net.ints(b), net.ints(axis)) for a, b in side)
            parts = [net.node("Slice", x, *places) for places in ends]
            rows = [net.node(reduce, part, net.ints(axis)) for part in parts]
            x = net.node("Concat", *rows, axis=axis)
        return place.gives(x)

    return spell


def _step(spans: list[tuple[int, int]]) -> tuple[int, int]:
    """Return the length and the step of windows that are alike, the step 0 if they are not."""
    sizes = {stop - start for start, stop in spans}
    starts = [start for start, _ in spans]
    step = starts[1] - starts[0] if len(starts) > 1 else 1
    alike = len(sizes) == 1 and starts == [i * step for i in range(len(starts))]
    return min(sizes), step if alike else 0


#: How every type is spelled that has windows.
WINDOWS: dict[str, Callable[[Place], LaidValue]] = {
    "conv": _conv,
    "depthwise": _depthwise,
    "separable": _separable,
    "transposed": _transposed,
    "maxpool": _maxpool,
    "avgpool": _avgpool,
    "subsampling": _subsampling,
    "blurpool": _blurpool,
    "global_avgpool": _global("GlobalAveragePool"),
    "global_maxpool": _global("GlobalMaxPool"),
    "adaptive_avgpool": _adaptive("AveragePool", "ReduceMean"),
    "adaptive_maxpool": _adaptive("MaxPool", "ReduceMax"),
}
