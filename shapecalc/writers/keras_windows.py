"""How Keras 3 spells layers whose windows move over a map: convolutions and pools."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from shapecalc.algebra import known
from shapecalc.layers.fields import pads_per_side
from shapecalc.layers.window import padding
from shapecalc.writers.keras_spelling import (
    KerasSpelling,
    channels_last,
    laid_as,
    layer_of,
    tuple_slot,
)
from shapecalc.writers.python_code import CallCode, Code, Items, SlotCode, call, literal
from shapecalc.writers.site import Site, alike_as_one, frame_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shapecalc.writers.keras_spelling import LaidArrays

Ends = list[tuple[int, int]]


def _frame(site: Site) -> tuple[bool, Ends]:
    """Tell whether `same` pads as a layer does; and else by how much every side is padded."""
    moves = site.layer.moves(site.inputs[0])
    ends = [
        # what is left of a stride is dropped by Keras, too
        (before, 0 if -known(move.stride) < after < 0 else after)
        for (before, after), move in zip(frame_of(site), moves, strict=True)
    ]
    sides = zip(site.inputs[0].sides, moves, strict=True)
    same = [padding(n, move._replace(mode="same")) for n, move in sides]
    alike = [(known(before), known(after)) for before, after in same]
    return ends == alike and any(map(any, ends)), ends


def around(ends: Ends) -> tuple[tuple[str, CallCode], ...]:
    """Put zeros around what flows into a layer, or take places away, in layers of their own."""
    made = []
    rank = len(ends)
    cuts = [(max(-before, 0), max(-after, 0)) for before, after in ends]
    pads = [(max(before, 0), max(after, 0)) for before, after in ends]
    for ending, kind, pairs in (("crop", "Cropping", cuts), ("pad", "ZeroPadding", pads)):
        if any(map(any, pairs)):
            slot = SlotCode(pairs[0] if rank == 1 else tuple(pairs), ending)
            made.append((ending, call(f"layers.{kind}{rank}D", slot)))
    return tuple(made)


def _kernels_last(arrays: Mapping[str, Any]) -> list[Any]:
    """Lay a kernel as `filters` last, behind the channels; and a bias."""
    weight = arrays["weight"]
    return [weight.transpose(*range(2, weight.ndim), 1, 0), *_bias_of(arrays)]


def _bias_of(arrays: Mapping[str, Any]) -> list[Any]:
    """Lay a bias, which may be one for every position."""
    bias = arrays.get("bias")
    return [] if bias is None else [channels_last(bias)]


def _by_channel(multiplier: int, name: str = "weight") -> LaidArrays:
    """Lay the kernels of every channel by itself."""

    def laid(arrays: Mapping[str, Any]) -> list[Any]:
        weight = arrays[name]
        mixed = weight.reshape(-1, multiplier, *weight.shape[2:])
        return [mixed.transpose(*range(2, mixed.ndim), 0, 1), *_bias_of(arrays)]

    return laid


def _window(site: Site) -> dict[str, Code | None]:
    layer = site.layer
    return {
        "strides": SlotCode(alike_as_one(site.spread(layer.steps())), "strides", 1),
        "dilation_rate": SlotCode(alike_as_one(site.spread(layer.dilation)), "dilation", 1),
    }


def _wide_window(site: Site, kernel: str) -> dict[str, Code | None]:
    """Return a window's fields for a layer of the program."""
    layer = site.layer
    return {
        kernel: tuple_slot(site.spread(layer.kernel), kernel),
        "strides": tuple_slot(site.spread(layer.steps()), "strides"),
        "dilation_rate": tuple_slot(site.spread(layer.dilation), "dilation"),
    }


def _bias(layer: Any) -> SlotCode:  # noqa: ANN401
    return SlotCode(bool(layer.bias), "use_bias", usual=True)


def _bias_shape(site: Site, filters: int, bias: Any) -> SlotCode:  # noqa: ANN401
    """Return the extents of a bias of a layer of the program: none, or one of every position."""
    sides = tuple(map(known, site.output.sides)) if bias == "per_position" else ()
    return SlotCode((*sides, filters) if bias else (), "bias")


def _strides_and_dilates(site: Site) -> bool:
    """Tell what no convolution of Keras does at once."""
    steps, dilation = site.spread(site.layer.steps()), site.spread(site.layer.dilation)
    return bool(max(steps) > 1 and max(dilation) > 1)


def _is_free(site: Site) -> bool:
    return bool(site.layer.bias == "per_position") or _strides_and_dilates(site)


def _free(site: Site, filters: int, groups: int, bias: Any) -> KerasSpelling:  # noqa: ANN401
    """Spell a convolution that Keras has no layer for."""
    made = call(
        "FreeConv",
        SlotCode(filters, "filters"),
        **_wide_window(site, "kernel_size"),
        groups=SlotCode(groups, "groups"),
        bias=_bias_shape(site, filters, bias),
    )
    return KerasSpelling(made, before=around(_frame(site)[1]), laid=(("", _kernels_last),))


def _convolution(site: Site, filters: int, groups: Code) -> KerasSpelling:
    same, ends = _frame(site)
    made = call(
        f"layers.Conv{site.rank}D",
        SlotCode(filters, "filters"),
        SlotCode(alike_as_one(site.spread(site.layer.kernel)), "kernel_size"),
        **_window(site),
        padding='"same"' if same else None,
        groups=groups,
        use_bias=_bias(site.layer),
    )
    before = () if same else around(ends)
    return KerasSpelling(made, before=before, laid=(("", _kernels_last),))


def _conv(site: Site) -> KerasSpelling:
    layer = site.layer
    if layer.connections is not None:
        return _table(site)
    if _is_free(site):
        return _free(site, layer.filters, layer.groups, layer.bias)
    return _convolution(
        site,
        filters=layer.filters,
        groups=SlotCode(layer.groups, "groups", 1),
    )


def _table(site: Site) -> KerasSpelling:
    """Spell a convolution with a table of connections."""
    layer = site.layer
    filters = len(layer.connections)
    made = call(
        "TableConv",
        table=Items(tuple((literal(list(row)), "") for row in layer.connections)),
        **_wide_window(site, "kernel_size"),
        bias=_bias_shape(site, filters, layer.bias),
    )
    laid = (("", lambda arrays: [arrays["weight"], *_bias_of(arrays)]),)
    return KerasSpelling(made, before=around(_frame(site)[1]), laid=laid)


def _is_plain_depthwise(site: Site) -> bool:
    """Tell whether Keras has such a convolution of every channel by itself."""
    return site.rank <= 2 and len(set(site.spread(site.layer.stride))) == 1 and not _is_free(site)


def _depthwise(site: Site) -> KerasSpelling:
    layer = site.layer
    if not _is_plain_depthwise(site):
        filters = site.channels * layer.multiplier
        if _is_free(site):
            return _free(site, filters, site.channels, layer.bias)
        return _convolution(site, filters, SlotCode(site.channels, "groups"))
    same, ends = _frame(site)
    made = call(
        f"layers.DepthwiseConv{site.rank}D",
        SlotCode(alike_as_one(site.spread(layer.kernel)), "kernel_size"),
        **_window(site),
        padding='"same"' if same else None,
        depth_multiplier=SlotCode(layer.multiplier, "depth_multiplier", 1),
        use_bias=_bias(layer),
    )
    laid = (("", _by_channel(layer.multiplier)),)
    return KerasSpelling(made, before=() if same else around(ends), laid=laid)


def _separable(site: Site) -> KerasSpelling:
    layer = site.layer

    def points(arrays: Mapping[str, Any]) -> list[Any]:
        return _kernels_last({**arrays, "weight": arrays["pointwise.weight"]})

    if not _is_plain_depthwise(site):
        return _separated(site, points)
    same, ends = _frame(site)
    made = call(
        f"layers.SeparableConv{site.rank}D",
        SlotCode(layer.filters, "filters"),
        SlotCode(alike_as_one(site.spread(layer.kernel)), "kernel_size"),
        **_window(site),
        padding='"same"' if same else None,
        depth_multiplier=SlotCode(layer.multiplier, "depth_multiplier", 1),
        use_bias=_bias(layer),
    )
    depths = _by_channel(layer.multiplier, "depthwise.weight")

    def laid(arrays: Mapping[str, Any]) -> list[Any]:
        return [depths(arrays)[0], *points(arrays)]

    return KerasSpelling(made, before=() if same else around(ends), laid=(("", laid),))


def _separated(site: Site, points: LaidArrays) -> KerasSpelling:
    """Spell a separable convolution that Keras has no layer for as the two that it is."""
    layer, between = site.layer, site.channels * site.layer.multiplier
    first = _free(site, between, site.channels, bias=False)
    assert first.made is not None
    ones = {name: tuple_slot((1,) * site.rank, name) for name in _WINDOW_NAMES}
    made = call(
        "FreeConv",
        SlotCode(layer.filters, "filters"),
        **ones,
        groups="1",
        bias=_bias_shape(site, layer.filters, layer.bias),
    )

    def depths(arrays: Mapping[str, Any]) -> list[Any]:
        return _kernels_last({"weight": arrays["depthwise.weight"]})

    before = (*first.before, ("depthwise", first.made))
    return KerasSpelling(made, before=before, laid=(("depthwise", depths), ("", points)))


_WINDOW_NAMES = ("kernel_size", "strides", "dilation_rate")


# -- transposed convolutions ----------------------------------------------------------------------


def _landing(site: Site) -> list[tuple[int, int, int, int]]:
    """Return of every side what is cut at its ends, and the sizes before and after."""
    layer = site.layer
    spreads = (layer.kernel, layer.stride, layer.dilation)
    kernel, stride, dilation = (site.spread(values) for values in spreads)
    sides = zip(kernel, stride, dilation, site.inputs[0].sides, site.output.sides, strict=True)
    made = []
    pads = pads_per_side(layer.pad, site.rank)
    for (k, s, d, n, m), (before, _) in zip(sides, pads, strict=True):
        span, size = (known(n) - 1) * s + d * (k - 1) + 1, known(m)
        start = known(before)
        if layer.pad.mode == "same":  # half of what is too much goes at the start
            start = max(span - size, 0) // 2
        elif layer.pad.mode == "valid" and layer.output_padding is None:
            start = 0
        made.append((start, span - size - start, span, known(n) * s))
    return made


def _transposed(site: Site) -> KerasSpelling:
    layer = site.layer
    landing = _landing(site)
    kernel = SlotCode(alike_as_one(site.spread(layer.kernel)), "kernel_size")
    extra = layer.output_padding
    filters = SlotCode(layer.filters, "filters")
    word = _word_for(landing) if layer.pad.mode == "given" else layer.pad.mode
    stated = None if layer.pad.mode == "given" or extra is None else site.spread(extra)
    strides = SlotCode(alike_as_one(site.spread(layer.stride)), "strides", 1)
    dilates = max(site.spread(layer.dilation)) > 1
    plain = word and stated is None and not dilates
    if not plain or layer.groups > 1 or layer.bias == "per_position":
        return _cut(site, landing)
    made = call(
        f"layers.Conv{site.rank}DTranspose",
        filters,
        kernel,
        strides=strides,
        padding='"same"' if word == "same" else None,
        use_bias=_bias(layer),
    )
    return KerasSpelling(made, laid=(("", _kernels_last),))


def _word_for(landing: Sequence[tuple[int, int, int, int]]) -> str:
    """Return the padding of Keras that cuts as much, or nothing."""
    if all(start == 0 and span - end == max(span, whole) for start, end, span, whole in landing):
        return "valid"
    for start, end, span, whole in landing:
        if span - start - end != whole or start != max(span - whole, 0) // 2:
            return ""
    return "same"


def _cut(site: Site, landing: Sequence[tuple[int, int, int, int]]) -> KerasSpelling:
    """Spell a transposed convolution that Keras has no layer for."""
    layer = site.layer
    made = call(
        "CutConvTranspose",
        SlotCode(layer.filters, "filters"),
        **_wide_window(site, "kernel_size"),
        groups=SlotCode(layer.groups, "groups"),
        cuts=SlotCode(tuple((start, end) for start, end, _, _ in landing), "cuts"),
        bias=_bias_shape(site, layer.filters, layer.bias),
    )

    def laid(arrays: Mapping[str, Any]) -> list[Any]:
        weight, groups = arrays["weight"], layer.groups
        apart = weight.reshape(groups, -1, *weight.shape[1:])  # group, channel, filter, places
        turned = apart[(slice(None),) * 3 + (slice(None, None, -1),) * site.rank]
        order = (*range(3, 3 + site.rank), 1, 0, 2)
        sizes = (*weight.shape[2:], apart.shape[1], groups * weight.shape[1])
        return [turned.transpose(order).reshape(sizes), *_bias_of(arrays)]

    return KerasSpelling(made, laid=(("", laid),))


# -- pools ----------------------------------------------------------------------------------------


def _pool(site: Site) -> dict[str, Code | None]:
    kernel = alike_as_one(site.spread(site.layer.kernel))
    strides = SlotCode(alike_as_one(site.spread(site.layer.steps())), "strides", kernel)
    return {"pool_size": SlotCode(kernel, "pool_size"), "strides": strides}


def _split(ends: Ends) -> tuple[Ends, Ends]:
    """Return the places that are taken away at the ends, and what is padded."""
    cuts = [(min(before, 0), min(after, 0)) for before, after in ends]
    return cuts, [(max(before, 0), max(after, 0)) for before, after in ends]


def _maxpool(site: Site) -> KerasSpelling:
    same, ends = _frame(site)
    cuts, pads = _split(ends)
    if set(site.layer.dilation) != {1}:
        margins = SlotCode(tuple(pads), "margins")
        made = call("PaddedMaxPool", **_wide_window(site, "pool_size"), margins=margins)
        return KerasSpelling(made, before=around(cuts))
    fields = _pool(site)
    made = call(f"layers.MaxPooling{site.rank}D", **fields, padding='"same"' if same else None)
    if same or not any(map(any, pads)):
        return KerasSpelling(made, before=() if same else around(cuts))
    inner = literal([[0, 0], *map(list, pads), [0, 0]])

    def padded(layer: Code, x: Code) -> Code:
        lowest = 'float("-inf")'
        return call(layer, call("ops.pad", x, inner, constant_values=lowest))

    return KerasSpelling(made, padded, around(cuts))


def _avgpool(site: Site) -> KerasSpelling:
    same, ends = _frame(site)
    layer = site.layer
    cuts, pads = _split(ends)
    if set(layer.dilation) != {1}:
        return _mean(site, cuts, pads)
    kind, fields = f"AveragePooling{site.rank}D", _pool(site)
    if same and not layer.count_include_pad:
        return layer_of(kind, **fields, padding='"same"')
    given = pads if layer.pad.mode == "same" else pads_per_side(layer.pad, site.rank)
    if any(map(any, pads)) and (not layer.count_include_pad or [*given] != pads):
        return _mean(site, cuts, pads)
    return layer_of(kind, **fields)._replace(before=around(ends))


def _mean(site: Site, cuts: Ends, pads: Ends) -> KerasSpelling:
    """Spell a mean that counts the padding in another way than Keras."""
    layer, counted = site.layer, [(0, 0)] * site.rank
    if layer.count_include_pad:
        given = pads if layer.pad.mode == "same" else pads_per_side(layer.pad, site.rank)
        rims = zip(given, pads, strict=True)
        counted = [(known(b), min(known(a), after)) for (b, a), (_, after) in rims]
    made = call(
        "MeanPool",
        **_wide_window(site, "pool_size"),
        margins=SlotCode(tuple(pads), "margins"),
        counted=SlotCode(tuple(counted), "counted"),
    )
    return KerasSpelling(made, before=around(cuts))


def _subsampling(site: Site) -> KerasSpelling:
    before = around(_frame(site)[1])
    made = call("Subsampling", **_wide_window(site, "pool_size"))
    return KerasSpelling(made, before=before, laid=laid_as("weight", "bias"))


def _blurpool(site: Site) -> KerasSpelling:
    layer = site.layer
    made = call(
        "BlurPool",
        tuple_slot(site.spread(layer.kernel), "pool_size"),
        tuple_slot(site.spread(layer.stride), "strides"),
    )
    laid = (("", lambda arrays: [channels_last(arrays["filt"][:, 0])]),)
    return KerasSpelling(made, laid=laid)


def _adaptive(kind: str) -> Callable[[Site], KerasSpelling]:
    def spell(site: Site) -> KerasSpelling:
        size = SlotCode(alike_as_one(site.spread(site.layer.size)), "output_size")
        return layer_of(f"Adaptive{kind}Pooling{site.rank}D", size)

    return spell


def _global(kind: str) -> Callable[[Site], KerasSpelling]:
    return lambda site: layer_of(f"Global{kind}Pooling{site.rank}D", keepdims="True")


def places_of(site: Site) -> int:
    """Return how many places what flows in has."""
    return prod(map(known, site.inputs[0].sides))


#: How every type is spelled that has windows.
KERAS_WINDOWS: dict[str, Callable[[Site], KerasSpelling]] = {
    "conv": _conv,
    "depthwise": _depthwise,
    "separable": _separable,
    "transposed": _transposed,
    "maxpool": _maxpool,
    "avgpool": _avgpool,
    "subsampling": _subsampling,
    "blurpool": _blurpool,
    "global_avgpool": _global("Average"),
    "global_maxpool": _global("Max"),
    "adaptive_avgpool": _adaptive("Average"),
    "adaptive_maxpool": _adaptive("Max"),
}
