"""PyTorch's exported programs are read from their JSON."""

from __future__ import annotations

import json
import zipfile
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc import SpecErrors
from tests.paths import TESTS
from tests.readers.refusal import refused_as_unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.report import Report, Row

#: What torch 2.13 exported: a small network of everything, without its weights and traces.
SMALL = TESTS / "readers" / "pt2" / "small.pt2"

Map = dict[str, Any]


def volume(row: Row) -> str:
    return "x".join(map(str, (*row.output.sides, row.output.channels)))


def test_a_program_that_pytorch_wrote() -> None:
    report = shapecalc.summarize(SMALL)
    # PyTorch's own counts of the module, in which one matrix belongs to two layers
    assert (report.totals.params, report.totals.macs, report.totals.buffers) == (2117, 205_056, 32)
    assert report.remarks == ()
    assert volume(report["pool"]) == "4x4x8"
    assert volume(report["layer1/0"]) == "9x9x8"
    assert [row.type for row in report.rows if row.name.startswith("layer1/0/")] == [
        *["conv", "batchnorm", "add", "relu"]
    ]
    assert report["mha"].type == "attention"


def meta(*sizes: int | Map) -> Map:
    return {"sizes": [size if isinstance(size, dict) else {"as_int": size} for size in sizes]}


def tensor(name: str) -> Map:
    return {"as_tensor": {"name": name}}


def node(target: str, output: str, module: str = "", **arguments: Map) -> Map:
    """Write an operation; a module is its path and its class."""
    stack = f"L__self__,,Net;L__self__{module},{module},torch.nn.Module" if module else "L,,Net"
    return {
        "target": f"torch.ops.aten.{target}",
        "inputs": [{"name": name, "arg": arg} for name, arg in arguments.items()],
        "outputs": [tensor(output)],
        "metadata": {"nn_module_stack": stack},
    }


def program(nodes: list[Map], sizes: dict[str, Map], parameters: tuple[str, ...] = ()) -> Map:
    """Write a program whose input is `x`, and whose output what the last operation gives."""
    specs: list[Map] = [
        {"parameter": {"arg": {"name": name}, "parameter_name": name}} for name in parameters
    ]
    return {
        "graph_module": {
            "graph": {
                "nodes": nodes,
                "outputs": nodes[-1]["outputs"] if nodes else [],
                "tensor_values": sizes,
            },
            "signature": {"input_specs": [*specs, {"user_input": {"arg": tensor("x")}}]},
        },
        "schema_version": {"major": 8, "minor": 20},
    }


def written(folder: Path, whole: object) -> Path:
    path = folder / "net.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/models/model.json", json.dumps(whole))
        archive.writestr("net/data/sample_inputs/model.pt", b"never read")
    return path


def summarized(folder: Path, *arguments: Any) -> Report:
    return shapecalc.summarize(written(folder, program(*arguments)))


def one(
    target: str, out: tuple[int, ...], parameters: dict[str, tuple[int, ...]], **arguments: Map
) -> tuple[Any, ...]:
    """Return the arguments of `program` for one operation on 1x8x9x9."""
    sizes = {
        "x": meta(1, 8, 9, 9),
        "y": meta(*out),
        **{name: meta(*dims) for name, dims in parameters.items()},
    }
    return ([node(target, "y", **arguments)], sizes, tuple(parameters))


X = tensor("x")
INTS: Any = lambda *numbers: {"as_ints": list(numbers)}  # noqa: E731

#: An operation on 1x8x9x9, and what is read of it: its type, its output, its parameters, its MACs.
OPERATIONS: list[tuple[tuple[Any, ...], tuple[object, ...]]] = [
    (one("conv2d.default", (1, 4, 7, 4), {"w": (4, 8, 3, 3)}, input=X, weight=tensor("w"), stride=INTS(1, 2)), ("conv", "7x4x4", 288, 288 * 28)),
    (one("conv2d.padding", (1, 4, 9, 9), {"w": (4, 8, 3, 4), "b": (4,)}, input=X, weight=tensor("w"), bias=tensor("b"), padding={"as_string": "same"}), ("conv", "9x9x4", 388, 384 * 81)),
    (one("conv2d.default", (1, 8, 7, 7), {"w": (8, 1, 3, 3)}, input=X, weight=tensor("w"), groups={"as_int": 8}), ("depthwise", "7x7x8", 72, 72 * 49)),
    (one("convolution.default", (1, 4, 18, 18), {"w": (8, 4, 2, 2)}, input=X, weight=tensor("w"), bias={"as_none": True}, stride=INTS(2, 2), padding=INTS(0, 0), dilation=INTS(1, 1), transposed={"as_bool": True}, output_padding=INTS(0, 0), groups={"as_int": 1}), ("transposed", "18x18x4", 128, 128 * 81)),
    (one("max_pool2d.default", (1, 8, 5, 5), {}, self=X, kernel_size=INTS(2, 2), stride=INTS(2, 2), ceil_mode={"as_bool": True}), ("maxpool", "5x5x8", 0, 0)),
    (one("avg_pool2d.default", (1, 8, 3, 3), {}, self=X, kernel_size=INTS(3)), ("avgpool", "3x3x8", 0, 0)),
    (one("adaptive_avg_pool2d.default", (1, 8, 2, 3), {}, self=X, output_size=INTS(2, 3)), ("adaptive_avgpool", "2x3x8", 0, 0)),
    (one("adaptive_avg_pool2d.default", (1, 8, 1, 1), {}, self=X, output_size=INTS(1, 1)), ("global_avgpool", "1x1x8", 0, 0)),
    (one("mean.dim", (1, 8), {}, self=X, dim=INTS(2, 3)), ("mean", "8", 0, 0)),
    (one("flatten.using_ints", (1, 648), {}, self=X, start_dim={"as_int": 1}), ("flatten", "648", 0, 0)),
    (one("group_norm.default", (1, 8, 9, 9), {"w": (8,), "b": (8,)}, input=X, num_groups={"as_int": 2}, weight=tensor("w"), bias=tensor("b")), ("groupnorm", "9x9x8", 16, 0)),
    (one("instance_norm.default", (1, 8, 9, 9), {}, input=X), ("instancenorm", "9x9x8", 0, 0)),
    (one("relu_.default", (1, 8, 9, 9), {}, self=X), ("relu", "9x9x8", 0, 0)),
    (one("hardtanh.default", (1, 8, 9, 9), {}, self=X, min_val={"as_float": 0.0}, max_val={"as_float": 6.0}), ("relu6", "9x9x8", 0, 0)),
    (one("leaky_relu.default", (1, 8, 9, 9), {}, self=X, negative_slope={"as_float": 0.2}), ("leaky_relu", "9x9x8", 0, 0)),
    (one("prelu.default", (1, 8, 9, 9), {"w": (8,)}, self=X, weight=tensor("w")), ("prelu", "9x9x8", 8, 0)),
    (one("mul.Tensor", (1, 8, 9, 9), {"w": (8, 1, 1)}, self=X, other=tensor("w")), ("scale", "9x9x8", 8, 0)),
    (one("add.Tensor", (1, 8, 9, 9), {}, self=X, other={"as_float": 2.0}), ("add", "9x9x8", 0, 0)),
    (one("rsub.Scalar", (1, 8, 9, 9), {}, self=X, other={"as_int": 1}), ("subtract", "9x9x8", 0, 0)),
    (one("cat.default", (1, 16, 9, 9), {}, tensors={"as_tensors": [{"name": "x"}, {"name": "x"}]}, dim={"as_int": 1}), ("concat", "9x9x16", 0, 0)),
    (one("slice.Tensor", (1, 3, 9, 9), {}, self=X, dim={"as_int": 1}, start={"as_int": -3}, end={"as_int": 9223372036854775807}), ("slice", "9x9x3", 0, 0)),
    (one("pad.default", (1, 8, 9, 12), {}, self=X, pad=INTS(1, 2)), ("pad", "9x12x8", 0, 0)),
    (one("upsample_bilinear2d.vec", (1, 8, 18, 18), {}, input=X, output_size={"as_none": True}, align_corners={"as_bool": False}), ("upsample", "18x18x8", 0, 0)),
    (one("pixel_shuffle.default", (1, 2, 18, 18), {}, self=X, upscale_factor={"as_int": 2}), ("pixel_shuffle", "18x18x2", 0, 0)),
    (one("roll.default", (1, 8, 9, 9), {}, self=X, shifts=INTS(-3, 2), dims=INTS(2, 3)), ("roll", "9x9x8", 0, 0)),
    (one("softmax.int", (1, 8, 9, 9), {}, self=X, dim={"as_int": 1}), ("softmax", "9x9x8", 0, 0)),
    (one("softmax.int", (1, 8, 9, 9), {}, self=X, dim={"as_int": 2}), ("softmax", "9x9x8", 0, 0)),
    (one("add.Tensor", (1, 8, 9, 9), {"w": (1, 8, 9, 9)}, self=X, other=tensor("w")), ("position_embedding", "9x9x8", 648, 0)),
    (one("rms_norm.default", (1, 8, 9, 9), {"w": (9,)}, input=X, normalized_shape=INTS(9), weight=tensor("w")), ("rmsnorm", "8x9x9", 9, 0)),
    (one("rms_norm.default", (1, 8, 9, 9), {}, input=X, normalized_shape=INTS(9)), ("rmsnorm", "8x9x9", 0, 0)),
    (one("silu.default", (1, 8, 9, 9), {}, self=X), ("silu", "9x9x8", 0, 0)),
    (one("dropout.default", (1, 8, 9, 9), {}, input=X, p={"as_float": 0.1}, train={"as_bool": False}), ("dropout", "9x9x8", 0, 0)),
    (one("square.default", (1, 8, 9, 9), {}, self=X), ("power", "9x9x8", 0, 0)),
    (one("repeat_interleave.self_int", (1, 16, 9, 9), {}, self=X, repeats={"as_int": 2}, dim={"as_int": 1}), ("reshape", "16x9x9", 0, 0)),
    (one("glu.default", (1, 4, 9, 9), {}, self=X, dim={"as_int": 1}), ("glu", "9x9x4", 0, 0)),
]  # fmt: skip


def test_a_table_is_looked_up(tmp_path: Path) -> None:
    sizes = {"x": meta(1, 7), "y": meta(1, 7, 5), "w": meta(11, 5)}
    nodes = [node("embedding.default", "y", weight=tensor("w"), indices=X)]
    row = summarized(tmp_path, nodes, sizes, ("w",)).rows[-1]
    assert (row.type, row.params, row.does) == ("embedding", 55, "11 entries of 5")


@pytest.mark.parametrize(("whole", "expected"), OPERATIONS)
def test_an_operation(whole: tuple[Any, ...], expected: tuple[object, ...], tmp_path: Path) -> None:
    report = summarized(tmp_path, *whole)
    row = report.rows[-1]
    assert (row.type, volume(row), row.params, row.macs) == expected
    assert report.remarks == ()


def mean(**more: Map) -> tuple[Any, ...]:
    """Return a mean of 3x3 places, in a margin of one."""
    window = {"kernel_size": INTS(3), "stride": INTS(1), "padding": INTS(1)}
    return one("avg_pool2d.default", (1, 8, 9, 9), {}, self=X, **window, **more)


#: An operation on 1x8x9x9, and a field of what is read that neither its shape nor its costs tell.
FIELDS: list[tuple[tuple[Any, ...], str, object]] = [
    # 3 and 4 long, so 2 and 3 in all: what is left over stands at the end
    (one("conv2d.padding", (1, 4, 9, 9), {"w": (4, 8, 3, 4)}, input=X, weight=tensor("w"), padding={"as_string": "same"}), "pad.pairs", ((1, 1), (1, 2))),
    (mean(), "count_include_pad", True),
    (mean(count_include_pad={"as_bool": False}), "count_include_pad", False),
    (one("roll.default", (1, 8, 9, 9), {}, self=X, shifts=INTS(-3, 2), dims=INTS(2, 3)), "shift", (-3, 2)),
    (one("pad.default", (1, 8, 16, 12), {}, self=X, pad=INTS(1, 2, 3, 4)), "pad.pairs", ((3, 4), (1, 2))),
    (one("add.Tensor", (1, 8, 9, 9), {}, self=X, other={"as_float": 2.0}, alpha={"as_int": 3}), "right", 6),
    (one("rsub.Scalar", (1, 8, 9, 9), {}, self=X, other={"as_int": 1}), "left", 1),
    (one("leaky_relu.default", (1, 8, 9, 9), {}, self=X), "slope", 0.01),
    (one("clamp_min.default", (1, 8, 9, 9), {}, self=X, min={"as_float": 0.5}), "type", "maximum"),
    (one("batch_norm.default", (1, 8, 9, 9), {"m": (8,), "v": (8,)}, input=X, running_mean=tensor("m"), running_var=tensor("v")), "affine", False),
    (one("pow.Tensor_Scalar", (1, 8, 9, 9), {}, self=X, exponent={"as_float": 1.5}), "exponent", 1.5),
]  # fmt: skip


@pytest.mark.parametrize(("whole", "field", "value"), FIELDS)
def test_a_field_of_an_operation(
    whole: tuple[Any, ...], field: str, value: object, tmp_path: Path
) -> None:
    report = summarized(tmp_path, *whole)
    assert attrgetter(field)(report.rows[-1].layer) == value
    assert report.remarks == ()


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("all_used", [False, True])
def test_the_last_states_of_a_recurrent_layer(
    layers: int, directions: int, all_used: bool, tmp_path: Path
) -> None:
    width, states = 7 * directions, layers * directions
    arrays = {}
    for at in range(layers):
        for way in range(directions):
            inner = 5 if at == 0 else width
            arrays |= {f"w{at}{way}": (28, inner), f"h{at}{way}": (28, 7)}
    given = {"params": {"as_tensors": [{"name": name} for name in arrays]}}
    given |= {"num_layers": {"as_int": layers}, "batch_first": {"as_bool": True}}
    given |= {"has_biases": {"as_bool": False}, "bidirectional": {"as_bool": directions == 2}}
    sizes = {"x": meta(2, 6, 5), "y": meta(2, 6, width), "h": meta(states, 2, 7)}
    sizes |= {"c": meta(states, 2, 7), "p": meta(directions, 2, 7), "z": meta(2, width)}
    sizes |= {k: meta(*v) for k, v in arrays.items()}
    lstm = node("lstm.input", "y", input=X, **given)
    lstm["outputs"] = [tensor("y"), tensor("h"), tensor("c")]
    sizes["q"] = meta(2, directions, 7)
    moved = {"source": {"as_int": 0}, "destination": {"as_int": 1}}
    move = node("movedim.int", "q", self=tensor("p"), **moved)
    last = node(
        "slice.Tensor", "p", self=tensor("h"), dim={"as_int": 0}, start={"as_int": -directions}
    )
    flat = node("reshape.default", "z", self=tensor("q"), shape=INTS(2, width))
    whole = program([lstm, last, move, flat], sizes, tuple(arrays))
    if all_used:
        whole["graph_module"]["graph"]["outputs"].append(tensor("y"))
    report = shapecalc.summarize(written(tmp_path, whole))
    rows = [(row.type, volume(row)) for row in report.rows[1:]]
    assert rows[0] == ("lstm", f"6x{width}" if all_used else f"{width}")
    assert rows[-1][1] == f"{width}"
    assert report.remarks == ()


@pytest.mark.parametrize(
    ("made", "types"), [("triu", ["causal_mask", "relu"]), ("ones_like", ["relu"])]
)
def test_what_a_mask_hides(made: str, types: list[str], tmp_path: Path) -> None:
    sizes = {name: meta(1, 2, 6, 6) for name in "xmyz"} | {name: meta(6, 6) for name in "ot"}
    moved = {"source": {"as_int": 1}, "destination": {"as_int": -1}}
    sizes["y"] = sizes["z"] = meta(1, 6, 6, 2)
    nodes = [
        node("ones.default", "o", size=INTS(6, 6)),
        node(f"{made}.default", "t", self=tensor("o")),
        node("masked_fill.Scalar", "m", self=X, mask=tensor("t"), value={"as_float": -1e30}),
        node("movedim.int", "y", self=tensor("m"), **moved),
        node("relu.default", "z", self=tensor("y")),
    ]
    report = summarized(tmp_path, nodes, sizes)
    assert [row.type for row in report.rows[1:]] == types
    assert report.remarks == ()


def test_a_length_of_one_is_an_l2norm(tmp_path: Path) -> None:
    sizes = {name: meta(1, 8, 9, 9) for name in ("x", "e", "y")}
    sizes |= {name: meta(1, 1, 9, 9) for name in ("n", "m")}
    two = {"as_float": 2.0}
    nodes = [
        node(
            "linalg_vector_norm.default",
            "n",
            self=X,
            ord=two,
            dim=INTS(1),
            keepdim={"as_bool": True},
        ),
        node("clamp_min.default", "m", self=tensor("n"), min={"as_float": 1e-12}),
        node("expand_as.default", "e", self=tensor("m"), other=X),
        node("div.Tensor", "y", self=X, other=tensor("e")),
    ]
    report = summarized(tmp_path, nodes, sizes)
    assert [row.type for row in report.rows[1:]] == ["l2norm"]
    nodes[0]["inputs"][1]["arg"] = {"as_float": 1.0}
    report = summarized(tmp_path, nodes, sizes)
    assert "1 aten.linalg_vector_norm" in report.remarks[0]


def test_a_kernel_that_is_fixed_is_no_parameter_and_said(tmp_path: Path) -> None:
    nodes, sizes, _ = one("conv2d.default", (1, 4, 7, 7), {}, input=X, weight=tensor("w"))
    sizes["w"] = meta(4, 8, 3, 3)
    report = summarized(tmp_path, [node("ones.default", "w", size=INTS(4, 8, 3, 3)), *nodes], sizes)
    assert report.totals.params == 288
    assert report.remarks == (
        "1 kernel fixed or computed: counted as large as they are, 288 more than are trained",
    )


def test_an_extent_that_depends_on_what_flows_is_refused(tmp_path: Path) -> None:
    sizes = {"x": meta(1, 8), "y": meta({"as_expr": {"expr_str": "u0", "hint": None}})}
    path = written(tmp_path, program([node("nonzero.default", "y", self=X)], sizes))
    refused_as_unreadable(path, "an extent that none has")


def test_layers_of_a_recurrent_layer_have_two_biases_a_gate(tmp_path: Path) -> None:
    arrays = {"w": (28, 5), "h": (28, 7), "b": (28,), "c": (28,)}
    arrays |= {"w2": (28, 7), "h2": (28, 7), "b2": (28,), "c2": (28,)}
    sizes = {"x": meta(1, 6, 5), "y": meta(1, 6, 7), **{k: meta(*v) for k, v in arrays.items()}}
    given = {"params": {"as_tensors": [{"name": name} for name in arrays]}}
    given |= {"num_layers": {"as_int": 2}, "batch_first": {"as_bool": True}}
    nodes = [node("lstm.input", "y", input=X, **given)]
    report = summarized(tmp_path, nodes, sizes, tuple(arrays))
    assert (report.rows[-1].type, volume(report.rows[-1])) == ("lstm", "6x7")
    assert report.totals.params == 28 * (5 + 7 + 2) + 28 * (7 + 7 + 2)


def test_a_state_that_is_projected_has_no_rule(tmp_path: Path) -> None:
    arrays = {"w": (28, 5), "h": (28, 3), "b": (28,), "c": (28,), "p": (3, 7)}
    sizes = {"x": meta(1, 6, 5), "y": meta(1, 6, 3), **{k: meta(*v) for k, v in arrays.items()}}
    given = {"params": {"as_tensors": [{"name": name} for name in arrays]}}
    nodes = [node("lstm.input", "y", input=X, batch_first={"as_bool": True}, **given)]
    report = summarized(tmp_path, nodes, sizes, tuple(arrays))
    assert (report.rows[-1].type, volume(report.rows[-1])) == ("opaque", "6x3")
    assert "without a rule" in report.remarks[0]


@pytest.mark.parametrize(
    ("own", "kind", "buffers"), [(True, "instancenorm", 0), (False, "batchnorm", 16)]
)
def test_instances_are_normalised_by_their_own_statistics_or_by_measured_ones(
    own: bool, kind: str, buffers: int, tmp_path: Path
) -> None:
    names = ("w", "b", "running_mean", "running_var")
    whole = one(
        *("instance_norm.default", (1, 8, 9, 9), dict.fromkeys(names, (8,))),
        input=X,
        weight=tensor("w"),
        bias=tensor("b"),
        running_mean=tensor("running_mean"),
        running_var=tensor("running_var"),
        use_input_stats={"as_bool": own},
    )
    row = summarized(tmp_path, *whole).rows[-1]
    assert (row.type, row.params, row.buffers) == (kind, 16, buffers)


def test_addmm_has_a_column_of_its_matrix_for_every_unit(tmp_path: Path) -> None:
    sizes = {"x": meta(1, 6), "w": meta(6, 5), "b": meta(5), "y": meta(1, 5)}
    nodes = [node("addmm.default", "y", self=tensor("b"), mat1=X, mat2=tensor("w"))]
    row = summarized(tmp_path, nodes, sizes, ("w", "b")).rows[-1]
    assert (row.type, volume(row), row.params) == ("dense", "5", 35)


def test_layers_of_one_matrix_have_biases_of_their_own(tmp_path: Path) -> None:
    sizes = {"x": meta(1, 8), "w": meta(8, 8), **{name: meta(8) for name in ("b1", "b2")}}
    sizes |= {name: meta(1, 8) for name in "ac"}
    nodes = [
        node("linear.default", "a", "m", input=X, weight=tensor("w"), bias=tensor("b1")),
        node("linear.default", "c", "n", input=tensor("a"), weight=tensor("w"), bias=tensor("b2")),
    ]
    report = summarized(tmp_path, nodes, sizes, ("w", "b1", "b2"))
    assert [(row.type, row.params) for row in report.rows[1:]] == [
        *[("dense", 64), ("bias", 8), ("dense", 0), ("bias", 8)]
    ]


def test_a_volume_that_is_repeated_has_no_rule_and_its_size(tmp_path: Path) -> None:
    sizes = {"x": meta(1, 8, 1, 1), "a": meta(1, 8, 1, 1), "b": meta(1, 8, 9, 7)}
    nodes = [
        node("expand.default", "a", self=X, size=INTS(-1, -1, 1, 1)),
        node("expand.default", "b", self=tensor("a"), size=INTS(-1, -1, 9, 7)),
    ]
    report = summarized(tmp_path, nodes, sizes)
    assert [(row.type, volume(row)) for row in report.rows[1:]] == [("opaque", "9x7x8")]
    assert "1 aten.expand without a rule" in report.remarks[0]


@pytest.mark.parametrize("target", ["add", "sub"])
def test_a_second_operand_is_multiplied_by_alpha(target: str, tmp_path: Path) -> None:
    sizes = {name: meta(1, 8) for name in "xay"}
    two = {"as_int": 2}
    nodes = [
        node("relu.default", "a", self=X),
        node(f"{target}.Tensor", "y", self=X, other=tensor("a"), alpha=two),
    ]
    report = summarized(tmp_path, nodes, sizes)
    _, relu, product, row = report.rows
    assert (product.type, product.sources, attrgetter("right")(product.layer)) == (
        *("multiply", (relu.name,), 2),
    )
    assert row.sources == ("input", product.name)


def test_a_volume_is_resized_to_the_size_that_is_stated(tmp_path: Path) -> None:
    # 7*(61/7) is 60.99999999999999 in double precision
    sizes = {"x": meta(1, 8, 7, 11), "y": meta(1, 8, 61, 15)}
    nodes = [node("upsample_nearest2d.vec", "y", input=X, output_size=INTS(61, 15))]
    assert volume(summarized(tmp_path, nodes, sizes).rows[-1]) == "61x15x8"


def test_scores_are_divided_by_the_root_of_the_depth(tmp_path: Path) -> None:
    sizes = {name: meta(1, 4, 6, 16) for name in "xy"}
    nodes = [node("scaled_dot_product_attention.default", "y", query=X, key=X, value=X)]
    report = summarized(tmp_path, nodes, sizes)
    (scaled,) = (row.layer for row in report.rows if row.type == "multiply")
    assert attrgetter("right")(scaled) == 1 / 4


def written_attention(norm: bool, **more: Map) -> tuple[list[Map], dict[str, Map], tuple[str, ...]]:
    """Write attention of 10x16 in 4 heads with operations of one's own."""
    sizes = {"x": meta(1, 10, 16), "y": meta(1, 10, 16)}
    sizes |= {"gq": meta(4), "gk": meta(4)}
    nodes = []
    for name in "qkv":
        heads = f"{name}h"
        sizes |= {f"w{name}": meta(16, 16), name: meta(1, 10, 16), heads: meta(1, 10, 4, 4)}
        sizes |= {f"{name}t": meta(1, 4, 10, 4), f"{name}n": meta(1, 4, 10, 4)}
        weight = {"weight": tensor(f"w{name}"), "bias": {"as_none": True}}
        nodes += [
            node("linear.default", name, "m", input=X, **weight),
            node("view.default", heads, "m", self=tensor(name), size=INTS(1, 10, 4, 4)),
            node(
                "transpose.int",
                f"{name}t",
                "m",
                self=tensor(heads),
                dim0={"as_int": 1},
                dim1={"as_int": 2},
            ),
        ]
        if norm and name != "v":
            shape = {"normalized_shape": INTS(4), "weight": tensor(f"g{name}")}
            nodes.append(
                node("rms_norm.default", f"{name}n", "m", input=tensor(f"{name}t"), **shape)
            )
    last = "n" if norm else "t"
    operands = {"query": tensor(f"q{last}"), "key": tensor(f"k{last}"), "value": tensor("vt")}
    sizes |= {
        "p": meta(1, 4, 10, 4),
        "pt": meta(1, 10, 4, 4),
        "r": meta(1, 10, 16),
        "wo": meta(16, 16),
    }
    nodes += [
        node("scaled_dot_product_attention.default", "p", "m", **operands, **more),
        node("transpose.int", "pt", "m", self=tensor("p"), dim0={"as_int": 1}, dim1={"as_int": 2}),
        node("view.default", "r", "m", self=tensor("pt"), size=INTS(1, 10, 16)),
        node(
            "linear.default",
            "y",
            "m",
            input=tensor("r"),
            weight=tensor("wo"),
            bias={"as_none": True},
        ),
    ]
    return nodes, sizes, ("wq", "wk", "wv", "wo", "gq", "gk")


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_of_ones_own_is_one_attention(tmp_path: Path, norm: bool, causal: bool) -> None:
    more = {"is_causal": {"as_bool": True}} if causal else {}
    report = summarized(tmp_path, *written_attention(norm, **more))
    assert report["m"].type == "attention"
    assert volume(report.rows[0]) == "10x16"
    assert (report.totals.params, report.totals.macs) == (4 * 256 + 8 * norm, 13_440)
    types = [row.type for row in report.rows]
    assert (types.count("rmsnorm"), types.count("causal_mask")) == (2 * norm, int(causal))
    assert report.remarks == ()


@pytest.mark.parametrize(("factor", "whole"), [(0.5, True), (0.3, False)])
def test_attention_in_products_is_one_attention(tmp_path: Path, factor: float, whole: bool) -> None:
    nodes, sizes, weights = written_attention(norm=False)
    sizes |= {"kc": meta(1, 4, 4, 10), **{name: meta(1, 4, 10, 10) for name in ("a", "b", "s")}}
    turned = {"dim0": {"as_int": 2}, "dim1": {"as_int": 3}}
    products = [
        node("transpose.int", "kc", "m", self=tensor("kt"), **turned),
        node("matmul.default", "a", "m", self=tensor("qt"), other=tensor("kc")),
        node("mul.Tensor", "b", "m", self=tensor("a"), other={"as_float": factor}),
        node("softmax.int", "s", "m", self=tensor("b"), dim={"as_int": -1}),
        node("matmul.default", "p", "m", self=tensor("s"), other=tensor("vt")),
    ]
    at = next(at for at, made in enumerate(nodes) if "scaled_dot" in str(made))
    report = summarized(tmp_path, [*nodes[:at], *products, *nodes[at + 1 :]], sizes, weights)
    assert (report.totals.params, report.totals.macs) == (4 * 256, 13_440)
    assert ("m/qkv" in [row.name for row in report.rows]) is whole
    assert report.remarks == ()


def test_scores_with_a_scale_of_their_own_are_no_attention(tmp_path: Path) -> None:
    report = summarized(tmp_path, *written_attention(False, scale={"as_float": 0.3}))
    assert "attention" not in [row.type for row in report.rows]
    report = summarized(tmp_path, *written_attention(False, scale={"as_float": 0.5}))
    assert report["m"].type == "attention"


def test_modules_are_levels_and_one_called_twice_shares(tmp_path: Path) -> None:
    sizes = {"x": meta(1, 8), "w": meta(8, 8), **{name: meta(1, 8) for name in "abc"}}
    nodes = [
        node("linear.default", "a", "net.0.fc", input=X, weight=tensor("w")),
        node("relu.default", "b", "net.0.act", self=tensor("a")),
        node("linear.default", "c", "net.0.fc", input=tensor("b"), weight=tensor("w")),
    ]
    report = summarized(tmp_path, nodes, sizes, ("w",))
    assert [(row.type, row.params) for row in report.rows[1:]] == [
        *[("dense", 64), ("relu", 0), ("dense", 0)]
    ]
    assert report["net/0/act"].type == "relu"


def test_a_matrix_that_is_used_turned_around_is_counted_twice_and_said(tmp_path: Path) -> None:
    sizes = {"x": meta(1, 8), "w": meta(5, 8), "a": meta(1, 5), "t": meta(8, 5), "b": meta(1, 8)}
    none = {"as_none": True}
    nodes = [
        node("linear.default", "a", input=X, weight=tensor("w"), bias=none),
        node("t.default", "t", self=tensor("w")),
        node("linear.default", "b", input=tensor("a"), weight=tensor("t"), bias=none),
    ]
    report = summarized(tmp_path, nodes, sizes, ("w",))
    assert [row.params for row in report.rows] == [0, 40, 40]
    assert report.remarks == ("1 array used by several layers, each of which counts its own",)


def test_what_is_not_trained_is_frozen_or_said_to_be_in_part(tmp_path: Path) -> None:
    frozen = {"requires_grad": False}
    sizes = {name: meta(1, 8) for name in "xyz"}
    sizes |= {
        "w": meta(8, 8) | frozen,
        "b": meta(8) | frozen,
        "v": meta(8, 8) | frozen,
        "c": meta(8),
    }
    nodes = [
        node("linear.default", "y", input=X, weight=tensor("w"), bias=tensor("b")),
        node("linear.default", "z", input=tensor("y"), weight=tensor("v"), bias=tensor("c")),
    ]
    report = summarized(tmp_path, nodes, sizes, ("w", "b", "v", "c"))
    assert (report.totals.params, report.totals.frozen) == (144, 72)
    assert [node.trained for node in report.graph.nodes[1:]] == [False, True]
    assert report.remarks == ("1 layer frozen in part, and counted as trained",)


def test_weights_of_a_direction_and_a_length_are_said_to_be_more(tmp_path: Path) -> None:
    sizes = {"x": meta(1, 8), "y": meta(1, 5), "v": meta(5, 8), "g": meta(5, 1), "w": meta(5, 8)}
    nodes = [
        node("_weight_norm.default", "w", v=tensor("v"), g=tensor("g")),
        node("linear.default", "y", input=X, weight=tensor("w"), bias={"as_none": True}),
    ]
    report = summarized(tmp_path, nodes, sizes, ("v", "g"))
    assert report.totals.params == 40
    assert report.remarks == (
        "1 weight computed of a direction and a length (weight_norm): counted as what comes of"
        " them, 5 less than are trained",
    )


def test_an_axis_is_taken_apart(tmp_path: Path) -> None:
    sizes = {"x": meta(1, 3, 4, 8), **{name: meta(1, 4, 8) for name in "abc"}, "y": meta(1, 4, 8)}
    parts = {"as_tensors": [{"name": name} for name in "abc"]}
    unbound = {**node("unbind.int", "a", self=X, dim={"as_int": 1}), "outputs": [parts]}
    nodes = [unbound, node("add.Tensor", "y", self=tensor("a"), other=tensor("c"))]
    report = summarized(tmp_path, nodes, sizes)
    assert report.remarks == ()
    assert [row.type for row in report.rows].count("slice") == 3
    assert volume(report.rows[-1]) == "4x8x1"  # a map whose only channel was taken


def test_what_works_in_place_changes_what_is_read_later(tmp_path: Path) -> None:
    sizes = {name: meta(1, 8, 9, 9) for name in ("x", "a", "b", "c")}
    nodes = [
        node("silu.default", "a", self=X),
        node("relu_.default", "b", self=tensor("a")),
        node("add.Tensor", "c", self=tensor("a"), other=X),
    ]
    report = summarized(tmp_path, nodes, sizes)
    assert report.rows[-1].sources == (report.rows[2].name, "input")


def test_a_tensor_that_many_operations_work_on_in_place(tmp_path: Path) -> None:
    count = 2000
    nodes = [node("relu_.default", f"y{at}", self=X) for at in range(count)]
    sizes = {"x": meta(1, 8), **{f"y{at}": meta(1, 8) for at in range(count)}}
    report = summarized(tmp_path, nodes, sizes)
    assert len(report.rows) == count + 1
    assert report.rows[-1].sources == (report.rows[-2].name,)


def test_an_operation_without_a_rule_is_partial(tmp_path: Path) -> None:
    whole = one("fft_fft2.default", (1, 8, 9, 9), {}, self=X)
    report = summarized(tmp_path, *whole)
    assert volume(report.rows[-1]) == "9x9x8"
    assert report.remarks[0].startswith("partial: 1 aten.fft_fft2 without a rule")


def test_sizes_that_are_left_open_are_those_of_the_example(tmp_path: Path) -> None:
    batch = {"as_expr": {"expr_str": "s0", "hint": {"as_int": 4}}}
    sizes = {"x": meta(batch, 8), "y": meta(batch, 8)}
    report = summarized(tmp_path, [node("relu.default", "y", self=X)], sizes)
    assert volume(report.rows[-1]) == "8"
    assert report.remarks == ("sizes that the file leaves open are those of its example",)


GOOD = program(*one("relu.default", (1, 8, 9, 9), {}, self=X))


@pytest.mark.parametrize(
    ("whole", "message"),
    [
        ({**GOOD, "schema_version": {"major": 9, "minor": 1}}, "its schema is version 9.1, and 8 is read"),
        ({}, "its schema is version None.None"),
        (program([], {"x": meta(1, 8)}), "the program computes nothing that is read"),
        (program(*one("relu.default", (1, 8, 9, 7), {}, self=X)), "gives 1x8x9x9, and the file states 1x8x9x7"),
        (program([node("relu.default", "y", self=X)], {"x": meta(1, 8, -9, 9), "y": meta(1)}), "a tensor has an extent that none has"),
        (program([node("relu.default", "y", self=X)], {"x": meta(1, 2, 3, 4, 5, 6), "y": meta(1)}), "the input 'x' is 1x2x3x4x5x6"),
        (program([node("relu.default", "y", self=X)], {"y": meta(1)}), "nothing flows in"),
        (program(*one("conv2d.default", (1, 4, 7, 7), {"w": (4, 6, 3, 3)}, input=X, weight=tensor("w"))), "8 channels flow in"),
        (program(*one("max_pool2d.default", (1, 8, 9, 9), {}, self=X)), "max_pool2d takes other arguments"),
        (program([node("relu.default", "y", self=X), node("chunk.default", "z", self=tensor("y"))], {"x": meta(1, 8), "y": meta(), "z": meta(1)}), "chunk takes other arguments"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(whole: object, message: str, tmp_path: Path) -> None:
    with refused_as_unreadable(message):
        shapecalc.summarize(written(tmp_path, whole))


def test_weights_and_scripts_are_no_programs(tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/data.pkl", b"\x80\x02.")
    with pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(path)
    assert "weights or a script, and no exported program" in caught.value.problems[0].message
    assert "torch.export.save" in caught.value.problems[0].hint
