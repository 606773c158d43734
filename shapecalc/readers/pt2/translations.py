"""What each operation of ATen is among those of ONNX.

(https://docs.pytorch.org/docs/stable/torch.compiler_ir.html)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shapecalc.readers.json_text import is_number, is_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.readers.pt2.operation import AtenOperation
    from shapecalc.readers.pt2.program import AtenProgram


#: So often an axis is repeated place by place, as heads are for those that share keys.
_MOST_REPEATS = 1000


def _pair(value: Any, count: int) -> list[int]:  # noqa: ANN401
    """Return a size per side."""
    values = value if isinstance(value, list) else [value]
    if not values or not all(is_whole(size) for size in values):
        raise ValueError
    return values * count if len(values) == 1 else values


def _conv(program: AtenProgram, operation: AtenOperation) -> None:
    get = operation.get
    weight = get("weight")
    program.note_kernel(weight)
    sides = program.rank(weight) - 2
    padding = get("padding", 0)
    strides, dilations = _pair(get("stride", 1), sides), _pair(get("dilation", 1), sides)
    attributes: dict[str, Any] = {"strides": strides, "dilations": dilations}
    if isinstance(padding, str):
        total = [
            dilation * (size - 1)
            for dilation, size in zip(dilations, program.dims[weight][2:], strict=True)
        ]
        pads = [n // 2 for n in total] + [n - n // 2 for n in total]
        attributes["pads"] = pads if padding == "same" else [0] * (2 * sides)
    else:
        attributes["pads"] = _pair(padding, sides) * 2
    inputs = [get("input"), weight, get("bias")]
    attributes["group"] = get("groups", 1)
    transposed = operation.target.startswith("conv_transpose") or get("transposed", default=False)
    if transposed:
        attributes["output_padding"] = _pair(get("output_padding", 0), sides)
    op = "ConvTranspose" if transposed else "Conv"
    program.emit(op, inputs, operation.outputs[0], operation, **attributes)


def _pool(op: str) -> Callable[[AtenProgram, AtenOperation], None]:
    def rule(program: AtenProgram, operation: AtenOperation) -> None:
        get = operation.get
        sides = 1 if operation.target.endswith("1d") or "1d_" in operation.target else 2
        sides = 3 if "3d" in operation.target else sides
        kernel = _pair(get("kernel_size"), sides)
        stride = get("stride") or kernel
        attributes = {
            "kernel_shape": kernel,
            "strides": _pair(stride, sides),
            "pads": _pair(get("padding", 0), sides) * 2,
            "dilations": _pair(get("dilation", 1), sides),
            "ceil_mode": int(get("ceil_mode", default=False)),
        }
        if op == "AveragePool":
            attributes["count_include_pad"] = int(get("count_include_pad", default=True))
        program.emit(op, [get("self")], operation.outputs[0], operation, **attributes)

    return rule


def _adaptive(kind: str) -> Callable[[AtenProgram, AtenOperation], None]:
    def rule(program: AtenProgram, operation: AtenOperation) -> None:
        x = operation.get("self")
        size = operation.get("output_size")
        sizes = size if isinstance(size, list) else [size] * (program.rank(x) - 2)
        program.emit("Adaptive", [x], operation.outputs[0], operation, kind=kind, size=sizes)

    return rule


def _batch_norm(program: AtenProgram, operation: AtenOperation) -> None:
    get = operation.get
    inputs = [get("input"), get("weight"), get("bias"), get("running_mean")]
    program.emit("BatchNorm", inputs, operation.outputs[0], operation)


def _layer_norm(program: AtenProgram, operation: AtenOperation) -> None:
    get = operation.get
    shape = get("normalized_shape", [])
    inputs = [get("input"), get("weight"), get("bias")]
    attributes = {"axis": program.rank(get("input")) - len(shape)}
    if get("weight") is None:
        program.emit("PlainNorm", inputs[:1], operation.outputs[0], operation, **attributes)
    else:
        program.emit("LayerNormalization", inputs, operation.outputs[0], operation, **attributes)


def _rms_norm(program: AtenProgram, operation: AtenOperation) -> None:
    get = operation.get
    inputs = [get("input"), get("weight")]
    axis = program.rank(get("input")) - len(get("normalized_shape", []))
    program.emit("RMSNormalization", inputs, operation.outputs[0], operation, axis=axis)


def _group_norm(program: AtenProgram, operation: AtenOperation) -> None:
    get = operation.get
    inputs = [get("input"), get("weight"), get("bias")]
    groups = get("num_groups", get("group", 1))
    program.emit("GroupNorm", inputs, operation.outputs[0], operation, groups=groups)


def _instance_norm(program: AtenProgram, operation: AtenOperation) -> None:
    get = operation.get
    if not get("use_input_stats", default=True):  # by what was measured, as a batch's are
        _batch_norm(program, operation)
        return
    inputs = [get("input"), get("weight"), get("bias")]
    program.emit("GroupNorm", inputs, operation.outputs[0], operation, groups=0)


def _linear(program: AtenProgram, operation: AtenOperation) -> None:
    get = operation.get
    x, weight, bias = get("input"), get("weight"), get("bias")
    program.note_kernel(weight)
    array = program.arrays.get(weight)
    if array is not None and array.origin in program.shared and bias is not None:
        product = program.emit("Linear", [x, weight], program.between(), operation)
        program.emit("Add", [product, bias], operation.outputs[0], operation)
        return
    program.emit("Linear", [x, weight, bias], operation.outputs[0], operation)


def _embedding(program: AtenProgram, operation: AtenOperation) -> None:
    inputs = [operation.get("weight"), operation.get("indices")]
    program.emit("Gather", inputs, operation.outputs[0], operation, axis=0)


def _addmm(program: AtenProgram, operation: AtenOperation) -> None:
    get = operation.get
    inputs = [get("mat1"), get("mat2"), get("self")]
    program.emit("Linear", inputs, operation.outputs[0], operation, turned=True)


def _matmul(program: AtenProgram, operation: AtenOperation) -> None:
    get = operation.get
    first, second = get("self"), get("other", get("mat2"))
    if not program.flows(second) and program.rank(second) == 2:
        program.emit("Linear", [first, second], operation.outputs[0], operation, turned=True)
    else:
        program.emit("MatMul", [first, second], operation.outputs[0], operation)


def _attend(program: AtenProgram, operation: AtenOperation) -> None:
    """Write scaled products of queries and keys, and of the scores and values."""
    get = operation.get
    query, key, value, mask = (get(word) for word in ("query", "key", "value", "attn_mask"))
    turned, scores, scaled, weighed = (program.between() for _ in range(4))
    rank = program.rank(query)
    order = [*range(rank - 2), rank - 1, rank - 2]
    program.emit("Transpose", [key], turned, operation, perm=order)
    program.emit("MatMul", [query, turned], scores, operation)
    depth = program.dims[query][-1]
    scale = get("scale") or 1 / math.sqrt(max(depth, 1))
    fields = {"right": float(f"{scale:.6g}")}
    program.emit("Pointwise", [scores], scaled, operation, kind="multiply", fields=fields)
    if get("is_causal", default=False):
        masked = program.between()
        program.emit("Pointwise", [scaled], masked, operation, kind="causal_mask", fields={})
        scaled = masked
    elif mask is not None:
        masked = program.between()
        op = "Add" if program.flows(mask) else "Shift"
        program.emit(op, [scaled, mask], masked, operation, kind="add", table=())
        scaled = masked
    program.emit("Softmax", [scaled], weighed, operation, axis=rank - 1)
    program.emit("MatMul", [weighed, value], operation.outputs[0], operation)


_BINARY = {
    "add": "Add",
    "sub": "Sub",
    "mul": "Mul",
    "div": "Div",
    "maximum": "Max",
    "minimum": "Min",
}
_NEUTRAL = {"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide"}


def _binary(program: AtenProgram, operation: AtenOperation) -> None:
    """Write arithmetic of two tensors, or of one and a constant."""
    get = operation.get
    first, second = get("self"), get("other")
    output = operation.outputs[0]
    if is_number(second):
        alpha = get("alpha", 1)
        program.emit(
            _BINARY[operation.target.rstrip("_")],
            [first, program.number(second * alpha)],
            *(output, operation),
        )
        return
    factor = get("alpha", 1)
    if factor != 1 and program.flows(second):
        given = ("Pointwise", [second], program.between(), operation)
        second = program.emit(*given, kind="multiply", fields={"right": factor})
    constants = [name for name in (first, second) if not program.flows(name)]
    if constants and program.dims.get(constants[0]) not in ((), None):
        flow = second if constants[0] is first else first
        array = program.arrays.get(constants[0])
        if array is not None and (constants[0] in program.fixed or not array.origin):
            kind = _NEUTRAL.get(operation.target.rstrip("_"), "add")
            table = program.trained.get(array.origin, ())
            inputs = [flow, constants[0]]
            program.emit("Shift", inputs, output, operation, kind=kind, table=table)
            return
    program.emit(_BINARY[operation.target.rstrip("_")], [first, second], output, operation)


def _rsub(program: AtenProgram, operation: AtenOperation) -> None:
    number = operation.get("other", 0)
    inputs = [program.number(number) if is_number(number) else number, operation.get("self")]
    program.emit("Sub", inputs, operation.outputs[0], operation)


def _reshaped(program: AtenProgram, operation: AtenOperation) -> None:
    output = operation.outputs[0]
    x = operation.references()[0]
    shape = list(program.dims.get(output, ()))
    program.emit("Reshape", [x], output, operation, shape=shape, allowzero=1)


def _moved(
    order: Callable[[AtenOperation, int], list[int]],
) -> Callable[[AtenProgram, AtenOperation], None]:
    def rule(program: AtenProgram, operation: AtenOperation) -> None:
        x = operation.get("self")
        perm = order(operation, program.rank(x))
        program.emit("Transpose", [x], operation.outputs[0], operation, perm=perm)

    return rule


def _permuted(operation: AtenOperation, rank: int) -> list[int]:
    return [int(axis) % rank for axis in operation.get("dims", [])]


def _swapped(operation: AtenOperation, rank: int) -> list[int]:
    order = list(range(rank))
    first, second = (
        operation.get(word, operation.get(other, other_default))
        for word, other, other_default in (("dim0", "axis0", 0), ("dim1", "axis1", 1))
    )
    if operation.target == "t":
        first, second = 0, rank - 1
    order[first], order[second] = order[second], order[first]
    return order


def _turned(operation: AtenOperation, rank: int) -> list[int]:
    return [*range(rank - 2), rank - 1, rank - 2]


def _reversed(operation: AtenOperation, rank: int) -> list[int]:
    return list(range(rank))[::-1]


def _relocated(operation: AtenOperation, rank: int) -> list[int]:
    sources, places = (
        [axis % rank for axis in (value if isinstance(value, list) else [value])]
        for value in (operation.get("source"), operation.get("destination"))
    )
    to = dict(zip(places, sources, strict=True))
    others = iter(axis for axis in range(rank) if axis not in sources)
    return [to[axis] if axis in to else next(others) for axis in range(rank)]


def _selected(program: AtenProgram, operation: AtenOperation) -> None:
    x, axis, index = (operation.get(word, 0) for word in ("self", "dim", "index"))
    rank = program.rank(x)
    size = program.dims[x][axis]
    start = index % size
    part = program.between()
    axes = [axis % rank]
    program.emit("Slice", [x], part, operation, axes=axes, starts=[start], ends=[start + 1])
    program.emit("Squeeze", [part], operation.outputs[0], operation, axes=axes)


def _unbound(program: AtenProgram, operation: AtenOperation) -> None:
    """Take every place of an axis by itself."""
    x = operation.get("self")
    axis = operation.get("dim", 0) % program.rank(x)
    for at, output in enumerate(operation.outputs):
        part = program.between()
        ends = {"axes": [axis], "starts": [at], "ends": [at + 1]}
        program.emit("Slice", [x], part, operation, **ends)
        program.emit("Squeeze", [part], output, operation, axes=[axis])


def _sliced(program: AtenProgram, operation: AtenOperation) -> None:
    get = operation.get
    x, axis = get("self"), get("dim", 0) % program.rank(get("self"))
    size = program.dims[x][axis]
    start, end, step = slice(get("start"), get("end"), get("step")).indices(size)
    if (start, end, step) == (0, size, 1):
        program.emit("Identity", [x], operation.outputs[0], operation)
        return
    fields = {"parts": [(axis, start, end, step)]}
    program.emit("Part", [x], operation.outputs[0], operation, **fields)


def _chunked(program: AtenProgram, operation: AtenOperation) -> None:
    get = operation.get
    x = get("self")
    axis = get("dim", 0) % program.rank(x)
    sizes = [program.dims[name][axis] for name in operation.outputs]
    program.emit("Split", [x], operation.outputs, operation, axis=axis, split=sizes)


def _joined(program: AtenProgram, operation: AtenOperation) -> None:
    tensors = [name for name in operation.get("tensors", []) if name is not None]
    axis = operation.get("dim", 0) % program.rank(tensors[0])
    program.emit("Concat", tensors, operation.outputs[0], operation, axis=axis)


def _squeezed(program: AtenProgram, operation: AtenOperation) -> None:
    x, dims = operation.get("self"), operation.get("dim")
    axes = [
        axis % program.rank(x)
        for axis in (dims if isinstance(dims, list) else [dims] if dims is not None else [])
    ]
    sizes = program.dims[x]
    axes = (
        [axis for axis in axes if sizes[axis] == 1]
        if dims is not None
        else [axis for axis, n in enumerate(sizes) if n == 1]
    )
    op = "Squeeze" if axes else "Identity"
    program.emit(op, [x], operation.outputs[0], operation, axes=axes)


def _unsqueezed(program: AtenProgram, operation: AtenOperation) -> None:
    x = operation.get("self")
    axes = [operation.get("dim", 0) % (program.rank(x) + 1)]
    program.emit("Unsqueeze", [x], operation.outputs[0], operation, axes=axes)


def _reduced(op: str) -> Callable[[AtenProgram, AtenOperation], None]:
    def rule(program: AtenProgram, operation: AtenOperation) -> None:
        x, dims = operation.get("self"), operation.get("dim")
        rank = program.rank(x)
        axes = dims if isinstance(dims, list) else list(range(rank)) if dims is None else [dims]
        keep = int(operation.get("keepdim", default=False))
        program.emit(
            *(op, [x], operation.outputs[0], operation),
            axes=[axis % rank for axis in axes],
            keepdims=keep,
        )

    return rule


def _padded(program: AtenProgram, operation: AtenOperation) -> None:
    x, pads = operation.get("self"), operation.get("pad", [])
    rank = program.rank(x)
    pairs = [tuple(pads[at : at + 2]) for at in range(0, len(pads), 2)][::-1]
    pairs = [(0, 0)] * (rank - len(pairs)) + pairs
    if not any(map(any, pairs)):
        program.emit("Identity", [x], operation.outputs[0], operation)
        return
    spread = [before for before, _ in pairs] + [after for _, after in pairs]
    mode = operation.get("mode", "constant")
    program.emit("Pad", [x], operation.outputs[0], operation, pads=spread, mode=mode)


def _softmaxed(program: AtenProgram, operation: AtenOperation) -> None:
    x = operation.get("self")
    axis = operation.get("dim", -1) % program.rank(x)
    program.emit("Softmax", [x], operation.outputs[0], operation, axis=axis)


def _resized(program: AtenProgram, operation: AtenOperation) -> None:
    x, output = operation.references()[0], operation.outputs[0]
    mode = "nearest" if "nearest" in operation.target else "linear"
    if "bicubic" in operation.target:
        program.emit("aten.bicubic", [x], output, operation)
        return
    corners = operation.get("align_corners", default=False)
    before, after = program.dims[x], program.dims[output]
    scales = [new / old for old, new in zip(before, after, strict=True)]
    attributes: dict[str, Any] = {"scales": scales, "mode": mode}
    if corners:
        attributes["coordinate_transformation_mode"] = "align_corners"
    program.emit("Upsample", [x], output, operation, **attributes)


def _einsum(program: AtenProgram, operation: AtenOperation) -> None:
    """Write a product of matrices in letters as one."""
    left, _, right = str(operation.get("equation", "")).replace(" ", "").partition("->")
    words = left.split(",")
    tensors = operation.get("tensors", [])
    if len(words) == 2 and len(tensors) == 2 and len(words[0]) == len(words[1]) == len(right) > 2:
        first, second = words
        head, rows, inner = first[:-2], first[-2], first[-1]
        if second[:-2] == right[:-2] == head and right[-2] == rows:
            columns = right[-1]
            if second[-2:] == columns + inner:
                turned = program.between()
                rank = len(second)
                order = [*range(rank - 2), rank - 1, rank - 2]
                program.emit("Transpose", [tensors[1]], turned, operation, perm=order)
                program.emit("MatMul", [tensors[0], turned], operation.outputs[0], operation)
                return
            if second[-2:] == inner + columns:
                program.emit("MatMul", list(tensors), operation.outputs[0], operation)
                return
    program.emit("aten.einsum", tensors, operation.outputs, operation)


def _pointwise(kind: str, **names: tuple[str, Any]) -> Callable[[AtenProgram, AtenOperation], None]:
    """Return the translation to one of our layers, whose fields are arguments, with defaults."""

    def rule(program: AtenProgram, operation: AtenOperation) -> None:
        fields = {field: operation.get(word, default) for field, (word, default) in names.items()}
        x = operation.references()[0]
        program.emit("Pointwise", [x], operation.outputs[0], operation, kind=kind, fields=fields)

    return rule


def _clamped(program: AtenProgram, operation: AtenOperation) -> None:
    low, high = (
        operation.get("min", operation.get("min_val")),
        operation.get("max", operation.get("max_val")),
    )
    x = operation.references()[0]
    kind, fields = "clip", {"range": [low, high]}
    if (low, high) == (0, 6):
        kind, fields = "relu6", {}
    elif high is None or low is None:
        op, bound = ("Max", low) if high is None else ("Min", high)
        program.emit(op, [x, program.number(bound)], operation.outputs[0], operation)
        return
    program.emit("Pointwise", [x], operation.outputs[0], operation, kind=kind, fields=fields)


def _glu(program: AtenProgram, operation: AtenOperation) -> None:
    x = operation.get("self")
    axis = operation.get("dim", -1) % program.rank(x)
    program.emit("Gated", [x], operation.outputs[0], operation, kind="glu", axis=axis)


def _prelu(program: AtenProgram, operation: AtenOperation) -> None:
    inputs = [operation.get("self"), operation.get("weight")]
    program.emit("PRelu", inputs, operation.outputs[0], operation)


def _rolled(program: AtenProgram, operation: AtenOperation) -> None:
    x = operation.get("self")
    dims = [axis % program.rank(x) for axis in operation.get("dims", [])]
    shifts = dict(zip(dims, operation.get("shifts", []), strict=True))
    program.emit("Roll", [x], operation.outputs[0], operation, shifts=shifts)


def _shuffled(op: str, key: str) -> Callable[[AtenProgram, AtenOperation], None]:
    def rule(program: AtenProgram, operation: AtenOperation) -> None:
        factor = operation.get(key, 1)
        x = operation.get("self")
        mode = {"mode": "CRD"} if op == "DepthToSpace" else {}
        program.emit(op, [x], operation.outputs[0], operation, blocksize=factor, **mode)

    return rule


def _channel_shuffle(program: AtenProgram, operation: AtenOperation) -> None:
    fields = {"groups": operation.get("groups", 1)}
    x = operation.get("self")
    program.emit(
        *("Pointwise", [x], operation.outputs[0], operation),
        kind="channel_shuffle",
        fields=fields,
        maps=True,
    )


def _same(program: AtenProgram, operation: AtenOperation) -> None:
    program.emit("Identity", operation.references()[:1], operation.outputs[0], operation)


def _chosen(program: AtenProgram, operation: AtenOperation) -> None:
    """Write a choice between what flows and a fixed array as what flows."""
    flows = [name for name in operation.references() if program.flows(name)]
    op = "Identity" if len(flows) == 1 else "aten.where"
    program.emit(op, flows, operation.outputs[0], operation)


def _as_large(program: AtenProgram, operation: AtenOperation) -> None:
    """Write what flows through as large as it was as nothing; there is no rule for the rest."""
    x, output = operation.get("self"), operation.outputs[0]
    alike = not program.flows(x) or program.dims[x] == program.dims[output]
    op = "Identity" if alike else f"aten.{operation.target}"
    program.emit(op, [x], output, operation)


def _power(program: AtenProgram, operation: AtenOperation) -> None:
    exponent = operation.get("exponent")
    if not is_number(exponent):
        program.emit("aten.pow", operation.references(), operation.outputs[0], operation)
        return
    inputs = [operation.get("self"), program.number(exponent)]
    program.emit("Pow", inputs, operation.outputs[0], operation)


def _square(program: AtenProgram, operation: AtenOperation) -> None:
    inputs = [operation.get("self"), program.number(2)]
    program.emit("Pow", inputs, operation.outputs[0], operation)


def _length(program: AtenProgram, operation: AtenOperation) -> None:
    op = "ReduceL2" if operation.get("ord", 2) == 2 else "aten.linalg_vector_norm"
    _reduced(op)(program, operation)


def _masked(program: AtenProgram, operation: AtenOperation) -> None:
    """Write what a fixed mask hides as nothing, but a triangle of scores as a causal mask."""
    x, mask, output = operation.get("self"), operation.get("mask"), operation.outputs[0]
    if program.flows(mask) or not program.flows(x):
        program.emit("aten.masked_fill", operation.references(), output, operation)
    elif mask in program.triangles:
        program.emit("Module", [x], output, operation, kind="causal_mask", fields={})
    else:
        _same(program, operation)


def _repeated(program: AtenProgram, operation: AtenOperation) -> None:
    """Write an axis of which every place is repeated as a join of as many that are the same."""
    x, count, axis = (operation.get(word) for word in ("self", "repeats", "dim"))
    output = operation.outputs[0]
    if not is_whole(count) or not is_whole(axis) or not 0 < count <= _MOST_REPEATS:
        program.emit("aten.repeat_interleave", operation.references(), output, operation)
        return
    axis %= program.rank(x)
    if count == 1:
        _same(program, operation)
        return
    apart, joined = program.between(), program.between()
    program.emit("Unsqueeze", [x], apart, operation, axes=[axis + 1])
    program.emit("Concat", [apart] * count, joined, operation, axis=axis + 1)
    shape = list(program.dims[output])
    program.emit("Reshape", [joined], output, operation, shape=shape, allowzero=1)


def _recurrent(kind: str) -> Callable[[AtenProgram, AtenOperation], None]:
    def rule(program: AtenProgram, operation: AtenOperation) -> None:
        get = operation.get
        program.emit(
            *("Recurrent", [get("input"), *(get("params", []))], operation.outputs, operation),
            kind=kind,
            layers=get("num_layers", 1),
            bidirectional=get("bidirectional", default=False),
            biases=2 if get("has_biases", default=True) else 0,
            batch_first=get("batch_first", default=False),
        )

    return rule


TRANSLATIONS: dict[str, Callable[[AtenProgram, AtenOperation], None]] = {
    "_adaptive_avg_pool2d": _adaptive("adaptive_avgpool"),
    "_log_softmax": _softmaxed,
    "_native_batch_norm_legit_no_training": _batch_norm,
    "_softmax": _softmaxed,
    "_to_copy": _same,
    "_unsafe_view": _reshaped,
    "abs": _pointwise("abs"),
    "adaptive_avg_pool1d": _adaptive("adaptive_avgpool"),
    "adaptive_avg_pool2d": _adaptive("adaptive_avgpool"),
    "adaptive_avg_pool3d": _adaptive("adaptive_avgpool"),
    "adaptive_max_pool1d": _adaptive("adaptive_maxpool"),
    "adaptive_max_pool2d": _adaptive("adaptive_maxpool"),
    "add": _binary,
    "addmm": _addmm,
    "alias": _same,
    "alpha_dropout": _pointwise("dropout", rate=("p", 0.5)),
    "amax": _reduced("ReduceMax"),
    "as_strided": _as_large,
    "avg_pool1d": _pool("AveragePool"),
    "avg_pool2d": _pool("AveragePool"),
    "avg_pool3d": _pool("AveragePool"),
    "batch_norm": _batch_norm,
    "bmm": _matmul,
    "cat": _joined,
    "channel_shuffle": _channel_shuffle,
    "chunk": _chunked,
    "clamp": _clamped,
    "clamp_min": _clamped,
    "clone": _same,
    "concat": _joined,
    "constant_pad_nd": _padded,
    "contiguous": _same,
    "conv1d": _conv,
    "conv2d": _conv,
    "conv3d": _conv,
    "conv_transpose1d": _conv,
    "conv_transpose2d": _conv,
    "conv_transpose3d": _conv,
    "convolution": _conv,
    "detach": _same,
    "div": _binary,
    "dropout": _pointwise("dropout", rate=("p", 0.5)),
    "embedding": _embedding,
    "einsum": _einsum,
    "elu": _pointwise("elu", alpha=("alpha", 1)),
    "exp": _pointwise("exp"),
    "expand": _as_large,
    "expand_as": _as_large,
    "feature_dropout": _pointwise("dropout", rate=("p", 0.5)),
    "flatten": _reshaped,
    "gelu": _pointwise("gelu"),
    "glu": _glu,
    "group_norm": _group_norm,
    "gru": _recurrent("gru"),
    "hardsigmoid": _pointwise("hard_sigmoid"),
    "hardswish": _pointwise("hard_swish"),
    "hardtanh": _clamped,
    "instance_norm": _instance_norm,
    "layer_norm": _layer_norm,
    "leaky_relu": _pointwise("leaky_relu", slope=("negative_slope", 0.01)),
    "linalg_vector_norm": _length,
    "linear": _linear,
    "log": _pointwise("log"),
    "lstm": _recurrent("lstm"),
    "mH": _moved(_turned),
    "mT": _moved(_turned),
    "masked_fill": _masked,
    "matmul": _matmul,
    "max_pool1d": _pool("MaxPool"),
    "max_pool2d": _pool("MaxPool"),
    "max_pool2d_with_indices": _pool("MaxPool"),
    "max_pool3d": _pool("MaxPool"),
    "maximum": _binary,
    "mean": _reduced("ReduceMean"),
    "minimum": _binary,
    "mish": _pointwise("mish"),
    "mm": _matmul,
    "movedim": _moved(_relocated),
    "moveaxis": _moved(_relocated),
    "mul": _binary,
    "native_dropout": _pointwise("dropout", rate=("p", 0.5)),
    "native_group_norm": _group_norm,
    "native_layer_norm": _layer_norm,
    "neg": _pointwise("negative"),
    "numpy_T": _moved(_reversed),
    "pad": _padded,
    "permute": _moved(_permuted),
    "pixel_shuffle": _shuffled("DepthToSpace", "upscale_factor"),
    "pixel_unshuffle": _shuffled("Unshuffle", "downscale_factor"),
    "pow": _power,
    "prelu": _prelu,
    "relu": _pointwise("relu"),
    "relu6": _pointwise("relu6"),
    "repeat_interleave": _repeated,
    "reshape": _reshaped,
    "rnn_tanh": _recurrent("rnn"),
    "roll": _rolled,
    "rsqrt": _pointwise("power", exponent=("", -0.5)),
    "rms_norm": _rms_norm,
    "rsub": _rsub,
    "scaled_dot_product_attention": _attend,
    "select": _selected,
    "sigmoid": _pointwise("sigmoid"),
    "silu": _pointwise("silu"),
    "slice": _sliced,
    "softmax": _softmaxed,
    "softplus": _pointwise("softplus"),
    "split": _chunked,
    "split_with_sizes": _chunked,
    "sqrt": _pointwise("sqrt"),
    "square": _square,
    "squeeze": _squeezed,
    "sub": _binary,
    "sum": _reduced("ReduceSum"),
    "swapaxes": _moved(_swapped),
    "t": _moved(_swapped),
    "tanh": _pointwise("tanh"),
    "to": _same,
    "transpose": _moved(_swapped),
    "unbind": _unbound,
    "unflatten": _reshaped,
    "unsqueeze": _unsqueezed,
    "upsample_bilinear2d": _resized,
    "upsample_nearest1d": _resized,
    "upsample_nearest2d": _resized,
    "view": _reshaped,
    "where": _chosen,
}
