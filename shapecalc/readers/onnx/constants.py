"""Shape arithmetic: what a graph computes of extents and of constants alone, folded into numbers.

Of a large array only the extents are followed, and which initializer it was made of.
"""

from __future__ import annotations

import math
from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING, Any

from shapecalc.readers.onnx.file import Tensor
from shapecalc.readers.onnx.masks import note_halves
from shapecalc.readers.open_sizes import whole_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.readers.onnx.file import OnnxNode

#: Results of more elements are not computed.
_MOST = 4096
#: The element type of whole numbers, and what none of them reaches.
_INT = 7
_LARGEST = 1 << 63
#: What happens where constants fit no rule, or are missing: they are constants nobody can compute.
_UNFIT = (
    ArithmeticError, AssertionError, IndexError, TypeError, ValueError, AttributeError,
)  # fmt: skip


def whole(values: Sequence[int]) -> Tensor:
    """Return whole numbers as an array of one axis."""
    return Tensor((len(values),), _INT, list(values))


def axes_in(values: Sequence[int], rank: int) -> list[int] | None:
    """Return axes counted from the front; None where one lies outside."""
    axes = [axis + rank if axis < 0 else axis for axis in values]
    return axes if all(0 <= axis < rank for axis in axes) else None


def folded(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    """Compute a node all of whose inputs are constants; None where that is not known how."""
    rule = _RULES.get(node.op)
    if rule is None or node.domain not in ("", "ai.onnx"):
        return None
    try:
        array = rule(node, inputs)
    except _UNFIT:
        return None
    if array is not None and array is not inputs[0]:
        with suppress(*_UNFIT):
            note_halves(node, inputs, array, _ELEMENTS.get(node.op))
    return array


def constant(node: OnnxNode) -> Tensor | None:
    """Return what a node Constant holds."""
    for key, value in node.attributes.items():
        if key == "value" and isinstance(value, Tensor):
            if not value.origin:
                value.origin = node.outputs[0] if node.outputs else ""
            return value
        if key == "value_int":
            return Tensor((), _INT, [value])
        if key == "value_float":
            return Tensor((), 1, [value])
        if key == "value_ints":
            return whole(value)
        if key == "value_floats":
            return Tensor((len(value),), 1, list(value))
    return None


def _same(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    return inputs[0]


def _cast(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    (array,) = inputs
    assert array is not None
    to = node.attributes.get("to", array.type)
    values = array.values()
    if values is not None and to in (6, 7):
        values = [whole_of(v) for v in values]
    elif values is not None and to == 9:
        values = [bool(v) for v in values]
    elif values is not None:
        values = [float(v) for v in values]
    return Tensor(array.dims, to, values, array.origin)


def _shape(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    return shape_of_dims(node, inputs[0].dims) if inputs[0] is not None else None


def _count(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    return Tensor((), _INT, [inputs[0].size]) if inputs[0] is not None else None


def shape_of_dims(node: OnnxNode, dims: Sequence[int]) -> Tensor:
    """Return what a node Shape gives of extents."""
    rank = len(dims)
    start, end = node.attributes.get("start", 0), node.attributes.get("end", rank)
    return whole(list(dims)[slice(start, end)])


def _gather(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    data, index = inputs
    assert data is not None
    assert index is not None
    axes = axes_in([node.attributes.get("axis", 0)], len(data.dims))
    if axes is None:
        return None
    axis = axes[0]
    dims = (*data.dims[:axis], *index.dims, *data.dims[axis + 1 :])
    places, n = index.values(), data.dims[axis]
    if places is None:
        return data.like(dims)
    rows = [int(place) % n if -n <= place < n else n for place in places]
    flat = (*data.dims[:axis], len(rows), *data.dims[axis + 1 :])
    taken = _picked(data, flat, lambda at: (*at[:axis], rows[at[axis]], *at[axis + 1 :]))
    return Tensor(dims, data.type, taken.values(), taken.origin)


def _picked(
    data: Tensor, dims: tuple[int, ...], place: Callable[[tuple[int, ...]], tuple[int, ...]]
) -> Tensor:
    """Return elements of an array, each from where `place` finds it for its own place."""
    values = data.values()
    if values is None or math.prod(dims) > _MOST:
        return data.like(dims)
    paces = [math.prod(data.dims[axis + 1 :]) for axis in range(len(data.dims))]
    places = (place(at) for at in product(*map(range, dims)))
    taken = [values[sum(p * pace for p, pace in zip(at, paces, strict=True))] for at in places]
    return Tensor(dims, data.type, taken, data.origin)


def _concat(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    first = inputs[0]
    assert first is not None
    axes = axes_in([node.attributes.get("axis", 0)], len(first.dims))
    if axes is None:
        return None
    axis = axes[0]
    extent = sum(array.dims[axis] for array in inputs if array is not None)
    dims = (*first.dims[:axis], extent, *first.dims[axis + 1 :])
    parts = [array.values() if array is not None else None for array in inputs]
    if len(dims) != 1 or None in parts:
        return first.like(dims)
    return Tensor(dims, first.type, [value for part in parts for value in part or ()])


def _slice(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    data = inputs[0]
    assert data is not None
    cuts = cuts_of(node, inputs[1:], data.dims)
    if cuts is None:
        return None
    parts = [range(*cuts.get(axis, (0, n, 1))) for axis, n in enumerate(data.dims)]
    dims = tuple(map(len, parts))
    return _picked(data, dims, lambda at: tuple(part[p] for part, p in zip(parts, at, strict=True)))


def cuts_of(
    node: OnnxNode, given: Sequence[Tensor | None], dims: Sequence[int]
) -> dict[int, tuple[int, int, int]] | None:
    """Return what Slice takes of axes, as ranges; None where it is not known or no range."""
    starts: list[int] | None
    ends: list[int] | None
    axes: list[int] | None
    steps: list[int] | None
    if "starts" in node.attributes:
        starts, ends = node.attributes["starts"], node.attributes.get("ends", [])
        axes, steps = node.attributes.get("axes"), None
    else:
        if any(array is not None and array.values() is None for array in given):
            return None
        lists = [array.values() if array is not None else None for array in given]
        lists += [None] * (4 - len(lists))
        starts, ends, axes, steps = (
            None if values is None else [whole_of(value) for value in values]
            for values in lists[:4]
        )
        if starts is None or ends is None:
            return None
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    places = axes_in(axes, len(dims))
    if places is None or not len(starts) == len(ends) == len(places) == len(steps) or 0 in steps:
        return None
    cuts = {}
    for start, end, axis, step in zip(starts, ends, places, steps, strict=True):
        cuts[axis] = _range_of(start, end, step, dims[axis])
    return cuts


def _range_of(start: int, end: int, step: int, n: int) -> tuple[int, int, int]:
    """Return what a slice takes of so many; as `slice.indices`, which keeps no formulas."""
    if step < 0:
        return slice(start, end if abs(end) < 2**31 else None, step).indices(n)
    bounds = [bound + n if bound < 0 else bound for bound in (start, end)]
    first, last = (min(max(bound, 0), n) for bound in bounds)
    return first, last, step


def axes_of(node: OnnxNode, given: Tensor | None, rank: int) -> list[int] | None:
    """Return the axes that an attribute or an input names, from the front; [] for none named."""
    values = node.attributes.get("axes")
    if values is None and given is not None:
        values = given.values()
        if values is None:
            return None
    return axes_in([int(v) for v in values or ()], rank)


def _squeeze(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    data = inputs[0]
    assert data is not None
    given = inputs[1] if len(inputs) > 1 else None
    axes = axes_of(node, given, len(data.dims))
    if axes is None:
        return None
    if not axes:
        axes = [axis for axis, n in enumerate(data.dims) if n == 1]
    dims = tuple(n for axis, n in enumerate(data.dims) if axis not in axes)
    return Tensor(dims, data.type, data.values(), data.origin)


def _unsqueeze(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    data = inputs[0]
    assert data is not None
    given = inputs[1] if len(inputs) > 1 else None
    named = node.attributes.get("axes") or (given.values() if given is not None else None)
    if named is None:
        return None
    rank = len(data.dims) + len(named)
    axes = axes_in([int(v) for v in named], rank)
    if axes is None or rank > 16:
        return None
    left = iter(data.dims)
    dims = tuple(1 if axis in axes else next(left) for axis in range(rank))
    return Tensor(dims, data.type, data.values(), data.origin)


def _reshape(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    data = inputs[0]
    assert data is not None
    given = inputs[1] if len(inputs) > 1 else None
    wanted = given.values() if given is not None else node.attributes.get("shape")
    if wanted is None:
        return None
    dims = shape_asked(wanted, data.dims, keeps_zero=bool(node.attributes.get("allowzero", 0)))
    return None if dims is None else Tensor(dims, data.type, data.values(), data.origin)


def shape_asked(
    wanted: Sequence[int], dims: Sequence[int], *, keeps_zero: bool = False
) -> tuple[int, ...] | None:
    """Return the extents that Reshape asks for: 0 copies one, -1 is what is left.

    >>> shape_asked([0, -1], [1, 512, 7, 7]), shape_asked([5], [4])
    ((1, 25088), None)
    """
    if len(wanted) > 16:
        return None
    new = [
        dims[at] if n == 0 and not keeps_zero and at < len(dims) else whole_of(n)
        for at, n in enumerate(wanted)
    ]
    total = math.prod(dims)
    if new.count(-1) == 1:
        rest = -math.prod(new)
        if rest <= 0 or total % rest:
            return None
        new[new.index(-1)] = total // rest
    if any(n < 0 for n in new) or math.prod(new) != total:
        return None
    return tuple(new)


def _transpose(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    (data,) = inputs
    assert data is not None
    rank = len(data.dims)
    order = node.attributes.get("perm") or list(range(rank))[::-1]
    if sorted(order) != list(range(rank)):
        return None
    dims = tuple(data.dims[axis] for axis in order)
    return _picked(data, dims, lambda at: tuple(at[order.index(axis)] for axis in range(rank)))


def _filled(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    (shape,) = inputs
    assert shape is not None
    extents = shape.values()
    if extents is None:
        return None
    value = node.attributes.get("value")
    dims = tuple(whole_of(n) for n in extents)
    held = value.values() if isinstance(value, Tensor) else [0.0]
    type_ = value.type if isinstance(value, Tensor) else 1
    size = math.prod(dims)
    filled = list(held or [0]) * size if held is not None and 0 <= size <= _MOST else None
    array = Tensor(dims, type_, filled)
    if held is not None and dims[-2:-1] == dims[-1:] and size == dims[-1] ** 2:
        array.halves = tuple(held or [0]) * 2
    return array


def _range(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    start, stop, step = ((array.values() or ())[0] for array in inputs if array is not None)
    count = max(0, math.ceil((stop - start) / step))
    if count > _MOST:
        return Tensor((count,), _INT)
    return Tensor((count,), _INT, [start + i * step for i in range(count)])


def _expand(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    data, shape = inputs
    assert data is not None
    assert shape is not None
    wanted = shape.values()
    dims = None if wanted is None else joined([data.dims, tuple(whole_of(n) for n in wanted)])
    if dims is None:
        return None
    return _spread(data, dims)


def joined(shapes: Sequence[Sequence[int]]) -> tuple[int, ...] | None:
    """Return the extents of arrays that 1 stretches in; None where they do not agree.

    >>> joined([(8, 1, 7), (5, 1)]), joined([(2,), (3,)])
    ((8, 5, 7), None)
    """
    rank = max(map(len, shapes))
    padded = [(*[1] * (rank - len(dims)), *dims) for dims in shapes]
    dims = tuple(max(axis) if 0 not in axis else 0 for axis in zip(*padded, strict=True))
    fits = all(n in (1, full) for own in padded for n, full in zip(own, dims, strict=True))
    return dims if fits else None


def _spread(data: Tensor, dims: tuple[int, ...]) -> Tensor:
    values = data.values()
    if values is None or math.prod(dims) > _MOST:
        return data.like(dims)
    own = (*[1] * (len(dims) - len(data.dims)), *data.dims)
    paces = [math.prod(own[axis + 1 :]) * (n != 1) for axis, n in enumerate(own)]
    places = product(*map(range, dims))
    spread = [values[sum(p * pace for p, pace in zip(at, paces, strict=True))] for at in places]
    return Tensor(dims, data.type, spread, data.origin)


def _by_element(compute: Callable[..., Any]) -> Callable[[Any, list[Tensor | None]], Tensor | None]:
    def rule(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
        arrays = [array for array in inputs if array is not None]
        dims = joined([array.dims for array in arrays])
        if dims is None:
            return None
        large = max(arrays, key=lambda array: array.size)
        if math.prod(dims) > _MOST or any(array.values() is None for array in arrays):
            return Tensor(dims, large.type, origin=large.origin)
        columns = [_spread(array, dims).values() or () for array in arrays]
        values = [compute(*row) for row in zip(*columns, strict=True)]
        if any(isinstance(value, int) and abs(value) >= _LARGEST for value in values):
            return None
        return Tensor(dims, large.type, values)

    return rule


def _quotient(a: Any, b: Any) -> Any:  # noqa: ANN401
    if not (isinstance(a, int) and isinstance(b, int)):
        return a / b
    return a // b if a * b >= 0 else -(-a // b)


def _reduced(compute: Callable[..., Any]) -> Callable[[Any, list[Tensor | None]], Tensor | None]:
    def rule(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
        data = inputs[0]
        assert data is not None
        axes = axes_of(node, inputs[1] if len(inputs) > 1 else None, len(data.dims))
        values = data.values()
        if values is None or axes is None or (axes and set(axes) != set(range(len(data.dims)))):
            return None
        dims = (1,) * len(data.dims) if node.attributes.get("keepdims", 1) else ()
        return Tensor(dims, data.type, [compute(values)])

    return rule


def _changed(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    """Return an array some of whose elements are others, as masks are made."""
    data = inputs[0]
    return None if data is None else Tensor(data.dims, data.type)


def _mapped(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    """Return an array every element of which was mapped."""
    data = inputs[0]
    return None if data is None else data.like(data.dims)


def _product(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    """Return the extents of a product of matrices."""
    a, b = inputs
    if a is None or b is None or len(b.dims) != 2 or not a.dims or a.dims[-1] != b.dims[0]:
        return None
    return Tensor((*a.dims[:-1], b.dims[1]), a.type)


def _rows(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    """Return the extents of what a table says to take of an array."""
    data, index = inputs
    if data is None or index is None or node.attributes.get("batch_dims", 0) or not index.dims:
        return None
    return data.like((*index.dims[:-1], *data.dims[index.dims[-1] :]))


def _dequantized(node: OnnxNode, inputs: list[Tensor | None]) -> Tensor | None:
    data = inputs[0]
    return None if data is None else Tensor(data.dims, 1, origin=data.origin)


#: What operations do with one element of each operand.
_ELEMENTS: dict[str, Callable[..., Any]] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "Div": _quotient,
    "Mod": lambda a, b: a % b,
    "Pow": lambda a, b: a**b if abs(a) < 2**31 and abs(b) < 64 else math.nan,
    "Min": min,
    "Max": max,
    "Neg": lambda a: -a,
    "Sqrt": math.sqrt,
    "Reciprocal": lambda a: 1 / a,
    "Floor": lambda a: float(math.floor(a)),
    "Ceil": lambda a: float(math.ceil(a)),
    "Abs": abs,
    "Equal": lambda a, b: a == b,
    "Greater": lambda a, b: a > b,
    "Less": lambda a, b: a < b,
    "Not": lambda a: not a,
    "And": lambda a, b: bool(a and b),
    "Or": lambda a, b: bool(a or b),
    "Where": lambda c, a, b: a if c else b,
}
_RULES: dict[str, Callable[[Any, list[Tensor | None]], Tensor | None]] = {
    "Identity": _same,
    "Dropout": _same,
    "Cast": _cast,
    "CastLike": _same,
    "Shape": _shape,
    "Size": _count,
    "Gather": _gather,
    "Concat": _concat,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "ConstantOfShape": _filled,
    "Range": _range,
    "Expand": _expand,
    "DequantizeLinear": _dequantized,
    "Trilu": _changed,
    "ScatterND": _changed,
    "ScatterElements": _changed,
    "MatMul": _product,
    "GatherND": _rows,
    **dict.fromkeys(["Relu", "Sigmoid", "Tanh", "Exp", "Log", "Clip"], _mapped),
    **{op: _by_element(compute) for op, compute in _ELEMENTS.items()},
    "ReduceProd": _reduced(math.prod),
    "ReduceSum": _reduced(sum),
    "ReduceMax": _reduced(max),
    "ReduceMin": _reduced(min),
}
