"""Rules for what ONNX has no operation for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shapecalc.readers.onnx.constants import joined
from shapecalc.readers.onnx.dense import linear
from shapecalc.readers.onnx.layouts import channels_second, in_files_order, with_last
from shapecalc.readers.onnx.parts import cut
from shapecalc.readers.onnx.patterns import normalise
from shapecalc.readers.onnx.recurrent import two_directions
from shapecalc.readers.onnx.rules import one_if_alike
from shapecalc.readers.onnx.values import Value
from shapecalc.readers.onnx.walk import GraphWalk, NoRuleError
from shapecalc.readers.pt2.cosine import rule_cosine_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.readers.onnx.file import OnnxNode


def _rule_pointwise(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.value(node)
    if node.attributes.get("maps"):
        value = channels_second(walk, node, value)
    walk.same(node, node.attributes["kind"], dict(node.attributes["fields"]), value)


def _rule_gated(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    axis = node.attributes["axis"]
    value = with_last(walk, node, walk.value(node), axis)
    if value.extents[-1] % 2 or value.axes[-1] != axis:
        raise NoRuleError("channels without halves")
    half = value.extents[-1] // 2
    source = walk.add(node, node.attributes["kind"], {}, [value])
    dims = tuple(half if at == axis else n for at, n in enumerate(value.dims))
    walk.give(node, walk.volume(source, value, (*value.extents[:-1], half), dims))


def _rule_adaptive(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = channels_second(walk, node, walk.value(node))
    given = node.attributes["size"]
    sizes = tuple(
        n if size is None else size for size, n in zip(given, value.extents[:-1], strict=True)
    )
    kind, fields = node.attributes["kind"], {"size": one_if_alike(sizes)}
    if set(sizes) == {1}:
        kind, fields = kind.replace("adaptive", "global"), {}
    source = walk.add(node, kind, fields, [value])
    dims = (*value.dims[:2], *sizes)
    walk.give(node, walk.volume(source, value, (*sizes, value.extents[-1]), dims))


def _rule_batch_norm(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = channels_second(walk, node, walk.value(node))
    fields: dict[str, Any] = {}
    if not walk.has(node, 1):
        fields["affine"] = False
    if not walk.has(node, 3):
        fields["statistics"] = False
    arrays = [walk.array(node, 1), walk.array(node, 2)]
    walk.same(node, "batchnorm", fields, value, [array for array in arrays if array is not None])


def _rule_group_norm(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = channels_second(walk, node, walk.value(node))
    groups = node.attributes["groups"]
    fields: dict[str, Any] = {"groups": groups} if groups else {}
    if not walk.has(node, 1):
        fields["affine"] = False
    arrays = [walk.array(node, 1), walk.array(node, 2)]
    kind = "groupnorm" if groups else "instancenorm"
    walk.same(node, kind, fields, value, [array for array in arrays if array is not None])


def _rule_plain_norm(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    normalise(walk, node, walk.value(node), node.attributes["axis"], [])


def _rule_linear(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.value(node)
    matrix = walk.kernel(node, 1)
    units = matrix.dims[1 if node.attributes.get("turned") else 0]
    bias = walk.has(node, 2)
    arrays = [matrix, *([walk.array(node, 2)] if bias else [])]
    axis = len(value.dims) - 1
    walk.give(node, linear(walk, node, value, units, axis, arrays, bias=bias))


def _rule_part(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    cuts = {axis: (start, stop, step) for axis, start, stop, step in node.attributes["parts"]}
    walk.give(node, cut(walk, node, walk.value(node), cuts))


def _rule_shift(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    """Write arithmetic with a fixed array, or with one that is looked up in a trained table."""
    value = walk.value(node)
    array = walk.kernel(node, 1)
    if joined([value.dims, array.dims]) != value.dims:
        raise NoRuleError("what flows is repeated")
    if not array.origin:
        kind = node.attributes.get("kind", "add")
        fields = {"right": 1 if kind in ("multiply", "divide") else 0, "note": "a fixed array"}
        walk.same(node, kind, fields, value)
        return
    value = in_files_order(walk, node, value)
    side = side_of(node.attributes["table"])
    if node.attributes["kind"] != "add" or value.extents[-2:] != (side * side,) * 2:
        raise NoRuleError("a table that is looked up")
    walk.same(node, "relative_position", {"size": side}, value, [array])


def side_of(table: Sequence[int]) -> int:
    """Return the side of a square window, of which a table has a row for every distance."""
    return (math.isqrt(table[0]) + 1) // 2 if len(table) == 2 else 0


def _rule_roll(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.value(node)
    shifts = {value.of_axis(axis): step for axis, step in node.attributes["shifts"].items()}
    last = len(value.extents) - 1
    if any(place is None or place == last for place in shifts):
        raise NoRuleError("it rolls no sides")
    steps = [shifts.get(place, 0) for place in range(last)]
    walk.same(node, "roll", {"shift": one_if_alike(steps)}, value)


def _rule_unshuffle(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = channels_second(walk, node, walk.value(node))
    factor = node.attributes["blocksize"]
    height, width, channels = value.extents
    if factor < 1 or height % factor or width % factor:
        raise NoRuleError("sides that make no blocks")
    extents = (height // factor, width // factor, channels * factor**2)
    source = walk.add(node, "pixel_unshuffle", {"factor": factor}, [value])
    dims = (value.dims[0], extents[2], *extents[:2])
    walk.give(node, walk.volume(source, value, extents, dims))


#: How often a recurrent layer has its units' rows in a matrix.
_GATES = {"lstm": 4, "gru": 3, "rnn": 1}


def _rule_recurrent(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    attributes = node.attributes
    value = walk.value(node)
    if not attributes["batch_first"]:
        value = value._replace(batch=1)
    value = in_files_order(walk, node, value)
    arrays = [walk.array(node, place) for place in range(1, len(node.inputs))]
    hidden = walk.kernel(node, 2)
    units = hidden.dims[-1]
    if hidden.dims[0] != _GATES[attributes["kind"]] * units:
        raise NoRuleError("a state that is projected")
    both = attributes["bidirectional"]
    fields: dict[str, Any] = {"units": units, "biases": attributes["biases"]}
    if attributes["layers"] != 1:
        fields["layers"] = attributes["layers"]
    if both:
        fields["bidirectional"] = True
    states = _states(walk, node, attributes["layers"], 2 if both else 1)
    every = node.outputs[0]
    used = every in walk.readers or every in walk.file.outputs
    alone = states is not None and not used
    if alone:
        fields["returns"] = "last"
    source = walk.add(node, attributes["kind"], fields, [value], arrays)
    width = units * (2 if both else 1)
    length = value.extents[0]
    steps = value._replace(source=source, extents=(length, width), dims=(*value.dims[:-1], width))
    if not alone:
        walk.give(node, steps)
    for name in node.outputs[1:]:
        walk.lost_values.add(name)
    if states is None:
        return
    if not alone:
        cut = walk.add(node, "slice", {"length": [length - 1, length]}, [steps])
        source = walk.add(node, "flatten", {}, [steps._replace(source=cut)])
    batch = 1 if value.batch is None else value.dims[value.batch]
    ends = Value(source, (width,), (2,), (1, batch, width), 1)
    whole, output = states
    walk.lost_values.discard(whole.outputs[output])
    directions = 2 if both else 1
    two_directions(walk, whole, ends, directions, (directions, batch, units), output)


def _states(
    walk: GraphWalk, node: OnnxNode, layers: int, directions: int
) -> tuple[OnnxNode, int] | None:
    """Find what gives the last layer's last states: an operation, and which of its outputs."""
    name = node.outputs[1] if len(node.outputs) > 1 else ""
    if layers == 1:
        return (node, 1) if name in walk.readers else None
    number = walk.only_reader(name, "Slice", "Part")
    if number is None:
        return None
    reader = walk.file.nodes[number]
    first, last = (layers - 1) * directions, layers * directions
    given = reader.attributes
    parts = given.get("parts") or [
        (axis, start, stop, 1)
        for axis, start, stop in zip(given["axes"], given["starts"], given["ends"], strict=True)
    ]
    if parts != [(0, first, last, 1)]:
        return None
    walk.skip(number)
    return reader, 0


def _rule_module(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = in_files_order(walk, node, walk.value(node))
    arrays = [walk.array(node, place) for place in range(1, len(node.inputs))]
    walk.same(node, node.attributes["kind"], dict(node.attributes["fields"]), value, arrays)


PT2_RULES: dict[str, Callable[[GraphWalk, OnnxNode, int], None]] = {
    "Adaptive": _rule_adaptive,
    "BatchNorm": _rule_batch_norm,
    "Gated": _rule_gated,
    "GroupNorm": _rule_group_norm,
    "CosineWindows": rule_cosine_windows,
    "Linear": _rule_linear,
    "Module": _rule_module,
    "Part": _rule_part,
    "PlainNorm": _rule_plain_norm,
    "Pointwise": _rule_pointwise,
    "Recurrent": _rule_recurrent,
    "Roll": _rule_roll,
    "Shift": _rule_shift,
    "Unshuffle": _rule_unshuffle,
}
