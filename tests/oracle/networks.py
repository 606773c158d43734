"""Small networks at random: chains, blocks with fields, branches, groups, repeats, shared weights.

Every layer type stands in some of them: in images, volumes and signals, or in sequences of words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import reject
from hypothesis import strategies as st

import shapecalc

if TYPE_CHECKING:
    from shapecalc.report import Report

small = st.integers(1, 4)
flags = st.booleans()

#: Layers that keep sides and channels, whatever these are.
KEEPING: list[Any] = [
    "relu", "relu6", "leaky_relu", "prelu", "elu", "gelu", "silu", "sigmoid", "hard_sigmoid",
    "hard_swish", "tanh", "softplus", "mish", "softmax", "dropout", "stochastic_depth", "identity",
    "batchnorm", "layernorm", "instancenorm", "rmsnorm", "lrn", "l2norm", "abs", "negative",
    "bias", "position_embedding",
    {"groupnorm": 1}, {"power": 2}, {"clip": [-1, 2]}, {"hardtanh": [-2, 1]}, {"roll": 1},
    {"scale": "channel"}, {"scale": "one"}, {"scale": {"per": "element", "bias": True}},
    {"subtract": {"left": 1}}, {"multiply": {"right": 2}}, {"layernorm": {"over": "all"}},
]  # fmt: skip
#: Layers that stand behind one that makes what they need: channels, or numbers above 0.
PAIRS: list[list[Any]] = [
    ["softplus", "log"], ["abs", "sqrt"], ["tanh", "exp"],
    *([{"conv": {"filters": 4, "kernel": 1}}, behind]
      for behind in ("glu", "geglu", "swiglu", {"maxout": 2}, {"channel_shuffle": 2},
                     {"groupnorm": {"groups": 2}}, {"slice": {"channels": [1, 3]}},
                     {"layernorm": {"heads": 2}}, {"rmsnorm": {"heads": 2}})),
    [{"pad_channels": [1, 2]}],
]  # fmt: skip
#: Layers that are for images alone.
OF_IMAGES: list[list[Any]] = [
    [{"conv": {"filters": 4, "kernel": 1}}, {"pixel_shuffle": 2}],
    [{"upsample": 2}, {"pixel_unshuffle": 2}],
    [{"permute": [1, 0, 2]}],
    [{"adaptive_avgpool": [2, 3]}, {"conv": {"filters": 4, "kernel": 1}},
     {"add": [[{"parameter": "2x3x4"}], []]}],
    [{"adaptive_maxpool": [2, 3]}, {"conv": {"filters": 4, "kernel": 1}}, {"reshape": "4x3x2"}],
    [{"pad": 1}, {"crop": 1}],
]  # fmt: skip


@st.composite
def _attention(draw: st.DrawFn, *, windows: bool) -> Any:
    """Attention of any kind, heads of keys that several of queries share among them."""
    heads = draw(st.sampled_from([1, 2, 4]))
    fields: dict[str, Any] = {"heads": heads, "key": draw(st.integers(1, 3))}
    if draw(flags):
        fields["groups"] = draw(st.sampled_from([n for n in (1, 2, 4) if heads % n == 0]))
    if draw(flags):
        fields["value"] = draw(st.integers(1, 3))
    fields["bias"] = draw(st.sampled_from([True, False, "qkv", "out"]))
    fields["qk_norm"] = draw(st.sampled_from([False, "layernorm", "rmsnorm"]))
    if windows and draw(flags):
        fields |= {"window": draw(st.integers(2, 3)), "shift": draw(st.integers(0, 1))}
        fields["relative_position"] = draw(flags)
    elif windows and draw(flags):
        fields |= {"window": 2, "grid": True}
    elif not windows:
        fields["causal"] = draw(flags)
    return {"attention": fields}


@st.composite
def _plain(draw: st.DrawFn) -> Any:
    """A layer that keeps the sides."""
    kind = draw(st.sampled_from(["conv", "depthwise", "separable", "pool", *["keeping"] * 4]))
    if kind == "conv":
        fields = {"filters": draw(small), "kernel": draw(st.sampled_from([1, 3])), "pad": "same"}
        return {"conv": {**fields, "bias": draw(flags)}}
    if kind == "depthwise":
        return {"depthwise": {"kernel": 3, "pad": 1, "multiplier": draw(st.integers(1, 2))}}
    if kind == "separable":
        return {"separable": {"filters": draw(small), "kernel": 3, "pad": 1}}
    if kind == "pool":
        return {draw(st.sampled_from(["maxpool", "avgpool"])): {"kernel": 3, "stride": 1, "pad": 1}}
    return draw(st.sampled_from(KEEPING))


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
            {"subsampling": 2},
            "blurpool",
        ])
    )  # fmt: skip


def _chains(least: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(_plain(), min_size=least, max_size=3)


def _changes_channels(layer: Any) -> bool:
    words = ("conv", "depthwise", "separable")
    return isinstance(layer, dict) and not layer.keys().isdisjoint(words)


@st.composite
def _joined(draw: st.DrawFn) -> Any:
    """Branches that meet; those that are added end in the same number of channels."""
    if draw(flags):
        names = draw(
            st.lists(st.sampled_from(["1x1", "left", "b.2", "x"]), unique=True, min_size=2)
        )
        return {"concat": {name: draw(_chains()) for name in names}}
    last = {"conv": {"filters": draw(small), "kernel": 1}}
    branches = [[*draw(_chains()), last] for _ in range(draw(st.integers(2, 3)))]
    word = draw(st.sampled_from(["add", "multiply", "maximum", "minimum", "subtract", "divide"]))
    if word == "divide":  # by what is at least a half
        branches = [[*branch, "sigmoid", {"add": {"right": 0.5}}] for branch in branches[:2]]
    return {word: branches[:2] if word == "subtract" else branches}


@st.composite
def _parts(draw: st.DrawFn, *, image: bool) -> list[Any]:
    """A few statements, one behind the other."""
    kinds = ["plain", "striding", "joined", "residual", "group", "repeat", "block", "pair"]
    kinds += ["attention", *(["image"] if image else [])]
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
        elif kind in ("pair", "image"):
            made += draw(st.sampled_from(PAIRS if kind == "pair" else OF_IMAGES))
        elif kind == "attention":
            made.append(draw(_attention(windows=image)))
        else:
            for _ in range(draw(small)):
                made.append({"unit": {"width": draw(small), "stride": draw(st.integers(1, 2))}})
    return made


#: How a network of maps ends.
ENDS: list[list[Any]] = [
    [],
    [{"dense": 3}],
    ["flatten", {"rbf": 3}],
    ["global_avgpool", {"dense": 3}, "softmax"],
    ["global_maxpool", {"dense": 3}],
    *([{word: {"over": "positions", "keep": keep}}] for word in ("mean", "sum", "max") for keep in (True, False)),
]  # fmt: skip


@st.composite
def _of_maps(draw: st.DrawFn) -> dict[str, Any]:
    """The spec of a network of images, seldom of signals or of volumes."""
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
    rank = draw(st.sampled_from([1, 2, 2, 2, 2, 3]))
    shape = "x".join(str(draw(st.integers(2, 9 if rank < 3 else 5))) for _ in range(rank + 1))
    layers = draw(_parts(image=rank == 2))
    layers += draw(st.sampled_from(ENDS))
    return {
        "input": shape,
        **({"layout": "hwc"} if rank == 2 else {}),
        "blocks": {"unit": {"fields": ["width", "stride"], "layers": unit}},
        "layers": layers or ["relu"],
    }


@st.composite
def _of_words(draw: st.DrawFn) -> dict[str, Any]:
    """The spec of a network that reads indices."""
    layers: list[Any] = [{"embedding": {"entries": 7, "size": draw(small)}}]
    kinds = ["token", "recurrent", "attention", "keeping", "dense"]
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=4)):
        if kind == "token":
            layers.append({"token": draw(st.integers(1, 2))})
        elif kind == "recurrent":
            fields = {"units": draw(small), "layers": draw(st.integers(1, 2))}
            word = draw(st.sampled_from(["rnn", "lstm", "gru"]))
            layers.append({word: {**fields, "bidirectional": draw(flags)}})
        elif kind == "attention":
            layers.append(draw(_attention(windows=False)))
        elif kind == "dense":
            layers.append({"dense": {"units": draw(small), "over": "channels"}})
        else:
            layers.append(draw(st.sampled_from(KEEPING)))
    ends: list[list[Any]] = [
        [],
        [{"lstm": {"units": 3, "returns": "last"}}, {"dense": 2}],
        [{"gru": {"units": 2, "layers": 2, "returns": "last"}}, "softmax"],
        [{"mean": {"over": "positions"}}, {"dense": 2}],
    ]
    return {
        "input": str(draw(st.integers(2, 7))),
        "layers": [*layers, *draw(st.sampled_from(ends))],
    }


@st.composite
def small_networks(draw: st.DrawFn) -> Report:
    """The report of a network that exists."""
    spec = draw(_of_words() if draw(st.integers(0, 4)) == 0 else _of_maps())
    try:
        return shapecalc.summarize(spec)
    except shapecalc.SpecErrors:  # a window larger than what is left of the map
        reject()
