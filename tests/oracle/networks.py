"""Small networks at random: chains, blocks with fields, branches, groups, repeats, shared weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import reject
from hypothesis import strategies as st

import shapecalc

if TYPE_CHECKING:
    from shapecalc.report import Report

small = st.integers(1, 4)


@st.composite
def _plain(draw: st.DrawFn) -> Any:
    """A layer that keeps the sides."""
    kind = draw(st.sampled_from(["conv", "depthwise", "batchnorm", "relu", "gelu", "pool", "lrn"]))
    if kind == "conv":
        fields = {"filters": draw(small), "kernel": draw(st.sampled_from([1, 3])), "pad": "same"}
        return {"conv": {**fields, "bias": draw(st.booleans())}}
    if kind == "depthwise":
        return {"depthwise": {"kernel": 3, "pad": 1, "multiplier": draw(st.integers(1, 2))}}
    if kind == "pool":
        return {draw(st.sampled_from(["maxpool", "avgpool"])): {"kernel": 3, "stride": 1, "pad": 1}}
    return kind


@st.composite
def _striding(draw: st.DrawFn) -> Any:
    """A layer that makes sides smaller, or larger."""
    rounding = draw(st.sampled_from(["floor", "ceil", "ceil_caffe", "ceil_full"]))
    fields = {"kernel": draw(st.integers(1, 3)), "stride": 2, "pad": "same"}
    return draw(
        st.sampled_from([
            {"maxpool": {"kernel": 2, "rounding": rounding}},
            {"avgpool": {"kernel": 3, "stride": 2, "pad": 1, "rounding": rounding}},
            {"conv": {**fields, "filters": draw(small)}},
            {"transposed": {**fields, "filters": draw(small)}},
            {"upsample": 2},
        ])
    )  # fmt: skip


def _chains(least: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(_plain(), min_size=least, max_size=3)


def _changes_channels(layer: Any) -> bool:
    return isinstance(layer, dict) and not layer.keys().isdisjoint(("conv", "depthwise"))


@st.composite
def _joined(draw: st.DrawFn) -> Any:
    """Branches that meet; those that are added end in the same number of channels."""
    if draw(st.booleans()):
        names = draw(
            st.lists(st.sampled_from(["1x1", "left", "b.2", "x"]), unique=True, min_size=2)
        )
        return {"concat": {name: draw(_chains()) for name in names}}
    last = {"conv": {"filters": draw(small), "kernel": 1}}
    branches = [[*draw(_chains()), last] for _ in range(draw(st.integers(2, 3)))]
    return {draw(st.sampled_from(["add", "multiply", "maximum"])): branches}


@st.composite
def _parts(draw: st.DrawFn) -> list[Any]:
    """A few statements, one behind the other."""
    kinds = ["plain", "striding", "joined", "residual", "group", "repeat", "block"]
    made: list[Any] = []
    chosen = st.lists(st.sampled_from(kinds), max_size=4)
    for number, kind in enumerate(draw(chosen)):
        if kind == "plain":
            made += draw(_chains(1))
        elif kind == "striding":
            made.append(draw(_striding()))
        elif kind == "joined":
            made.append({"group": {"name": f"joined{number}", "layers": [draw(_joined())]}})
        elif kind == "residual":
            last = {"conv": {"filters": "channels", "kernel": 1}}
            kept = [layer for layer in draw(_chains()) if not _changes_channels(layer)]
            made.append({"add": [[*kept, last], []]})
        elif kind == "group":
            made.append({"group": {"name": f"g{number}", "layers": draw(_chains(1))}})
        elif kind == "repeat":
            made.append({"repeat": {"times": draw(small), "layers": draw(_chains(1))}})
        else:
            for _ in range(draw(small)):
                made.append({"unit": {"width": draw(small), "stride": draw(st.integers(1, 2))}})
    return made


@st.composite
def small_networks(draw: st.DrawFn) -> Report:
    """The report of a network that exists."""
    unit: list[Any] = [
        {"conv": {"filters": "2*width", "kernel": 3, "pad": 1, "stride": "stride"}},
        {
            "concat": {
                "body": [{"conv": {"filters": "width", "kernel": 1}}, "batchnorm"],
                "skip": [],
            }
        },
    ]
    unit += draw(_chains())
    shape = "x".join(str(draw(st.integers(2, 9))) for _ in range(3))
    layers = draw(_parts())
    layers += draw(
        st.sampled_from([[], [{"dense": 3}], ["global_avgpool", {"dense": 3}, "softmax"]])
    )
    spec = {
        "input": shape,
        "layout": "hwc",
        "blocks": {"unit": {"fields": ["width", "stride"], "layers": unit}},
        "layers": layers or ["relu"],
    }
    try:
        return shapecalc.summarize(spec)
    except shapecalc.SpecErrors:  # a window larger than what is left of the map
        reject()
