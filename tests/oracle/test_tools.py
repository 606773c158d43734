"""The counting tools as judges of the profiles that bear their names: equal to the digit.

The versions are pinned in the extra `tools`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from judge import AnyLayer, alone
from tools import TOOLS, counted, installed

from shapecalc import loads, summarize
from shapecalc.algebra import known
from shapecalc.counting.profiles import PROFILES
from shapecalc.graph import Node
from shapecalc.layers import layer_class
from shapecalc.layers.fields import MODES, Padding
from shapecalc.layers.shape import Map, Shape, Vector
from shapecalc.report.compute import compute_report
from tests.kinds import PLAIN
from tests.paths import NETWORKS, SPECS

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.counting.profile import Profile
    from shapecalc.report import Report

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

NAMES = sorted(path.stem for path in SPECS.glob("*.yaml"))

#: Specs with layers that neither PyTorch nor ONNX has: no tool can run them.
CANNOT_RUN = {"lenet5-1998": "subsampling, a table of connections, radial basis functions"}


@pytest.fixture(params=TOOLS)
def profile(request: pytest.FixtureRequest) -> Profile:
    package, _ = TOOLS[request.param]
    found = installed(package)
    if not found:
        pytest.skip(f"{package} is not installed: pip install 'shapecalc-convnets[tools]'")
    return PROFILES[request.param]


def test_every_profile_of_a_tool_names_the_version_that_runs(profile: Profile) -> None:
    package, _ = TOOLS[profile.name]
    assert f"{package} {installed(package)}" in profile.version


#: More networks, with shared weights and several inputs.
FILES = sorted(NETWORKS.glob("*.yaml"))

#: Networks that a tool cannot take, and why.
NOT_TAKEN = {
    **{
        (f"ptflops:{backend}", name): "ptflops 0.7.5 makes one input by itself"
        for backend in ("aten", "pytorch")
        for name in ("siamese", "two-input")
    },
    **{
        ("onnx-tool", name): "a reshape takes several nodes, of channels first"
        for name in ("dcgan", "dcgan-generator")
    },
    ("onnx-tool", "mobilenet-v2"): "ONNX has no relu6",
    ("onnx-tool", "unet"): "a crop takes several nodes",
    **{
        ("tensorflow", name): "the program scales the queries, an operation of its own"
        for name in ("deit-s", "gpt2-small", "maxvit-t", "swin-t", "vit-b-16")
    },
    ("tensorflow", "alphago"): "Keras divides a softmax over positions by logarithms",
    ("tensorflow", "dcgan"): "Keras' transposed convolution has no such padding",
}


#: Types that a tool counts by how a program writes them, an operation at a time.
BY_PROGRAM = {
    "tensorflow": {
        **dict.fromkeys(("rnn", "lstm", "gru"), "a loop, whose body is counted once"),
        **dict.fromkeys(
            ("adaptive_avgpool", "adaptive_maxpool"), "Keras gathers the windows in many steps"
        ),
        "lrn": "Keras has none; the program writes it in elementary operations",
        **dict.fromkeys(("rbf", "subsampling", "relative_position"), "a layer of no framework"),
    },
}


def agree(name: str, report: Report, profile: Profile) -> None:
    """The tool gives what its profile counts, where it can take the network."""
    if (profile.name, name) in NOT_TAKEN:
        pytest.skip(NOT_TAKEN[profile.name, name])
    by_program = BY_PROGRAM.get(profile.name, {})
    for row in report.rows:
        if row.type in by_program:
            pytest.skip(by_program[row.type])
    alike(profile, report)


def alike(profile: Profile, report: Report) -> None:
    """The tool's number is the profile's count.

    XLA adds the operations of a program up in float32: exact below 2^24, and above each of a
    layer's, of which most have less than 6, may round.
    """
    count = known(profile.count(report.totals))
    rounding = 6 * len(report.rows) * count >> 24 if profile.name == "xla" else 0
    assert abs(counted(profile.name, report) - count) <= (0 if count < 2**24 else rounding)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in CANNOT_RUN])
def test_a_profile_is_its_tool_on_every_shipped_spec(name: str, profile: Profile) -> None:
    agree(name, summarize(name), profile)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_profile_is_its_tool_on_other_networks(path: Path, profile: Profile) -> None:
    agree(path.stem, summarize(path), profile)


def test_a_profile_is_its_tool_on_a_product_of_activations(profile: Profile) -> None:
    text = """
input: 9x8
layers: [{conv1-5: {name: c}}, {matmul: {from: [c, c], transpose: second}}]
"""
    alike(profile, summarize(loads(text)))


@pytest.mark.parametrize("name", CANNOT_RUN)
def test_what_no_tool_can_run_is_listed_as_not_counted(name: str, profile: Profile) -> None:
    missing = profile.not_counted(summarize(name).rows)
    assert {"subsampling", "rbf"} <= set(missing)


# -- one layer at a time ------------------------------------------------------------------------


def make(word: str, **fields: Any) -> AnyLayer:
    return layer_class(word)(**fields)


ONE, TWO, THREE = Map((11,), 6), Map((12, 10), 6), Map((9, 12, 10), 6)
PAD, SAME = Padding(((1, 1),)), MODES["same"]

#: A layer of every type in its forms, and what flows in.
RECURRENT: dict[str, dict[str, Any]] = {
    "plain": {},
    "without bias": {"biases": 0},
    "stacked": {"layers": 2, "bidirectional": True},
}

LAYERS: dict[str, tuple[AnyLayer, Shape]] = {
    "conv": (make("conv", filters=8, kernel=(3,), pad=PAD), TWO),
    "conv, grouped, strided, without bias": (
        make("conv", filters=4, kernel=(3, 5), stride=(2,), groups=2, bias=False),
        TWO,
    ),
    "conv of a signal": (make("conv", filters=8, kernel=(3,), dilation=(2,)), ONE),
    "conv of a volume": (make("conv", filters=8, kernel=(3,)), THREE),
    "conv, untied": (make("conv", filters=8, kernel=(3,), bias="per_position"), TWO),
    "depthwise": (make("depthwise", kernel=(3,), multiplier=2), TWO),
    "separable": (make("separable", filters=8, kernel=(3,), multiplier=2), TWO),
    "transposed": (make("transposed", filters=9, kernel=(4,), stride=(2,), pad=PAD), TWO),
    "transposed of a signal": (make("transposed", filters=9, kernel=(5,), stride=(3,)), ONE),
    "transposed, without bias": (
        make("transposed", filters=9, kernel=(2,), stride=(2,), bias=False),
        TWO,
    ),
    "transposed, grouped": (make("transposed", filters=9, kernel=(2, 3), groups=3), TWO),
    "dense": (make("dense", units=7), TWO),
    "dense of a vector, without bias": (make("dense", units=7, bias=False), Vector(12)),
    "dense at positions": (make("dense", units=7, over="channels"), ONE),
    "dense at positions of a map": (make("dense", units=7, over="channels", bias=False), TWO),
    "maxpool": (make("maxpool", kernel=(3,), stride=(2,), pad=PAD), TWO),
    "maxpool, oblong": (make("maxpool", kernel=(2, 3)), TWO),
    "maxpool of a signal": (make("maxpool", kernel=(3,)), ONE),
    "maxpool, ceil": (make("maxpool", kernel=(3,), stride=(2,), rounding="ceil"), TWO),
    "maxpool, padded more at the end": (
        make("maxpool", kernel=(3, 2), pad=Padding(((1, 0), (0, 1)))),
        TWO,
    ),
    "maxpool, same": (make("maxpool", kernel=(3,), stride=(2,), pad=SAME), TWO),
    "maxpool, same and even": (make("maxpool", kernel=(3,), stride=(1,), pad=SAME), TWO),
    "maxpool, ceil, uneven": (
        make("maxpool", kernel=(3,), stride=(2,), pad=Padding(((1, 0),)), rounding="ceil"),
        TWO,
    ),
    "maxpool, ceil_full": (
        make("maxpool", kernel=(3,), stride=(2,), rounding="ceil_full"),
        TWO,
    ),
    "avgpool, same": (make("avgpool", kernel=(3,), stride=(1,), pad=SAME), TWO),
    "avgpool": (make("avgpool", kernel=(3,), stride=(2,)), TWO),
    "avgpool, oblong": (make("avgpool", kernel=(2, 3)), TWO),
    "avgpool of a signal": (make("avgpool", kernel=(3,)), ONE),
    "global_avgpool": (make("global_avgpool"), TWO),
    "global_avgpool of a signal": (make("global_avgpool"), ONE),
    "global_maxpool": (make("global_maxpool"), TWO),
    "adaptive_avgpool": (make("adaptive_avgpool", size=(5,)), TWO),
    "adaptive_avgpool, overlapping": (make("adaptive_avgpool", size=(7, 3)), TWO),
    "adaptive_avgpool, uneven": (make("adaptive_avgpool", size=(7,)), Map((8, 8), 8)),
    "adaptive_maxpool": (make("adaptive_maxpool", size=(5, 7)), TWO),
    "batchnorm": (make("batchnorm"), TWO),
    "batchnorm, not affine": (make("batchnorm", affine=False), TWO),
    "batchnorm of a vector": (make("batchnorm"), Vector(12)),
    "layernorm over all": (make("layernorm", over="all"), TWO),
    "layernorm of a vector": (make("layernorm"), Vector(12)),
    "layernorm, not affine": (make("layernorm", over="all", affine=False), TWO),
    "groupnorm": (make("groupnorm", groups=3), TWO),
    "instancenorm": (make("instancenorm"), TWO),
    "instancenorm, not affine": (make("instancenorm", affine=False), TWO),
    **{
        f"{word}, {name}": (make(word, units=5, **fields), ONE)
        for word in ("rnn", "lstm", "gru")
        for name, fields in RECURRENT.items()
    },
    "rmsnorm": (make("rmsnorm"), TWO),
    "embedding": (make("embedding", entries=11, size=5), Vector(12)),
    "embedding of a map": (make("embedding", entries=11, size=5), TWO._replace(channels=1)),
    "lrn": (make("lrn"), TWO),
    "lrn over 4 channels": (make("lrn", size=4), TWO),
    "softmax": (make("softmax"), Vector(12)),
    "softmax over channels": (make("softmax"), TWO),
    "softmax over positions": (make("softmax", over=("positions",)), TWO),
    "dropout": (make("dropout"), TWO),
    "upsample": (make("upsample"), TWO),
    "upsample by 2 and 3": (make("upsample", factor=(2, 3)), TWO),
    "upsample, bilinear": (make("upsample", mode="bilinear"), TWO),
    "upsample, linear": (make("upsample", mode="bilinear"), ONE),
    "prelu": (make("prelu"), TWO),
    **{
        word: (make(word), TWO)
        for word in (*PLAIN, "leaky_relu", "elu", "flatten")
    },
}  # fmt: skip

#: The functions without fields that ONNX 17 has.
OF_ONNX = {"relu", "sigmoid", "hard_sigmoid", "hard_swish", "tanh", "softplus", "identity"}

#: Layers that ONNX has not, or that onnx-tool cannot read, and why.
NOT_ONNX = {
    "maxpool, ceil_full": "ONNX has no such rounding",
    "global_maxpool": "onnx-tool 1.0.1 has no node for GlobalMaxPool",
    **{word: "ONNX 17 has none" for word in PLAIN if word not in OF_ONNX},
    "adaptive_avgpool": "ONNX has none",
    "adaptive_avgpool, overlapping": "ONNX has none",
    "adaptive_avgpool, uneven": "ONNX has none",
    "adaptive_maxpool": "ONNX has none",
    "groupnorm": "ONNX 17 has none",
    "layernorm over all": "its normalised axes are a choice of the export",
    "layernorm of a vector": "its normalised axes are a choice of the export",
    "layernorm, not affine": "its normalised axes are a choice of the export",
    "batchnorm, not affine": "ONNX has always a scale",
    **{
        f"{word}, {name}": "how its arrays are laid out is a choice of the export"
        for word in ("rnn", "lstm", "gru")
        for name in RECURRENT
    },
    "rmsnorm": "ONNX 17 has none",
    "instancenorm, not affine": "ONNX has always a scale",
    "softmax over positions": "takes several nodes",
    "embedding": "indices are no floating-point numbers in ONNX",
    "embedding of a map": "indices are no floating-point numbers in ONNX",
}


#: Layers that a tool cannot take, and why.
RAISES = {
    ("calflops", "upsample by 2 and 3"): "calflops 0.3.2 raises for a factor per side",
    ("calflops:flops", "upsample by 2 and 3"): "calflops 0.3.2 raises for a factor per side",
    ("tensorflow", "transposed, grouped"): "Keras has none; the program joins one a group",
    ("tensorflow", "softmax over positions"): "Keras divides it by logarithms",
    ("tensorflow", "upsample, linear"): "Keras has none of a signal; the program blends",
}


def behind_a_layer(layer: AnyLayer, shape: Shape) -> Report:
    """Report on a layer behind one that mixes channels: some tools want trained weights."""
    if isinstance(shape, Vector):
        first = make("dense", units=shape.size, bias=False)
    else:
        first = make("conv", filters=shape.channels, kernel=(1,), bias=False)
    graph = alone(layer, shape)
    given, last = graph.nodes
    nodes = (given, Node("first", first, (0,)), last._replace(inputs=(1,)))
    return compute_report(graph._replace(nodes=nodes, outputs=(2,)))


@pytest.mark.parametrize("what", LAYERS)
def test_a_profile_is_its_tool_on_a_layer(what: str, profile: Profile) -> None:
    if profile.name == "onnx-tool" and what in NOT_ONNX:
        pytest.skip(NOT_ONNX[what])
    if (profile.name, what) in RAISES:
        pytest.skip(RAISES[profile.name, what])
    # Without a rule the tool counts nothing, which is what "not counted" says.
    agree(what, behind_a_layer(*LAYERS[what]), profile)


# -- bite tests: a wrong rule must be caught ----------------------------------------------------


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        ("conv", {"conv": "macs"}),
        ("transposed", {"transposed": "macs + bias_adds"}),
        ("batchnorm", {"batchnorm": "0"}),
        ("dense", {}),
    ],
)
def test_a_wrong_rule_is_caught(what: str, wrong: dict[str, str]) -> None:
    if not installed("torchinfo"):
        pytest.skip("torchinfo is not installed: pip install 'shapecalc-convnets[tools]'")
    report, right = behind_a_layer(*LAYERS[what]), PROFILES["torchinfo"]
    rules = {key: rule for key, rule in right.rules.items() if key != what} | wrong
    tool = counted("torchinfo", report)
    assert tool == right.count(report.totals) != right._replace(rules=rules).count(report.totals)
