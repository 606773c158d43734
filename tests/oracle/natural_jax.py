"""Networks as JAX programmers write them with flax, built from our graphs, for XLA's count.

A padding stands in the convolution or pool itself, and channels last.  No rule of ours is asked:
margins come from the layer's fields, as for PyTorch.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from judge import AnyLayer, need
from twin import margins, pairs, spread

from shapecalc.graph import Input
from shapecalc.layers.shape import Vector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.layers.shape import Shape
    from shapecalc.report import Report

jax = need("jax")
nn = need("flax.linen")
jnp, lax = jax.numpy, jax.lax

#: What nothing of JAX or flax is, and what its count depends on.
NO_JAX = {
    **dict.fromkeys(("adaptive_avgpool", "adaptive_maxpool"), "flax has no adaptive pools"),
    **dict.fromkeys(("rnn", "lstm", "gru"), "a loop, whose body XLA counts once"),
    **dict.fromkeys(("lrn", "l2norm", "blurpool", "maxout"), "flax has none"),
    **dict.fromkeys(
        ("upsample", "embedding", "power"), "several operations on indices and scalars"
    ),
    **dict.fromkeys(("clip", "hardtanh"), "jnp.clip counts 2 more a call, for its scalars"),
    **dict.fromkeys(("subsampling", "rbf", "relative_position"), "a layer of no framework"),
}


class NotInJaxError(Exception):
    """JAX and flax have no such layer."""


def shaped(*sizes: Dim) -> Any:
    """Describe an array without its values."""
    return jax.ShapeDtypeStruct(sizes, jnp.float32)


def as_torch(shape: Shape) -> Any:
    """Return what `twin.margins` asks of a tensor: its extents, channels first."""
    extents = (1, shape.channels, *shape.sides)
    return SimpleNamespace(shape=extents, ndim=len(extents))


def convolution(layer: AnyLayer, x: Shape, filters: Dim, groups: Dim) -> Any:
    """Build flax' convolution, with a bias for every filter or none."""
    tensor = as_torch(x)
    return nn.Conv(
        filters,
        spread(layer.kernel, tensor),
        spread(layer.stride, tensor),
        margins(layer, tensor),
        kernel_dilation=spread(layer.dilation, tensor),
        feature_group_count=groups,
        use_bias=layer.bias is True and layer.type != "separable",
    )


def transposed(layer: AnyLayer, x: Shape, y: Shape) -> Callable[..., Any]:
    """Spread the input by its stride, and convolve it with the kernel turned around."""
    tensor = as_torch(x)
    kernel, stride, dilation = (
        spread(each, tensor) for each in (layer.kernel, layer.stride, layer.dilation)
    )
    ends = []
    for n, o, k, s, d, pad in zip(
        x.sides, y.sides, kernel, stride, dilation, pairs(layer.pad, tensor), strict=True
    ):
        extent, (before, _) = d * (k - 1) + 1, pad
        if layer.pad.mode == "same":
            before = max(extent - s, 0) // 2
        low = extent - 1 - before
        ends.append((low, o - 1 + extent - low - ((n - 1) * s + 1)))
    letters = "DHW"[-len(kernel) :]
    axes = (f"N{letters}C", f"{letters}IO", f"N{letters}C")

    def run(arrays: Any, flow: Any) -> Any:
        out = lax.conv_general_dilated(
            flow,
            arrays["kernel"],
            (1,) * len(kernel),
            ends,
            lhs_dilation=stride,
            rhs_dilation=dilation,
            dimension_numbers=axes,
            feature_group_count=layer.groups,
        )
        return out + arrays["bias"] if "bias" in arrays else out

    return run


def pooled(layer: AnyLayer, x: Shape) -> Callable[[Any], Any]:
    """Write a pool of flax."""
    tensor = as_torch(x)
    if set(layer.dilation) != {1}:
        raise NotInJaxError("flax' pools have no dilation")
    if layer.type == "avgpool" and not layer.count_include_pad:
        raise NotInJaxError("counts what it divides by, too")
    pool = nn.max_pool if layer.type == "maxpool" else nn.avg_pool
    strides = spread(layer.kernel if layer.stride is None else layer.stride, tensor)
    return lambda flow: pool(flow, spread(layer.kernel, tensor), strides, margins(layer, tensor))


def along(over: Sequence[Any], x: Shape) -> tuple[int, ...]:
    """Return the axes that a layer goes over, channels last."""
    rank = len(x.sides)
    names = {"channels": [rank + 1], "positions": range(1, rank + 1)}
    sides = ("depth", "height", "width")[-rank:] if rank > 1 else ("length",)
    names |= {name: [place] for place, name in enumerate(sides, 1)}
    axes = [each for axis in over for each in (names[axis] if axis in names else [axis + 1])]
    return tuple(axes)


def normalisation(layer: AnyLayer, x: Shape) -> Any:
    """Build a normalisation of flax."""
    parts = {"use_bias": layer.affine, "use_scale": layer.affine}
    if layer.type == "batchnorm":
        return nn.BatchNorm(use_running_average=True, **parts)
    if layer.type == "groupnorm":
        return nn.GroupNorm(layer.groups, **parts)
    if layer.type == "instancenorm":
        return nn.InstanceNorm(**parts)
    axes = tuple(range(1, len(x.sides) + 2)) if layer.over == "all" else (-1,)
    return nn.LayerNorm(reduction_axes=axes, feature_axes=axes, **parts)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        word: getattr(nn, word)
        for word in ["relu", "relu6", "elu", "silu", "sigmoid", "hard_sigmoid", "hard_swish", "tanh", "softplus"]
    },
    "mish": jax.nn.mish,
    "gelu": lambda x: nn.gelu(x, approximate=False),
    "abs": jnp.abs, "exp": jnp.exp, "log": jnp.log, "sqrt": jnp.sqrt, "negative": jnp.negative,
    "identity": lambda x: x, "dropout": lambda x: x, "stochastic_depth": lambda x: x,
    "add": lambda *xs: sum(xs[1:], start=xs[0]),
    "multiply": lambda *xs: math.prod(xs[1:], start=xs[0]),
    "concat": lambda *xs: jnp.concatenate(xs, -1),
    "subtract": lambda x, y: x - y, "divide": lambda x, y: x / y,
    "maximum": jnp.maximum, "minimum": jnp.minimum,
    "global_avgpool": lambda x: jnp.mean(x, tuple(range(1, x.ndim - 1)), keepdims=True),
    "global_maxpool": lambda x: jnp.max(x, tuple(range(1, x.ndim - 1)), keepdims=True),
}  # fmt: skip


def written(layer: AnyLayer, shapes: Sequence[Shape], y: Shape) -> tuple[Any, Any]:
    """Return a layer's arrays and the function of these and what flows in."""
    word, x = layer.type, shapes[0]
    if word in NO_JAX:
        raise NotInJaxError(NO_JAX[word])
    if word in FUNCTIONS:
        return {}, lambda _, *flow: FUNCTIONS[word](*flow)
    if word in ("maxpool", "avgpool"):
        pool = pooled(layer, x)
        return {}, lambda _, flow: pool(flow)
    if word == "softmax":
        axes = along(layer.over, x)
        return {}, lambda _, flow: nn.softmax(flow, axes)
    if word == "leaky_relu":
        return {}, lambda _, flow: nn.leaky_relu(flow, layer.slope)
    if word in ("flatten", "reshape"):
        return {}, lambda _, flow: flow.reshape(1, *y.sides, y.channels)
    if word == "transposed":
        kernel = spread(layer.kernel, as_torch(x))
        arrays = {"kernel": shaped(*kernel, x.channels // layer.groups, layer.filters)}
        if layer.bias:
            arrays["bias"] = shaped(*(y.sides if layer.bias == "per_position" else ()), y.channels)
        return arrays, transposed(layer, x, y)
    return of_flax(layer, x, y)


def of_flax(layer: AnyLayer, x: Shape, y: Shape) -> tuple[Any, Any]:
    """Return the arrays and the function of a layer that is one of flax' modules, or two."""
    word, whole = layer.type, False
    modules: list[Any]
    if word == "conv" and layer.connections is None:
        modules = [convolution(layer, x, layer.filters, layer.groups)]
    elif word == "depthwise":
        modules = [convolution(layer, x, x.channels * layer.multiplier, x.channels)]
    elif word == "separable":
        ones = (1,) * len(x.sides)
        modules = [
            convolution(layer, x, x.channels * layer.multiplier, x.channels),
            nn.Conv(layer.filters, ones, use_bias=layer.bias is True),
        ]
    elif word == "dense":
        whole = layer.over != "channels"
        modules = [nn.Dense(layer.units, use_bias=layer.bias)]
    elif word in ("batchnorm", "groupnorm", "instancenorm", "layernorm"):
        modules = [normalisation(layer, x)]
    elif word in ("rmsnorm", "prelu"):
        modules = [nn.RMSNorm() if word == "rmsnorm" else nn.PReLU()]
    else:
        raise NotInJaxError(f"no twin of {word}")
    arrays, flow = [], shaped(1, *(() if whole else x.sides), x.size if whole else x.channels)
    for module in modules:
        flow, made = jax.eval_shape(
            lambda x, module=module: module.init_with_output(jax.random.PRNGKey(0), x), flow
        )
        arrays.append(made)
    untied = [shaped(*y.sides, y.channels)] if getattr(layer, "bias", 0) == "per_position" else []

    def run(arrays: Any, flow: Any) -> Any:
        flow = flow.reshape(1, -1) if whole else flow
        for module, own in zip(modules, arrays, strict=False):
            flow = module.apply(own, flow)
        return flow + arrays[-1] if untied else flow

    return [*arrays, *untied], run


def flops(report: Report) -> int:
    """Return what XLA counts of a network before it optimises, as flax' tabulate prints it.

    Raises `NotInJaxError` for a layer that they have not.
    """
    outputs: list[Shape] = [row.output for row in report.rows]
    arrays: list[Any] = []
    runs: list[Any] = []
    for row, node in zip(report.rows, report.graph.nodes, strict=True):
        if isinstance(row.layer, Input):
            arrays.append({})
            runs.append(None)
            continue
        made, run = written(row.layer, [outputs[index] for index in node.inputs], row.output)
        arrays.append(made)
        runs.append(run)

    def forward(arrays: Any, *given: Any) -> Any:
        flow: list[Any] = []
        waiting = iter(given)
        for run, own, node in zip(runs, arrays, report.graph.nodes, strict=True):
            inputs = [flow[index] for index in node.inputs]
            flow.append(next(waiting) if run is None else run(own, *inputs))
        for value, shape in zip(flow, outputs, strict=True):
            assert value.shape == extents(shape), (value.shape, shape)
        return [flow[index] for index in report.graph.outputs]

    given = [shaped(*extents(row.output)) for row in report.rows if isinstance(row.layer, Input)]
    return int(jax.jit(forward).lower(arrays, *given).cost_analysis().get("flops", 0))


def extents(shape: Any) -> tuple[int, ...]:
    """Return the extents of one example, channels last."""
    return (1, shape.size) if isinstance(shape, Vector) else (1, *shape.sides, shape.channels)
