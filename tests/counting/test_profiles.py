"""Profiles against what the tools printed: constants typed from runs, with their source.

tests/oracle/test_tools.py runs the tools themselves; these constants need none of them.
"""

from __future__ import annotations

import ast
import json
import tomllib
from itertools import product
from typing import TYPE_CHECKING

import pytest

from shapecalc import loads, summarize
from shapecalc.algebra import known
from shapecalc.algebra.expr import evaluate
from shapecalc.cli import main
from shapecalc.counting.profile import ANY, addends, without_rule
from shapecalc.counting.profiles import ALIASES, PROFILES
from shapecalc.counting.profiles.frameworks import FRAMEWORKS
from shapecalc.counting.profiles.tools import GRAPHS, TORCH
from shapecalc.counting.profiles.tools import KERAS as KERAS_COUNT
from shapecalc.counting.quantities import QUANTITIES, kind_text
from shapecalc.errors import RuleError
from shapecalc.graph.deploy import fold_batchnorm
from shapecalc.layers import BUILTIN
from shapecalc.output.columns import COLUMNS
from shapecalc.report import UNKNOWN
from shapecalc.report.compute import compute_report
from shapecalc.report.fold import fold
from shapecalc.spec.find import shipped
from tests.paths import NETWORKS, ROOT, TESTS
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

#: Layer -> its count by each tool: runs over a 32x32x16 input, torch 2.13.0, the tools in the
#: versions of the profiles (reference/tool_counts.md).
ONE_LAYER = {
    "conv: {filters: 16, kernel: 3, pad: 1, bias: false}": {
        "torchinfo": 2359296, "fvcore": 2359296, "ptflops:pytorch": 2359296,
        "ptflops:aten": 2359296, "thop": 2359296, "calflops": 2359296, "onnx-tool": 2359296,
        "calflops:flops": 4718592, "torch-flop-counter": 4718592,
    },
    "conv: {filters: 16, kernel: 3, pad: 1}": {
        "torchinfo": 2375680, "fvcore": 2359296, "ptflops:pytorch": 2375680,
        "ptflops:aten": 2375680, "thop": 2359296, "calflops": 2359296, "onnx-tool": 2375680,
        "calflops:flops": 4734976, "torch-flop-counter": 4718592,
    },
    "transposed: {filters: 16, kernel: 2, stride: 2, bias: false}": {
        "torchinfo": 4194304, "fvcore": 1048576, "ptflops:pytorch": 1048576,
        "ptflops:aten": 1048576, "thop": 4194304, "calflops": 1048576, "onnx-tool": 4194304,
        "calflops:flops": 2097152, "torch-flop-counter": 2097152,
    },
    "dense: 10": {
        "torchinfo": 163850, "fvcore": 163840, "ptflops:pytorch": 163850, "ptflops:aten": 163850,
        "thop": 163840, "calflops": 163840, "onnx-tool": 163850, "calflops:flops": 327680,
        "torch-flop-counter": 327680,
    },
    "batchnorm": {
        "torchinfo": 32, "fvcore": 32768, "ptflops:pytorch": 32768, "ptflops:aten": 0,
        "thop": 65536, "calflops": 0, "onnx-tool": 507904, "calflops:flops": 32768,
        "torch-flop-counter": 0,
    },
    "relu": {
        "torchinfo": 0, "fvcore": 0, "ptflops:pytorch": 32768, "ptflops:aten": 0, "thop": 0,
        "calflops": 0, "onnx-tool": 16384, "calflops:flops": 16384, "torch-flop-counter": 0,
    },
    "maxpool": {
        "torchinfo": 0, "fvcore": 0, "ptflops:pytorch": 32768, "ptflops:aten": 0, "thop": 0,
        "calflops": 0, "onnx-tool": 16384, "calflops:flops": 16384, "torch-flop-counter": 0,
    },
    "avgpool": {
        "torchinfo": 0, "fvcore": 0, "ptflops:pytorch": 32768, "ptflops:aten": 0, "thop": 4096,
        "calflops": 0, "onnx-tool": 16384, "calflops:flops": 16384, "torch-flop-counter": 0,
    },
    "softmax": {
        "torchinfo": 0, "fvcore": 0, "ptflops:pytorch": 16384, "ptflops:aten": 0, "thop": 48128,
        "calflops": 0, "onnx-tool": 589824, "calflops:flops": 16384, "torch-flop-counter": 0,
    },
    "lrn": {
        "torchinfo": 0, "fvcore": 0, "ptflops:pytorch": 69632, "ptflops:aten": 0, "thop": 0,
        "calflops": 0, "calflops:flops": 69632, "torch-flop-counter": 0,
    },
}  # fmt: skip


@pytest.mark.parametrize("layer", ONE_LAYER)
def test_a_profile_counts_a_layer_as_its_tool_printed(layer: str) -> None:
    report = summarize(loads(f"input: 32x32x16\nlayers: [{layer}]"))
    for name, printed in ONE_LAYER[layer].items():
        assert (name, PROFILES[name].count(report.totals)) == (name, printed)


#: What the tools print of torchvision's own models, by our specs of them (tests/oracle/test_models.py
#: runs them).
TORCHVISION: dict[str, dict[str, int]] = json.loads(
    (TESTS / "data" / "torchvision_counts.json").read_text("utf-8")
)["counts"]

#: Where a spec cannot say what a tool sees, and what that is.
UNSAID = {
    ("googlenet-torchvision", "ptflops:pytorch"): "it calls relu as a function, which ptflops"
    " counts once, and the activations of other models as a module and a function",
}


@pytest.mark.parametrize("name", TORCHVISION)
def test_a_profile_counts_a_model_as_its_tool_printed(name: str) -> None:
    report = summarize(name)
    differing = {
        (name, tool)
        for tool, printed in TORCHVISION[name].items()
        if PROFILES[tool].count(report.totals) != printed
    }
    assert differing == {pair for pair in UNSAID if pair[0] == name}


#: torchvision 0.28.0's models, exported by torch 2.13.0's older exporter, read by onnx-tool 1.0.1.
EXPORTED = {"alexnet-torchvision": 715979944, "resnet18-torchvision": 1821452264}
#: ResNet-18's by the newer one, which writes a ReduceMean for the global pool.
NEWER = 1818966504


@pytest.mark.parametrize("name", EXPORTED)
def test_onnx_tool_reads_exported_files_with_batch_norms_folded(name: str) -> None:
    folded = compute_report(fold_batchnorm(summarize(name).graph))
    assert PROFILES["onnx-tool"].count(folded.totals) == EXPORTED[name]


def test_what_the_newer_exporter_loses_is_biases_and_the_division_of_a_global_pool() -> None:
    report = summarize("resnet18-torchvision")
    folded = sum(known(row.output.size) for row in report.rows if row.type == "batchnorm")
    assert EXPORTED["resnet18-torchvision"] - NEWER == folded + 4 * 512


#: What frameworks print of their own models.
OWN: dict[str, dict[str, tuple[str, int]]] = json.loads(
    (TESTS / "data" / "framework_counts.json").read_text("utf-8")
)["counts"]


@pytest.mark.parametrize("profile", OWN)
def test_a_profile_counts_as_its_framework_printed(profile: str) -> None:
    counted = {spec: PROFILES[profile].count(summarize(spec).totals) for spec in OWN[profile]}
    assert counted == {spec: number for spec, (_, number) in OWN[profile].items()}


def test_relu_as_a_function_is_what_ptflops_counts_once() -> None:
    report = summarize("googlenet-torchvision")
    relus = sum(row.output.size for row in report.rows if row.type == "relu")
    printed = TORCHVISION["googlenet-torchvision"]["ptflops:pytorch"]
    assert PROFILES["ptflops:pytorch"].count(report.totals) - printed == relus


_SMALL_TRANSPOSED = "transposed: {filters: 8, kernel: 3, stride: 2}"
_IN_GROUPS = "transposed: {filters: 8, kernel: 3, stride: 2, groups: 2}"

#: A small case each: layer, input, what the tools print (reference/peers.md, 2e; torchscan's too).
#: Transposed convolutions and pools that span everything are of runs of tests/oracle/tools.py.
SMALL = [
    (_SMALL_TRANSPOSED, "5x5x4", "calflops", 7200),  # 25 x 4 x 8 x 9
    (_IN_GROUPS, "5x5x4", "calflops", 1800),  # its right 3,600 divided by the groups once more
    (_SMALL_TRANSPOSED, "5x5x4", "calflops:flops", 14432),  # 2 x 7200 + 8 x 2 x 2
    (_IN_GROUPS, "5x5x4", "calflops:flops", 3616),  # 2 x 1800 + 4 x 2 x 2
    (_SMALL_TRANSPOSED, "5x5x4", "torchscan", 34856),  # 288 x 11 x 11 + 4 x 2
    ("adaptive_avgpool: 6", "12x12x4", "torchscan", 720),  # 144 x 2 x 2 - 144 + 144 x 2
    ("adaptive_avgpool: 6", "13x13x4", "torchscan", 720),  # 13 mod 6 + 1 = 2 as well
    ("adaptive_avgpool: [3, 5]", "12x13x4", "torchscan", 1020),  # 60 x 4 x 4 - 60 + 60 x 2
    ("adaptive_maxpool: [3, 5]", "12x13x4", "torchscan", 900),  # 60 x 4 x 4 - 60
    ("global_avgpool", "12x13x4", "torchscan", 628),  # 4 x 12 x 13 - 4 + 4 x 2
    ("avgpool: {kernel: 3, stride: 2}", "13x13x4", "torchscan", 576),  # 144 x 3 - 144 + 144 x 2
    (
        "transposed: {filters: 8, kernel: 4, stride: 2, bias: false}",
        "8x8x16",
        "ptflops:aten",
        131072,
    ),
    ("depthwise: {kernel: 3, pad: 1, bias: false}", "16x16x32", "torchinfo", 73728),
    ("batchnorm", "16x16x8", "thop", 8192),
    ("batchnorm", "16x16x8", "torchscan", 4096),
    ("maxpool", "16x16x8", "torchscan", 512),
    ("lrn", "16x16x8", "ptflops:pytorch", 9216),
    ("transposed: {filters: 9, kernel: [2, 3], groups: 3}", "12x10x6", "torchprofile", 50544),
    ("transposed: {filters: 9, kernel: [2, 3], groups: 3}", "12x10x6", "ultralytics-thop", 12960),
    ("transposed: {filters: 9, kernel: [2, 3], groups: 3}", "12x10x6", "deepspeed", 27324),
    ("adaptive_avgpool: [7, 3]", "12x10x6", "ultralytics-thop", 1422),
    ("lrn", "12x10x6", "deepspeed", 3360),
    ("adaptive_avgpool: 6", "6x6x256", "onnx-tool", 9216),  # exported as an AveragePool of 1x1
    ("adaptive_avgpool: 7", "8x8x8", "thop", 903),  # 904 less a rounding
    ("adaptive_avgpool: 6", "13x13x256", "thop", 52479),
    ("adaptive_avgpool: 3", "8x8x8", "thop", 584),
    ("adaptive_avgpool: 9", "14x14x8", "thop", 2216),
    ("conv: {filters: 8, kernel: 3, pad: 1}", "12x10x6", "tensorflow", 104640),
    ("conv: {filters: 8, kernel: 3, groups: 2}", "12x10x6", "tensorflow", 640),  # the biases
    ("conv: {filters: 8, kernel: 3, dilation: 2}", "13x11x6", "tensorflow", 69624),  # as on 14x12
    ("depthwise: {kernel: 3, dilation: 2, pad: same}", "13x11x6", "tensorflow", 19002),
    ("separable: {filters: 4, kernel: 3, dilation: 2}", "13x11x6", "tensorflow", 11916),
    ("depthwise: {kernel: 3, multiplier: 2}", "9x12x10x6", "tensorflow", 0),
    ("transposed: {filters: 9, kernel: 3, stride: 2}", "12x10x6", "tensorflow", 132300),
    ("transposed: {filters: 9, kernel: 3, stride: 2}", "9x12x10x6", "tensorflow", 89775),
    ("maxpool: {kernel: 3, stride: 2, pad: 1}", "12x10x6", "tensorflow", 1620),
    ("avgpool: {kernel: 3, stride: 2}", "9x12x10x6", "tensorflow", 0),
    ("batchnorm", "12x10x6", "tensorflow", 1476),
    ("batchnorm: {affine: false}", "12x10x6", "tensorflow", 1470),
    ("layernorm", "12x10x6", "tensorflow", 6960),
    ("layernorm: {over: all, affine: false}", "12x10x6", "tensorflow", 4325),
    ("groupnorm: 3", "12", "tensorflow", 120),
    ("groupnorm: {groups: 3, affine: false}", "12x10x6", "tensorflow", 4335),
    ("instancenorm", "9x12x10x6", "tensorflow", 38922),
    ("rmsnorm", "11x6", "tensorflow", 297),
    ("l2norm", "12x10x6", "tensorflow", 2400),
    ("prelu", "12x10x6", "tensorflow", 2166),
    ("softmax", "12", "tensorflow", 60),
    ("upsample", "12x10x6", "tensorflow", 2),  # one multiplication a side, of the size
    ("conv: {filters: 8, kernel: 3, pad: 1}", "8x8x3", "xla", 23744),  # 2 x 22 x 22 x 24 + 512
    ("conv: {filters: 8, kernel: 3, stride: 2, pad: 1, bias: false}", "8x8x3", "xla", 5808),
    ("conv: {filters: 8, kernel: 3, stride: 2, pad: same, bias: false}", "8x8x3", "xla", 5808),
    ("conv: {filters: 8, kernel: 3, pad: 1, dilation: 2, bias: false}", "8x8x3", "xla", 12288),
    ("conv: {filters: 9, kernel: 3, pad: 1, groups: 3, bias: false}", "8x8x3", "xla", 8712),
    ("transposed: {filters: 9, kernel: 3, stride: 2, pad: same}", "5x5x6", "xla", 22068),
    ("transposed: {filters: 9, kernel: 4, stride: 2}", "5x5x6", "xla", 44496),
    ("maxpool: {kernel: 3, stride: 2, pad: 1}", "12x10x6", "xla", 1440),
    ("avgpool: {kernel: 3, stride: 2, pad: 1}", "12x10x6", "xla", 1620),
    ("batchnorm", "8x8x8", "xla", 1552),
    ("layernorm", "4x5x6", "xla", 920),
    ("groupnorm: 3", "4x5x6", "xla", 741),
    ("softmax", "12", "xla", 47),
    ("tanh", "12", "xla", 0),
    ("gelu", "12", "xla", 792),
    ("conv: {filters: 8, kernel: 3, groups: 2}", "12x10x6", "paddle", 17920),
    ("transposed: {filters: 9, kernel: 3, stride: 2, groups: 3}", "12x10x6", "paddle", 89775),
    ("batchnorm", "12x10x6", "paddle", 1440),
    ("batchnorm", "9x12x10x6", "paddle", 0),
    ("adaptive_avgpool: [7, 3]", "12x10x6", "paddle", 504),  # 126 x (1 x 3 + 1)
    ("global_avgpool", "12x10x6", "paddle", 726),
    ("leaky_relu", "12x10x6", "paddle", 720),
    ("dense: 7", "12", "paddle", 84),
]


@pytest.mark.parametrize(("layer", "shape", "tool", "printed"), SMALL)
def test_small_cases(layer: str, shape: str, tool: str, printed: int) -> None:
    report = summarize(loads(f"input: {shape}\nlayers: [{layer}]"))
    assert PROFILES[tool].count(report.totals) == printed


#: Networks whose pools are padded by TensorFlow's SAME, one row and column more at the end: in
#: PyTorch that is a padding of its own, which these two tools then count as the pool's input.
#: Printed by the tools in a run of tests/oracle/test_tools.py.
FRAMED = {
    "alexnet-linked": {"calflops:flops": 2542815128, "ptflops:pytorch": 1273964512},
    "zfnet-linked": {"calflops:flops": 2682073688, "ptflops:pytorch": 1347453088},
    "googlenet-linked": {"calflops:flops": 4272311984, "ptflops:pytorch": 2147980808},
    "resnet34-linked": {
        "calflops:flops": 12648757800, "ptflops:pytorch": 6329281616, "thop": 6334697911,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMED)
def test_pools_with_uneven_padding(name: str) -> None:
    report = summarize(name)
    for tool, printed in FRAMED[name].items():
        assert (tool, PROFILES[tool].count(report.totals)) == (tool, printed)


#: Keras's documentation of its applications: parameters of VGG16, VGG19; ResNet50's less the
#: 26,560 biases of its convolutions that the paper's has not (reference/published.md, 7).
KERAS = {
    "vgg16": 138357544,
    "vgg19": 143667240,
    "resnet50": 25636712 - 26560,
    "keras-vgg16": 138357544,
    "keras-resnet50": 25636712,
}


@pytest.mark.parametrize("name", KERAS)
def test_keras_counts_running_statistics(name: str) -> None:
    report = summarize(name)
    assert PROFILES["keras"].count(report.totals) == KERAS[name]


# -- the tools ----------------------------------------------------------------------------------

#: Profiles of tools that tests/oracle/tools.py does not run, and what judges them.
NOT_RUN = {
    "convnet-burden": "it needs MATLAB; its README is a published table, of tests/analysis/tables",
    "keras": "it counts parameters; its documentation is KERAS above, tests/oracle runs it",
}


#: The extras that pin them.
PINNING = ("tools", "tools-more", "tools-frameworks", "tools-paddle", "oracle")


def tools() -> dict[str, str]:
    """Return the tools that the oracle runs, a package a profile, without PyTorch."""
    tree = ast.parse((TESTS / "oracle" / "tools.py").read_text("utf-8"))
    (table,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "TOOLS"
    )
    assert isinstance(table, ast.Dict)
    rows = zip(table.keys, table.values, strict=True)
    return {ast.literal_eval(key): ast.literal_eval(row.elts[0]) for key, row in rows}  # type: ignore[arg-type,attr-defined]


def test_every_profile_of_a_tool_is_compared_with_it() -> None:
    profiles = {profile.name for profile in (*TORCH, *GRAPHS, *FRAMEWORKS, KERAS_COUNT)}
    assert profiles == {*tools(), *NOT_RUN}


@pytest.mark.parametrize("name", tools())
def test_the_version_of_a_tool_is_pinned(name: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pins = [pin for name in PINNING for pin in extras["optional-dependencies"][name]]
    package, _, version = PROFILES[name].version.split(",")[0].partition(" ")
    assert package == tools()[name]
    assert f"{package}=={version}" in pins


@pytest.mark.parametrize("name", tools())
def test_numbers_that_a_tool_printed_are_typed(name: str) -> None:
    printed = (*ONE_LAYER.values(), *TORCHVISION.values(), *FRAMED.values())
    typed = {tool for row in printed for tool in row} | {tool for _, _, tool, _ in SMALL}
    assert name in typed


# -- the rules as data --------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROFILES)
def test_rules_are_about_known_layers_and_quantities(name: str) -> None:
    for key, rule in PROFILES[name].rules.items():
        word, slash, sides = key.partition("/")
        assert word.split(":")[0] in {*BUILTIN, ANY}
        assert not slash or sides in "123"
        assert {addend.quantity for addend in addends(rule)} <= set(QUANTITIES)
        assert all(addend.times for addend in addends(rule))
    assert PROFILES[name].name == name
    assert PROFILES[name].label


@pytest.mark.parametrize("name", PROFILES)
def test_every_type_has_a_rule_or_is_said_to_have_none(name: str) -> None:
    """Broken by a new layer of which no one has asked what the tools count."""
    profile = PROFILES[name]
    stated, missing = set(filter(None, profile.without.split(", "))), without_rule(profile)
    named = {word: {word, BUILTIN[word].term} & stated for word in missing}
    assert {word for word, names in named.items() if not names} == set()
    assert set().union(*named.values()) == stated  # none is stated for nothing


def test_a_type_that_no_profile_has_heard_of_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BUILTIN["lrn"], "term", "another")
    with pytest.raises(AssertionError, match="lrn"):
        test_every_type_has_a_rule_or_is_said_to_have_none("fvcore")


def test_every_quantity_is_used() -> None:
    used = {
        each.quantity
        for profile in PROFILES.values()
        for rule in profile.rules.values()
        for each in addends(rule)
    }
    assert used == set(QUANTITIES)


@pytest.mark.parametrize("name", shipped())
def test_terms_layers_blocks_and_totals_agree(name: str) -> None:
    report = summarize(name)
    for profile in PROFILES.values():
        per_row = [sum(profile.terms(row).values()) for row in report.rows]
        assert profile.count(report.totals) == sum(per_row)
        assert sum(profile.count(row) for row in fold(report, 1)) == sum(per_row)


def test_what_has_no_rule_is_unknown_never_zero() -> None:
    report = summarize(loads("input: 7x9x5\nlayers: [conv: {filters: 4, kernel: 3}, lrn, relu]"))
    fvcore, thop = PROFILES["fvcore"], PROFILES["thop"]
    assert fvcore.not_counted(report.rows) == ("lrn", "relu")
    assert thop.not_counted(report.rows) == ("lrn",)
    assert fvcore.cell(report["norm1"]) is UNKNOWN
    assert thop.cell(report["relu1"]) == 0  # a rule that says so
    text = report.render("text", profile="fvcore", columns="name,count")
    assert "not counted    lrn, relu: fvcore has no rule for them (?)" in text
    assert [
        line.split()[-1] for line in text.splitlines() if line.startswith(("norm", "relu"))
    ] == [
        "?",
        "?",
    ]


#: Layers that tools rarely know.
UNUSUAL = """\
input: 8x9x6
layers:
  - channel_shuffle: 3
  - hard_swish
  - instancenorm
  - adaptive_maxpool: 4
  - upsample: {factor: 2, mode: bilinear}
  - prelu
  - softplus
  - groupnorm: 3
  - lrn
  - transposed: {filters: 4, kernel: 3, stride: 2, groups: 2}
  - conv: {filters: 5, kernel: 3, bias: per_position}
  - global_maxpool
  - rbf: 7
"""


@pytest.mark.parametrize("name", PROFILES)
def test_an_unusual_layer_is_counted_or_listed(name: str) -> None:
    report, profile = summarize(loads(UNUSUAL)), PROFILES[name]
    listed = profile.not_counted(report.rows)
    assert (name not in ("macs", "flops", "full", "params")) or listed == ()
    data = json.loads(report.render("json", profile=name))
    assert tuple(data["profile"]["not_counted"]) == listed
    for row, shown in zip(report.rows, data["rows"], strict=True):
        without = profile.rule(row) is None
        computes = bool(row.parameters) if profile.of == "parameters" else any(row.work)
        assert (shown["count"] == "unknown") == (without and computes), row.name
        assert (kind_text(row) in listed) == (without and computes), row.name


def test_kinds_without_a_rule_are_named_in_words() -> None:
    missing = PROFILES["thop"].not_counted(summarize("lenet5-1998").rows)
    assert missing == ("tanh", "subsampling", "conv with partial connections", "rbf")


def test_layers_that_compute_nothing_need_no_rule() -> None:
    report = summarize(loads("input: 7x9x5\nlayers: [flatten, dropout]"))
    for profile in PROFILES.values():
        assert profile.not_counted(report.rows) == ()


def test_symbols_pass_through_the_rules() -> None:
    report = summarize("vgg16", input="HxWx3")
    for name in (
        "macs", "torchinfo", "thop", "ptflops:pytorch", "onnx-tool", "tensorflow", "xla", "paddle",
    ):  # fmt: skip
        count = PROFILES[name].count(report.totals)
        numbers = PROFILES[name].count(report.at(H=224, W=256).totals)
        assert evaluate(count, {"H": 224, "W": 256}) == numbers


FILES = sorted(NETWORKS.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_profile_counts_every_layer_of_the_language(path: Path) -> None:
    report = summarize(path)
    for profile in PROFILES.values():
        assert profile.count(report.totals) >= 0
        text = report.render("text", profile=profile.name)
        assert ("not counted  " in text) == bool(profile.not_counted(report.rows))


def test_a_tap_at_any_distance_is_counted_at_each() -> None:
    """Broken where sides that are numbers are taken for a sign that all else is one."""
    text = "let: {d: %s}\ninput: 12x9x6\nlayers: [conv: {filters: 4, kernel: 1, dilation: d}]\n"
    free, two = (PROFILES["xla"].count(summarize(loads(text % d)).totals) for d in ("free", 2))
    assert free == two == 5616


def test_a_rule_that_needs_numbers_says_so() -> None:
    report = summarize(loads("input: HxWx3\nlayers: [adaptive_avgpool: 5]"))
    with pytest.raises(RuleError, match="must be a number") as caught:
        report.render("text", profile="torchscan")
    assert caught.value.code == "E121"
    with pytest.raises(RuleError, match="are rounded down: it must be a number"):
        report.render("text", profile="thop")
    assert report.render("text", profile="fvcore")
    same = summarize(loads("input: HxWx3\nlayers: [maxpool: {kernel: 3, stride: 2, pad: same}]"))
    with pytest.raises(RuleError, match="alike at both ends depends on the sides"):
        same.render("text", profile="calflops:flops")
    even = summarize(loads("input: HxWx3\nlayers: [maxpool: {kernel: 3, stride: 1, pad: same}]"))
    assert evaluate(PROFILES["calflops:flops"].count(even.totals), {"H": 5, "W": 7}) == 105
    global_ = summarize(loads("input: HxWx3\nlayers: [global_avgpool]"))
    assert evaluate(PROFILES["torchscan"].count(global_.totals), {"H": 5, "W": 7}) == 3 * (35 + 1)


def test_every_pair_of_columns_and_profiles_renders() -> None:
    column = next(each for each in COLUMNS if each.key == "count")
    report = summarize("lenet5-1998")
    for (name, _), format_ in product(PROFILES.items(), ("text", "csv", "json")):
        assert column.name in report.render(format_, profile=name)


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_quantity_can_be_asked_of_an_input_too(name: str) -> None:
    report = summarize(loads("input: 7x9x5\nlayers: [relu]"))
    counted = {"outputs": 315, "positions": 63, "sides": 2, "outputs_by_sides": 630, "sets": 63}
    moved = counted | {"pooled_by_stride": 315, "rough_windows": 315, "whole_windows": 315}
    moved["mean_windows"] = 630
    moved["channels"] = 5
    assert QUANTITIES[name].of(report["input"]) == moved.get(name, 0)


# -- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, each in PROFILES.items() if each.surprise])
def test_a_profile_shows_a_layer_of_which_its_count_is_no_plain_one(name: str) -> None:
    surprise = PROFILES[name].surprise
    assert surprise is not None
    totals = summarize(loads(surprise.spec)).totals
    count = PROFILES[name].count(totals)
    assert count not in {totals.macs, totals.macs + totals.biases}
    page = runner().invoke(main, ["profiles", name]).output
    assert f"{surprise.layer} of {surprise.shape} counts {count:,}" in " ".join(page.split())


@pytest.mark.parametrize("tool", ALIASES)
def test_another_tool_names_the_profile_that_counts_as_it_does(tool: str) -> None:
    profile = PROFILES[ALIASES[tool]]
    assert any(other.startswith(f"{tool} ") for other in profile.also)
    assert f"count: {profile.name}" in summarize("lenet5").render("text", profile=tool)
    assert f" {tool} " in runner().invoke(main, ["profiles"]).output


def test_a_count_is_said_to_be_of_one_example() -> None:
    report = summarize("lenet5")
    one, four = (report.render("text", profile="thop", batch=batch) for batch in (1, 4))
    assert "(bias adds" in one
    assert "2209072238), per example" not in " ".join(one.split())
    assert "2209072238), per example" in " ".join(four.split())
