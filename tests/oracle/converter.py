"""A network of torchvision, traced and said in our language: layer by layer, as data.

A tensor is followed with the names of its axes in PyTorch's order, so that moving channels to the
end and back is no layer: ours are always last.  Windows of a map lie on axes G (which window) and P
(where in it); ours stays the map, and the attention says the windows.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, NamedTuple

from judge import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch
    from torch import fx, nn
    from torch.nn import functional
    from torchvision import ops
    from torchvision.models import convnext, maxvit, shufflenetv2, swin_transformer
else:
    torch = need("torch")
    fx = need("torch.fx")
    nn = torch.nn
    functional = nn.functional
    ops = need("torchvision.ops")
    convnext, maxvit, shufflenetv2, swin_transformer = (
        need(f"torchvision.models.{name}")
        for name in ("convnext", "maxvit", "shufflenetv2", "swin_transformer")
    )

FlopCounterMode = need("torch.utils.flop_counter").FlopCounterMode


class Flow(NamedTuple):
    """What one tensor is in our network: the layer that computes it, and its axes in PyTorch."""

    layer: str
    axes: str


class Converted(NamedTuple):
    """A network as a spec, and what PyTorch says of it.

    `outputs` are pairs of a layer and its output, sides first and channels last; `windows` are
    those that PyTorch holds in windows, of which the channels and the elements can be compared.
    """

    spec: dict[str, Any]
    outputs: list[tuple[str, tuple[int, ...]]]
    windows: list[tuple[str, tuple[int, int]]]
    params_of: dict[str, int]
    params: int
    statistics: int
    macs: int


class Tracer(fx.Tracer):  # type: ignore[misc]
    """Traces a model down to what the language has a layer for."""

    LEAVES = (
        convnext.LayerNorm2d,
        swin_transformer.ShiftedWindowAttention,
        maxvit.RelativePositionalMultiHeadAttention,
        maxvit.WindowPartition,
        maxvit.WindowDepartition,
        maxvit.SwapAxes,
    )

    def __init__(self) -> None:
        super().__init__(autowrap_functions=(shufflenetv2.channel_shuffle,))

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, self.LEAVES) or super().is_leaf_module(m, module_qualified_name)


def convert(model: nn.Module, size: int) -> Converted:
    """Say a model in our language, and run it on the meta device, on one square picture."""
    graph = fx.GraphModule(model, Tracer().trace(model))
    conversion = Conversion(graph)
    with FlopCounterMode(display=False) as counter:
        conversion.run(torch.empty(1, 3, size, size, device="meta"))
    spec = {"inputs": conversion.inputs, "layers": conversion.layers}
    return Converted(
        spec,
        conversion.outputs,
        conversion.windows,
        conversion.params_of,
        sum(conversion.reached.values()),
        conversion.statistics,
        counter.get_total_flops() // 2,
    )


class Conversion(fx.Interpreter):  # type: ignore[misc]
    """Runs a traced model node by node, and writes a layer for each that computes."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.inputs: dict[str, list[int]] = {}
        self.layers: list[dict[str, Any]] = []
        self.flows: dict[fx.Node, Any] = {}
        self.outputs: list[tuple[str, tuple[int, ...]]] = []
        self.windows: list[tuple[str, tuple[int, int]]] = []
        self.params_of: dict[str, int] = {}
        self.reached: dict[int, int] = {}
        self.statistics = 0

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        flow = self._flow(n, result)
        if flow is not None:
            self.flows[n] = flow
        if isinstance(flow, Flow):
            assert isinstance(result, torch.Tensor)
            self._compare(flow, dict(zip(flow.axes, result.shape, strict=True)))
        return result

    def extra_input(self, name: str, shape: tuple[int, ...]) -> str:
        """Let a fixed array that a model holds, sides first, flow in beside the picture."""
        self.inputs[name] = list(shape)
        return name

    def _compare(self, flow: Flow, extents: dict[str, int]) -> None:
        channels = extents.pop("C")
        assert extents.pop("N") == 1
        if "G" in extents:
            self.windows.append((flow.layer, (channels, math.prod(extents.values()))))
        else:
            sides = [extents[axis] for axis in "HWL" if axis in extents]
            self.outputs.append((flow.layer, (*sides, channels)))

    def _flow(self, n: fx.Node, result: Any) -> Any:
        if n.op == "placeholder":
            self.inputs[n.name] = [*result.shape[2:], result.shape[1]]
            return Flow(n.name, "NCHW")
        if n.op == "get_attr":
            if isinstance(result, nn.Parameter):
                self.reached[id(result)] = result.numel()
            return None
        args = fx.node.map_arg(n.args, lambda other: self.flows.get(other, self.env.get(other)))
        if n.op == "output" or not _is_computed(result):
            return None
        if next(_flows(args), None) is None:  # computed of trained arrays alone
            return None
        if n.op == "call_module":
            return self._module(n, self.fetch_attr(n.target), args)
        say = FUNCTIONS.get(n.target)
        if say is None:
            raise NotImplementedError(f"no layer for {n.target}")
        options = fx.node.map_arg(n.kwargs, self.env.get)
        return say(Writer(self, n, result), *args, **options)

    def _module(self, n: fx.Node, module: nn.Module, args: tuple[Any, ...]) -> Any:
        say = next((MODULES[kind] for kind in type(module).__mro__ if kind in MODULES), None)
        if say is None:
            raise NotImplementedError(f"no layer for {type(module).__name__}")
        flow = say(Writer(self, n, None), module, *args)
        own = [(id(each), each.numel()) for each in module.parameters()]
        self.reached.update(own)
        if own:
            assert n.name not in self.params_of
            self.params_of[n.name] = sum(count for _, count in own)
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            self.statistics += 2 * module.running_mean.numel()
        return flow


class Writer(NamedTuple):
    """Writes layers under the name of a node of the trace."""

    conversion: Conversion
    node: fx.Node
    result: Any

    def __call__(
        self, word: str, *sources: Flow, axes: str = "", part: str = "", **fields: Any
    ) -> Flow:
        """Write a layer; its axes are those of its first source, unless they are given."""
        name = self.node.name + part
        names = [source.layer for source in sources]
        origin = names[0] if len(names) == 1 else names
        self.conversion.layers.append({word: {"name": name, "from": origin, **fields}})
        return Flow(name, axes or sources[0].axes)


def _flows(args: Any) -> Iterator[Flow]:
    if isinstance(args, Flow):
        yield args
    elif isinstance(args, tuple | list):
        for each in args:
            yield from _flows(each)


def _is_computed(result: Any) -> bool:
    """Tell a tensor, or several, from sizes and truths."""
    return isinstance(result[0] if isinstance(result, tuple) else result, torch.Tensor)


def _pair(value: Any) -> list[int]:
    return [value, value] if isinstance(value, int) else list(value)


def _channels_last(x: Flow) -> None:
    if x.axes[-1] != "C":
        raise NotImplementedError(f"works along {x.axes[-1]}, not along the channels")


# Modules


def _conv(write: Writer, module: nn.Conv2d, x: Flow) -> Flow:
    assert module.padding_mode == "zeros"
    return write(
        "conv",
        x,
        filters=module.out_channels,
        kernel=_pair(module.kernel_size),
        stride=_pair(module.stride),
        pad=_pair(module.padding),
        dilation=_pair(module.dilation),
        groups=module.groups,
        bias=module.bias is not None,
    )


def _linear(write: Writer, module: nn.Linear, x: Flow) -> Flow:
    _channels_last(x)
    over = {} if x.axes == "NC" else {"over": "channels"}
    return write("dense", x, units=module.out_features, bias=module.bias is not None, **over)


def _batchnorm(write: Writer, module: nn.BatchNorm2d, x: Flow) -> Flow:
    return write("batchnorm", x, affine=module.affine, statistics=module.track_running_stats)


def _layernorm(write: Writer, module: nn.LayerNorm, x: Flow) -> Flow:
    _channels_last(x)
    assert len(module.normalized_shape) == 1
    return write("layernorm", x, affine=module.elementwise_affine)


def _layernorm_2d(write: Writer, module: convnext.LayerNorm2d, x: Flow) -> Flow:
    return write("layernorm", x, affine=module.elementwise_affine)


def _maxpool(write: Writer, module: nn.MaxPool2d, x: Flow) -> Flow:
    return write(
        "maxpool",
        x,
        kernel=_pair(module.kernel_size),
        stride=_pair(module.stride),
        pad=_pair(module.padding),
        dilation=_pair(module.dilation),
        rounding="ceil" if module.ceil_mode else "floor",
    )


def _avgpool(write: Writer, module: nn.AvgPool2d, x: Flow) -> Flow:
    return write(
        "avgpool",
        x,
        kernel=_pair(module.kernel_size),
        stride=_pair(module.stride),
        pad=_pair(module.padding),
        rounding="ceil" if module.ceil_mode else "floor",
        count_include_pad=module.count_include_pad,
    )


def _multihead(
    write: Writer, module: nn.MultiheadAttention, query: Flow, key: Flow, value: Flow
) -> list[Flow]:
    assert query == key == value
    assert module.batch_first
    assert module.in_proj_bias is not None
    assert query.axes == "NLC"
    return [write("attention", query, heads=module.num_heads)]


def _sides(write: Writer) -> list[int]:
    """Return the sides of the map, channels last, that flows into a node."""
    _, *sides, _ = write.conversion.env[write.node.args[0]].shape
    return [*sides]


def _shifted_windows(
    write: Writer, module: swin_transformer.ShiftedWindowAttention, x: Flow
) -> Flow:
    assert x.axes == "NHWC"
    return write(
        "attention",
        x,
        heads=module.num_heads,
        window=list(module.window_size),
        shift=_shift(module, _sides(write)),
        relative_position=True,
    )


def _shift(module: swin_transformer.ShiftedWindowAttention, sides: list[int]) -> list[int]:
    """Return by how much a map moves: not along a side that one window covers."""
    return [
        0 if window >= side else step
        for window, side, step in zip(module.window_size, sides, module.shift_size, strict=True)
    ]


def _shifted_windows_v2(
    write: Writer, module: swin_transformer.ShiftedWindowAttentionV2, x: Flow
) -> Flow:
    """Write attention by the cosine, whose biases a small network computes from distances.

    The language has it in no layer of its own: it is put together from what `attention` is made of.
    """
    sides = _sides(write)
    side = module.window_size[0]
    assert module.window_size == [side, side]
    heads, channels = module.num_heads, module.qkv.in_features
    windows: dict[str, Any] = {"size": [side, side]}
    shift = _shift(module, sides)
    if any(shift):
        windows["shift"] = shift
    count = math.prod(-(-extent // side) for extent in sides)
    table = write.conversion.extra_input(
        f"distances_{side}", module.relative_coords_table.shape[1:]
    )
    layers = [
        {"window_partition": {"name": "partition", "from": x.layer, **windows}},
        {"dense": {"name": "qkv", "units": 3 * channels, "over": "channels"}},
        *_normalised("query", [0, channels], [count, side * side, channels], heads),
        *_normalised("key", [channels, 2 * channels], [count, side * side, channels], heads),
        {
            "matmul": {
                "name": "cosines",
                "from": ["query", "key"],
                "transpose": "second",
                "heads": heads,
                "windows": True,
            }
        },
        {"parameter": {"name": "logit_scale", "shape": [1, heads, 1, 1]}},
        {"minimum": {"from": "logit_scale", "right": math.log(100)}},
        {"exp": {"name": "scale"}},
        {"multiply": {"name": "scores", "from": ["cosines", "scale"]}},
        {
            "dense": {
                "from": table,
                "units": module.cpb_mlp[0].out_features,
                "over": "channels",
            }
        },
        "relu",
        {"dense": {"units": heads, "over": "channels", "bias": False}},
        *by_pair(side, heads),
        "sigmoid",
        {"multiply": {"name": "bias", "right": -16}},
        {"subtract": {"from": ["scores", "bias"]}},  # a sum whose 1 stretches over the windows
        *([{"window_mask": {"from": [".", x.layer], **windows}}] if any(shift) else []),
        "softmax",
        {
            "matmul": {
                "from": [".", "qkv"],
                "second": [2 * channels, 3 * channels],
                "heads": heads,
                "windows": True,
                "merge": "map",
            }
        },
        {"dense": {"name": "out", "units": channels, "over": "channels"}},
        {"window_merge": {"from": [".", x.layer], **windows}},
    ]
    write.conversion.layers.append({"group": {"name": write.node.name, "layers": layers}})
    return Flow(write.node.name, x.axes)


def _normalised(name: str, part: list[int], shape: list[int], heads: int) -> list[dict[str, Any]]:
    """Take queries or keys, and bring those of every head to a length of 1."""
    windows, positions, channels = shape
    by_head = [windows, positions * heads, channels // heads]
    return [
        {"slice": {"from": "qkv", "channels": part}},
        {"reshape": {"shape": by_head}},
        {"l2norm": "channels"},
        {"reshape": {"name": name, "shape": shape}},
    ]


def by_pair(side: int, heads: int) -> list[dict[str, Any]]:
    """Lay a map of numbers by distance out as numbers by pairs of positions, for every head.

    Along a side, a row of 2n - 1 distances and a hole is repeated n times, and cut into rows of
    2n - 1 again: each begins one place further back, so its last n are those of one position.
    """
    n, span = side, 2 * side - 1
    return [
        {"reshape": {"shape": [1, span, span * heads]}},
        {"pad": {"pad": [[0, 0], [0, 1]]}},
        {"upsample": {"factor": [n, 1]}},
        {"reshape": {"shape": [n * (span + 1), span * heads]}},
        {"slice": {"length": [0, n * span]}},
        {"reshape": {"shape": [n, span, span * heads]}},
        {"slice": {"width": [n - 1, span]}},  # y', y, (distance of x, head)
        {"reshape": {"shape": [n * n, 1, span, heads]}},
        {"pad": {"pad": [[0, 0], [0, 0], [0, 1]]}},
        {"upsample": {"factor": [1, n, 1]}},
        {"reshape": {"shape": [n * n, n * (span + 1), heads]}},
        {"slice": {"width": [0, n * span]}},
        {"reshape": {"shape": [n * n, n, span, heads]}},
        {"slice": {"width": [n - 1, span]}},  # (y', y), x', x, head
        {"reshape": {"shape": [n, n, n, n * heads]}},
        {"permute": [1, 0, 2, 3]},  # y, y', x', (x, head)
        {"reshape": {"shape": [n, n * n, n, heads]}},
        {"permute": [0, 2, 1, 3]},  # y, x, (y', x'), head
        {"reshape": {"shape": [n * n, n * n, heads]}},
        {"permute": [2, 0, 1]},
        {"reshape": {"shape": [1, heads, n * n, n * n]}},
    ]


def _windows_attention(
    write: Writer, module: maxvit.RelativePositionalMultiHeadAttention, x: Flow
) -> Flow:
    return write(
        "attention",
        x,
        heads=module.n_heads,
        window=[module.size, module.size],
        grid=x.axes.index("P") < x.axes.index("G"),
        relative_position=True,
    )


def _plain(word: str) -> Callable[..., Flow]:
    return lambda write, _, x: write(word, x)


MODULES: dict[type[nn.Module], Callable[..., Any]] = {
    nn.Conv2d: _conv,
    nn.Linear: _linear,
    nn.BatchNorm2d: _batchnorm,
    nn.LayerNorm: _layernorm,
    convnext.LayerNorm2d: _layernorm_2d,
    nn.MaxPool2d: _maxpool,
    nn.AvgPool2d: _avgpool,
    nn.AdaptiveAvgPool2d: lambda write, module, x: write(
        "adaptive_avgpool", x, size=_pair(module.output_size)
    ),
    nn.ReLU: _plain("relu"),
    nn.ReLU6: _plain("relu6"),
    nn.GELU: _plain("gelu"),
    nn.SiLU: _plain("silu"),
    nn.Sigmoid: _plain("sigmoid"),
    nn.Tanh: _plain("tanh"),
    nn.Hardsigmoid: _plain("hard_sigmoid"),
    nn.Hardswish: _plain("hard_swish"),
    nn.Dropout: lambda write, module, x: write("dropout", x, rate=module.p),
    nn.Identity: lambda _, __, x: x,
    nn.Flatten: lambda write, _, x: write("flatten", x, axes="NC"),
    nn.MultiheadAttention: _multihead,
    swin_transformer.ShiftedWindowAttention: _shifted_windows,
    swin_transformer.ShiftedWindowAttentionV2: _shifted_windows_v2,
    maxvit.RelativePositionalMultiHeadAttention: _windows_attention,
    maxvit.WindowPartition: lambda _, __, x, ___: x._replace(axes="NGPC"),
    maxvit.WindowDepartition: lambda _, __, x, *___: x._replace(axes="NCHW"),
    maxvit.SwapAxes: lambda _, module, x: _swapped(x, module.a, module.b),
}


# Functions and methods


def _swapped(x: Flow, first: int, second: int) -> Flow:
    axes = list(x.axes)
    axes[first], axes[second] = axes[second], axes[first]
    return x._replace(axes="".join(axes))


def _permute(_: Writer, x: Flow, *order: Any) -> Flow:
    places = order[0] if isinstance(order[0], tuple | list) else order
    return x._replace(axes="".join(x.axes[place] for place in places))


def _add(write: Writer, first: Any, second: Any) -> Flow:
    if isinstance(first, Flow) and isinstance(second, Flow):
        return write("add", first, second)
    x = first if isinstance(first, Flow) else second
    assert _rest(first, second).shape == write.result.shape
    return write("position_embedding", x)


def _multiply(write: Writer, first: Any, second: Any) -> Flow:
    if isinstance(first, Flow) and isinstance(second, Flow):
        return write("multiply", first, second)
    x = first if isinstance(first, Flow) else second
    factors = _rest(first, second)
    assert factors.numel() == factors.shape[0] == write.result.shape[x.axes.index("C")]
    return write("scale", x)


def _rest(first: Any, second: Any) -> nn.Parameter:
    other = second if isinstance(first, Flow) else first
    assert isinstance(other, nn.Parameter)
    return other


def _cat(write: Writer, parts: list[Any], dim: int) -> Flow:
    flows = [part for part in parts if isinstance(part, Flow)]
    if len(parts) == 1:
        return flows[0]
    axis = flows[0].axes[dim]
    if len(flows) == len(parts) and axis == "C":
        return write("concat", *flows)
    token, x = parts
    assert isinstance(x, Flow)
    assert axis == "L"
    return write("token", x, count=token.shape[dim])


def _chunk(write: Writer, x: Flow, count: int, dim: int) -> list[Flow]:
    assert x.axes[dim] == "C"
    return [
        write("slice", x, part=f"_{i}", channels=f"{i} of {count}") for i in range(1, count + 1)
    ]


def _take(write: Writer, x: Any, index: Any) -> Any:
    if isinstance(x, list):
        return x[index] if index < len(x) else None
    assert index == (slice(None), 0)
    assert x.axes == "NLC"
    first = write("slice", x, part="_part", length=[0, 1])
    return write("flatten", first, axes="NC")


def _reshape(write: Writer, x: Flow, *_: Any) -> Flow:
    assert x.axes == "NCHW"
    _, channels, positions = write.result.shape
    return write("reshape", x, shape=[positions, channels], axes="NCL")


def _mean(write: Writer, x: Flow, dims: list[int]) -> Flow:
    assert [x.axes[dim] for dim in dims] == ["H", "W"]
    return write("flatten", write("global_avgpool", x, part="_pool"), axes="NC")


def _flatten(write: Writer, x: Flow, start_dim: int) -> Flow:
    assert start_dim == 1
    return write("flatten", x, axes="NC")


def _avg_pool(write: Writer, x: Flow, *sizes: Any, **options: Any) -> Flow:
    return _avgpool(write, nn.AvgPool2d(*sizes, **options), x)


def _max_pool(write: Writer, x: Flow, *sizes: Any, **options: Any) -> Flow:
    return _maxpool(write, nn.MaxPool2d(*sizes, **options), x)


def _patches(write: Writer, x: Flow) -> Flow:
    """Write the neighbours of 2x2 places one behind the other: a row down, then one across."""
    height, width = _sides(write)
    assert height % 2 == width % 2 == 0
    corners = [
        write("slice", x, part=f"_{row}{column}", height=[row, height, 2], width=[column, width, 2])
        for column in (0, 1)
        for row in (0, 1)
    ]
    return write("concat", *corners)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    operator.add: _add,
    operator.mul: _multiply,
    operator.getitem: _take,
    torch.cat: _cat,
    torch.permute: _permute,
    "permute": _permute,
    "chunk": _chunk,
    "reshape": _reshape,
    "mean": _mean,
    torch.flatten: _flatten,
    "flatten": _flatten,
    functional.relu: lambda write, x, **_: write("relu", x),
    functional.avg_pool2d: _avg_pool,
    functional.max_pool2d: _max_pool,
    functional.adaptive_avg_pool2d: lambda write, x, size: write(
        "adaptive_avgpool", x, size=_pair(size)
    ),
    ops.stochastic_depth: lambda _, x, *__, **___: x,
    shufflenetv2.channel_shuffle: lambda write, x, groups: write(
        "channel_shuffle", x, groups=groups
    ),
    swin_transformer._patch_merging_pad: _patches,
}
