"""How Caffe spells each layer type: as one layer of its own, or as several behind each other.

What it cannot say is refused: with the sizes, where those are why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra import known
from shapecalc.layers.axes import PartOf, chosen
from shapecalc.layers.window import Window, output_size
from shapecalc.writers.site import UnsayableError, frame_of, mean_counts, transposed_cuts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shapecalc.layers.window import Rounding
    from shapecalc.writers.site import Site

    Spelling = Callable[[Site], "list[CaffeStep]"]


class Bare(str):
    """A value without quotes: a word of Caffe's own."""

    __slots__ = ()


#: The name of an array of one number 1, by which Caffe divides a norm's statistics.
ONE = "1"


class CaffeStep(NamedTuple):
    """A layer of Caffe's.

    `name` is what stands behind the name of ours, "" for the name itself; `bottoms` is what it
    reads, "0" for what flows into ours first and "<" for what the step before gives, and by itself
    that, or of the first step all that flows in.  `arrays` counts its weights.  `tops` are words
    for what it gives, "" for what flows on.
    """

    type: str
    fields: Mapping[str, Any] = {}
    name: str = ""
    bottoms: tuple[str, ...] = ()
    inplace: bool = False
    arrays: tuple[str, ...] = ()
    tops: tuple[str, ...] = ("",)


# -- windows --------------------------------------------------------------------------------------


def _sizes(name: str, values: Sequence[int], usual: int | None) -> dict[str, Any]:
    """Write a size per side: of images as one number where they are alike."""
    if len(set(values)) == 1:
        return {} if values[0] == usual else {name: values[0] if len(values) < 3 else list(values)}
    if len(values) == 2 and name != "dilation":
        short = "kernel" if name == "kernel_size" else name
        return {f"{short}_h": values[0], f"{short}_w": values[1]}
    return {name: list(values)}


def _pads(site: Site, rounding: Rounding) -> tuple[list[int], list[int], list[int]]:
    """Return the padding before every side, what Caffe makes of it at both ends, and our sizes.

    Where a size is ours, its windows stand where ours do.
    """
    layer, shape = site.layer, site.inputs[0]
    before = [max(pair[0], 0) for pair in frame_of(site)]
    rule = "ceil" if rounding == "ceil_caffe" and any(before) else rounding
    rule = "ceil_full" if rule == "ceil_caffe" else rule
    moves = map(site.spread, (layer.kernel, layer.steps(), layer.dilation))
    theirs = [
        known(output_size(known(n), Window(k, s, p, p, d, rule)))
        for n, p, k, s, d in zip(shape.sides, before, *moves, strict=True)
    ]
    return before, theirs, [known(n) for n in site.output.sides]


def _by(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes))


def _uneven(site: Site, pads: list[int], theirs: list[int], ours: list[int]) -> UnsayableError:
    text = _by(pads) if len(set(pads)) > 1 else str(pads[0])
    return UnsayableError(
        f"Caffe pads both ends alike: with {text} the output is {_by(theirs)}, not {_by(ours)}",
        "give it a padding that is the same at both ends",
    )


def _convolution(site: Site, filters: int, groups: int, *, bias: bool) -> dict[str, Any]:
    """Return the parameters of a convolution."""
    layer = site.layer
    pads, theirs, ours = _pads(site, "floor")
    if theirs != ours or any(pair[0] < 0 for pair in frame_of(site)):
        raise _uneven(site, pads, theirs, ours)
    return {
        "num_output": filters,
        **({} if bias else {"bias_term": False}),
        **_sizes("pad", pads, 0),
        **_sizes("kernel_size", site.spread(layer.kernel), None),
        **({"group": groups} if groups > 1 else {}),
        **_sizes("stride", site.spread(layer.steps()), 1),
        **_sizes("dilation", site.spread(layer.dilation), 1),
    }


def _convolved(site: Site, filters: int, groups: int) -> list[CaffeStep]:
    """Write a convolution with its bias, which may differ from position to position."""
    bias = site.layer.bias
    untied = bias == "per_position"
    fields = _convolution(site, filters, groups, bias=bool(bias) and not untied)
    arrays = ("weight", "bias") if bias and not untied else ("weight",)
    made = CaffeStep("Convolution", {"convolution_param": fields}, arrays=arrays)
    if not untied:
        return [made]
    several = {"bias_param": {"num_axes": -1}}
    return [made, CaffeStep("Bias", several, "bias", inplace=True, arrays=("bias",))]


def _conv(site: Site) -> list[CaffeStep]:
    if site.layer.connections is not None:
        raise UnsayableError("Caffe has no convolution with a table of connections")
    return _convolved(site, site.layer.filters, site.layer.groups)


def _depthwise(site: Site) -> list[CaffeStep]:
    return _convolved(site, site.channels * site.layer.multiplier, site.channels)


def _separable(site: Site) -> list[CaffeStep]:
    between = site.channels * site.layer.multiplier
    first = _convolution(site, between, site.channels, bias=False)
    if site.layer.bias == "per_position":
        raise UnsayableError("it has a bias for every position")
    second = {"num_output": site.layer.filters, "kernel_size": 1}
    second |= {} if site.layer.bias else {"bias_term": False}
    depth = ("depthwise.weight",)
    mixed = ("pointwise.weight", "bias") if site.layer.bias else ("pointwise.weight",)
    return [
        CaffeStep("Convolution", {"convolution_param": first}, "depthwise", arrays=depth),
        CaffeStep("Convolution", {"convolution_param": second}, arrays=mixed),
    ]


def _transposed(site: Site) -> list[CaffeStep]:
    layer = site.layer
    if layer.bias == "per_position":
        raise UnsayableError("it has a bias for every position")
    cuts, _ = transposed_cuts(site)
    pads = [before for before, _ in cuts]
    moves = map(site.spread, (layer.kernel, layer.stride, layer.dilation))
    theirs = [
        (known(n) - 1) * s + d * (k - 1) + 1 - 2 * p
        for n, p, k, s, d in zip(site.inputs[0].sides, pads, *moves, strict=True)
    ]
    ours = [known(n) for n in site.output.sides]
    if theirs != ours or min(pads) < 0:
        raise _uneven(site, pads, theirs, ours)
    fields = {
        "num_output": layer.filters,
        **({} if layer.bias else {"bias_term": False}),
        **_sizes("pad", pads, 0),
        **_sizes("kernel_size", site.spread(layer.kernel), None),
        **({"group": layer.groups} if layer.groups > 1 else {}),
        **_sizes("stride", site.spread(layer.stride), 1),
        **_sizes("dilation", site.spread(layer.dilation), 1),
    }
    arrays = ("weight", "bias") if layer.bias else ("weight",)
    return [CaffeStep("Deconvolution", {"convolution_param": fields}, arrays=arrays)]


def _of_images(site: Site, what: str) -> None:
    if site.rank != 2:
        raise UnsayableError(f"Caffe has {what} of images alone, with a height and a width")


def _pool(site: Site, word: str) -> list[CaffeStep]:
    layer = site.layer
    _of_images(site, "pools")
    if {*site.spread(layer.dilation)} != {1}:
        raise UnsayableError("Caffe has no pool with a dilation")
    pads, theirs, ours = _pads(site, "ceil_caffe")
    how: dict[str, Any] = {}
    if theirs != ours:  # the rounding that Caffe took on in 2018
        if _pads(site, "floor")[1] != ours or any(pair[0] < 0 for pair in frame_of(site)):
            raise UnsayableError(
                f"Caffe's pool gives {_by(theirs)}, not {_by(ours)}",
                "say `rounding: ceil_caffe` of the layer for the size that Caffe gives",
            )
        how = {"round_mode": Bare("FLOOR")}
    kernel = site.spread(layer.kernel)
    counts = mean_counts(site)
    if word == "AVE" and not all(map(all, counts)):
        raise UnsayableError("a window of its pool is nothing but padding, whose mean is 0/0")
    if word == "AVE" and _divisors(site, pads, kernel) != counts:
        raise UnsayableError("Caffe's mean divides by the padding inside a window, too")
    fields = {
        "pool": Bare(word),
        **_sizes("pad", pads, 0),
        **_sizes("kernel_size", kernel, None),
        **_sizes("stride", site.spread(layer.steps()), 1),
        **how,
    }
    return [CaffeStep("Pooling", {"pooling_param": fields})]


def _divisors(site: Site, pads: Sequence[int], kernel: Sequence[int]) -> list[list[int]]:
    """Count what Caffe's mean divides by: a window as far as the padding goes."""
    steps = site.spread(site.layer.steps())
    sides = zip(site.inputs[0].sides, site.output.sides, pads, kernel, steps, strict=True)
    return [
        [min(at * s + k, known(n) + 2 * p) - at * s for at in range(known(m))]
        for n, m, p, k, s in sides
    ]


def _global(word: str) -> Spelling:
    def spell(site: Site) -> list[CaffeStep]:
        _of_images(site, "pools")
        fields = {"pool": Bare(word), "global_pooling": True}
        return [CaffeStep("Pooling", {"pooling_param": fields})]

    return spell


def _adaptive(word: str) -> Spelling:
    """Spell a pool of so many windows by their size, where they are alike."""

    def spell(site: Site) -> list[CaffeStep]:
        _of_images(site, "pools")
        sides = [
            (known(n), known(o))
            for n, o in zip(site.inputs[0].sides, site.output.sides, strict=True)
        ]
        if any(n % o for n, o in sides):
            raise UnsayableError(
                f"Caffe has pools of windows of one size, and {_by([o for _, o in sides])} do not"
                f" divide {_by([n for n, _ in sides])}"
            )
        windows = [n // o for n, o in sides]
        fields = {
            "pool": Bare(word),
            **_sizes("kernel_size", windows, None),
            **_sizes("stride", windows, 1),
        }
        return [CaffeStep("Pooling", {"pooling_param": fields})]

    return spell


# -- all the others -------------------------------------------------------------------------------


def _dense(site: Site) -> list[CaffeStep]:
    layer = site.layer
    fields: dict[str, Any] = {"num_output": layer.units}
    fields |= {} if layer.bias else {"bias_term": False}
    arrays = ("weight", "bias") if layer.bias else ("weight",)
    if layer.over == "channels" and site.rank:
        fields["kernel_size"] = 1
        return [CaffeStep("Convolution", {"convolution_param": fields}, arrays=arrays)]
    return [CaffeStep("InnerProduct", {"inner_product_param": fields}, arrays=arrays)]


def _lrn(site: Site) -> list[CaffeStep]:
    layer = site.layer
    _of_images(site, "a local response normalisation")
    if layer.size % 2 == 0:
        raise UnsayableError(f"Caffe normalises over an odd number of channels, not {layer.size}")
    fields = {"local_size": layer.size, "alpha": layer.alpha, "beta": layer.beta}
    fields |= {} if layer.k == 1 else {"k": layer.k}
    return [CaffeStep("LRN", {"lrn_param": fields})]


def _batchnorm(site: Site) -> list[CaffeStep]:
    layer = site.layer
    if not layer.statistics:
        raise UnsayableError("Caffe normalises a deployed network by statistics")
    made = [CaffeStep("BatchNorm", inplace=True, arrays=("running_mean", "running_var", ONE))]
    if layer.affine and layer.scale:
        bias = {"scale_param": {"bias_term": True}} if layer.shift else {}
        arrays = ("weight", "bias") if layer.shift else ("weight",)
        made.append(CaffeStep("Scale", bias, "scale", inplace=True, arrays=arrays))
    elif layer.affine and layer.shift:
        made.append(CaffeStep("Bias", {}, "bias", inplace=True, arrays=("bias",)))
    return made


def _plain(kind: str, *, inplace: bool = True) -> Spelling:
    """Spell a type by a layer without parameters."""
    return lambda _: [CaffeStep(kind, inplace=inplace)]


def _power(scale: float = 1, shift: float = 0, power: float = 1, name: str = "") -> CaffeStep:
    """Return (shift + scale*x)^power."""
    values = {"power": (power, 1), "scale": (scale, 1), "shift": (shift, 0)}
    fields = {key: value for key, (value, usual) in values.items() if value != usual}
    return CaffeStep("Power", {"power_param": fields} if fields else {}, name, inplace=True)


def _clipped(low: float, high: float, name: str = "") -> CaffeStep:
    """Return what Caffe took on in 2018: a value between two bounds."""
    return CaffeStep("Clip", {"clip_param": {"min": low, "max": high}}, name, inplace=True)


def _hard_sigmoid(site: Site) -> list[CaffeStep]:
    return [_power(shift=3, name="shifted")._replace(inplace=False), _clipped(0, 6, "clipped"),
            _power(scale=1 / 6)]  # fmt: skip


def _times_itself(*steps: CaffeStep) -> list[CaffeStep]:
    """Multiply what flows in by what is made of it."""
    first, *others = steps
    product = CaffeStep("Eltwise", {"eltwise_param": {"operation": Bare("PROD")}}, "", ("0", "<"))
    return [first._replace(inplace=False), *others, product]


def _hard_swish(site: Site) -> list[CaffeStep]:
    *steps, last = _hard_sigmoid(site)
    return _times_itself(*steps, last._replace(name="gate"))


def _mish(site: Site) -> list[CaffeStep]:
    return _times_itself(
        CaffeStep("BNLL", {}, "softplus"), CaffeStep("TanH", {}, "tanh", inplace=True)
    )


def _softmax(site: Site) -> list[CaffeStep]:
    if tuple(chosen(site.layer.over, site.inputs[0])) != (site.rank,):
        raise UnsayableError("its softmax is not along the channels")
    return [CaffeStep("Softmax")]


def _prelu(site: Site) -> list[CaffeStep]:
    shared = {"prelu_param": {"channel_shared": True}} if site.layer.shared else {}
    return [CaffeStep("PReLU", shared, inplace=True, arrays=("weight",))]


def _extent(site: Site) -> dict[str, Any]:
    """Say what has a number of its own: a channel by itself, all of it, or every element."""
    per = site.layer.per
    if per == "position":
        raise UnsayableError("Caffe has no numbers for every position that all channels share")
    return {"one": {"axis": 0, "num_axes": 0}, "element": {"num_axes": -1}}.get(per, {})


def _scale(site: Site) -> list[CaffeStep]:
    layer = site.layer
    fields = _extent(site)
    if layer.init != 1:
        fields["filler"] = {"type": "constant", "value": float(layer.init)}
    fields |= {"bias_term": True} if layer.bias else {}
    made = {"scale_param": fields} if fields else {}
    arrays = ("weight", "bias") if layer.bias else ("weight",)
    return [CaffeStep("Scale", made, inplace=True, arrays=arrays)]


def _bias(site: Site) -> list[CaffeStep]:
    fields = _extent(site)
    return [
        CaffeStep("Bias", {"bias_param": fields} if fields else {}, inplace=True, arrays=("bias",))
    ]


def _position_embedding(site: Site) -> list[CaffeStep]:
    return [CaffeStep("Bias", {"bias_param": {"num_axes": -1}}, inplace=True, arrays=("weight",))]


def _reshape(site: Site) -> list[CaffeStep]:
    if site.rank and site.output.sides:
        raise UnsayableError("Caffe reshapes with the channels first: only vectors are reshaped")
    extents = [known(n) for n in (site.output.channels, *site.output.sides)]
    return [CaffeStep("Reshape", {"reshape_param": {"shape": {"dim": [0, *extents]}}})]


def _crop(site: Site) -> list[CaffeStep]:
    starts = [known(before) for before, _ in site.layer._cuts(site.inputs[0].sides)]  # noqa: SLF001
    offset = starts[:1] if len(set(starts)) == 1 else starts
    return [CaffeStep("Crop", {"crop_param": {"axis": 2, "offset": offset}})]


def _slice(site: Site) -> list[CaffeStep]:
    *sides, (_, n, part) = site.layer.parts(site.inputs[0])
    if any(side is not None for _, _, side in sides):
        raise UnsayableError("Caffe takes parts of channels alone")
    if part is None:
        return [CaffeStep("Split")]
    first, after = map(known, part.ends(known(n)))
    if not isinstance(part, PartOf) and known(part.step) != 1:
        raise UnsayableError("Caffe takes no part in steps")
    points = [point for point in (first, after) if 0 < point < known(n)]
    tops = tuple(word for word, there in (("before", first), ("", 1), ("after", known(n) - after))
                 if there)  # fmt: skip
    if not points:
        return [CaffeStep("Split")]
    return [CaffeStep("Slice", {"slice_param": {"slice_point": points}}, tops=tops)]


# -- joins ----------------------------------------------------------------------------------------


def _joined(site: Site) -> None:
    """Refuse joins of unlike shapes."""
    if len({(shape.channels, *shape.sides) for shape in site.inputs}) > 1:
        shapes = " and ".join(_by([known(n) for n in (s.channels, *s.sides)]) for s in site.inputs)
        raise UnsayableError(f"Caffe joins what is alike, not {shapes}")


def _eltwise(word: str, **fields: Any) -> list[CaffeStep]:  # noqa: ANN401
    usual = {} if word == "SUM" else {"operation": Bare(word)}
    made = {"eltwise_param": usual | fields} if usual or fields else {}
    return [CaffeStep("Eltwise", made)]


def _add(site: Site) -> list[CaffeStep]:
    _joined(site)
    steps = _eltwise("SUM") if len(site.inputs) > 1 else []
    return _constants(site, steps, lambda c: _power(shift=c))


def _multiply(site: Site) -> list[CaffeStep]:
    if len(site.inputs) == 2 and not _stated(site):
        stretched = _stretched(site)
        if stretched:
            return stretched
    _joined(site)
    steps = _eltwise("PROD") if len(site.inputs) > 1 else []
    return _constants(site, steps, lambda c: _power(scale=c))


def _stretched(site: Site) -> list[CaffeStep]:
    """Multiply a map by a number for each of its channels, which Caffe calls a scale."""
    for whole, factors in ((0, 1), (1, 0)):
        shape, other = site.inputs[whole], site.inputs[factors]
        ones = all(known(n) == 1 for n in other.sides)
        if shape.sides and ones and shape != other and shape.channels == other.channels:
            scale = CaffeStep("Scale", {"scale_param": {"axis": 0}}, "", (str(whole), "<"))
            if other.sides:
                return [CaffeStep("Flatten", {}, "factors", (str(factors),)), scale]
            return [scale._replace(bottoms=(str(whole), str(factors)))]
    return []


def _subtract(site: Site) -> list[CaffeStep]:
    _joined(site)
    layer = site.layer
    if len(site.inputs) > 1:
        signs = [1, *[-1] * (len(site.inputs) - 1)]
        steps = _eltwise("SUM", coeff=signs)
        if _stated(site):
            raise UnsayableError("it subtracts constants and branches at once")
        return steps
    if layer.left is not None:
        rest = float(layer.right or 0)
        return [_power(scale=-1, shift=_short(float(layer.left) - rest))]
    return _constants(site, [], lambda c: _power(shift=-c))


def _divide(site: Site) -> list[CaffeStep]:
    layer = site.layer
    if len(site.inputs) > 1 or (layer.left is not None and layer.right is not None):
        raise UnsayableError("Caffe divides by a constant, or a constant")
    if layer.left is not None:
        if layer.left == 0:
            raise UnsayableError("Caffe divides no 0")
        return [_power(scale=1 / float(layer.left), power=-1)]
    return _constants(site, [], lambda c: _power(scale=1 / c))


def _maximum(site: Site) -> list[CaffeStep]:
    _joined(site)
    if _stated(site):
        raise UnsayableError("Caffe takes a maximum of branches, not of constants")
    return _eltwise("MAX") if len(site.inputs) > 1 else [_power()]


def _concat(site: Site) -> list[CaffeStep]:
    return [CaffeStep("Concat")] if len(site.inputs) > 1 else [_power()]


def _short(value: float) -> float:
    return int(value) if value == int(value) else value


def _stated(site: Site) -> list[float]:
    return [c for c in (site.layer.left, site.layer.right) if c is not None]


def _constants(
    site: Site, steps: list[CaffeStep], made: Callable[[float], CaffeStep]
) -> list[CaffeStep]:
    """Let the constants of a join follow, or nothing where there are none."""
    following = [made(constant) for constant in _stated(site)]
    steps = [*steps, *following] or [_power()]
    named = [
        step._replace(name=f"{step.type.lower()}{place}") for place, step in enumerate(steps, 1)
    ]
    return [*named[:-1], steps[-1]]


def _with(kind: str, group: str, **words: str) -> Spelling:
    """Spell a type by a layer with its fields under Caffe's words."""

    def spell(site: Site) -> list[CaffeStep]:
        fields = {word: getattr(site.layer, name) for word, name in words.items()}
        return [CaffeStep(kind, {group: fields}, inplace=True)]

    return spell


#: How types are spelled; for the others Caffe has no layer.
SPELLINGS: dict[str, Spelling] = {
    "conv": _conv,
    "depthwise": _depthwise,
    "separable": _separable,
    "transposed": _transposed,
    "maxpool": lambda site: _pool(site, "MAX"),
    "avgpool": lambda site: _pool(site, "AVE"),
    "global_avgpool": _global("AVE"),
    "global_maxpool": _global("MAX"),
    "adaptive_avgpool": _adaptive("AVE"),
    "adaptive_maxpool": _adaptive("MAX"),
    "dense": _dense,
    "lrn": _lrn,
    "batchnorm": _batchnorm,
    "relu": _plain("ReLU"),
    "relu6": lambda _: [_clipped(0, 6)],
    "leaky_relu": _with("ReLU", "relu_param", negative_slope="slope"),
    "prelu": _prelu,
    "elu": _with("ELU", "elu_param", alpha="alpha"),
    "silu": _plain("Swish", inplace=False),
    "sigmoid": _plain("Sigmoid"),
    "hard_sigmoid": _hard_sigmoid,
    "hard_swish": _hard_swish,
    "tanh": _plain("TanH"),
    "softplus": _plain("BNLL"),
    "mish": _mish,
    "softmax": _softmax,
    "dropout": _with("Dropout", "dropout_param", dropout_ratio="rate"),
    "stochastic_depth": lambda _: [_power()],
    "identity": lambda _: [_power()],
    "flatten": _plain("Flatten", inplace=False),
    "reshape": _reshape,
    "crop": _crop,
    "slice": _slice,
    "concat": _concat,
    "add": _add,
    "multiply": _multiply,
    "subtract": _subtract,
    "divide": _divide,
    "maximum": _maximum,
    "abs": _plain("AbsVal"),
    "negative": lambda _: [_power(scale=-1)],
    "exp": _plain("Exp"),
    "log": _plain("Log"),
    "sqrt": lambda _: [_power(power=0.5)],
    "power": lambda site: [_power(power=site.layer.exponent)],
    "clip": lambda site: [_clipped(*site.layer.range)],
    "hardtanh": lambda site: [_clipped(*site.layer.range)],
    "scale": _scale,
    "bias": _bias,
    "position_embedding": _position_embedding,
}
