"""Windows that move: convolutions and pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.layers.window import Window, output_size, transposed_size
from shapecalc.readers.onnx import patterns
from shapecalc.readers.onnx.constants import axes_of
from shapecalc.readers.onnx.layouts import AXES, channels_second
from shapecalc.readers.onnx.rules import one_if_alike, rule
from shapecalc.readers.onnx.values import Value, squeezed
from shapecalc.readers.onnx.walk import NoRuleError, must_fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.readers.onnx.file import OnnxNode, Tensor
    from shapecalc.readers.onnx.walk import GraphWalk


class _Moves:
    """How a window moves, as the attributes have it."""

    def __init__(
        self, walk: GraphWalk, node: OnnxNode, value: Value, kernel: Sequence[int]
    ) -> None:
        attributes = node.attributes
        self.sides = value.extents[:-1]
        rank = len(self.sides)
        self.kernel = list(attributes.get("kernel_shape") or kernel)
        self.stride = list(attributes.get("strides") or [1] * rank)
        self.dilation = list(attributes.get("dilations") or [1] * rank)
        pads = list(attributes.get("pads") or [0] * (2 * rank))
        if not rank or [len(part) for part in (self.kernel, self.stride, self.dilation, pads)] != [
            rank, rank, rank, 2 * rank,
        ]:  # fmt: skip
            raise walk.refuse(
                f"the window of {node.op} '{node.name[:80]}' has sizes for another number of sides"
                f" than the {rank} that flow in",
                rule=f"kernel {self.kernel}, strides {self.stride}, pads {pads}",
            )
        self.auto = attributes.get("auto_pad") or "NOTSET"
        self.ceil = bool(attributes.get("ceil_mode", 0))
        if min(*self.kernel, *self.stride, *self.dilation) < 1 or min(pads) < 0:
            raise NoRuleError("padding that cuts off, or a size below 1")
        self.pairs = list(zip(pads[:rank], pads[rank:], strict=True))
        if self.auto == "SAME_LOWER":
            self.pairs = [self._lower(side) for side in range(rank)]
        elif self.auto == "VALID":
            self.pairs = [(0, 0)] * rank

    def _lower(self, side: int) -> tuple[int, int]:
        n, stride = self.sides[side], self.stride[side]
        extent = self.dilation[side] * (self.kernel[side] - 1) + 1
        total = max((-(-n // stride) - 1) * stride + extent - n, 0)
        return total - total // 2, total // 2

    def windows(self) -> list[Window]:
        """Return the windows of the sides."""
        mode = "same" if self.auto == "SAME_UPPER" else "given"
        rounding = "ceil" if self.ceil else "floor"
        return [
            Window(k, s, *pair, d, rounding, mode)  # type: ignore[arg-type]
            for k, s, pair, d in zip(
                self.kernel, self.stride, self.pairs, self.dilation, strict=True
            )
        ]

    def output(self) -> tuple[int, ...]:
        """Return the output's sides."""
        return tuple(map(output_size, self.sides, self.windows()))  # type: ignore[arg-type]

    def fields(self, *, stride: bool) -> dict[str, Any]:
        """Write what is off its default; with `stride` that is written in any case."""
        fields: dict[str, Any] = {"kernel": one_if_alike(self.kernel)}
        if stride or set(self.stride) != {1}:
            fields["stride"] = one_if_alike(self.stride)
        if self.auto == "SAME_UPPER":
            fields["pad"] = "same"
        elif any(before or after for before, after in self.pairs):
            if all(before == after for before, after in self.pairs):
                fields["pad"] = one_if_alike([before for before, _ in self.pairs])
            else:
                fields["pad"] = [list(pair) for pair in self.pairs]
        if set(self.dilation) != {1}:
            fields["dilation"] = one_if_alike(self.dilation)
        return fields


def _biased(
    walk: GraphWalk, node: OnnxNode, number: int, fields: dict[str, Any]
) -> list[Tensor | None]:
    """Say whether there is a bias, and return it."""
    if not walk.has(node, number):
        fields["bias"] = False
        return []
    array = walk.array(node, number)
    if array is not None and _is_filler(walk, array):
        fields["bias"] = False
        return []
    return [array]


def _is_filler(walk: GraphWalk, array: Tensor) -> bool:
    """Tell whether zeros are made in the graph, where a bias must be given and there is none."""
    values = None if array.origin in walk.stored else array.values()
    return values is not None and not any(values)


@rule("Conv")
def _conv(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = channels_second(walk, node, walk.value(node))
    kernel = walk.kernel(node, 1)
    filters, depth, *sizes = kernel.dims
    groups = node.attributes.get("group", 1)
    channels = value.extents[-1]
    if groups < 1 or depth * groups != channels:
        raise walk.refuse(
            f"Conv '{node.name[:80]}' has kernels of {depth} channels in {groups} groups, but"
            f" {channels} channels flow in",
            rule=f"{depth} x {groups} = {channels} must hold",
        )
    moves = _Moves(walk, node, value, sizes)
    sides = moves.output()
    must_fit(walk, node, (*sides, filters))
    fields = moves.fields(stride=False)
    kind = "conv"
    if groups == channels > 1 and filters % channels == 0:
        kind = "depthwise"
        fields |= {"multiplier": filters // channels} if filters != channels else {}
    else:
        fields = {"filters": filters, **fields, **({"groups": groups} if groups > 1 else {})}
    arrays = [kernel, *_biased(walk, node, 2, fields)]
    source = walk.add(node, kind, fields, [value], arrays)
    dims = (value.dims[0], filters, *sides)
    walk.give(node, walk.volume(source, value, (*sides, filters), dims))


@rule("QLinearConv", "ConvInteger")
def _quantised_conv(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    """Read a convolution of whole numbers: beside its arrays stand their scales and zero points."""
    places = (0, 3, 8) if node.op == "QLinearConv" else (0, 1)
    inputs = tuple(node.inputs[place] for place in places if place < len(node.inputs))
    _conv(walk, node._replace(inputs=inputs), number)


@rule("ConvTranspose")
def _transposed(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = channels_second(walk, node, walk.value(node))
    kernel = walk.kernel(node, 1)
    channels, depth, *sizes = kernel.dims
    groups = node.attributes.get("group", 1)
    if channels != value.extents[-1] or groups < 1 or channels % groups:
        raise walk.refuse(
            f"ConvTranspose '{node.name[:80]}' has kernels for {channels} channels in {groups}"
            f" groups, but {value.extents[-1]} channels flow in"
        )
    moves = _Moves(walk, node, value, sizes)
    extra = list(node.attributes.get("output_padding") or [0] * len(moves.sides))
    asked = node.attributes.get("output_shape")
    if asked:
        _pads_for(moves, extra, list(asked)[-len(moves.sides) :])
    elif moves.auto in ("SAME_UPPER", "SAME_LOWER"):
        _pads_for(moves, extra, _same_sizes(moves, extra))
    fields = {"filters": depth * groups, **moves.fields(stride=False)}
    sides = tuple(
        transposed_size(n, window, more or None)
        for n, window, more in zip(moves.sides, moves.windows(), extra, strict=True)
    )
    if any(extra):
        fields["output_padding"] = one_if_alike(extra)
    if groups > 1:
        fields["groups"] = groups
    must_fit(walk, node, (*sides, depth * groups))  # type: ignore[arg-type]
    arrays = [kernel, *_biased(walk, node, 2, fields)]
    source = walk.add(node, "transposed", fields, [value], arrays)
    extents: Any = (*sides, depth * groups)
    walk.give(
        node, walk.volume(source, value, extents, (value.dims[0], depth * groups, *extents[:-1]))
    )


def _same_sizes(moves: _Moves, extra: list[int]) -> list[int]:
    """Return n*stride for every side, or all that the windows cover where that is less."""
    sides = zip(moves.sides, moves.stride, moves.kernel, moves.dilation, extra, strict=True)
    return [min(n * s, s * (n - 1) + d * (k - 1) + 1 + more) for n, s, k, d, more in sides]


def _pads_for(moves: _Moves, extra: list[int], asked: list[int]) -> None:
    """Choose the padding that gives the size asked for; an odd row is cut at the start."""
    for side, wanted in enumerate(asked):
        n, stride = moves.sides[side], moves.stride[side]
        extent = moves.dilation[side] * (moves.kernel[side] - 1) + 1
        total = stride * (n - 1) + extra[side] + extent - wanted
        if total < 0:
            extra[side] -= total
            total = 0
        half = total // 2
        upper = moves.auto == "SAME_UPPER"
        moves.pairs[side] = (half, total - half) if upper else (total - half, half)
    moves.auto = "NOTSET"


@rule("MaxPool", "AveragePool", "LpPool")
def _pool(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    if node.op == "LpPool" or (len(node.outputs) > 1 and node.outputs[1] in walk.readers):
        raise NoRuleError("no such pool")
    value = channels_second(walk, node, walk.value(node))
    moves = _Moves(walk, node, value, ())
    sides = moves.output()
    must_fit(walk, node, sides)
    fields = moves.fields(stride=moves.stride != moves.kernel)
    if moves.stride == moves.kernel:
        fields.pop("stride", None)
    if moves.ceil:
        fields["rounding"] = "ceil"
    kind = "maxpool" if node.op == "MaxPool" else "avgpool"
    padded = "pad" in fields
    if kind == "avgpool" and padded and not node.attributes.get("count_include_pad", 0):
        fields["count_include_pad"] = False
    source = walk.add(node, kind, fields, [value])
    dims = (*value.dims[:2], *sides)
    walk.give(node, walk.volume(source, value, (*sides, value.extents[-1]), dims))


@rule("GlobalAveragePool", "GlobalMaxPool")
def _global_pool(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    if patterns.pooled_norm(walk, node, number):
        return
    value = channels_second(walk, node, walk.value(node))
    kind = "global_avgpool" if node.op == "GlobalAveragePool" else "global_maxpool"
    _to_ones(walk, node, value, kind)


def _to_ones(walk: GraphWalk, node: OnnxNode, value: Value, kind: str) -> None:
    """Add a pool over all sides."""
    source = walk.add(node, kind, {}, [value])
    extents = (*[1] * (len(value.extents) - 1), value.extents[-1])
    dims = tuple(
        n if axis == value.batch or axis == value.axes[-1] else 1
        for axis, n in enumerate(value.dims)
    )
    walk.give(node, walk.volume(source, value, extents, dims))


@rule("ReduceMean", "ReduceSum", "ReduceMax")
def _reduce(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    if patterns.layer_norm(walk, node, number):
        return
    value = walk.value(node)
    axes = axes_of(node, walk.array(node, 1), len(value.dims))
    if axes is None or (walk.has(node, 1) and walk.array(node, 1) is None) or value.loose:
        raise NoRuleError("axes that nobody knows")
    if not axes:
        if node.attributes.get("noop_with_empty_axes", 0):
            walk.give(node, value)
            return
        axes = list(range(len(value.dims)))
    if value.batch in axes and value.dims[value.batch or 0] != 1:
        raise NoRuleError("it reduces the batch")
    kept = bool(node.attributes.get("keepdims", 1))
    own = [place for place, axis in enumerate(value.axes) if axis in axes]
    dims = tuple(1 if axis in axes else n for axis, n in enumerate(value.dims))
    sides = list(range(len(value.axes) - 1))
    gone = set(axes)
    if kept and own == sides and sides and node.op != "ReduceSum":
        kind = "global_avgpool" if node.op == "ReduceMean" else "global_maxpool"
        _to_ones(walk, node, value, kind)
        return
    if not own:
        walk.give(node, value if kept else squeezed(value, gone))
        return
    kind = {"ReduceMean": "mean", "ReduceSum": "sum", "ReduceMax": "max"}[node.op]
    names = AXES[len(value.axes)]
    over: Any = "positions" if own == sides else [names[place] for place in own]
    over = over[0] if len(over) == 1 else over
    fields: dict[str, Any] = {"over": over}
    if kept:
        fields["keep"] = True
        extents = tuple(1 if place in own else n for place, n in enumerate(value.extents))
        source = walk.add(node, kind, fields, [value])
        walk.give(node, Value(source, extents, value.axes, dims, value.batch))
        return
    source = walk.add(node, kind, fields, [value])
    left = [place for place in range(len(value.axes)) if place not in own]
    extents = tuple(value.extents[place] for place in left) or (1,)
    axes_left = tuple(value.axes[place] for place in left) or (None,)
    walk.give(node, squeezed(Value(source, extents, axes_left, dims, value.batch), gone))
