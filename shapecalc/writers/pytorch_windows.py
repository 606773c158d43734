"""How PyTorch spells layers whose windows move over a map: convolutions and pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import known
from shapecalc.writers.python_code import Code, Items, SlotCode, call, literal
from shapecalc.writers.pytorch_spelling import Spelling, extents, last_side_first
from shapecalc.writers.site import alike_as_one, frame_of, pad_pairs, transposed_cuts

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.writers.site import Site


def _hangs_over(site: Site) -> str:
    """Say of margins that they stand for a rounding."""
    rounding = site.layer.rounds()
    return "" if rounding == "floor" else f"{rounding} rounding, as margins"


def _convolution(
    site: Site, filters: int, groups: int, bias: bool | str, channels: int | None = None
) -> Spelling:
    """Spell a convolution with its padding."""
    layer, rank = site.layer, site.rank
    margins = frame_of(site)
    even = all(before == after for before, after in margins) and layer.rounds() == "floor"
    untied = bias == "per_position"
    arguments: dict[str, Code | None] = {
        "kernel_size": SlotCode(alike_as_one(site.spread(layer.kernel)), "kernel_size"),
        "stride": SlotCode(alike_as_one(site.spread(layer.stride)), "stride", 1),
        "dilation": SlotCode(alike_as_one(site.spread(layer.dilation)), "dilation", 1),
        "groups": SlotCode(groups, "groups", 1),
    }
    name, comment = "Conv", ""
    if untied:
        name = "UntiedConv"
        sides = tuple(extents(site.output)[1:])
        arguments |= {
            "margins": SlotCode(last_side_first(margins), "margins"),
            "sides": SlotCode(sides, "sides"),
        }
    elif even:
        pad = alike_as_one([before for before, _ in margins])
        arguments |= {"padding": SlotCode(pad, "padding", 0)}
    else:
        name, comment = "PaddedConv", _hangs_over(site)
        arguments |= {"margins": SlotCode(last_side_first(margins), "margins")}
    if not untied:
        arguments["bias"] = SlotCode(bool(bias), "bias", usual=True)
    function = f"nn.Conv{rank}d" if name == "Conv" else f"{name}{rank}d"
    of = site.channels if channels is None else channels
    made = call(
        function, SlotCode(of, "in_channels"), SlotCode(filters, "out_channels"), **arguments
    )
    return Spelling(made, helpers=() if name == "Conv" else ((name, rank),), comment=comment)


def _conv(site: Site) -> Spelling:
    layer = site.layer
    if layer.connections is None:
        return _convolution(site, layer.filters, layer.groups, layer.bias)
    bias: tuple[int, ...] = (layer.filters,) if layer.bias else ()
    if layer.bias == "per_position":
        bias = extents(site.output)
    table = Items(tuple((literal(list(row)), "") for row in layer.connections))
    made = call(
        f"TableConv{site.rank}d",
        channels=SlotCode(site.channels, "in_channels"),
        table=table,
        kernel=SlotCode(site.spread(layer.kernel), "kernel"),
        stride=SlotCode(site.spread(layer.stride), "stride"),
        dilation=SlotCode(site.spread(layer.dilation), "dilation"),
        margins=SlotCode(last_side_first(frame_of(site)), "margins"),
        bias=SlotCode(bias, "bias"),
    )
    comment = "a table of connections: a row names the maps that a filter reads"
    return Spelling(made, helpers=(("TableConv", site.rank),), comment=comment)


def _depthwise(site: Site) -> Spelling:
    layer, channels = site.layer, site.channels
    return _convolution(site, channels * layer.multiplier, channels, layer.bias)


def _separable(site: Site) -> Spelling:
    layer, channels, rank = site.layer, site.channels, site.rank
    between = channels * layer.multiplier
    first = _convolution(site, between, channels, bias=False)
    helpers = (*first.helpers, ("SeparableConv", 0))
    shape = SlotCode(between, "in_channels"), SlotCode(layer.filters, "out_channels")
    if layer.bias == "per_position":
        sides = SlotCode(tuple(extents(site.output)[1:]), "sides")
        margins = SlotCode((0,) * (2 * rank), "margins")
        second = call(f"UntiedConv{rank}d", *shape, kernel_size="1", margins=margins, sides=sides)
        helpers += (("UntiedConv", rank),)
    else:
        bias = SlotCode(bool(layer.bias), "bias", usual=True)
        second = call(f"nn.Conv{rank}d", *shape, kernel_size="1", bias=bias)
    assert first.module is not None
    made = call("SeparableConv", first.module, second)
    return Spelling(made, call, helpers, first.comment, (("bias", "pointwise.bias"),))


def _transposed(site: Site) -> Spelling:
    layer, rank = site.layer, site.rank
    kernel, stride, dilation = (
        site.spread(values) for values in (layer.kernel, layer.stride, layer.dilation)
    )
    cuts, extra = transposed_cuts(site)
    even = all(before == after for before, after in cuts) and layer.bias != "per_position"
    arguments: dict[str, Code | None] = {
        "kernel_size": SlotCode(alike_as_one(kernel), "kernel_size"),
        "stride": SlotCode(alike_as_one(stride), "stride", 1),
        "output_padding": SlotCode(alike_as_one(extra), "output_padding", 0),
        "groups": SlotCode(layer.groups, "groups", 1),
        "dilation": SlotCode(alike_as_one(dilation), "dilation", 1),
    }
    shape = SlotCode(site.channels, "in_channels"), SlotCode(layer.filters, "out_channels")
    if even:
        pad = SlotCode(alike_as_one([before for before, _ in cuts]), "padding", 0)
        bias = SlotCode(bool(layer.bias), "bias", usual=True)
        return Spelling(
            call(f"nn.ConvTranspose{rank}d", *shape, **arguments, padding=pad, bias=bias)
        )
    extent: tuple[int, ...] = (layer.filters,) if layer.bias else ()
    if layer.bias == "per_position":
        extent = extents(site.output)
    margins = last_side_first([(-before, -after) for before, after in cuts])
    made = call(
        f"CutConvTranspose{rank}d",
        *shape,
        **arguments,
        margins=SlotCode(margins, "margins"),
        bias=SlotCode(extent, "bias"),
    )
    return Spelling(made, helpers=(("CutConvTranspose", rank),))


# -- pools --------------------------------------------------------------------------------------


def _pool_fields(site: Site) -> dict[str, Code | None]:
    layer = site.layer
    kernel, steps = (
        alike_as_one(site.spread(layer.kernel)),
        alike_as_one(site.spread(layer.steps())),
    )
    return {
        "kernel_size": SlotCode(kernel, "kernel_size"),
        "stride": SlotCode(steps, "stride", kernel),
    }


def _native(site: Site, *, mean: bool) -> dict[str, Code | None] | None:
    """Return the padding and the rounding of a pool in PyTorch's words, where it has them."""
    layer = site.layer
    ends = frame_of(site) if layer.pad.mode == "same" else pad_pairs(layer.pad, site.rank)
    kernel = site.spread(layer.kernel)
    if (
        any(before != after for before, after in ends)
        or layer.rounding not in ("floor", "ceil")
        or any(before > k // 2 for (before, _), k in zip(ends, kernel, strict=True))
        or (layer.pad.mode == "same" and layer.rounding != "floor" and mean)
    ):
        return None
    if mean and any(known(n) < k for n, k in zip(site.inputs[0].sides, kernel, strict=True)):
        return None
    ceil = layer.rounding == "ceil" and layer.pad.mode != "same"
    pad = alike_as_one([before for before, _ in ends])
    return {
        "padding": SlotCode(pad, "padding", 0),
        "ceil_mode": SlotCode(ceil, "ceil_mode", usual=False),
    }


def _maxpool(site: Site) -> Spelling:
    rank, dilation = site.rank, alike_as_one(site.spread(site.layer.dilation))
    fields = _pool_fields(site) | {"dilation": SlotCode(dilation, "dilation", 1)}
    native = _native(site, mean=False)
    if native is not None:
        return Spelling(call(f"nn.MaxPool{rank}d", **fields, **native))
    margins = SlotCode(last_side_first(frame_of(site)), "margins")
    made = call(f"PaddedMaxPool{rank}d", **fields, margins=margins)
    return Spelling(made, helpers=(("PaddedMaxPool", rank),), comment=_hangs_over(site))


def _windows(site: Site) -> dict[str, Code | None]:
    layer = site.layer
    return {
        "kernel": SlotCode(site.spread(layer.kernel), "kernel"),
        "stride": SlotCode(site.spread(layer.steps()), "stride"),
        "dilation": SlotCode(site.spread(layer.dilation), "dilation"),
        "margins": SlotCode(last_side_first(frame_of(site)), "margins"),
    }


def _avgpool(site: Site) -> Spelling:
    layer, rank = site.layer, site.rank
    native = _native(site, mean=True)
    if native is not None and set(layer.dilation) == {1}:
        no_padding = all(known(n) == 0 for pair in layer.pad.pairs for n in pair)
        counts = (no_padding and layer.pad.mode != "same") or layer.count_include_pad
        native["count_include_pad"] = SlotCode(counts, "count_include_pad", usual=True)
        return Spelling(call(f"nn.AvgPool{rank}d", **_pool_fields(site), **native))
    frame = frame_of(site)
    inner = [(0, 0)] * rank
    if layer.count_include_pad:
        given = frame if layer.pad.mode == "same" else pad_pairs(layer.pad, rank)
        ends = zip(given, frame, strict=True)
        inner = [(b, min(a, after)) for (b, a), (_, after) in ends]
    beyond = [(b - i, a - j) for (b, a), (i, j) in zip(frame, inner, strict=True)]
    made = call(
        f"MeanPool{rank}d",
        **_windows(site),
        counted=SlotCode(last_side_first(inner), "counted"),
        beyond=SlotCode(last_side_first(beyond), "beyond"),
    )
    return Spelling(made, helpers=(("MeanPool", rank),), comment=_hangs_over(site))


def _subsampling(site: Site) -> Spelling:
    name = f"Subsampling{site.rank}d"
    made = call(name, SlotCode(site.channels, "channels"), **_windows(site))
    return Spelling(made, helpers=(("Subsampling", site.rank),))


def _blurpool(site: Site) -> Spelling:
    layer = site.layer
    made = call(
        f"BlurPool{site.rank}d",
        SlotCode(site.channels, "channels"),
        SlotCode(site.spread(layer.kernel), "kernel"),
        SlotCode(site.spread(layer.stride), "stride"),
    )
    return Spelling(made, helpers=(("BlurPool", site.rank),))


def _adaptive(name: str) -> Callable[[Site], Spelling]:
    def spell(site: Site) -> Spelling:
        size = alike_as_one(site.spread(site.layer.size))
        return Spelling(call(f"nn.{name}{site.rank}d", SlotCode(size, "output_size")))

    return spell


def _global(name: str) -> Callable[[Site], Spelling]:
    return lambda site: Spelling(call(f"nn.{name}{site.rank}d", "1"))


#: How every type is spelled that has windows.
WINDOWS: dict[str, Callable[[Site], Spelling]] = {
    "conv": _conv,
    "depthwise": _depthwise,
    "separable": _separable,
    "transposed": _transposed,
    "maxpool": _maxpool,
    "avgpool": _avgpool,
    "subsampling": _subsampling,
    "blurpool": _blurpool,
    "global_avgpool": _global("AdaptiveAvgPool"),
    "global_maxpool": _global("AdaptiveMaxPool"),
    "adaptive_avgpool": _adaptive("AdaptiveAvgPool"),
    "adaptive_maxpool": _adaptive("AdaptiveMaxPool"),
}
