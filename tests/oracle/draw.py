"""Random layers and inputs, in which as few extents as possible are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from shapecalc.layers import JOINS, layer_class
from shapecalc.layers.axes import Cut, End, PartOf
from shapecalc.layers.fields import (
    CAUSAL,
    MODES,
    NO_PADDING,
    Choice,
    Count,
    Decimal,
    Flag,
    Padding,
    Rational,
    Sizes,
)
from shapecalc.layers.shape import SIDE_NAMES, Map, Shape, Vector, as_list
from shapecalc.layers.slicing import AXES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from judge import AnyLayer

    from shapecalc.layers.base import Layer

    Fields = dict[str, st.SearchStrategy[Any]]

NOTHING: Mapping[str, Any] = {}

small = st.integers(1, 4)
vectors = st.integers(1, 12).map(Vector)
bias = st.sampled_from([True, False, "per_position"])
rounding = st.sampled_from(["floor", "ceil", "ceil_caffe", "ceil_full"])


@st.composite
def maps(draw: st.DrawFn, largest: int = 13, sides: int | None = None) -> Map:
    """A signal, an image or a volume; its extents all differ."""
    rank = sides or draw(st.integers(1, 3))
    extents = st.integers(1, largest)
    *rest, channels = draw(st.lists(extents, min_size=rank + 1, max_size=rank + 1, unique=True))
    return Map(tuple(rest), channels)


def sizes(rank: int, most: int, least: int = 1) -> st.SearchStrategy[tuple[int, ...]]:
    """One number for all sides, or one for each."""
    each = st.integers(least, most)
    return st.tuples(each) | st.tuples(*[each] * rank)


def pads(rank: int, most: int = 3) -> st.SearchStrategy[Padding]:
    """No padding, the same at both ends, or any."""
    ends = st.integers(0, most)
    even, uneven = ends.map(lambda end: (end, end)), st.tuples(ends, ends)
    some = [st.tuples(*[pair] * count) for pair in (even, uneven) for count in (1, rank)]
    return st.just(NO_PADDING) | st.one_of(some).map(Padding)


def window(x: Map) -> Fields:
    """Whatever has a kernel."""
    rank = len(x.sides)
    return {
        "kernel": sizes(rank, 4),
        "stride": sizes(rank, 4),
        "dilation": st.just((1,)) | sizes(rank, 3),
        # not `|`, which would draw a mode as seldom as any one way to write pads
        "pad": st.booleans().flatmap(
            lambda given: pads(rank) if given else st.sampled_from(list(MODES.values()))
        ),
    }


def convolution(x: Map) -> Fields:
    """Whatever has a kernel and filters."""
    filters = st.integers(1, 9) | st.sampled_from([4, 6, 8, 12])
    return {**window(x), "filters": filters, "bias": bias}


def causal(fields: Fields) -> Fields:
    """What may look back only."""
    back = st.integers(0, 4).map(lambda n: n == 0)
    pad = back.flatmap(lambda chosen: st.just(CAUSAL) if chosen else fields["pad"])
    return {**fields, "pad": pad}


def groups(x: Map) -> st.SearchStrategy[int]:
    """Groups that divide the channels, or any number."""
    divisors = [n for n in range(2, 9) if x.channels % n == 0]
    return st.just(1) | small | st.sampled_from(divisors or [1])


def pool(x: Map) -> Fields:
    """Whatever pools."""
    fields = window(x)
    return {**fields, "stride": st.none() | fields["stride"], "rounding": rounding}


def sizing(rank: int) -> Fields:
    """A factor or a size, seldom both."""
    factors = sizes(rank, 4) | st.sampled_from(
        [(Rational(3, 2),), (Rational(5, 4),), (Rational(5, 2),)]
    )
    return {
        "factor": st.none() | factors,
        "to": st.none() | st.none() | sizes(rank, 9),
    }


orders = st.sampled_from(["crd", "dcr"])


#: One in ten: as often is something drawn that nothing has to fit.
seldom = st.integers(0, 9).map(lambda n: n == 0)


@st.composite
def parts(draw: st.DrawFn, n: int) -> Cut | PartOf:
    """A part of an axis of `n`; seldom one of any other."""
    if draw(seldom):
        n = draw(st.integers(1, 9))
    if draw(st.booleans()):
        first = draw(st.integers(0, n - 1))
        after = draw(st.integers(first + 1, n))
        start = draw(st.sampled_from([End(first), End(n - first, "end")]))
        stop = draw(st.sampled_from([End(after), End(n - after, "end")]))
        return Cut(start, stop, draw(small))
    first = draw(st.integers(1, n))
    sizes_ = (first, n - first) if n > first else (first,)
    of = draw(st.sampled_from([sizes_, *(count for count in range(1, 6) if n % count == 0)]))
    return PartOf(draw(st.integers(1, of if isinstance(of, int) else len(of))), of)


def cuts(x: Any) -> Fields:
    """Parts of axes, or of none; seldom of one that the input has not."""
    own = dict(zip((*SIDE_NAMES.get(len(x.sides), ()), "channels"), as_list(x), strict=True))
    absent = next(axis for axis in AXES if axis not in own)
    return {
        **{axis: parts(n) | st.none() for axis, n in own.items()},
        absent: seldom.flatmap(lambda given: parts(3) if given else st.none()),
    }


def blocks(x: Any) -> st.SearchStrategy[tuple[int, ...]]:
    """FactorSizes that are small, as few extents are multiples."""
    return sizes(len(x.sides), 3) | sizes(len(x.sides), 2)


#: A part of 1 in millionths: of 10^-300 and less a gradient has no digits left.
part = st.integers(0, 10**6).map(lambda n: n / 10**6)

#: Constants of joins: so many that no number of a grid is.
joined_with = st.sampled_from([0.25, 1.0, 2.0, -0.75])
#: Axes that a shape may have, or not.
axes = st.sampled_from([
    ("channels",), ("positions",), ("height",), ("width", "channels"), ("length",), (0,), (1,),
    ("depth", "width"), ("positions", "channels"), (2, 0), ("height", "height"),
])  # fmt: skip
#: What normalisations train.
affine: Fields = {name: st.booleans() for name in ("affine", "scale", "shift")}

#: The fields of the types that have any, by their word, for an input.
FIELDS: dict[str, Callable[[Any], Fields]] = {
    "conv": lambda x: {**causal(convolution(x)), "rounding": rounding, "groups": groups(x)},
    "depthwise": lambda x: {
        **causal(window(x)),
        "rounding": rounding,
        "multiplier": small,
        "bias": bias,
    },
    "separable": lambda x: {**causal(convolution(x)), "rounding": rounding, "multiplier": small},
    "transposed": lambda x: {
        **convolution(x),
        "groups": groups(x),
        "output_padding": st.none() | sizes(len(x.sides), 3, 0),
    },
    "maxpool": pool,
    "avgpool": lambda x: {**pool(x), "count_include_pad": st.booleans()},
    "subsampling": pool,
    "adaptive_avgpool": lambda x: {"size": sizes(len(x.sides), 15)},
    "adaptive_maxpool": lambda x: {"size": sizes(len(x.sides), 15)},
    "dense": lambda _: {
        "units": st.integers(1, 9),
        "bias": st.booleans(),
        "over": st.sampled_from(["all", "channels"]),
    },
    "rbf": lambda _: {"units": st.integers(1, 9)},
    "lrn": lambda _: {"size": st.integers(1, 7)},
    "batchnorm": lambda _: {**affine, "statistics": st.booleans()},
    "layernorm": lambda x: {
        **affine,
        "over": st.sampled_from(["channels", "all"]),
        "heads": groups(x),
    },
    "groupnorm": lambda _: {**affine, "groups": small},
    "instancenorm": lambda _: affine,
    "leaky_relu": lambda _: {"slope": part},
    "prelu": lambda _: {"shared": st.booleans()},
    "elu": lambda _: {"alpha": st.floats(0.5, 2)},
    "softmax": lambda _: {"over": axes},
    "dropout": lambda _: {"rate": part},
    "stochastic_depth": lambda _: {"rate": part},
    **dict.fromkeys(
        ("rnn", "lstm", "gru"),
        lambda _: {
            "units": st.integers(1, 9),
            "layers": st.integers(1, 3),
            "bidirectional": st.booleans(),
            "returns": st.sampled_from(["all", "last"]),
            "biases": st.sampled_from([2, 2, 0]),
        },
    ),
    "maxout": lambda _: {"pieces": small},
    "rmsnorm": lambda x: {"scale": st.booleans(), "heads": groups(x)},
    "reshape": lambda x: {
        "shape": st.permutations([*x.sides, x.channels]).map(tuple)
        | st.sampled_from([(x.size,), (1, x.size), (x.size, 2)])
    },
    "permute": lambda x: {
        "order": st.permutations(range(len(x.sides) + 1)).map(tuple)
        | st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple)
    },
    "pad": lambda x: {"pad": pads(len(x.sides))},
    "crop": lambda x: {
        "crop": st.none() | pads(len(x.sides)),
        "to": st.none() | sizes(len(x.sides), 9),
        "offset": st.none() | st.none() | sizes(len(x.sides), 3, 0),
    },
    "upsample": lambda x: {
        **sizing(len(x.sides)),
        "mode": st.sampled_from(["nearest", "bilinear"]),
        "align": st.sampled_from(["centres", "centres", "corners"]),
    },
    **dict.fromkeys(("mean", "sum", "max"), lambda _: {"over": axes, "keep": st.booleans()}),
    "l2norm": lambda _: {"over": axes},
    "power": lambda _: {"exponent": st.sampled_from([-1.5, 0.5, 1.0, 2.0, 3.0])},
    **dict.fromkeys(
        ("clip", "hardtanh"),
        lambda _: {"range": st.sampled_from([(-1.0, 1.0), (0.0, 6.0), (2.5, 3.5)])},
    ),
    "channel_shuffle": lambda _: {"groups": small},
    "slice": cuts,
    "pad_channels": lambda _: {"channels": st.tuples(*[st.integers(0, 3)] * 2)},
    "pixel_shuffle": lambda x: {"factor": blocks(x), "order": orders},
    "pixel_unshuffle": lambda x: {"factor": blocks(x), "order": orders},
    "parameter": lambda _: {
        "shape": st.lists(st.integers(1, 9), min_size=1, max_size=4).map(tuple)
    },
    "roll": lambda x: {"shift": sizes(len(x.sides), 4, -4)},
    "window_partition": lambda x: {
        "size": sizes(len(x.sides), 4),
        "shift": sizes(len(x.sides), 3, 0),
        "grid": st.booleans(),
    },
}


def by_kind(made: type[Layer], x: Any) -> Fields:
    """Return values for the fields of a type of which nothing more is known."""
    kinds: dict[type, st.SearchStrategy[Any]] = {
        Flag: st.booleans(), Decimal: part, Count: small, Sizes: sizes(max(len(x.sides), 1), 4),
    }  # fmt: skip
    return {
        declared.name: st.sampled_from(list(declared.kind.options.values()))
        if isinstance(declared.kind, Choice)
        else kinds[type(declared.kind)]
        for declared in made.fields()
    }


@st.composite
def operands(draw: st.DrawFn) -> tuple[Shape, ...]:
    """Inputs of a join: alike, or not in some respect."""
    first = draw(maps())
    alike = st.just(first)
    others = (
        alike
        | st.integers(1, 9).map(lambda channels: first._replace(channels=channels))
        | alike.map(lambda shape: Map((1,) * len(shape.sides), shape.channels))
        | alike.map(lambda shape: Map(shape.sides, 1))
        | st.sampled_from([Vector(1), Vector(first.channels)])
        | maps()
    )
    return tuple(draw(st.permutations([first, *draw(st.lists(others, min_size=1, max_size=3))])))


@st.composite
def products(draw: st.DrawFn) -> tuple[AnyLayer, tuple[Any, ...]]:
    """A matrix product: plain, into heads, or of heads; seldom of what does not fit."""
    high, inner, wide, stack, heads, part = (draw(st.integers(1, 4)) for _ in range(6))
    transpose = draw(st.sampled_from(["none", "first", "second", "both"]))
    turned = [transpose in (which, "both") for which in ("first", "second")]
    how = draw(st.sampled_from(["plain", "split", "sequence", "map"]))
    windows = how != "plain" and draw(st.booleans())
    batch = (stack,) * (draw(st.integers(0, 2)) if how == "plain" else windows)
    groups = draw(st.sampled_from([None, *(n for n in (1, 2, 3, 4) if heads % n == 0)]))
    if how == "map":
        high = wide if turned[1] else inner
    a = [inner, high] if turned[0] else [high, inner]
    b = [wide, inner] if turned[1] else [inner, wide]
    if how == "split":
        a[1] *= heads
    elif how != "plain":
        batch_a: tuple[int, ...] = (*batch, heads)
    if how != "plain":
        b[1] *= groups or heads
    spans: list[Any] = []
    for matrix in (a, b):
        cut = draw(st.booleans())
        after = part + matrix[1]
        channels = after + draw(st.integers(0, 2)) if cut else matrix[1]
        stop = draw(st.sampled_from([End(after), End(channels - after, "end")]))
        spans.append(Cut(End(part), stop) if cut else None)
        matrix[1] = channels
    if draw(st.integers(0, 9)) == 0:
        a[0] += 1
    sides_b = (
        (*batch, b[0], 1)
        if how != "plain" and len(batch) == 0 and draw(st.booleans())
        else (*batch, b[0])
    )
    fields: dict[str, Any] = {
        "transpose": transpose, "first": spans[0], "second": spans[1], "windows": windows,
        "root": draw(st.booleans()),
    }  # fmt: skip
    if how != "plain":
        fields |= {"heads": heads, "groups": groups}
    if how in ("sequence", "map"):
        fields["merge"] = how
    stack_a = batch_a if how in ("sequence", "map") else batch
    shapes = Map((*stack_a, a[0]), a[1]), Map(sides_b, b[1])
    return layer_class("matmul")(**fields), shapes


@st.composite
def windowed(draw: st.DrawFn, word: str) -> tuple[AnyLayer, tuple[Any, ...]]:
    """What goes back from windows to a map, or hides some of their scores; or does not fit."""
    whole = draw(maps(9))
    rank = len(whole.sides)
    size, shift = draw(sizes(rank, 4)), draw(sizes(rank, 3, 0))
    grid = word == "window_merge" and draw(st.booleans())
    spread = size * rank if len(size) == 1 else size
    count, positions = 1, 1
    for n, side in zip(whole.sides, spread, strict=True):
        count *= -(-n // side)
        positions *= side
    positions += draw(st.integers(0, 9)) == 0
    layer = layer_class(word)(size=size, shift=shift, grid=grid)
    if word == "window_merge":
        return layer, (Map((count, positions), draw(small)), whole)
    heads = (draw(small),) * draw(st.integers(0, 1))
    return layer, (Map((count, *heads, positions), positions), whole)


@st.composite
def scores(draw: st.DrawFn, word: str) -> tuple[AnyLayer, tuple[Any, ...]]:
    """Scores of positions with themselves, of a window or not; or of some with others."""
    window = draw(st.lists(small, min_size=1, max_size=3).map(tuple))
    positions = 1
    for side in window * 2 if len(window) == 1 else window:
        positions *= side
    stack = draw(st.lists(small, min_size=1, max_size=2))
    others = positions + (draw(st.integers(0, 9)) == 0)
    made = layer_class(word)
    layer = made(size=window) if word == "relative_position" else made()
    return layer, (Map((*stack, positions), others),)


#: What holds indices: a vector, or a map of one channel; seldom another map.
INDICES = vectors | maps().map(lambda x: x._replace(channels=1)) | maps()

#: Types whose inputs must fit each other, or a field.
FITTED: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
    "matmul": products,
    "causal_mask": lambda: scores("causal_mask"),
    "relative_position": lambda: scores("relative_position"),
    "window_mask": lambda: windowed("window_mask"),
    "window_merge": lambda: windowed("window_merge"),
}


@st.composite
def layers(
    draw: st.DrawFn, /, word: str, x: Shape | None = None, only: Mapping[str, Any] = NOTHING
) -> tuple[AnyLayer, tuple[Any, ...]]:
    """A layer of the type `word`, and what flows in: `x`, or anything.

    `only` gives strategies for fields that a framework has only some values of.
    """
    made = layer_class(word)
    if word in JOINS:
        fields = {declared.name: st.none() | joined_with for declared in made.fields()}
        shapes = operands() | st.tuples(vectors, vectors) | st.tuples(maps())
        return made(**draw(st.fixed_dictionaries(fields))), draw(shapes)
    if word in FITTED:
        return draw(FITTED[word]())
    if not made.inputs:
        return made(**draw(st.fixed_dictionaries(FIELDS[word](None)))), ()
    some = {"map": maps(), "sequence": maps(sides=1), "any": maps() | vectors}
    x = x or draw(INDICES if word == "embedding" else some[made.takes])
    fields = FIELDS[word](x) if word in FIELDS else by_kind(made, x)
    fields.update((name, values) for name, values in only.items() if name in fields)
    return made(**draw(st.fixed_dictionaries(fields))), (x,)


@st.composite
def tables(draw: st.DrawFn) -> tuple[AnyLayer, tuple[Any, ...]]:
    """A convolution with a table of connections."""
    x = draw(maps())
    row = st.lists(st.integers(0, x.channels), min_size=1, max_size=3, unique=True).map(tuple)
    table = draw(st.lists(row, min_size=1, max_size=4).map(tuple))
    fields = draw(st.fixed_dictionaries(FIELDS["conv"](x) | {"groups": st.just(1)}))
    filters = draw(st.sampled_from([len(table), len(table), len(table), len(table) + 1]))
    return layer_class("conv")(**fields | {"filters": filters, "connections": table}), (x,)
