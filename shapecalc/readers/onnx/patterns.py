"""Layers that exporters write as several operations, recognised and given their own layer again.

Every function looks for one of them from its first operation on, and tells whether it was there.
"""

from __future__ import annotations

import math
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.readers.onnx.constants import axes_of
from shapecalc.readers.onnx.layouts import channels_second, in_our_order, with_last
from shapecalc.readers.onnx.rules import one_if_alike
from shapecalc.readers.onnx.walk import GraphWalk, NoRuleError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.readers.onnx.file import OnnxNode, Tensor
    from shapecalc.readers.onnx.values import Value


Pattern: TypeAlias = "Callable[[GraphWalk, OnnxNode, int], bool]"


def of_the_graph(pattern: Pattern) -> Pattern:
    """Look for a pattern from nodes of the graph only: what one of them is made of has no trail."""

    @wraps(pattern)
    def looked_for(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
        return walk.file.nodes[number] is node and pattern(walk, node, number)

    return looked_for


def decimal(value: float) -> float | int:
    """Write a number of single precision as short as it is meant.

    >>> decimal(0.10000000149011612), decimal(6.0)
    (0.1, 6)
    """
    short = float(f"{value:.6g}")
    return int(short) if math.isfinite(short) and short == int(short) else short


def _affine(arrays: Sequence[Tensor | None]) -> dict[str, bool]:
    """Say what of a scale and a shift a normalisation lacks."""
    return [{"affine": False}, {"shift": False}, {}][len(arrays)]


def normalise(
    walk: GraphWalk, node: OnnxNode, value: Value, axis: int, arrays: Sequence[Tensor | None]
) -> None:
    """Add a layer normalisation over the file's axes from one on."""
    fields: dict[str, Any] = _affine(arrays)
    if axis == len(value.dims) - 1:
        value = with_last(walk, node, value, axis)
    elif axis == value.own_axes[0]:
        fields["over"] = "all"
        arrays = [array and in_our_order(array, value) for array in arrays]
    else:
        raise NoRuleError("a norm over some axes")
    walk.same(node, "layernorm", fields, value, arrays)


class Trail:
    """Follows a value through operations that nobody else reads the results of."""

    def __init__(self, walk: GraphWalk, start: int) -> None:
        self.walk = walk
        self.numbers = [start]
        self.last = walk.file.nodes[start]
        self._goes = True

    def goes(self) -> bool:
        """Tell whether every step was there."""
        return self._goes

    @property
    def result(self) -> str:
        """The value that the trail has come to."""
        return self.last.outputs[0] if self.last.outputs else ""

    def step(self, *ops: str, other: str | None = None, near: float | None = None) -> Trail:
        """Go on to the one operation that reads the value, if it is one of these.

        Its other operand is that value, or a constant near that number, if one is named.
        """
        if not self._goes:
            return self
        name = self.result
        number = self.walk.only_reader(name, *ops)
        if number is None:
            self._goes = False
            return self
        node = self.walk.file.nodes[number]
        if other is not None:
            self._goes = self.walk.other_input(node, name) == other
        if near is not None:
            constant = self.walk.number(self.walk.other_input(node, name) or "")
            self._goes = constant is not None and math.isclose(constant, near, rel_tol=1e-3)
        self.numbers.append(number)
        self.last = node
        return self

    def operand(self) -> Tensor | None:
        """Return the constant that the last operation takes, or None."""
        before = self.walk.file.nodes[self.numbers[-2]].outputs[0]
        return self.walk.arrays.get(self.walk.other_input(self.last, before) or "")

    def trained(self, size: int) -> list[Tensor | None]:
        """Go on through a scale and a shift of so many elements, as far as they follow."""
        scale = self._of_size("Mul", size)
        shift = self._of_size("Add", size) if scale else None
        return [array for array in (scale, shift) if array]

    def scale(self, size: int) -> Tensor | None:
        """Go on through a scale of so many elements, if it follows."""
        return self._of_size("Mul", size)

    def _of_size(self, op: str, size: int) -> Tensor | None:
        following = self.walk.only_reader(self.result, op)
        if following is None:
            return None
        other = self.walk.other_input(self.walk.file.nodes[following], self.result)
        array = self.walk.arrays.get(other or "")
        if array is None or array.size != size:
            return None
        self.step(op)
        return array

    def become(self, kind: str, fields: dict[str, Any], value: Value,
               arrays: Sequence[Tensor | None] = ()) -> bool:  # fmt: skip
        """Put one layer in the place of all."""
        node = self.walk.file.nodes[self.numbers[0]]._replace(outputs=self.last.outputs[:1])
        self.walk.same(node, kind, fields, value, arrays)
        self.walk.skip(*self.numbers)
        return True


_GATES = {"Sigmoid": "silu", "HardSigmoid": "hard_swish"}


@of_the_graph
def gate(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise x * sigmoid(x) as silu, x * hard_sigmoid(x) as hard_swish, and mish."""
    if node.op == "Softplus":
        trail = Trail(walk, number).step("Tanh").step("Mul", other=node.inputs[0])
        if trail.goes():
            return trail.become("mish", {}, walk.value(node))
        return _softplus(walk, node, number)
    if node.op not in _GATES:
        return False
    trail = Trail(walk, number).step("Mul", other=node.inputs[0])
    return trail.goes() and trail.become(_GATES[node.op], {}, walk.value(node))


def _softplus(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise a softplus that gives x itself where that is large."""
    trail = Trail(walk, number).step("Where")
    x = node.inputs[0]
    large = [n for n in walk.few_readers(x) if walk.file.nodes[n].op == "Greater"]
    if not trail.goes() or len(large) != 1:
        return False
    if list(trail.last.inputs) != [walk.file.nodes[large[0]].outputs[0], x, node.outputs[0]]:
        return False
    walk.skip(large[0])
    return trail.become("softplus", {}, walk.value(node))


@of_the_graph
def starts(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise what begins with arithmetic: gelu, hard swish, lrn."""
    if len(node.inputs) != 2 or not node.outputs:
        return False
    if node.op in ("Mul", "Div"):
        return _gelu(walk, node, number) or _lrn(walk, node, number)
    return node.op == "Add" and _hard(walk, node, number)


def _gelu(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise x/2 * (1 + erf(x/sqrt(2))), in every order of the factors."""
    scale = math.sqrt(2) if node.op == "Div" else math.sqrt(0.5)
    for x, constant in (node.inputs, reversed(node.inputs)):
        factor = walk.number(constant)
        if x not in walk.values or factor is None or not math.isclose(factor, scale, rel_tol=1e-3):
            continue
        trail = Trail(walk, number).step("Erf").step("Add", near=1)
        if not trail.goes():
            return False
        half = walk.only_reader(trail.result, "Mul")
        if half is None:
            return False
        other = walk.other_input(walk.file.nodes[half], trail.result) or ""
        if other == x:
            trail.step("Mul", other=x).step("Mul", near=0.5)
        elif walk.number(other) == 0.5:
            trail.step("Mul", near=0.5).step("Mul", other=x)
        else:
            trail.step("Mul")
            if not (trail.goes() and _is_half(walk, other, x)):
                return False
        return trail.goes() and trail.become("gelu", {}, walk.values[x])
    return False


def _is_half(walk: GraphWalk, name: str, x: str) -> bool:
    """Tell whether a value is half of another one, and leave the node out that says so."""
    for number in walk.few_readers(x):
        node = walk.file.nodes[number]
        if node.op == "Mul" and name in node.outputs:
            if walk.number(walk.other_input(node, x) or "") != 0.5:
                return False
            walk.skip(number)
            return True
    return False


def _hard(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise min(max(x + 3, 0), 6)/6, and x times that."""
    for x, constant in (node.inputs, reversed(node.inputs)):
        if x not in walk.values or walk.number(constant) != 3:
            continue
        trail = Trail(walk, number).step("Clip", "Relu6")
        if not trail.goes() or not _is_relu6(walk, trail.last):
            return False
        behind = walk.only_reader(trail.result, "Mul", "Div")
        if behind is None:
            return False
        other = walk.other_input(walk.file.nodes[behind], trail.result)
        if other == x:
            trail.step("Mul", other=x)
            _sixth(walk, trail)
            return trail.goes() and trail.become("hard_swish", {}, walk.values[x])
        _sixth(walk, trail)
        if not trail.goes():
            return False
        product = walk.only_reader(trail.result, "Mul")
        if product and walk.other_input(walk.file.nodes[product], trail.result) == x:
            trail.step("Mul", other=x)
            return trail.become("hard_swish", {}, walk.values[x])
        return trail.become("hard_sigmoid", {}, walk.values[x])
    return False


def _sixth(walk: GraphWalk, trail: Trail) -> None:
    number = walk.only_reader(trail.result, "Mul", "Div")
    by = 6 if number is not None and walk.file.nodes[number].op == "Div" else 1 / 6
    trail.step("Mul", "Div", near=by)


def _is_relu6(walk: GraphWalk, node: OnnxNode) -> bool:
    if node.op == "Relu6":
        return True
    low, high = node.attributes.get("min"), node.attributes.get("max")
    if len(node.inputs) > 2:
        low, high = walk.number(node.inputs[1]), walk.number(node.inputs[2])
    return low == 0 and high == 6


#: What may stand between the operations of PyTorch's local response normalisation.
_BETWEEN = frozenset({
    "Constant", "ConstantOfShape", "Concat", "Reshape", "Slice", "Transpose", "Cast", "Pad",
    "AveragePool", "Shape", "Gather", "Equal", "If", "Squeeze", "Unsqueeze", "Identity",
})  # fmt: skip
_FARTHEST = 60
#: No filter that blurs is wider.
_WIDEST = 16


def _lrn(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise x/(k + alpha * mean of squares over channels)**beta as PyTorch writes it.

    Its many operations stand one behind another: from the square of x to the division of x.
    """
    x = node.inputs[0]
    if node.op != "Mul" or node.inputs[1] != x or x not in walk.values:
        return False
    nodes = walk.file.nodes
    ends = [n for n in walk.few_readers(x) if nodes[n].op == "Div" and nodes[n].inputs[0] == x]
    if len(ends) != 1 or not number < ends[0] < number + _FARTHEST:
        return False
    inner = nodes[number + 1 : ends[0]]
    arithmetic = [other for other in inner if other.op not in _BETWEEN]
    pools = [other for other in inner if other.op == "AveragePool"]
    if [other.op for other in arithmetic] != ["Mul", "Add", "Pow"] or len(pools) != 1:
        return False
    sizes = pools[0].attributes.get("kernel_shape") or [0]
    numbers = [
        next((n for n in map(walk.number, other.inputs) if n is not None), None)
        for other in arithmetic
    ]
    if None in numbers or sizes[0] < 1 or nodes[ends[0]].inputs[1] != arithmetic[2].outputs[0]:
        return False
    alpha, k, beta = [decimal(n) for n in numbers if n is not None]
    fields = {"size": sizes[0], "alpha": alpha, "beta": beta, "k": k}
    value = channels_second(walk, node, walk.values[x])
    walk.same(node._replace(outputs=nodes[ends[0]].outputs[:1]), "lrn", fields, value)
    walk.skip(*range(number, ends[0] + 1))
    return True


@of_the_graph
def layer_norm(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise (x - mean)/sqrt(variance + eps), with a scale and a shift if they follow."""
    x = node.inputs[0]
    value = walk.values.get(x)
    if node.op != "ReduceMean" or value is None or value.loose:
        return False
    axes = axes_of(node, walk.array(node, 1), len(value.dims))
    if not axes:
        return False
    if _tensorflows_norm(walk, node, axes):
        return True
    if sorted(axes) != list(range(min(axes), len(value.dims))):
        return False
    centred = walk.only_reader(node.outputs[0], "Sub")
    if centred is None or walk.file.nodes[centred].inputs[0] != x:
        return False
    difference = walk.file.nodes[centred].outputs[0]
    readers = sorted(set(walk.few_readers(difference)))
    squares = [n for n in readers if walk.file.nodes[n].op in ("Pow", "Mul")]
    ends = [n for n in readers if walk.file.nodes[n].op == "Div"]
    if len(readers) != 2 or len(squares) != 1 or len(ends) != 1:
        return False
    square = Trail(walk, squares[0]).step("ReduceMean").step("Add")
    epsilon = square.operand() if square.goes() else None
    square.step("Sqrt").step("Div")
    if not square.goes() or square.numbers[-1] != ends[0]:
        return False
    if epsilon is not None and epsilon.size == 1:
        walk.adds_epsilon(node, (epsilon.values() or (None,))[0])
    trail = Trail(walk, number)
    trail.numbers += [centred, *square.numbers]
    trail.last = square.last
    arrays = trail.trained(math.prod(value.dims[axis] for axis in axes))
    whole = node._replace(outputs=trail.last.outputs[:1])
    normalise(walk, whole, value, min(axes), arrays)
    walk.skip(*trail.numbers)
    return True


_MEANS = ("ReduceMean", "GlobalAveragePool")


@of_the_graph
def pooled_norm(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise a layer normalisation whose means tf2onnx writes as global pools."""
    value = walk.values.get(node.inputs[0])
    axes = range(2, len(value.dims)) if value is not None else ()
    return node.op in _MEANS and bool(axes) and _tensorflows_norm(walk, node, [*axes])


def _tensorflows_norm(walk: GraphWalk, node: OnnxNode, axes: Sequence[int]) -> bool:
    """Recognise a layer normalisation as TensorFlow writes it, converted by tf2onnx."""
    x, nodes = node.inputs[0], walk.file.nodes
    readers = walk.few_readers(node.outputs[0])
    moved = [n for n in readers if nodes[n].op == "Reshape"]  # among other axes of 1
    mean = nodes[moved[0]].outputs[0] if moved else node.outputs[0]
    centred = [n for n in walk.few_readers(mean) if nodes[n].op == "Sub"]
    if len(centred) != 1 or nodes[centred[0]].inputs[0] != x:
        return False
    trail = Trail(walk, centred[0])
    square = set(walk.few_readers(trail.result))
    if len(square) != 1 or set(nodes[min(square)].inputs) != {trail.result}:
        return False
    trail.numbers += [*moved, min(square)]
    trail.last = nodes[min(square)]
    trail.step(*_MEANS).step("Add")
    epsilon = trail.operand() if trail.goes() else None
    trail.step("Sqrt").step("Reciprocal")
    return trail.goes() and multiplied_norm(walk, node, trail, epsilon, axes)


def multiplied_norm(
    walk: GraphWalk, node: OnnxNode, trail: Trail, epsilon: Tensor | None, axes: Sequence[int]
) -> bool:
    """Recognise the end of a layer normalisation whose mean is multiplied, too.

    `trail` has come to one by the root of the variance.
    """
    value = walk.values[node.inputs[0]]
    size = math.prod(value.dims[axis] for axis in axes)
    last_axis = list(axes) == [value.axes[-1]]
    if value.loose or not (last_axis or sorted(axes) == [*range(min(axes), len(value.dims))]):
        return False
    end = _multiplied_end(walk, node.inputs[0], node.outputs[0], trail, size)
    if end is None or epsilon is None or epsilon.size != 1:
        return False
    arrays, numbers = end
    walk.adds_epsilon(node, (epsilon.values() or (None,))[0])
    whole = node._replace(outputs=walk.file.nodes[numbers[-1]].outputs[:1])
    if last_axis:
        walk.same(whole, "layernorm", _affine(arrays), value, arrays)
    else:
        normalise(walk, whole, value, min(axes), arrays)
    walk.skip(*numbers)
    return True


def _multiplied_end(
    walk: GraphWalk, x: str, mean: str, trail: Trail, size: int
) -> tuple[list[Tensor | None], list[int]] | None:
    """Find the end of a normalisation whose mean is multiplied; return its arrays and nodes.

    TensorFlow multiplies one by the root of the variance by a scale of so many numbers, x and its
    mean by the product, and subtracts; what subtracts may add a negative, quantised or not.
    """
    nodes = walk.file.nodes
    arrays: list[Tensor | None] = []
    scaled = walk.only_reader(trail.result, "Mul")
    scale = None if scaled is None else walk.other_input(nodes[scaled], trail.result)
    if scale in walk.arrays and walk.arrays[scale].size == size:
        arrays.append(walk.arrays[scale])
        trail.step("Mul")
    factor = trail.result
    products = {walk.other_input(nodes[n], factor): n for n in walk.few_readers(factor)}
    minus: list[int] = []
    at_mean = mean
    side = next(
        (n for n in walk.few_readers(mean) if nodes[n].op in ("Neg", "DequantizeLinear")), None
    )
    while side is not None and at_mean not in products:
        minus.append(side)
        at_mean = nodes[side].outputs[0]
        side = walk.only_reader(at_mean, "Neg", "QuantizeLinear", "DequantizeLinear")
    if set(products) != {x, at_mean}:
        return None
    shifted = Trail(walk, products[at_mean])
    behind = walk.only_reader(shifted.result, "Add", "Sub")
    shift = None if behind is None else walk.other_input(nodes[behind], shifted.result)
    if shift in walk.arrays and walk.arrays[shift].size == size and arrays:
        arrays.append(walk.arrays[shift])
        shifted.step("Add", "Sub")
    shifted.step("Add", "Sub")
    last = walk.only_reader(nodes[products[x]].outputs[0], "Add", "Sub")
    if not shifted.goes() or last is None or last != shifted.numbers[-1]:
        return None
    return arrays, [*trail.numbers, *products.values(), *minus, *shifted.numbers]


def groups_apart(walk: GraphWalk, node: OnnxNode, value: Value, dims: Sequence[int]) -> bool:
    """Recognise Keras' group normalisation: a Reshape puts groups apart, and one joins them again.

    Its means are over all axes but the groups'.
    """
    nodes, x = walk.file.nodes, node.outputs[0]
    means = [n for n in walk.few_readers(x) if nodes[n].op in ("ReduceMean", "MEAN")]
    if len(means) != 1 or value.loose or len(dims) != len(value.dims) + 1:
        return False
    mean = nodes[means[0]]
    groups, depth = dims[-2:]
    own = axes_of(mean, walk.array(mean, 1), len(dims))
    if own is None or sorted(own) != [*range(1, len(dims) - 2), len(dims) - 1]:
        return False
    squares = [
        n
        for n in walk.few_readers(mean.outputs[0])
        if nodes[n].op in ("Sub", "SQUARED_DIFFERENCE") and x in nodes[n].inputs
    ]
    if len(squares) != 1 or groups * depth != value.extents[-1]:
        return False
    trail = Trail(walk, squares[0])
    if nodes[squares[0]].op == "Sub":
        square = set(walk.few_readers(trail.result))
        if len(square) != 1 or set(nodes[min(square)].inputs) != {trail.result}:
            return False
        trail.numbers.append(min(square))
        trail.last = nodes[min(square)]
    trail.step("ReduceMean", "MEAN").step("Add")
    epsilon = trail.operand() if trail.goes() else None
    trail.step("Sqrt", "RSQRT")
    if trail.goes() and trail.last.op == "Sqrt":
        trail.step("Reciprocal")
    end = _multiplied_end(walk, x, mean.outputs[0], trail, groups * depth) if trail.goes() else None
    if end is None or epsilon is None or epsilon.size != 1:
        return False
    arrays, numbers = end
    result = nodes[numbers[-1]].outputs[0]
    if walk.only_reader(result, "Reshape", "RESHAPE") is None:
        return False
    walk.adds_epsilon(node, (epsilon.values() or (None,))[0])
    fields = {"groups": groups, **_affine(arrays)}
    value = with_last(walk, node, value, len(value.dims) - 1)
    # with its groups together again already, which is all that joining them does
    walk.values[result] = value._replace(
        source=walk.add(node, "groupnorm", fields, [value], arrays)
    )
    walk.skip(means[0], *numbers)
    return True


@of_the_graph
def length_norm(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise x/max(length of x, eps): ReduceL2, Clip, Expand, Div."""
    x = node.inputs[0]
    value = walk.values.get(x)
    trail = Trail(walk, number).step("Clip", "Max")
    if trail.goes() and walk.only_reader(trail.result, "Div") is None:
        trail.step("Expand", "aten.expand_as")
    trail.step("Div", other=x)
    if value is None or value.loose or not trail.goes():
        return False
    axes = axes_of(node, walk.array(node, 1), len(value.dims))
    if axes is None or len(axes) != 1:
        return False
    return trail.become("l2norm", {}, with_last(walk, node, value, axes[0]))


@of_the_graph
def group_norm(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise Reshape, InstanceNormalization, Reshape, Mul, Add as group normalisation."""
    value = walk.values.get(node.inputs[0])
    trail = Trail(walk, number).step("InstanceNormalization")
    if value is None or value.loose or not trail.goes() or len(value.dims) < 3:
        return False
    scale, epsilon = walk.array(trail.last, 1), trail.last.attributes.get("epsilon")
    trail.step("Reshape")
    if not trail.goes() or scale is None:
        return False
    walk.adds_epsilon(node, epsilon)
    groups = scale.size
    channels = value.dims[1]
    if channels % groups:
        return False
    arrays = trail.trained(channels)
    fields = {"groups": groups, **_affine(arrays)}
    return trail.become("groupnorm", fields, channels_second(walk, node, value), arrays)


@of_the_graph
def shuffle(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise the channels of groups being mixed: Reshape, Transpose, Reshape."""
    value = walk.values.get(node.inputs[0])
    array = walk.array(node, 1)
    wanted = array.values() if array is not None else node.attributes.get("shape")
    trail = Trail(walk, number).step("Transpose")
    if value is None or value.loose or not trail.goes() or not wanted or len(value.dims) != 4:
        return False
    order = list(trail.last.attributes.get("perm") or ())
    trail.step("Reshape")
    if trail.goes() and order == [0, 1, 3, 5, 2, 4] and len(wanted) == 6:
        block = int(wanted[3])
        back = walk.array(trail.last, 1)
        shape = back.values() if back is not None else None
        return block > 1 and wanted[5] == block and _unshuffle(walk, trail, node, block, shape)
    if not trail.goes() or order != [0, 2, 1, 3, 4] or len(wanted) != 5:
        return False
    back = walk.array(trail.last, 1)
    shape = back.values() if back is not None else None
    channels, groups = value.dims[1], int(wanted[1])
    if not shape or len(shape) != 4 or groups < 1 or channels % groups:
        return False
    if wanted[2] not in (channels // groups, -1) or shape[1] not in (channels, -1):
        return False
    value = channels_second(walk, node, value)
    return trail.become("channel_shuffle", {"groups": groups}, value)


def _unshuffle(
    walk: GraphWalk, trail: Trail, node: OnnxNode, block: int, shape: Sequence[Any] | None
) -> bool:
    """Recognise places that become channels, as PyTorch writes it."""
    value = channels_second(walk, node, walk.value(node))
    height, width, channels = value.extents
    if height % block or width % block or not shape or len(shape) != 4:
        return False
    extents = (height // block, width // block, channels * block * block)
    if shape[1] not in (extents[2], -1):
        return False
    source = walk.add(node, "pixel_unshuffle", {"factor": block}, [value])
    dims = (value.dims[0], extents[2], *extents[:2])
    whole = node._replace(outputs=trail.last.outputs[:1])
    walk.give(whole, walk.volume(source, value, extents, dims))
    walk.skip(*trail.numbers)
    return True


@of_the_graph
def adaptive_pool(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise an adaptive pool: a table says which elements a mean is taken of."""
    ends = ("ReduceMean", "Transpose")
    trail = Trail(walk, number).step("GatherND").step(*ends).step(*ends)
    value = walk.values.get(node.inputs[0])
    if not trail.goes() or value is None or len(value.dims) not in (3, 4, 5):
        return False
    given = walk.stated(trail.result)
    if (
        given is None
        or len(given) != len(value.dims)
        or not all(isinstance(n, int) and n > 0 for n in given[1:])
    ):
        return False
    value = channels_second(walk, node, value)
    sizes: list[Any] = list(given[2:])
    if given[1] != value.extents[-1]:
        return False
    source = walk.add(node, "adaptive_avgpool", {"size": sizes}, [value])
    whole = node._replace(outputs=trail.last.outputs[:1])
    dims = (*value.dims[:2], *sizes)
    walk.give(whole, walk.volume(source, value, (*sizes, value.extents[-1]), dims))
    walk.skip(*trail.numbers)
    return True


def blur(walk: GraphWalk, node: OnnxNode, number: int, pads: Sequence[int]) -> bool:
    """Recognise a mirrored map, every channel of which is weighed by the same binomial filter."""
    if walk.file.nodes[number] is not node or node.attributes.get("mode") != "reflect":
        return False
    trail = Trail(walk, number).step("Conv")
    conv, kernel, value = trail.last, walk.array(trail.last, 1), walk.value(node)
    if not trail.goes() or kernel is None or walk.has(conv, 2) or len(kernel.dims) < 3:
        return False
    channels, depth, *sizes = kernel.dims
    ends = [[(k - 1) // 2 for k in sizes], [k // 2 for k in sizes]]
    moves = [
        *conv.attributes.get("pads", ()),
        *(n - 1 for n in conv.attributes.get("dilations", ())),
        conv.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"),
    ]
    whole = (depth, conv.attributes.get("group", 1)) == (1, channels) and not any(moves)
    if not whole or list(pads) != [0, 0, *ends[0], 0, 0, *ends[1]] or max(sizes) > _WIDEST:
        return False
    taps = [1.0]
    for k in sizes:
        taps = [tap * math.comb(k - 1, at) / 2 ** (k - 1) for tap in taps for at in range(k)]
    if not kernel.repeats(taps):
        return False
    value = channels_second(walk, node, value)
    strides = conv.attributes.get("strides") or [1] * len(sizes)
    fields: dict[str, Any] = {"kernel": sizes, "stride": list(strides)}
    usual = {"kernel": 3, "stride": 2}
    fields = {key: one_if_alike(n) for key, n in fields.items() if set(n) != {usual[key]}}
    source = walk.add(conv, "blurpool", fields, [value])
    sides = tuple((n - 1) // s + 1 for n, s in zip(value.extents[:-1], strides, strict=True))
    dims = (value.dims[0], channels, *sides)
    walk.give(conv, walk.volume(source, value, (*sides, channels), dims))
    walk.skip(*trail.numbers)
    return True


def whole_map(walk: GraphWalk, node: OnnxNode, value: Value) -> bool:
    """Recognise what our own writer makes of a dense layer on a map: Flatten, Gemm."""
    dense = walk.only_reader(node.outputs[0], "Gemm") if walk.file.is_ours else None
    if dense is None or value.batch != 0 or value.loose:
        return False
    if walk.names.of(walk.file.nodes[dense], ()) != walk.names.of(node, ()):
        return False
    size = math.prod(value.dims[1:])
    dims = (value.dims[0], size)
    walk.give(node, value._replace(extents=(size,), axes=(1,), dims=dims))
    return True


def token(walk: GraphWalk, node: OnnxNode) -> bool:
    """Recognise trained rows in front of a sequence, as the class token of a transformer is."""
    if len(node.inputs) != 2 or node.inputs[1] not in walk.values:
        return False
    array, value = walk.arrays.get(node.inputs[0]), walk.values[node.inputs[1]]
    if array is None or not array.is_trained or len(array.dims) != 3 or len(value.dims) != 3:
        return False
    axis = node.attributes.get("axis", 1) % 3
    channel = 3 - axis
    if not axis or array.dims[channel] != value.dims[channel] or value.loose:
        return False
    value = with_last(walk, node, value, channel)
    rows = array.dims[axis]
    if len(value.extents) != 2 or rows < 1:
        raise NoRuleError("no sequence")
    numbers = array
    if channel == 2:
        turned = (array.dims[0], array.dims[2], rows)
        numbers = array.moved("Transpose", turned, perm=[0, 2, 1])
    source = walk.add(node, "token", {"count": rows}, [value], [numbers])
    dims = tuple(n + rows * (at == axis) for at, n in enumerate(value.dims))
    extents = (value.extents[0] + rows, value.extents[1])
    walk.give(node, value._replace(source=source, extents=extents, dims=dims))
    return True
