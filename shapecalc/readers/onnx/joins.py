"""Joins of values, and of values and constants."""

from __future__ import annotations

from math import isqrt, prod
from typing import TYPE_CHECKING

from shapecalc.readers.onnx import patterns
from shapecalc.readers.onnx.constants import joined
from shapecalc.readers.onnx.layouts import aligned, arranged, in_files_order, in_our_order
from shapecalc.readers.onnx.masks import hides, is_causal, is_of_scores
from shapecalc.readers.onnx.norms import root_mean_square
from shapecalc.readers.onnx.patterns import decimal
from shapecalc.readers.onnx.rules import rule
from shapecalc.readers.onnx.values import Value, unsqueezed
from shapecalc.readers.onnx.walk import MOST_EXTENTS, NoRuleError, must_fit

if TYPE_CHECKING:
    from shapecalc.readers.onnx.file import OnnxNode, Tensor
    from shapecalc.readers.onnx.walk import GraphWalk


_JOINS = {
    "Add": "add", "Sum": "add", "Mul": "multiply", "Sub": "subtract", "Div": "divide",
    "Max": "maximum", "Min": "minimum", "Mean": "add",
}  # fmt: skip


@rule(*_JOINS)
def _join(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    if patterns.starts(walk, node, number):
        return
    if node.op == "Mul" and root_mean_square(walk, node, number):
        return
    kind = _JOINS[node.op]
    flowing = [walk.values[name] for name in node.inputs if name in walk.values]
    constants = [name for name in node.inputs if name not in walk.values]
    if not flowing or any(value.loose for value in flowing):
        raise NoRuleError("nothing flows")
    if constants:
        if len(flowing) != 1 or len(constants) != 1:
            raise NoRuleError("several constants")
        _with_constant(walk, node, kind, flowing[0], constants[0])
        return
    rank = max(len(value.dims) for value in flowing)
    dims = joined([value.dims for value in flowing])
    if dims is None:
        shapes = " and ".join("x".join(map(str, value.dims)) for value in flowing)
        raise walk.refuse(f"{node.op} '{node.name[:80]}' joins {shapes}, which do not agree")
    values = aligned(walk, node, flowing, rank, exact=kind == "add")
    lead = max(values, key=lambda value: len(value.extents))
    extents = lead.extents
    if any(value.extents != extents for value in values):
        padded = [(*[1] * (len(extents) - len(v.extents)), *v.extents) for v in values]
        if kind == "add":
            raise NoRuleError("an addition that stretches")
        extents = tuple(map(max, zip(*padded, strict=True)))
    must_fit(walk, node, extents)
    source = walk.add(node, kind, {}, values)
    if node.op == "Mean":
        scaled = Value(source, extents, lead.axes, dims, lead.batch)
        source = walk.add(node, "divide", {"right": len(values)}, [scaled])
    walk.give(node, Value(source, extents, lead.axes, dims, lead.batch))


def _with_constant(walk: GraphWalk, node: OnnxNode, kind: str, value: Value, name: str) -> None:
    """Add what joins a value and a constant: a number, or trained ones."""
    array = walk.arrays.get(name)
    if array is None:
        raise NoRuleError("an operand that is nowhere")
    dims = joined([value.dims, array.dims])
    if dims is None or prod(dims) != prod(value.dims):
        raise NoRuleError("a constant that stretches")
    value = unsqueezed(value, set(range(len(dims) - len(value.dims))))
    number = walk.number(name)
    first = node.inputs[0] == name and kind in ("subtract", "divide")
    if number is not None and abs(number) < 1e12 and not _is_own_weight(walk, name):
        neutral = {"add": 0, "multiply": 1, "subtract": 0, "divide": 1}.get(kind)
        if decimal(number) == neutral and not first:
            walk.give(node, value)
            return
        walk.same(node, kind, {"left" if first else "right": decimal(number)}, value)
        return
    own = (*[1] * (len(value.dims) - len(array.dims)), *array.dims)
    axes = [axis for axis, n in enumerate(own) if n != 1]
    if kind not in ("add", "multiply", "subtract", "divide") or first:
        raise NoRuleError("constants of many numbers")
    if kind in ("subtract", "divide"):
        array = array.moved("Neg" if kind == "subtract" else "Reciprocal", array.dims)
    kind = "bias" if kind in ("add", "subtract") else "scale"
    if kind == "bias" and is_of_scores(value, array) and is_causal(array):
        walk.same(node, "causal_mask", {}, value)
        return
    if kind == "bias" and is_of_scores(value, array) and hides(array):
        _noted(walk, node, value, "add", own)
        return
    if kind == "bias" and _by_distance(walk, node, value, own, array):
        return
    all_axes = [axis for axis in value.own_axes if value.dims[axis] != 1]
    sides = sorted(axis for axis in value.axes[:-1] if axis is not None and value.dims[axis] != 1)
    if axes == [value.axes[-1]]:
        per = "channel"
    elif axes == all_axes and (array.origin in walk.stored or kind == "scale"):
        per = "element"
    elif not axes:
        per = "one"
    elif axes == sides:
        per = "position"
    else:
        _along_some_axes(walk, node, value, kind, own, array)
        return
    array = in_our_order(array, value)
    if kind == "bias" and per == "element":
        walk.same(node, "position_embedding", {}, value, [array])
        return
    walk.same(node, kind, {"per": per}, value, [array])


def _is_own_weight(walk: GraphWalk, name: str) -> bool:
    """Tell whether our own writer made an array for weights, by its name."""
    return walk.file.is_ours and name.rpartition(".")[2] in ("weight", "bias")


def _by_distance(
    walk: GraphWalk, node: OnnxNode, value: Value, own: tuple[int, ...], array: Tensor
) -> bool:
    """Recognise a bias of attention's scores, a number for every distance in a window and head."""
    rank = len(own)
    side = isqrt(own[-1]) if rank > 2 else 0
    table = walk.file.arrays.get(array.origin)
    if rank < 3 or not side or table is None:
        return False
    scores = value.axes[-3:] == (rank - 3, rank - 2, rank - 1) and prod(own[:-3]) == 1
    if scores and own[-2] == own[-1] == side * side and own[-3] == value.dims[-3]:
        heads = own[-3]
        if table.size != heads * (2 * side - 1) ** 2:
            walk.remark(
                f"as stored: biases of {heads} x {own[-2]} x {own[-1]} scores are counted as the"
                f" {2 * side - 1} x {2 * side - 1} distances of a window that they are made of"
            )
        walk.same(node, "relative_position", {"size": side}, value, [array])
        return True
    return False


def _along_some_axes(
    walk: GraphWalk, node: OnnxNode, value: Value, kind: str, own: tuple[int, ...], array: Tensor
) -> None:
    """Add what joins a value and numbers along some of its axes: trained ones, or a mask."""
    trained = array.origin in walk.stored and not array.origin.startswith("onnx::")
    if not trained:
        _noted(walk, node, value, "add" if kind == "bias" else "multiply", own)
        return
    if None in value.axes:
        raise NoRuleError("trained numbers along some axes")
    if kind == "bias":
        _along_the_last_axes(walk, node, value, own, array)
        return
    shape = tuple(own[axis] for axis in value.axes if axis is not None)
    arrays = [in_our_order(array, value)]
    source = walk.add(node, "parameter", {"shape": list(shape)}, [], arrays)
    factors = value._replace(source=source, extents=shape)
    walk.give(node, value._replace(source=walk.add(node, "multiply", {}, [value, factors])))


def _noted(walk: GraphWalk, node: OnnxNode, value: Value, join: str, own: tuple[int, ...]) -> None:
    """Add what leaves a value as it is, in the place of a constant that nobody trained."""
    note = f"a constant of {'x'.join(map(str, own))} numbers"
    walk.same(node, join, {"right": 0 if join == "add" else 1, "note": note}, value)


def _along_the_last_axes(
    walk: GraphWalk, node: OnnxNode, value: Value, own: tuple[int, ...], array: Tensor
) -> None:
    """Add a bias along the last axes of the file's, heads and channels say, as one axis of ours."""
    value = in_files_order(walk, node, value)
    last = [axis for axis in value.axes if axis is not None and own[axis] != 1]
    first = len(value.axes) - len(last)
    size = prod(own)
    if value.axes[first:] != tuple(last) or size != prod(value.extents[first:]) or not first:
        raise NoRuleError("trained numbers along some axes")
    shape = [*value.extents[:first], size]
    joined_axes = value._replace(source=walk.add(node, "reshape", {"shape": shape}, [value]))
    arrays = [array.moved("Reshape", (size,))]
    source = walk.add(node, "bias", {"per": "channel"}, [joined_axes], arrays)
    biased = value._replace(source=source)
    source = walk.add(node, "reshape", {"shape": list(value.extents)}, [biased])
    walk.give(node, value._replace(source=source))


@rule("Concat")
def _concat(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    if patterns.token(walk, node):
        return
    values = [walk.value(node, place) for place in range(len(node.inputs))]
    rank = len(values[0].dims)
    axis = node.attributes.get("axis", 1) % rank
    if any(len(value.dims) != rank or value.loose for value in values):
        raise NoRuleError("axes of another number")
    axes = values[0].axes
    if axes[-1] != axis or None in axes or any(value.axes != axes for value in values):
        others = [own for own in values[0].own_axes if own != axis]
        if len(others) >= MOST_EXTENTS:
            raise NoRuleError("too many axes")
        values = [arranged(walk, node, value, (*others, axis)) for value in values]
    for value in values[1:]:
        if value.extents[:-1] != values[0].extents[:-1]:
            raise walk.refuse(
                f"Concat '{node.name[:80]}' joins volumes of unlike sides:"
                f" {'x'.join(map(str, values[0].dims))} and {'x'.join(map(str, value.dims))}"
            )
    channels = sum(value.extents[-1] for value in values)
    must_fit(walk, node, (channels,))
    dims = (*values[0].dims[:axis], channels, *values[0].dims[axis + 1 :])
    first = values[0]
    if len(values) > 1:
        source = walk.add(node, "concat", {}, values)
        first = first._replace(source=source)
    walk.give(node, first._replace(extents=(*first.extents[:-1], channels), dims=dims))
