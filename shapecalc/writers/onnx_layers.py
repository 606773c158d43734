"""How ONNX spells each layer type: as one operation, or written out as several.

What an attribute says has single precision whatever flows; a constant has that of what flows.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from shapecalc.algebra import known
from shapecalc.layers.axes import PartOf, chosen
from shapecalc.writers.onnx_net import INT
from shapecalc.writers.onnx_stacks import STACKS
from shapecalc.writers.onnx_windows import WINDOWS, padded
from shapecalc.writers.site import pad_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.writers.onnx_net import LaidValue, Place

    Spelling = Callable[[Place], LaidValue]

#: What norms add to a variance.
_EPSILON = 1e-5


# -- dense layers -------------------------------------------------------------------------------


def _dense(place: Place) -> LaidValue:
    net, layer, x = place.net, place.layer, place.x
    if layer.over == "channels" and x.rank:
        y = net.node("MatMul", x.last(), place.array("weight", order=(1, 0)))
        if layer.bias:
            y = net.node("Add", y, place.array("bias"))
        return place.gives(last=y)
    flat = net.node("Flatten", x.first(), axis=1) if x.rank else x.first()
    arrays = [place.array(name) for name in ("weight", "bias") if place.has(name)]
    return place.gives(net.node("Gemm", flat, *arrays, transB=1))


def _rbf(place: Place) -> LaidValue:
    net, x = place.net, place.x
    flat = net.node("Flatten", x.first(), axis=1) if x.rank else x.first()
    apart = net.node("Unsqueeze", flat, net.ints(1))
    apart = net.node("Sub", apart, place.array("codes", fill=1.0))
    square = net.node("Mul", apart, apart)
    return place.gives(net.node("ReduceSum", square, net.ints(2), keepdims=0))


# -- normalisations -----------------------------------------------------------------------------


def _normalised(place: Place, x: str, axes: Sequence[int]) -> str:
    """Take elements to mean 0 and variance 1 along axes."""
    net, along = place.net, place.net.ints(*axes)
    centred = net.node("Sub", x, net.node("ReduceMean", x, along))
    square = net.node("ReduceMean", net.node("Mul", centred, centred), along)
    deviation = net.node("Sqrt", net.node("Add", square, net.number(_EPSILON)))
    return net.node("Div", centred, deviation)


def _affine(place: Place, y: str, dims: Callable[[str], Sequence[int]] | None = None) -> str:
    """Scale and shift by what the layer trains of both."""
    for op, name, fill in (("Mul", "weight", 1.0), ("Add", "bias", 0.0)):
        if place.has(name):
            laid = None if dims is None else dims(name)
            y = place.net.node(op, y, place.array(name, laid, fill=fill))
    return y


def _by_channel(place: Place) -> Callable[[str], Sequence[int]]:
    return lambda _: (place.x.channels, *(1,) * place.x.rank)


def _scale_and_shift(place: Place, size: int) -> tuple[str, str]:
    """Return both arrays of an operation that requires them."""
    net = place.net
    scale = place.array("weight", fill=1.0) if place.has("weight") else net.filled(1, size)
    return scale, place.array("bias") if place.has("bias") else net.filled(0, size)


def _batchnorm(place: Place) -> LaidValue:
    x, net = place.x.first(), place.net
    if not place.layer.statistics:
        y = _normalised(place, x, (0, *range(2, 2 + place.x.rank)))
        return place.gives(_affine(place, y, _by_channel(place)))
    arrays = _scale_and_shift(place, place.x.channels)
    statistics = place.array("running_mean"), place.array("running_var", fill=1.0)
    return place.gives(net.node("BatchNormalization", x, *arrays, *statistics, epsilon=_EPSILON))


def _layernorm(place: Place) -> LaidValue:
    net, layer, x = place.net, place.layer, place.x
    if layer.over == "all":
        if not place.has("weight"):
            y = _normalised(place, x.first(), range(1, x.rank + 2))
            return place.gives(_affine(place, y))
        arrays = [place.array("weight", fill=1.0)]
        arrays += [place.array("bias")] if place.has("bias") else []
        y = net.node("LayerNormalization", x.first(), *arrays, axis=1, epsilon=_EPSILON)
        return place.gives(y)
    return _by_head(place, lambda rows: _of_rows(place, rows))


def _of_rows(place: Place, rows: str) -> str:
    """Normalise along the last axis."""
    if not place.has("weight"):
        return _affine(place, _normalised(place, rows, [-1]))
    arrays = [place.array("weight", fill=1.0)]
    arrays += [place.array("bias")] if place.has("bias") else []
    return place.net.node("LayerNormalization", rows, *arrays, axis=-1, epsilon=_EPSILON)


def _by_head(place: Place, norm: Callable[[str], str]) -> LaidValue:
    """Normalise along the channels, or along those of every head by themselves."""
    net, heads = place.net, known(place.layer.heads)
    rows = place.x.last()
    if heads == 1:
        return place.gives(last=norm(rows))
    parts = net.ints(*(0,) * (place.x.rank + 1), heads, place.x.channels // heads)
    y = norm(net.node("Reshape", rows, parts))
    whole = net.ints(*(0,) * (place.x.rank + 1), place.x.channels)
    return place.gives(last=net.node("Reshape", y, whole))


def _rmsnorm(place: Place) -> LaidValue:
    net = place.net

    def norm(rows: str) -> str:
        mean = net.node("ReduceMean", net.node("Mul", rows, rows), net.ints(-1))
        root = net.node("Sqrt", net.node("Add", mean, net.number(_EPSILON)))
        return _affine(place, net.node("Div", rows, root))

    return _by_head(place, norm)


def _groupnorm(place: Place) -> LaidValue:
    """Normalise groups as channels: what shape inference and every runtime know."""
    net, x, groups = place.net, place.x, place.layer.groups
    parts = net.node("Reshape", x.first(), net.ints(0, groups, -1))
    arrays = net.filled(1, groups), net.filled(0, groups)
    y = net.node("InstanceNormalization", parts, *arrays, epsilon=_EPSILON)
    y = net.node("Reshape", y, net.ints(0, x.channels, *x.sides))
    return place.gives(_affine(place, y, _by_channel(place)))


def _instancenorm(place: Place) -> LaidValue:
    arrays = _scale_and_shift(place, place.x.channels)
    op = "InstanceNormalization"
    return place.gives(place.net.node(op, place.x.first(), *arrays, epsilon=_EPSILON))


def _lrn(place: Place) -> LaidValue:
    layer, net, x = place.layer, place.net, place.x
    if layer.size % 2:
        words = {"alpha": float(layer.alpha), "beta": float(layer.beta), "bias": float(layer.k)}
        y = x.first()
        if x.rank != 2:  # which runtimes require
            y = net.node("Reshape", y, net.ints(0, x.channels, -1, 1))
        y = net.node("LRN", y, size=layer.size, **words)
        if x.rank != 2:
            y = net.node("Reshape", y, net.ints(0, x.channels, *x.sides))
        return place.gives(y)
    # of an even number of channels one more lies before than behind: ONNX has it the other way
    y = x.first()
    pads = [0, layer.size // 2, *(0,) * x.rank, 0, (layer.size - 1) // 2, *(0,) * x.rank]
    wide = net.node("Pad", net.node("Mul", y, y), net.ints(*pads))
    parts = [
        net.node("Slice", wide, net.ints(at), net.ints(at + x.channels), net.ints(1))
        for at in range(layer.size)
    ]
    total = net.node("Mul", net.node("Sum", *parts), net.number(layer.alpha / layer.size))
    total = net.node("Add", total, net.number(layer.k))
    return place.gives(net.node("Div", y, net.node("Pow", total, net.number(layer.beta))))


def _l2norm(place: Place) -> LaidValue:
    net = place.net
    x, last = place.x.either()
    axes = _axes(place, last=last)
    if len(axes) == 1:
        return place.like(net.node("LpNormalization", x, axis=axes[0], p=2), last=last)
    total = net.node("ReduceSum", net.node("Mul", x, x), net.ints(*axes))
    length = net.node("Sqrt", net.node("Add", total, net.number(1e-24)))
    return place.like(net.node("Div", x, length), last=last)


# -- element by element -------------------------------------------------------------------------


def _plain(op: str, **attributes: float) -> Spelling:
    """Spell a type by one operation of every element."""

    def spell(place: Place) -> LaidValue:
        x, last = place.x.either()
        return place.like(place.net.node(op, x, **attributes), last=last)

    return spell


def _sloped(op: str, name: str) -> Spelling:
    return lambda place: _plain(op, alpha=float(getattr(place.layer, name)))(place)


def _clip(low: float, high: float) -> Spelling:
    def spell(place: Place) -> LaidValue:
        x, last = place.x.either()
        ends = place.net.number(low), place.net.number(high)
        return place.like(place.net.node("Clip", x, *ends), last=last)

    return spell


def _silu(place: Place) -> LaidValue:
    x, last = place.x.either()
    net = place.net
    return place.like(net.node("Mul", x, net.node("Sigmoid", x)), last=last)


def _prelu(place: Place) -> LaidValue:
    x, last = place.x.either()
    slope = place.along_channels("weight", last=last, fill=0.25)
    return place.like(place.net.node("PRelu", x, slope), last=last)


def _power(place: Place) -> LaidValue:
    x, last = place.x.either()
    exponent = place.net.number(place.layer.exponent)
    return place.like(place.net.node("Pow", x, exponent), last=last)


def _dropout(place: Place) -> LaidValue:
    x, last = place.x.either()
    rate = place.net.number(place.layer.rate)
    return place.like(place.net.node("Dropout", x, rate), last=last)


def _softmax(place: Place) -> LaidValue:
    net = place.net
    x, last = place.x.either()
    axes = _axes(place, last=last)
    if len(axes) == 1:
        return place.like(net.node("Softmax", x, axis=axes[0]), last=last)
    along = net.ints(*axes)
    y = net.node("Exp", net.node("Sub", x, net.node("ReduceMax", x, along)))
    return place.like(net.node("Div", y, net.node("ReduceSum", y, along)), last=last)


def _gated(gate: Callable[[Place, str], str]) -> Spelling:
    def spell(place: Place) -> LaidValue:
        x, last = place.x.either()
        axis = place.x.rank + 1 if last else 1
        half, other = place.net.node_of("Split", [x], 2, axis=axis, num_outputs=2)
        return place.like(place.net.node("Mul", half, gate(place, other)), last=last)

    return spell


def _maxout(place: Place) -> LaidValue:
    net, pieces = place.net, place.layer.pieces
    parts = net.node("Reshape", place.x.first(), net.ints(0, -1, pieces, *place.x.sides))
    return place.gives(net.node("ReduceMax", parts, net.ints(2), keepdims=0))


def _nothing(place: Place) -> LaidValue:
    x, last = place.x.either()
    return place.like(x, last=last)


# -- trained arrays -----------------------------------------------------------------------------


def _laid(place: Place, name: str, fill: float, *, last: bool) -> str:
    """Lay the array of a scale or a bias along what flows in."""
    x, per = place.x, place.layer.per
    if per == "channel":
        return place.along_channels(name, last=last, fill=fill)
    if per == "position":
        return place.array(name, (*x.sides, 1) if last else x.sides, fill=fill)
    if per == "element":
        order = [*range(1, x.rank + 1), 0] if last else None
        return place.array(name, order=order, fill=fill)
    return place.array(name, fill=fill)


def _scale(place: Place) -> LaidValue:
    x, last = place.x.either()
    weight = _laid(place, "weight", float(place.layer.init), last=last)
    y = place.net.node("Mul", x, weight)
    if place.layer.bias:
        y = place.net.node("Add", y, _laid(place, "bias", 0.0, last=last))
    return place.like(y, last=last)


def _bias(place: Place) -> LaidValue:
    x, last = place.x.either()
    return place.like(place.net.node("Add", x, _laid(place, "bias", 0.0, last=last)), last=last)


def _position_embedding(place: Place) -> LaidValue:
    x, last = place.x.either()
    order = [*range(1, place.x.rank + 1), 0] if last else None
    return place.like(place.net.node("Add", x, place.array("weight", order=order)), last=last)


def _for_all(place: Place, array: str, *dims: int) -> str:
    """Give every example an array of these extents behind the batch."""
    net = place.net
    if not net.batch_of:
        return array
    count = net.node("Shape", net.batch_of, end=1)
    return net.node("Expand", array, net.node("Concat", count, net.ints(*dims), axis=0))


def _token(place: Place) -> LaidValue:
    net, count, channels = place.net, place.layer.count, place.x.channels
    rows = place.array("weight", (1, count, channels), order=(1, 0))
    rows = _for_all(place, rows, count, channels)
    return place.gives(last=net.node("Concat", rows, place.x.last(), axis=1))


def _parameter(place: Place) -> LaidValue:
    dims = place.channels, *place.sides
    return place.gives(_for_all(place, place.array("weight", (1, *dims)), *dims))


def _embedding(place: Place) -> LaidValue:
    net, entries = place.net, known(place.layer.entries)
    indices = place.x.first()
    if place.x.rank:
        indices = net.node("Squeeze", indices, net.ints(1))
    if not place.site.whole:  # the nearest indices, begun anew where they end
        indices = net.node("Cast", net.node("Round", indices), to=INT)
        indices = net.node("Mod", indices, net.constant([entries], (), INT))
    return place.gives(last=net.node("Gather", place.array("weight"), indices, axis=0))


# -- moving elements ----------------------------------------------------------------------------


def _flatten(place: Place) -> LaidValue:
    if not place.x.rank:
        return _nothing(place)
    return place.gives(place.net.node("Flatten", place.x.first(), axis=1))


def _reshape(place: Place) -> LaidValue:
    net = place.net
    if not place.x.rank or not place.sides:
        shape = net.ints(0, place.channels, *place.sides)
        return place.gives(net.node("Reshape", place.x.first(), shape))
    shape = net.ints(0, *place.sides, place.channels)
    return place.gives(last=net.node("Reshape", place.x.last(), shape))


def _permute(place: Place) -> LaidValue:
    order = [0, *(axis + 1 for axis in place.layer.order)]
    return place.gives(last=place.net.node("Transpose", place.x.last(), perm=order))


def _pad(place: Place) -> LaidValue:
    return place.gives(padded(place, place.x.first(), pad_pairs(place.layer.pad, place.x.rank)))


def _pad_channels(place: Place) -> LaidValue:
    before, after = map(int, place.layer.channels)
    still = (0,) * place.x.rank
    pads = place.net.ints(0, before, *still, 0, after, *still)
    return place.gives(place.net.node("Pad", place.x.first(), pads))


def _crop(place: Place) -> LaidValue:
    starts = [known(before) for before, _ in place.layer._cuts(place.site.inputs[0].sides)]  # noqa: SLF001
    parts = [
        (axis, start, start + size, 1)
        for axis, (start, size) in enumerate(zip(starts, place.sides, strict=True), 2)
    ]
    return place.gives(_parts(place, place.x.first(), parts))


def _slice(place: Place) -> LaidValue:
    x, last = place.x.either()
    *sides, channels = place.layer.parts(place.site.inputs[0])
    named = enumerate((*sides, channels) if last else (channels, *sides), 1)
    parts = []
    for axis, (_, n, part) in named:
        if part is not None:
            start, stop = map(known, part.ends(known(n)))
            step = 1 if isinstance(part, PartOf) else known(part.step)
            parts.append((axis, start, stop, step))
    return place.like(_parts(place, x, parts), last=last)


def _parts(place: Place, x: str, parts: Sequence[tuple[int, int, int, int]]) -> str:
    """Take from start to stop along axes."""
    if not parts:
        return x
    axes, starts, stops, steps = zip(*parts, strict=True)
    ints = place.net.ints
    more = [ints(*steps)] if set(steps) != {1} else []
    return place.net.node("Slice", x, ints(*starts), ints(*stops), ints(*axes), *more)


def _upsample(place: Place) -> LaidValue:
    net, layer, x = place.net, place.layer, place.x
    pairs = list(zip(x.sides, place.sides, strict=True))
    axes = list(range(2, x.rank + 2))
    if layer.size is None:
        factors = [
            f if isinstance(f, tuple) else (f, 1) for f in layer.factors(place.site.inputs[0])
        ]
    else:
        factors = [(m, n) for n, m in pairs]
    exact = all(n * times == m * over for (n, m), (times, over) in zip(pairs, factors, strict=True))
    if layer.mode == "nearest":
        if not exact or not all(map(_lands, pairs)):
            return place.gives(_repeated(place, factors))
        words = {"mode": "nearest", "nearest_mode": "floor"}
        words["coordinate_transformation_mode"] = "asymmetric"
    else:
        if (not exact and layer.align == "centres") or x.rank > 2:
            return place.gives(_blended(place, factors))
        usual = "half_pixel" if layer.align == "centres" else "align_corners"
        words = {"mode": "linear", "coordinate_transformation_mode": usual}
    if all(m % n == 0 for n, m in pairs):
        scales = net.constant([1.0, 1.0, *(float(m // n) for n, m in pairs)], type_=1)
        return place.gives(net.node("Resize", x.first(), "", scales, **words))
    sizes = net.ints(*place.sides)
    return place.gives(net.node("Resize", x.first(), "", "", sizes, axes=axes, **words))


def _lands(pair: tuple[int, int]) -> bool:
    """Tell whether places of single precision fall on the elements that they should."""
    n, m = pair
    (scale,) = struct.unpack("<f", struct.pack("<f", m / n))
    return all(
        int(struct.unpack("<f", struct.pack("<f", u / scale))[0]) == u * n // m for u in range(m)
    )


def _repeated(place: Place, factors: Sequence[tuple[int, int]]) -> str:
    """Take the element for every place of every side, by number."""
    x, net = place.x.first(), place.net
    for axis, (m, (times, over)) in enumerate(zip(place.sides, factors, strict=True), 2):
        x = net.node("Gather", x, net.ints(*(u * over // times for u in range(m))), axis=axis)
    return x


def _blended(place: Place, factors: Sequence[tuple[int, int]]) -> str:
    """Multiply every side by a matrix of its blends."""
    x, net, rank = place.x.first(), place.net, place.x.rank
    sides = zip(place.x.sides, place.sides, factors, strict=True)
    for axis, (n, m, (times, over)) in enumerate(sides, 2):
        matrix = [0.0] * (n * m)
        for u in range(m):
            if place.layer.align == "corners":
                at, by = u * (n - 1), max(m - 1, 1)
            else:
                at, by = min(max((2 * u + 1) * over - times, 0), (n - 1) * 2 * times), 2 * times
            low, part = at // by, at % by / by
            matrix[low * m + u] += 1 - part
            matrix[min(low + 1, n - 1) * m + u] += part
        order = [own for own in range(rank + 2) if own != axis]
        back = [*range(axis), rank + 1, *range(axis, rank + 1)]
        turned = net.node("Transpose", x, perm=[*order, axis])
        product = net.node("MatMul", turned, net.constant(matrix, (n, m)))
        x = net.node("Transpose", product, perm=back)
    return x


def _channel_shuffle(place: Place) -> LaidValue:
    net, x, groups = place.net, place.x, place.layer.groups
    parts = net.node("Reshape", x.first(), net.ints(0, groups, x.channels // groups, *x.sides))
    mixed = net.node("Transpose", parts, perm=[0, 2, 1, *range(3, 3 + x.rank)])
    return place.gives(net.node("Reshape", mixed, net.ints(0, x.channels, *x.sides)))


def _pixel_shuffle(place: Place) -> LaidValue:
    net, x, rank = place.net, place.x, place.x.rank
    factors, order = place.site.spread(place.layer.factor), place.layer.order
    if rank == 2 and len(set(factors)) == 1:
        words = {"blocksize": factors[0], "mode": order.upper()}
        return place.gives(net.node("DepthToSpace", x.first(), **words))
    cut = (place.channels, *factors) if order == "crd" else (*factors, place.channels)
    parts = net.node("Reshape", x.first(), net.ints(0, *cut, *x.sides))
    own, first = (1, 2) if order == "crd" else (1 + rank, 1)
    pairs = (axis for i in range(rank) for axis in (2 + rank + i, first + i))
    mixed = net.node("Transpose", parts, perm=[0, own, *pairs])
    return place.gives(net.node("Reshape", mixed, net.ints(0, place.channels, *place.sides)))


def _pixel_unshuffle(place: Place) -> LaidValue:
    net, x, rank = place.net, place.x, place.x.rank
    factors, order = place.site.spread(place.layer.factor), place.layer.order
    if rank == 2 and len(set(factors)) == 1 and order == "dcr":
        return place.gives(net.node("SpaceToDepth", x.first(), blocksize=factors[0]))
    cut = (n for pair in zip(place.sides, factors, strict=True) for n in pair)
    parts = net.node("Reshape", x.first(), net.ints(0, x.channels, *cut))
    places, blocks = range(2, 2 + 2 * rank, 2), range(3, 3 + 2 * rank, 2)
    channels = (1, *blocks) if order == "crd" else (*blocks, 1)
    mixed = net.node("Transpose", parts, perm=[0, *channels, *places])
    return place.gives(net.node("Reshape", mixed, net.ints(0, place.channels, *place.sides)))


# -- along axes, and joins ----------------------------------------------------------------------


def _axes(place: Place, *, last: bool) -> list[int]:
    """Return the axes that a layer works over, as the value lies."""
    rank = place.x.rank
    chosen_axes = chosen(place.layer.over, place.site.inputs[0])
    if last:
        return [axis + 1 for axis in chosen_axes]
    return [1 if axis == rank else axis + 2 for axis in chosen_axes]


def _reduced(op: str) -> Spelling:
    def spell(place: Place) -> LaidValue:
        net, keep = place.net, int(place.layer.keep)
        of_channels = place.x.rank in chosen(place.layer.over, place.site.inputs[0])
        x, last = place.x.either()
        if of_channels and not keep:  # the last axis left holds the channels
            x, last = place.x.last(), True
        axes = _axes(place, last=last)
        if not keep and len(axes) == place.x.rank + 1:
            axes, keep = axes[:-1], 0
            y = net.node(op, x, net.ints(*axes), keepdims=0) if axes else x
            return place.gives(net.node(op, y, net.ints(-1), keepdims=1))
        return place.like(net.node(op, x, net.ints(*axes), keepdims=keep), last=last)

    return spell


def _laid_alike(place: Place) -> tuple[list[str], bool]:
    """Return the operands of a join as one of them lies, vectors with sides of 1."""
    rank = max(operand.rank for operand in place.operands)
    maps = [operand for operand in place.operands if operand.rank == rank]
    last = sum(operand.has_first() for operand in maps) * 2 < len(maps)
    net, laid = place.net, []
    for operand in place.operands:
        value = operand.last() if last else operand.first()
        if operand.rank < rank:
            axes = range(1, rank + 1) if last else range(2, rank + 2)
            value = net.node("Unsqueeze", value, net.ints(*axes))
        laid.append(value)
    return laid, last


def _concat(place: Place) -> LaidValue:
    laid, last = _laid_alike(place)
    if len(laid) == 1:
        return place.like(laid[0], last=last)
    axis = place.site.rank + 1 if last else 1
    return place.like(place.net.node("Concat", *laid, axis=axis), last=last)


def _join(op: str, many: str = "") -> Spelling:
    """Spell a join by an operation of two, or of as many as there are."""

    def spell(place: Place) -> LaidValue:
        laid, last = _laid_alike(place)
        net, layer = place.net, place.layer
        before = [] if layer.left is None else [net.number(layer.left)]
        terms = [*before, *laid, *([] if layer.right is None else [net.number(layer.right)])]
        if many and len(terms) > 2:
            return place.like(net.node(many, *terms), last=last)
        y, *others = terms
        for other in others:
            y = net.node(op, y, other)
        return place.like(y, last=last)

    return spell


#: How every type is spelled.
SPELLINGS: dict[str, Spelling] = {
    **WINDOWS,
    **STACKS,
    "dense": _dense,
    "rbf": _rbf,
    "lrn": _lrn,
    "batchnorm": _batchnorm,
    "layernorm": _layernorm,
    "groupnorm": _groupnorm,
    "instancenorm": _instancenorm,
    "rmsnorm": _rmsnorm,
    "l2norm": _l2norm,
    "relu": _plain("Relu"),
    "relu6": _clip(0, 6),
    "leaky_relu": _sloped("LeakyRelu", "slope"),
    "prelu": _prelu,
    "elu": _sloped("Elu", "alpha"),
    "gelu": _plain("Gelu"),
    "silu": _silu,
    "sigmoid": _plain("Sigmoid"),
    "hard_sigmoid": _plain("HardSigmoid", alpha=1 / 6, beta=0.5),
    "hard_swish": _plain("HardSwish"),
    "tanh": _plain("Tanh"),
    "softplus": _plain("Softplus"),
    "mish": _plain("Mish"),
    "softmax": _softmax,
    "dropout": _dropout,
    "stochastic_depth": _nothing,
    "identity": _nothing,
    "glu": _gated(lambda place, x: place.net.node("Sigmoid", x)),
    "geglu": _gated(lambda place, x: place.net.node("Gelu", x)),
    "swiglu": _gated(lambda place, x: place.net.node("Mul", x, place.net.node("Sigmoid", x))),
    "maxout": _maxout,
    "embedding": _embedding,
    "flatten": _flatten,
    "reshape": _reshape,
    "permute": _permute,
    "pad": _pad,
    "crop": _crop,
    "upsample": _upsample,
    "channel_shuffle": _channel_shuffle,
    "slice": _slice,
    "pad_channels": _pad_channels,
    "pixel_shuffle": _pixel_shuffle,
    "pixel_unshuffle": _pixel_unshuffle,
    "concat": _concat,
    "add": _join("Add", "Sum"),
    "multiply": _join("Mul"),
    "subtract": _join("Sub"),
    "divide": _join("Div"),
    "maximum": _join("Max", "Max"),
    "minimum": _join("Min", "Min"),
    "abs": _plain("Abs"),
    "negative": _plain("Neg"),
    "exp": _plain("Exp"),
    "log": _plain("Log"),
    "sqrt": _plain("Sqrt"),
    "power": _power,
    "clip": lambda place: _clip(*place.layer.range)(place),
    "hardtanh": lambda place: _clip(*place.layer.range)(place),
    "mean": _reduced("ReduceMean"),
    "sum": _reduced("ReduceSum"),
    "max": _reduced("ReduceMax"),
    "scale": _scale,
    "bias": _bias,
    "position_embedding": _position_embedding,
    "token": _token,
    "parameter": _parameter,
}
