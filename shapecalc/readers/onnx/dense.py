"""Dense layers, and products of what flows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shapecalc.readers.onnx.layouts import in_files_order, with_last
from shapecalc.readers.onnx.rules import rule
from shapecalc.readers.onnx.values import transposed
from shapecalc.readers.onnx.walk import NoRuleError, must_fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.readers.onnx.file import OnnxNode, Tensor
    from shapecalc.readers.onnx.values import Value
    from shapecalc.readers.onnx.walk import GraphWalk


def linear(
    walk: GraphWalk, node: OnnxNode, value: Value, units: int, axis: int,
    arrays: Sequence[Tensor | None], *, bias: bool,
) -> Value:  # fmt: skip
    """Add a dense layer along one of the file's axes."""
    value = with_last(walk, node, value, axis)
    matrix = arrays[0]
    assert matrix is not None
    if matrix.size != units * value.extents[-1]:
        raise walk.refuse(
            f"{node.op} '{node.name[:80]}' has {matrix.size:,} weights for {units:,} units, but"
            f" {value.extents[-1]:,} inputs each"
        )
    must_fit(walk, node, (units,))
    fields: dict[str, Any] = {"units": units}
    if len(value.extents) > 1:
        fields["over"] = "channels"
    if not bias:
        fields["bias"] = False
    source = walk.add(node, "dense", fields, [value], arrays)
    dims = tuple(units if place == axis else n for place, n in enumerate(value.dims))
    return value._replace(source=source, extents=(*value.extents[:-1], units), dims=dims)


def turned(matrix: Tensor) -> Tensor:
    """Return a matrix with its rows as columns: ours have a row for every unit."""
    rows, columns = matrix.dims
    return matrix.moved("Transpose", (columns, rows), perm=[1, 0])


def _as_the_table(walk: GraphWalk, matrix: Tensor) -> Tensor | None:
    """Return the table of an embedding of which a matrix is stored as a copy, turned around.

    So exporters write a head that uses the table.
    """
    for table in walk.tables.values():
        if table is not matrix and matrix.is_turned(table):
            walk.remark(
                "as stored: a table of an embedding lies in the file twice, once turned around for"
                " the head that uses it; it is counted once"
            )
            return table
    return None


@rule("Gemm")
def _gemm(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.value(node)
    matrix = walk.kernel(node, 1)
    if len(value.dims) != 2 or len(matrix.dims) != 2 or node.attributes.get("transA", 0):
        raise NoRuleError("no dense layer")
    units = matrix.dims[0 if node.attributes.get("transB", 0) else 1]
    bias = walk.has(node, 2)
    if bias and walk.array(node, 2) is None:
        raise NoRuleError("what is added flows")
    if not node.attributes.get("transB", 0):
        matrix = turned(matrix)
    if node.attributes.get("alpha", 1.0) != 1 or (bias and node.attributes.get("beta", 1.0) != 1):
        walk.differs(node, "its product or its bias is multiplied by a number")
    arrays = [matrix, *([walk.array(node, 2)] if bias else [])]
    walk.give(node, linear(walk, node, value, units, 1, arrays, bias=bias))


@rule("MatMul")
def _matmul(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    left, right = walk.array(node, 0), walk.array(node, 1)
    if right is not None and len(right.dims) == 2:
        value = walk.value(node)
        units, axis = right.dims[1], len(value.dims) - 1
        bias, array = _bias_behind(walk, node, units)
        matrix = _as_the_table(walk, right) or turned(right)
        arrays = [matrix, *([array] if array is not None else [])]
        result = linear(walk, node, value, units, axis, arrays, bias=bias is not None)
        walk.give(node, result)
        if bias is not None:
            walk.give(walk.file.nodes[bias], result)
            walk.skip(bias)
        return
    if left is not None and len(left.dims) == 2:
        value = walk.value(node, 1)
        axis = len(value.dims) - 2
        if axis < 0 or axis == value.batch:
            raise NoRuleError("no axis to multiply")
        walk.give(node, linear(walk, node, value, left.dims[0], axis, [left], bias=False))
        return
    walk.give(node, _product(walk, node, walk.value(node), walk.value(node, 1)))


@rule("QLinearMatMul", "MatMulInteger")
def _quantised_product(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    """Read a product of whole numbers, whose bias is added elsewhere."""
    places = (0, 3) if node.op == "QLinearMatMul" else (0, 1)
    _matmul(walk, node._replace(inputs=tuple(node.inputs[place] for place in places)), number)


def _bias_behind(walk: GraphWalk, node: OnnxNode, units: int) -> tuple[int | None, Tensor | None]:
    """Find the addition of a bias behind a product."""
    number = walk.only_reader(node.outputs[0], "Add")
    if number is None:
        return None, None
    other = walk.other_input(walk.file.nodes[number], node.outputs[0])
    array = walk.arrays.get(other or "")
    if array is None or array.size != units or not array.dims or array.dims[-1] != units:
        return None, None
    return number, array


def _product(walk: GraphWalk, node: OnnxNode, a: Value, b: Value) -> Value:
    """Multiply two values that flow, matrix by matrix."""
    rank = len(a.dims)
    if len(b.dims) != rank or rank < 2 or a.batch != b.batch or a.loose or b.loose:
        raise NoRuleError("matrices of another number")
    if a.batch is not None and a.batch >= rank - 2:
        raise NoRuleError("the batch is a matrix's side")
    a = in_files_order(walk, node, a)
    turned = (*b.own_axes[:-2], b.own_axes[-1], b.own_axes[-2])
    fields: dict[str, Any] = {}
    if b.axes == turned:
        fields["transpose"] = "second"
        rows, columns = b.extents[-1], b.extents[-2]
    else:
        b = in_files_order(walk, node, b)
        rows, columns = b.extents[-2:] if len(b.extents) > 1 else (0, 0)
    if a.extents[-1] != rows or a.extents[:-2] != b.extents[:-2] or len(a.extents) < 2:
        raise NoRuleError("matrices that do not fit")
    source = walk.add(node, "matmul", fields, [a, b])
    return a._replace(
        source=source, extents=(*a.extents[:-1], columns), dims=(*a.dims[:-1], columns)
    )


_EINSUM = re.compile(r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)")


@rule("Einsum")
def _einsum(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    """Read a sum over one letter of products of two values, which is a product of matrices."""
    match = _EINSUM.fullmatch(node.attributes.get("equation", "").replace(" ", ""))
    if match is None:
        raise NoRuleError("another sum")
    first, second, out = match.groups()
    stack = [letter for letter in out if letter in first and letter in second]
    rows = [letter for letter in first if letter not in second]
    columns = [letter for letter in second if letter not in first]
    inner = [letter for letter in first if letter in second and letter not in out]
    a, b = walk.solid(node), walk.value(node, 1)
    if not len(rows) == len(columns) == len(inner) == 1 or b.loose:
        raise NoRuleError("no product of matrices")
    order = [*stack, rows[0], inner[0]], [*stack, inner[0], columns[0]], [*stack, *rows, *columns]
    if [sorted(letters) for letters in order] != [*map(sorted, (first, second, out))]:
        raise NoRuleError("letters that stand twice")
    a = transposed(a, [first.index(letter) for letter in order[0]])
    b = transposed(b, [second.index(letter) for letter in order[1]])
    walk.give(node, transposed(_product(walk, node, a, b), [order[2].index(c) for c in out]))
