"""Parts of a value, and what is put around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.readers.onnx import patterns
from shapecalc.readers.onnx.constants import axes_in, cuts_of
from shapecalc.readers.onnx.layouts import AXES, part_of_loose, reshape
from shapecalc.readers.onnx.rules import one_if_alike, rule
from shapecalc.readers.onnx.values import Value, squeezed
from shapecalc.readers.onnx.walk import NoRuleError, must_fit
from shapecalc.readers.open_sizes import whole_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.readers.onnx.file import OnnxNode, Tensor
    from shapecalc.readers.onnx.walk import GraphWalk


def cut(
    walk: GraphWalk, node: OnnxNode, value: Value, cuts: dict[int, tuple[int, int, int]]
) -> Value:
    """Add a slice along the file's axes."""
    cuts = {axis: cut for axis, cut in cuts.items() if cut != (0, value.dims[axis], 1)}
    while value.loose and cuts:
        axis = next(iter(cuts))
        value = part_of_loose(walk, node, value, axis, cuts.pop(axis))
    fields: dict[str, Any] = {}
    extents, dims = list(value.extents), list(value.dims)
    for axis, (start, stop, step) in cuts.items():
        count = len(range(start, stop, step))
        own = value.of_axis(axis)
        if own is None or step < 1 or count < 1:
            raise NoRuleError("it turns an axis around, or takes nothing")
        name = AXES[len(value.extents)][own]
        fields[name] = [start, stop] if step == 1 else [start, stop, step]
        extents[own] = dims[axis] = count
    if not fields:
        return value
    source = walk.add(node, "slice", fields, [value])
    return value._replace(source=source, extents=tuple(extents), dims=tuple(dims))


@rule("Slice")
def _slice(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.value(node)
    cuts = _cuts(walk, node, value.dims)
    if cuts is None:
        raise NoRuleError("a part that is computed")
    if not _rolled(walk, node, value):
        walk.give(node, cut(walk, node, value, cuts))


def _cuts(
    walk: GraphWalk, node: OnnxNode, dims: Sequence[int]
) -> dict[int, tuple[int, int, int]] | None:
    """Return what a Slice takes of its axes, as ranges; None where that is computed."""
    given = [walk.array(node, place) for place in range(1, len(node.inputs))]
    return cuts_of(node, given, dims)


def _rolled(walk: GraphWalk, node: OnnxNode, value: Value) -> bool:
    """Recognise parts that are put together the other way round: a map moved around its ends."""
    shift = dict.fromkeys(value.axes[:-1], 0)
    name, skipped, last = node.inputs[0], [], None
    while (turned := _turned_around(walk, name, value.dims)) is not None:
        numbers, axis, places = turned
        if axis not in shift:
            break
        shift[axis] += -places if 2 * places <= value.dims[axis] else value.dims[axis] - places
        skipped += numbers
        last = walk.file.nodes[numbers[-1]]
        name = last.outputs[0]
    if last is None or value.loose or len(shift) < 2:
        return False
    fields = {"shift": one_if_alike(list(shift.values()))}
    walk.give(last, value._replace(source=walk.add(last, "roll", fields, [value])))
    walk.skip(*skipped)
    return True


def _turned_around(
    walk: GraphWalk, name: str, dims: tuple[int, ...]
) -> tuple[list[int], int, int] | None:
    """Find two Slices of a value and the Concat that puts the first part behind the second.

    Return their numbers, the axis, and the length of the first part.
    """
    readers = [n for n in walk.few_readers(name) if walk.file.nodes[n].op == "Slice"]
    for number in readers:
        parts = walk.file.nodes[number]
        behind = walk.only_reader(parts.outputs[0], "Concat")
        whole = walk.file.nodes[behind] if behind is not None else None
        if behind is None or whole is None or len(whole.inputs) != 2:
            continue
        pair = [n for own in whole.inputs for n in readers if own in walk.file.nodes[n].outputs]
        axis = whole.attributes.get("axis", 0) % len(dims)
        cuts = [_cuts(walk, walk.file.nodes[n], dims) for n in pair]
        ends = [walk.only_reader(own, "Concat") for own in whole.inputs]
        if len(pair) != 2 or ends != [behind] * 2 or None in cuts:
            continue
        ranges = [_along(own, axis) for own in cuts if own is not None]
        if ranges[0] and ranges[1] and ranges[0][1:] == (dims[axis], 1):
            start = ranges[0][0]
            if ranges[1] == (0, start, 1) and 0 < start < dims[axis]:
                return [*pair, behind], axis, start
    return None


def _along(cuts: dict[int, tuple[int, int, int]], axis: int) -> tuple[int, int, int] | None:
    """Return the part along an axis that is the only one to be cut."""
    return cuts[axis] if list(cuts) == [axis] else None


@rule("Split")
def _split(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.value(node)
    axis = node.attributes.get("axis", 0) % len(value.dims)
    n, parts = value.dims[axis], len(node.outputs)
    sizes = node.attributes.get("split")
    if walk.has(node, 1):
        sizes = walk.kernel(node, 1).values()
    if not sizes:
        size = -(-n // parts)
        sizes = [min(size, n - size * place) for place in range(parts)]
    if sum(sizes) != n or len(sizes) != parts:
        raise walk.refuse(f"Split '{node.name[:80]}' cuts {n} into {list(sizes)[:9]}")
    start = 0
    for place, size in enumerate(sizes):
        if node.outputs[place] in walk.readers or node.outputs[place] in walk.file.outputs:
            part = cut(walk, node, value, {axis: (start, start + whole_of(size), 1)})
            walk.give(node, part, place)
        start += whole_of(size)


@rule("Gather")
def _gather(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    table = walk.array(node, 0)
    if table is not None and len(table.dims) == 2 and not node.attributes.get("axis", 0):
        places_of = walk.value(node, 1)
        if _looked_up(walk, node, table, places_of):
            return
        walk.opaque_of(node, (*places_of.dims, table.dims[1]), [places_of], table.size)
        return
    value = walk.value(node)
    index = walk.kernel(node, 1)
    places = index.values()
    axis = node.attributes.get("axis", 0) % len(value.dims)
    n = value.dims[axis]
    if places is None or not places or any(not -n <= int(place) < n for place in places):
        raise NoRuleError("places that nobody knows")
    rows = [whole_of(place) % n for place in places]
    if rows == list(range(n)) and len(index.dims) > 1:
        reshape(walk, node, value, (*value.dims[:axis], *index.dims, *value.dims[axis + 1 :]))
        return
    if rows != list(range(rows[0], rows[0] + len(rows))) or len(index.dims) > 1:
        raise NoRuleError("places that are no part")
    part = cut(walk, node, value, {axis: (rows[0], rows[0] + len(rows), 1)})
    walk.give(node, part if index.dims else squeezed(part, {axis}))


def _looked_up(walk: GraphWalk, node: OnnxNode, table: Tensor, indices: Value) -> bool:
    """Look up the rows of a trained table, where the indices are a sequence."""
    if indices.loose or indices.axes != (1,) or len(indices.dims) != 2:
        return False
    entries, size = table.dims
    source = walk.add(node, "embedding", {"entries": entries, "size": size}, [indices], [table])
    extents, dims = (*indices.extents, size), (*indices.dims, size)
    walk.give(node, Value(source, extents, (1, 2), dims, indices.batch))
    return True


@rule("Pad")
def _pad(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.solid(node)
    rank = len(value.dims)
    pads = node.attributes.get("pads")
    if walk.has(node, 1):
        pads = walk.kernel(node, 1).values()
    if pads is not None and patterns.blur(walk, node, number, pads):
        return
    axes: list[int] | None = list(range(rank))
    if walk.has(node, 3):
        axes = axes_in([int(v) for v in walk.kernel(node, 3).values() or ()], rank)
    if pads is None or axes is None or len(pads) != 2 * len(axes):
        raise NoRuleError("padding that is computed")
    ends = {a: (whole_of(pads[i]), whole_of(pads[i + len(axes)])) for i, a in enumerate(axes)}
    own = {value.of_axis(axis): pair for axis, pair in ends.items() if pair != (0, 0)}
    if None in own:
        raise NoRuleError("padding around the batch")
    dims = tuple(n + sum(ends.get(axis, (0, 0))) for axis, n in enumerate(value.dims))
    must_fit(walk, node, dims)
    last = len(value.extents) - 1
    sides = [own.get(place, (0, 0)) for place in range(last)]
    extents = tuple(n + sum(own.get(place, (0, 0))) for place, n in enumerate(value.extents))
    if any(min(pair) < 0 for pair in own.values() if pair):
        if any(max(pair) > 0 for pair in own.values() if pair) or last in own:
            raise NoRuleError("padding that cuts off and adds")
        source = walk.add(node, "crop", {"crop": [[-a, -b] for a, b in sides]}, [value])
        walk.give(node, value._replace(source=source, extents=extents, dims=dims))
        return
    mode = node.attributes.get("mode", "constant")
    note = {} if mode == "constant" else {"note": f"its padding is {mode[:20]}"}
    if any(pair != (0, 0) for pair in sides):
        pad = [list(pair) for pair in sides]
        source = walk.add(node, "pad", {"pad": pad, **note}, [value])
        value = value._replace(source=source)
    if last in own:
        source = walk.add(node, "pad_channels", {"channels": list(own[last])}, [value])
        value = value._replace(source=source)
    walk.give(node, value._replace(extents=extents, dims=dims))
