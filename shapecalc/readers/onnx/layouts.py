"""Bringing values into the order of axes that a layer needs, and Reshape in all its uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.readers.onnx.values import Value, pieces, size_of, transposed
from shapecalc.readers.onnx.walk import MOST_EXTENTS, GraphWalk, NoRuleError, must_fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.readers.onnx.file import OnnxNode, Tensor

#: The names of a volume's axes, by their number.
AXES = {
    1: ("channels",),
    2: ("length", "channels"),
    3: ("height", "width", "channels"),
    4: ("depth", "height", "width", "channels"),
}


def channels_second(walk: GraphWalk, node: OnnxNode, value: Value) -> Value:
    """Return a value as convolutions take it: a batch, channels, sides."""
    rank = len(value.dims)
    if rank < 2:
        raise NoRuleError("it has no channels")
    return arranged(walk, node, value, (*range(2, rank), 1))


def in_files_order(walk: GraphWalk, node: OnnxNode, value: Value) -> Value:
    """Return a value whose channels are the file's last axis."""
    return arranged(walk, node, value, value.own_axes)


def with_last(walk: GraphWalk, node: OnnxNode, value: Value, axis: int) -> Value:
    """Return a value whose channels are an axis of the file's; the others stay as they are."""
    if value.axes and value.axes[-1] == axis and None not in value.axes:
        return value
    others = [own for own in value.axes if own not in (axis, None)]
    left = [own for own in value.own_axes if own != axis and own not in others]
    if len(others) + len(left) + 1 > MOST_EXTENTS:
        left = []
    return arranged(walk, node, value, (*sorted([*others, *left]), axis))


def arranged(walk: GraphWalk, node: OnnxNode, value: Value, wanted: tuple[int, ...]) -> Value:
    """Return a value whose axes are these of the file's, in this order.

    Raises `NoRuleError` where an axis would be left out.
    """
    if value.axes == wanted:
        return value
    if value.loose or len(wanted) > MOST_EXTENTS or not wanted:
        raise NoRuleError("it has too many axes")
    there = [(axis, n) for axis, n in zip(value.axes, value.extents, strict=True) if n != 1]
    if any(axis not in wanted for axis, _ in there):
        raise NoRuleError("an axis stands where a batch is expected")
    order = [axis for axis, _ in there]
    kept = [axis for axis in wanted if axis in order]
    extents = tuple(value.dims[axis] for axis in wanted)
    if value.batch in wanted and value.dims[value.batch or 0] != 1:
        raise NoRuleError("the batch stands where a side is expected")
    if order != kept:
        whole = value
        if set(value.axes) != set(wanted) or len(value.axes) != len(wanted):
            plain = tuple(order)
            whole = _reshaped(walk, node, value, tuple(n for _, n in there), plain)
        places = [whole.axes.index(axis) for axis in (wanted if whole is value else kept)]
        ordered = tuple(whole.extents[place] for place in places)
        source = walk.add(node, "permute", {"order": places}, [whole])
        axes = wanted if whole is value else tuple(kept)
        value = whole._replace(source=source, extents=ordered, axes=axes)
    if value.extents == extents:
        return value._replace(axes=wanted)
    return _reshaped(walk, node, value, extents, wanted)


def in_our_order(array: Tensor, value: Value) -> Tensor:
    """Return an array that belongs to a value's elements with its channels first, then the sides.

    Its axes are the last ones of the file's.
    """
    rank = len(value.dims)
    dims = (*[1] * (rank - len(array.dims)), *array.dims)
    own = [axis for axis in (value.axes[-1], *value.axes[:-1]) if axis is not None]
    order = [*(axis for axis in range(rank) if axis not in own), *own]
    if order == sorted(order):
        return array
    whole = array.moved("Reshape", dims)
    return whole.moved("Transpose", tuple(dims[axis] for axis in order), perm=order)


def _reshaped(
    walk: GraphWalk,
    node: OnnxNode,
    value: Value,
    extents: tuple[int, ...],
    axes: tuple[int | None, ...],
) -> Value:
    must_fit(walk, node, extents)
    if len(extents) == 1:
        source = walk.add(node, "flatten", {}, [value])
    else:
        source = walk.add(node, "reshape", {"shape": list(extents)}, [value])
    return value._replace(source=source, extents=extents, axes=axes)


def reshape(walk: GraphWalk, node: OnnxNode, value: Value, dims: tuple[int, ...]) -> None:
    """Give a value the extents `dims`.

    Channels that stay what they are stay our last axis; else all is put in the file's order.
    """
    must_fit(walk, node, [*dims, 1])
    if dims == value.dims:
        walk.give(node, value)
        return
    batch = _batch_in(value, dims)
    new = [axis for axis in range(len(dims)) if axis != batch]
    solid = [axis for axis in new if dims[axis] != 1]
    if len(new) > MOST_EXTENTS:
        new = solid
    channel = _channels_in(value, dims, new)
    if channel is not None:
        new = [*(axis for axis in new if axis != channel), channel]
    if value.loose:
        value = settled(walk, node, value, last=None if channel is None else value.axes[-1])
    elif channel is None and len(new) > 1:
        value = in_files_order(walk, node, value)
    axes, extents = tuple(new) or (0,), tuple(dims[axis] for axis in new) or (1,)
    if len(solid) > MOST_EXTENTS:
        walk.give(node, Value(value.source, extents, axes, dims, batch, loose=True))
        return
    if value.loose or extents != value.extents:
        value = _reshaped(walk, node, value, extents, axes)
    walk.give(node, Value(value.source, extents, axes, dims, batch))


def _channels_in(value: Value, dims: tuple[int, ...], new: list[int]) -> int | None:
    """Find the axis of the channels among new extents, if they are one and as many as before."""
    channel, old = value.axes[-1], value.own_axes
    sides = [axis for axis in value.axes[:-1] if axis is not None]
    if len(new) < 2 or (sides != sorted(sides) and not value.loose):
        return None
    for left, right in pieces([value.dims[axis] for axis in old], [dims[axis] for axis in new]):
        mine = [old[place] for place in left if value.dims[old[place]] != 1]
        theirs = [new[place] for place in right if dims[new[place]] != 1]
        if mine == [channel] and len(theirs) == 1:
            return theirs[0]
    return None


def settled(walk: GraphWalk, node: OnnxNode, value: Value, last: int | None) -> Value:
    """Return a loose value whose elements lie in the file's order, but for one axis that is last.

    Axes that move together count as one.  Raises `NoRuleError` where that leaves too many.
    """
    final = -1 if last is None else value.axes.index(last)
    order = sorted(
        range(len(value.axes)),
        key=lambda place: (place == final, value.axes[place] or 0),
    )
    runs: list[list[int]] = []
    for place in order:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    extents = tuple(value.extents[place] for place in order)
    axes = tuple(value.axes[place] for place in order)
    if len(runs) > 1:
        if len(runs) > MOST_EXTENTS:
            raise NoRuleError("too many axes change places")
        before = sorted(runs)
        shape = tuple(size_of([value.extents[place] for place in run]) for run in before)
        whole = _reshaped(walk, node, value, shape, ())
        source = walk.add(node, "permute", {"order": [before.index(run) for run in runs]}, [whole])
        value = value._replace(source=source)
    return value._replace(extents=extents, axes=axes)


def part_of_loose(
    walk: GraphWalk, node: OnnxNode, value: Value, axis: int, cut: tuple[int, int, int]
) -> Value:
    """Take a part of a loose value along one of the file's axes."""
    own = value.of_axis(axis)
    start, stop, step = cut
    count = len(range(start, stop, step))
    if own is None or step < 1 or count < 1:
        raise NoRuleError("it turns an axis around, or takes nothing")
    before, after = size_of(value.extents[:own]), size_of(value.extents[own + 1 :])
    shape = (*([before] if before > 1 else []), value.extents[own], *([after] if after > 1 else []))
    name = AXES[len(shape)][1 if before > 1 else 0]
    whole = _reshaped(walk, node, value, shape, ())
    taken = [start, stop] if step == 1 else [start, stop, step]
    source = walk.add(node, "slice", {name: taken}, [whole])
    extents, dims = list(value.extents), list(value.dims)
    extents[own] = dims[axis] = count
    return tightened(
        walk, node, value._replace(source=source, extents=tuple(extents), dims=tuple(dims))
    )


def tightened(walk: GraphWalk, node: OnnxNode, value: Value) -> Value:
    """Return a loose value as a volume, if it has few enough axes without those of 1."""
    left = [(axis, n) for axis, n in zip(value.axes, value.extents, strict=True) if n != 1]
    extents, axes = tuple(n for _, n in left), tuple(axis for axis, _ in left)
    if len(left) > MOST_EXTENTS or not left:
        return value._replace(extents=extents, axes=axes)
    return _reshaped(walk, node, value, extents, axes)._replace(loose=False)


def _batch_in(value: Value, dims: tuple[int, ...]) -> int | None:
    """Find the batch among new extents.  Raises `NoRuleError` where it is folded away."""
    if value.batch is None:
        return 0 if len(dims) > 1 and dims[0] == 1 else None
    count, before = value.dims[value.batch], size_of(value.dims[: value.batch])
    for axis, n in enumerate(dims if len(dims) > 1 else ()):
        if n == count and size_of(dims[:axis]) == before:
            return axis
    if count == 1:
        return None
    raise NoRuleError("the batch is folded into other axes")


def aligned(
    walk: GraphWalk, node: OnnxNode, values: Sequence[Value], rank: int, *, exact: bool
) -> list[Value]:
    """Return operands in one order of axes; of lower rank the first axes are missing.

    Unless all axes have to be there, one that has channels alone stays a vector.
    """
    wider = []
    for value in values:
        more = rank - len(value.dims)
        axes = tuple(None if axis is None else axis + more for axis in value.axes)
        batch = None if value.batch is None else value.batch + more
        wider.append(
            value._replace(axes=axes, dims=(*[1] * more, *value.dims), batch=batch)
            if more
            else value
        )
    lead = max(wider, key=lambda value: (size_of(value.dims), len(value.extents)))
    wanted = lead.axes
    if all(value.axes == wanted for value in wider):
        return wider
    if None in wanted:
        lead = arranged(walk, node, lead, tuple(axis for axis in wanted if axis is not None))
        wanted = lead.axes
    result = []
    for value in wider:
        vector = len(value.axes) == 1 and value.axes[0] == wanted[-1] and not exact
        if value.axes == wanted or vector:
            result.append(value)
        else:
            result.append(arranged(walk, node, value, wanted))  # type: ignore[arg-type]
    return result


def transpose(walk: GraphWalk, node: OnnxNode, value: Value, order: Sequence[int]) -> None:
    """Note another order of the file's axes; no layer is needed for that."""
    walk.give(node, transposed(value, order))
