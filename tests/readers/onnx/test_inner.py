"""What of an ONNX file is more than nodes of the standard: the runtime's own, functions, branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from tests.paths import TESTS
from tests.readers.onnx_bytes import Graph, Reference, block, function, graph, model, node, tensor
from tests.readers.onnx_microsoft import BLOCKS, CASES, Case
from tests.readers.refusal import refused_as_unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.report import Report


def read(data: bytes, folder: Path) -> Report:
    path = folder / "net.onnx"
    path.write_bytes(data)
    return shapecalc.summarize(path)


def rows(report: Report) -> list[tuple[Any, ...]]:
    """Return what each layer behind the input is and costs."""
    return [
        (
            row.type,
            "x".join(map(str, (*row.output.sides, row.output.channels))),
            row.params,
            row.macs,
        )
        for row in report.rows[1:]
    ]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_an_operation_of_onnx_runtime(case: Case, tmp_path: Path) -> None:
    assert rows(read(case.data(), tmp_path)) == case.rows


def test_the_sum_before_a_norm_is_the_fourth_of_its_results(tmp_path: Path) -> None:
    report = read(CASES["SkipLayerNormalization"].data(), tmp_path)
    nodes = report.graph.nodes
    assert nodes[-1].inputs == (len(nodes) - 2, len(nodes) - 3)  # the norm, less the sum


@pytest.mark.parametrize(
    ("bias", "filters", "remark"),
    [
        ([1.5] * 3 + [0.0] * 5, 3, "those at an end whose bias is 0 are taken for what fills a block up"),
        ([0.0] * 7 + [0.5], 8, ""),
        ([0.0] * 16, 16, "all are counted where nothing says how many there were"),
    ],
)  # fmt: skip
def test_zeros_that_a_bias_ends_in_fill_a_block_up(
    bias: list[float], filters: int, remark: str, tmp_path: Path
) -> None:
    nodes = [
        node("Conv", "x w b", "c", domain=BLOCKS, kernel_shape=[3, 3]),
        node("Conv", "c v d", "o", domain=BLOCKS, kernel_shape=[1, 1]),
        node("ReorderOutput", "o", "y", domain=BLOCKS, channels=5),
    ]
    size = len(bias)
    arrays = {"w": [size, 3, 3, 3], "b": tensor("b", [size], bias), "v": [8, size, 1, 1], "d": [8]}
    report = read(model(nodes, {"x": [1, 3, 9, 7]}, {"y": [1, 5, 7, 5]}, arrays), tmp_path)
    first, second = report.rows[1:3]
    assert (first.params, second.params) == (28 * filters, 5 * (filters + 1))
    remarks = " ".join(report.graph.spec.source.remarks)
    assert (remark in remarks) if remark else not remarks


# Functions

#: A convolution with a slope, and a network of two in each other.
SLOPED = function(
    "Sloped",
    "a w b",
    "c",
    [
        node("Conv", "a w b", "m", "conv", kernel_shape=Reference("size")),
        node("LeakyRelu", "m", "c", "act", alpha=Reference("slope")),
    ],
)
TWICE = function(
    "Twice",
    "a w b v",
    "c",
    [
        node("Sloped", "a w b", "m", "first", "local", size=[3, 3], slope=0.5),
        node("Sloped", "m v", "c", "second", "local", size=[1, 1], slope=0.5),
    ],
)
ARRAYS = {"w": [8, 3, 3, 3], "b": [8], "v": [4, 8, 1, 1]}


def test_functions_stand_in_the_place_of_their_calls(tmp_path: Path) -> None:
    call = [node("Twice", "x w b v", "y", "net", "local")]
    data = model(call, {"x": [1, 3, 9, 7]}, {"y": [1, 4, 7, 5]}, ARRAYS, functions=[SLOPED, TWICE])
    report = read(data, tmp_path)
    assert rows(report) == [
        ("conv", "7x5x8", 224, 7560),
        ("leaky_relu", "7x5x8", 0, 0),
        ("conv", "7x5x4", 32, 1120),
        ("leaky_relu", "7x5x4", 0, 0),
    ]
    assert [row.name for row in report.rows[1:]] == [
        *["first/conv", "first/act", "second/conv", "second/act"]
    ]
    assert report["first/act"].layer.slope == 0.5


def test_a_call_s_attributes_come_before_its_function_s(tmp_path: Path) -> None:
    sloped = function(
        "Sloped", "a", "c", [node("LeakyRelu", "a", "c", alpha=Reference("slope"))], slope=0.25
    )
    calls = [
        node("Sloped", "x", "m", "first", "local"),
        node("Sloped", "m", "y", "second", "local", slope=0.5),
    ]
    data = model(calls, {"x": [1, 3, 9, 7]}, {"y": [1, 3, 9, 7]}, functions=[sloped])
    report = read(data, tmp_path)
    assert [row.layer.slope for row in report.rows[1:]] == [0.25, 0.5]


def test_a_function_that_calls_itself_is_refused(tmp_path: Path) -> None:
    again = function("Again", "a", "c", [node("Again", "a", "c", "", "local")])
    data = model([node("Again", "x", "y", "", "local")], {"x": [1, 3, 9, 7]}, {"y": None},
                 functions=[again])  # fmt: skip
    with refused_as_unreadable("call each other more than 16 deep"):
        read(data, tmp_path)


def test_functions_that_come_to_too_much_are_refused(tmp_path: Path) -> None:
    levels = [function("L0", "a", "c", [node("Relu", "a", f"r{n}") for n in range(9)])]
    for level in range(1, 7):
        calls = [node(f"L{level - 1}", "a", f"r{n}", "", "local") for n in range(9)]
        levels.append(function(f"L{level}", "a", "c", calls))
    data = model([node("L6", "x", "y", "", "local")], {"x": [1, 3, 9, 7]}, {"y": None},
                 functions=levels)  # fmt: skip
    with refused_as_unreadable("more than 500,000 nodes"):
        read(data, tmp_path)


# Branches

THEN = graph([node("Conv", "x w", "t", "conv", kernel_shape=[3, 3])], "t", {"w": [8, 3, 3, 3]})
ELSE = graph([node("Relu", "x", "e")], "e")


def branched(condition: bytes, then: Graph = THEN, other: Graph = ELSE) -> bytes:
    nodes = [
        node("Constant", "", "k", value=condition),
        node("If", "k", "y", "choice", then_branch=then, else_branch=other),
    ]
    return model(nodes, {"x": [1, 3, 9, 7]}, {"y": None})


def test_a_constant_chooses_a_branch(tmp_path: Path) -> None:
    assert rows(read(branched(tensor("k", [], [1])), tmp_path)) == [("conv", "7x5x8", 216, 7560)]
    assert rows(read(branched(tensor("k", [], [0])), tmp_path)) == [("relu", "9x7x3", 0, 0)]


def test_a_choice_by_what_flows_is_told(tmp_path: Path) -> None:
    nodes = [
        node("Relu", "x", "r"),
        node("If", "x", "y", "choice", then_branch=THEN, else_branch=ELSE),
    ]
    data = model(nodes, {"x": [1, 3, 9, 7]}, {"y": [1, 8, 7, 5]})
    report = read(data, tmp_path)
    assert report.remarks[0].startswith("partial: 1 If without a rule")


def test_branches_that_lie_very_deep_are_told(tmp_path: Path) -> None:
    inner = ELSE
    for level in range(40):
        choice = node("If", "k", f"e{level}", then_branch=inner, else_branch=Graph(b""))
        inner = graph([choice], f"e{level}")
    nodes = [
        node("Constant", "", "k", value=tensor("k", [], [1])),
        node("If", "k", "y", then_branch=inner, else_branch=Graph(block(2, "none"))),
        node("Relu", "x", "z"),
    ]
    report = read(model(nodes, {"x": [1, 3, 9, 7]}, {"y": None, "z": None}), tmp_path)
    assert report.remarks[0].startswith("partial: 1 If")


# What exporters write that is nothing


def test_a_bias_of_zeros_that_the_graph_makes_is_none(tmp_path: Path) -> None:
    """PyTorch's exporter writes one where it does not optimize: an Expand of a cast zero."""
    nodes = [
        node("Constant", "", "zero", value=tensor("zero", [], [0])),
        node("CastLike", "zero x", "z"),
        node("Expand", "z n", "b"),
        node("Conv", "x w b", "y", kernel_shape=[3, 3]),
    ]
    arrays = {"w": [8, 3, 3, 3], "n": tensor("n", [1], [8])}
    data = model(nodes, {"x": [1, 3, 9, 7]}, {"y": [1, 8, 7, 5]}, arrays)
    assert rows(read(data, tmp_path)) == [("conv", "7x5x8", 216, 7560)]


#: What tf2onnx 1.17 made of a model of Keras 3.15, which counts 1,566 parameters.
NORMS = TESTS / "readers" / "onnx" / "norms.onnx"


def test_norms_that_tf2onnx_takes_apart() -> None:
    assert rows(shapecalc.summarize(NORMS)) == [
        ("conv", "18x18x12", 876, 279_936),
        ("relu", "18x18x12", 0, 0),
        ("layernorm", "18x18x12", 24, 0),
        ("transposed", "36x36x6", 654, 209_952),
        ("groupnorm", "36x36x6", 12, 0),
        ("max", "6", 0, 0),
    ]


def test_a_bias_of_heads_and_channels_is_one_of_both(tmp_path: Path) -> None:
    nodes = [
        node("MatMul", "x w", "a"),
        node("Reshape", "a s", "h"),
        node("Add", "h b", "y"),
    ]
    arrays = {"w": [8, 6], "s": tensor("s", [4], [1, 5, 2, 3]), "b": [2, 3]}
    data = model(nodes, {"x": [1, 5, 8]}, {"y": [1, 5, 2, 3]}, arrays)
    assert rows(read(data, tmp_path)) == [
        ("dense", "5x6", 48, 240),
        ("reshape", "5x2x3", 0, 0),
        ("reshape", "5x6", 0, 0),
        ("bias", "5x6", 6, 0),
        ("reshape", "5x2x3", 0, 0),
    ]


def test_sizes_that_are_given_are_of_their_axes(tmp_path: Path) -> None:
    nodes = [node("Conv", "x w", "y", kernel_shape=[3, 1])]
    path = tmp_path / "net.onnx"
    path.write_bytes(model(nodes, {"x": ["N", 3, "H", "W"]}, {"y": None}, {"w": [8, 3, 3, 1]}))
    assert rows(shapecalc.summarize(path, input="9x7x3")) == [("conv", "7x7x8", 72, 3528)]


# Rounds

GOES_ON = node("Identity", "goes", "on")
CONV = node("Conv", "a w", "c", "conv", pads=[1, 1, 1, 1], kernel_shape=[3, 3])
KERNEL = {"w": [3, 3, 3, 3]}
BODY = graph([GOES_ON, CONV, node("Relu", "c", "b", "relu")], "on b", inputs="i goes a")
COUNT = {"n": tensor("n", [], [3]), "yes": tensor("yes", [], [1])}


def looped(body: Graph, inputs: str, outputs: str = "y", **more: Any) -> bytes:
    arrays = {**KERNEL, **COUNT, **more}
    stated: dict[str, Any] = dict.fromkeys(outputs.split())
    return model(
        [node("Loop", inputs, outputs, "rounds", body=body)], {"x": [1, 3, 9, 7]}, stated, arrays
    )


ROUND = [("conv", "9x7x3", 0, 5103), ("relu", "9x7x3", 0, 0)]


@pytest.mark.parametrize("condition", ["yes", ""])
def test_a_loop_is_its_rounds_which_share_their_weights(condition: str, tmp_path: Path) -> None:
    report = read(looped(BODY, ["n", condition, "x"]), tmp_path)
    assert rows(report) == [("conv", "9x7x3", 81, 5103), ROUND[1], *ROUND, *ROUND]
    assert [row.name for row in report.rows[1:4]] == [
        "rounds/1/conv",
        "rounds/1/relu",
        "rounds/2/conv",
    ]
    assert not report.remarks


def test_a_loop_may_end_by_what_it_counts(tmp_path: Path) -> None:
    nodes = [node("Add", "k one", "k2"), node("Less", "k2 four", "on"), CONV]
    body = graph(nodes, "on c k2", inputs="i goes a k")
    more = {name: tensor(name, [], [n]) for name, n in [("k", 1), ("one", 1), ("four", 4)]}
    data = looped(body, ["", "yes", "x", "k"], "y z", **more)
    assert [row[0] for row in rows(read(data, tmp_path))] == ["conv"] * 3


def test_a_loop_may_grow_what_it_hands_on(tmp_path: Path) -> None:
    body = graph([GOES_ON, node("Concat", "a x", "c", "join", axis=1)], "on c", inputs="i goes a")
    volumes = [row[1] for row in rows(read(looped(body, "n yes x"), tmp_path))]
    assert volumes == ["9x7x6", "9x7x9", "9x7x12"]


def test_what_rounds_give_is_stacked(tmp_path: Path) -> None:
    nodes = [
        GOES_ON,
        node("Relu", "a", "b", "relu"),
        node("ReduceMean", "b two", "m", "mean", keepdims=0),
    ]
    body = graph(nodes, "on b m", inputs="i goes a")
    more = {"two": tensor("two", [2], [2, 3])}
    made = looped(body, "n yes x", "y z", **more)
    last = read(made, tmp_path).rows[-1]
    assert sorted((*last.output.sides, last.output.channels)) == [3, 3]


@pytest.mark.parametrize(
    ("inputs", "body"),
    [
        ("x yes x", BODY),
        ("many yes x", BODY),
        ("n yes x", graph([node("ReduceMax", "a", "on"), CONV], "on c", inputs="i goes a")),
        ("n yes x", graph([CONV], "on c", inputs="goes a")),
    ],
)
def test_rounds_that_nobody_knows_are_told(inputs: str, body: Graph, tmp_path: Path) -> None:
    nodes = [
        node("Relu", "x", "r"),
        node("Loop", inputs, "z", "rounds", body=body),
    ]
    arrays = {**KERNEL, **COUNT, "many": tensor("many", [], [10**9])}
    data = model(nodes, {"x": [1, 3, 9, 7]}, {"r": None, "z": None}, arrays)
    report = read(data, tmp_path)
    assert report.remarks[0].startswith("partial: 1 Loop left out")
    assert [row.type for row in report.rows[1:]] == ["relu"]


#: An RNN of four units, written out: the state is tanh(x W + h R).
STEP = graph(
    [
        node("MatMul", "t u", "xu", "in"),
        node("MatMul", "h r", "hr", "state"),
        node("Add", "xu hr", "s", "add"),
        node("Tanh", "s", "h2", "tanh"),
    ],
    "h2 h2",
    inputs="h t",
)


@pytest.mark.parametrize("turned", [0, 1])
def test_a_scan_is_its_rounds(turned: int, tmp_path: Path) -> None:
    nodes = [
        node("ReduceMean", "x one", "m", "start", keepdims=0),
        node("MatMul", "m u", "h0", "first"),
        node("Transpose", "x", "xt", perm=[1, 0, 2]),
        node("Scan", "h0 xt", "last all", "scan", body=STEP, num_scan_inputs=1,
             scan_input_directions=[turned]),
        node("Transpose", "all", "y", perm=[1, 0, 2]),
    ]  # fmt: skip
    arrays = {"u": [5, 4], "r": [4, 4], "one": tensor("one", [1], [1])}
    data = model(nodes, {"x": [1, 3, 5]}, {"y": [1, 3, 4], "last": [1, 4]}, arrays)
    report = read(data, tmp_path)
    assert report.totals.params == 5 * 4 + 4 * 4
    assert report.totals.macs == 20 + 3 * (20 + 16)
    parts = [str(row.layer.length) for row in report.rows if row.type == "slice"]
    assert parts == (["2:3", "1:2", ":1"] if turned else [":1", "1:2", "2:3"])
