"""Symbolic reports: the closed forms of the papers' networks, and the law that they are right."""

from __future__ import annotations

import random
import re
from itertools import product
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.algebra.expr import evaluate, symbol
from shapecalc.api import build
from shapecalc.errors import SpecErrors
from shapecalc.graph import expand_statements as walk
from shapecalc.graph.expand import rebuilt
from shapecalc.output.formats import write
from shapecalc.output.options import make_view
from shapecalc.report.compute import compute_report
from shapecalc.report.weights_fit import fits
from shapecalc.spec.find import shipped
from shapecalc.text import Source
from tests.algebra.law import cells, differences, points, symbolic
from tests.fuzz.inputs import spec, written
from tests.paths import NETWORKS
from tests.spec.support import problems_of, report_of

if TYPE_CHECKING:
    from pathlib import Path

H, W, K = map(symbol, "HWk")


def test_the_closed_forms_of_the_field() -> None:
    assert symbolic("vgg16")["pool5"].output.sides == (H // 32, W // 32)
    assert symbolic("resnet50").rows[-5].output.sides[0] == (H + 31) // 32
    assert symbolic("alexnet")["pool3"].output.sides[0] == (H - 35) // 32
    policy = shapecalc.summarize("alphago", free=["k"])
    assert policy.totals.params == 99 * K * K + 1213 * K + 361  # Silver et al. 2016, Methods


#: Rows whose receptive field no one formula gives, by what their names begin with.  At the smallest
#: size that they take, U-Net and FCN-8s have fewer units there than the pattern of what these see
#: has.  With letters nothing says where 196 places, or blocks of four, end on a map of h16 x w16.
_AFTER_PLACES = "token1 position_embedding1 encoders layernorm1 slice1 fc1"
NO_FIELD = {
    "unet": "up2 transposed4 concat4 up1 conv1 softmax1",
    "fcn8s": "crop3 softmax2",
    "vit-b-16": _AFTER_PLACES,
    "deit-s": _AFTER_PLACES,
}
#: From this row on; with letters windows may or may not fill a map.
NO_FIELD_FROM = {
    "swin-t": "stage1/block1/attention1/partition",
    "maxvit-t": "attend1/attention1/partition",
}


@pytest.mark.parametrize("name", shipped())
def test_at_any_size_it_is_the_numeric_report(name: str) -> None:
    report = symbolic(name)
    chosen = points(report, random.Random(name), 4)
    assert chosen
    for values in chosen:
        assert differences(report, report.at(**values), values) == []
    without = NO_FIELD.get(name, "").split()
    names = [row.name for row in report.rows]
    known = names.index(NO_FIELD_FROM[name]) if name in NO_FIELD_FROM else len(names)
    for index, row in enumerate(report.rows):
        lost = index >= known or any(f"{row.name}/".startswith(f"{name}/") for name in without)
        assert (row.field is None) == lost, row.name


@pytest.mark.parametrize("path", sorted(NETWORKS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_networks_of_the_language_too(path: Path) -> None:
    report = symbolic(str(path))
    chosen = points(report, random.Random(path.stem), 4)
    assert chosen
    for values in chosen:
        assert differences(report, report.at(**values), values) == []


def test_the_law_bites() -> None:
    report = symbolic("alexnet")
    (values,) = points(report, random.Random(1), 1)
    other = report.at(**{name: value + 32 for name, value in values.items()})
    wrong = {column for _, column, _, _ in differences(report, other, values)}
    assert {"output", "params", "macs", "activations", "memory", "rf", "peak"} <= wrong
    assert len(list(cells(report))) > 300


def test_constants_that_are_free() -> None:
    densenet = shapecalc.load("densenet121")
    names = [name for name, tree in densenet.spec.let.items() if tree.text.isdigit()]
    report = shapecalc.summarize("densenet121", free=names[:1])
    for value in (1, 2, 32, 33):
        values = {names[0]: value}
        assert report.domain.admits(values)
        assert differences(report, report.at(**values), values) == []


@pytest.mark.parametrize("seed", range(6))
def test_random_networks_with_random_symbols(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_LAYERS", 300)
    rng = random.Random(seed)
    compared = 0
    for _ in range(60):
        tree = spec(rng)
        if "inputs" not in tree:
            tree["input"] = rng.choice(["HxWx4", "HxHx3", "Nx4", "HxWx8", "DxHxWx2", "12xWx4"])
        if isinstance(tree.get("let"), dict) and rng.random() < 0.5:
            tree["let"]["k"] = "free"
        tree.pop("expect", None)
        text = written(tree)
        try:
            report = compute_report(build(Source("<random>", text)))
        except SpecErrors:
            continue
        if report.domain is None:
            continue
        write(report, "text")
        write(report, "json")
        for _ in range(4):
            values = {
                name: rng.choice([*range(1, 20), 32, 48, 64]) for name in report.domain.symbols
            }
            admitted = report.domain.admits(values)
            try:
                numeric = report.at(**values)
            except SpecErrors:
                assert not admitted, (text, values)
                continue
            if admitted:
                assert differences(report, numeric, values) == [], (text, values)
                compared += 1
            else:
                raise AssertionError((text, values))
    assert compared > 15


def test_the_domain_names_the_layer_that_asks() -> None:
    domain = symbolic("alexnet").domain
    assert domain.texts() == ["H >= 67: pool3", "W >= 67: pool3"]
    assert domain.admits({"H": 67, "W": 300})
    assert not domain.admits({"H": 66, "W": 300})
    assert domain.data()["symbols"]["H"]["values"] == [
        {"from": 67, "to": None, "modulus": 1, "residues": [0]}
    ]


UNET = """\
input: HxWx1
layers:
  - conv: {name: down1, filters: 8, kernel: 3, pad: 1}
  - maxpool
  - conv: {name: down2, filters: 16, kernel: 3, pad: 1}
  - maxpool
  - conv: {filters: 32, kernel: 3, pad: 1}
  - transposed: {filters: 16, kernel: 2, stride: 2}
  - concat: {from: [down2, .]}
  - transposed: {filters: 8, kernel: 2, stride: 2}
  - concat: {from: [down1, .]}
"""


def test_a_size_that_does_not_come_back_is_named() -> None:
    domain = report_of(UNET).domain
    assert domain.texts()[0] == (
        "H a multiple of 4: concat1, concat2 (at H = 5 concat2 would join 5 and 4)"
    )
    (problem,) = problems_of(UNET, settings={"H": "5", "W": "8"})
    assert problem.code == "E206"


def test_conditions_on_several_symbols() -> None:
    report = report_of("input: HxWx3\nlayers: [permute: [1, 0, 2], add: {from: [input, .]}]\n")
    assert report.domain.texts()[2:] == ["W = H (add1)", "H = W (add1)"]
    assert report.domain.admits({"H": 5, "W": 5})
    assert not report.domain.admits({"H": 5, "W": 6})


GATE = "input: {}\nlayers: [multiply: [[{{avgpool: 4}}], []]]\n"


def test_a_gate_that_is_1_at_the_real_size_is_no_misfit() -> None:
    report = report_of(GATE.format("HxWx3"))
    assert report["multiply1"].output.sides == (H, W)
    assert report.domain.texts() == [
        f"{side} from 4 to 7: pool1, multiply1 (at {side} = 8 multiply1 would join 2 and 8)"
        for side in "HW"
    ]
    (problem,) = problems_of(GATE.format("8x8x3"))
    assert problem.hint.startswith("they agree for H from 4 to 7: pool1, multiply1")


def test_points_that_exist_are_never_refused() -> None:
    graph = shapecalc.loads(GATE.format("4x4x3"))
    swept = shapecalc.sweep(graph, {"N": [2, 4, 7, 8]})
    assert swept.exists.tolist() == [False, True, True, False]
    assert swept["note"].tolist() == [
        "pool1 needs N >= 4",
        "",
        "",
        "multiply1 needs N = 1 or N from 4 to 7",
    ]
    (box,) = shapecalc.solve(graph, "output = 4x4").boxes
    assert [numbers.text(name) for name, numbers in box.items()] == ["H = 4", "W = 4"]
    assert shapecalc.solve(graph, "macs = 0").admits(H=4, W=7)
    assert not shapecalc.solve(graph, "output = 8x8")


@pytest.mark.parametrize("seed", range(4))
def test_sweeps_and_solutions_of_random_joins_have_every_point(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(4):
        text = f"input: HxWx3\nlet: {{k: 3}}\nlayers: [{random_join(rng)}]\n"
        graph = shapecalc.loads(text)
        there = {}
        for h, w in product(range(1, 9), range(1, 6)):
            try:
                totals = compute_report(rebuilt(graph, {"H": h, "W": w})).totals
                there[h, w] = totals.activations
            except SpecErrors:
                there[h, w] = None
        over = {"H": range(1, 9), "W": range(1, 6)}
        if not any(there.values()):
            with pytest.raises(SpecErrors):
                shapecalc.sweep(graph, over)
            continue
        swept = shapecalc.sweep(graph, over, columns="activations")
        found = dict(
            zip(zip(swept["H"], swept["W"], strict=True), swept["activations"], strict=True)
        )
        assert found == there, text
        solution = shapecalc.solve(graph, "activations >= 0", over={"H": "1:8", "W": "1:5"})
        for (h, w), activations in there.items():
            assert solution.admits(H=h, W=w) == (activations is not None), (text, h, w)


def test_squeeze_and_excitation_with_a_window_of_the_real_size() -> None:
    text = (
        "input: HxWx3\nlayers: [conv: {filters: 8, kernel: 3, stride: 16, pad: 1}, multiply:"
        " [[{avgpool: 7}, {conv: {filters: 2, kernel: 1}}, relu,"
        " {conv: {filters: 8, kernel: 1}}, sigmoid], []]]\n"
    )
    report = report_of(text)
    assert [numbers.text("n") for numbers in report.domain.allowed.values()] == [
        "n from 97 to 208"
    ] * 2
    assert report["multiply1"].output.sides == ((H + 15) // 16, (W + 15) // 16)
    values = {"H": 112, "W": 200}
    assert differences(report, report.at(**values), values) == []


def test_a_domain_in_pieces_names_them() -> None:
    text = "input: 9x9xC\nlet: {k: free}\nlayers: [multiply: [[{conv: {filters: k, kernel: 1}}], [{conv: {filters: 8, kernel: 1}}]]]\n"
    report = report_of(text)
    assert report.domain.texts()[1:] == [
        "k = 1 or k = 8: multiply1 (at k = 2 multiply1 would join 2 and 8)"
    ]
    assert report["multiply1"].output.channels == 8


def test_sides_of_two_symbols_say_what_must_hold_of_both() -> None:
    report = report_of("input: HxWx3\nlayers: [multiply: [[], [permute: [1, 0, 2]]]]\n")
    assert report.domain.texts()[2:] == [
        "W = H, or one of them is 1 (multiply1)",
        "H = W, or one of them is 1 (multiply1)",
    ]
    for values in ({"H": 1, "W": 5}, {"H": 5, "W": 1}, {"H": 5, "W": 5}):
        assert report.domain.admits(values)
        assert differences(report, report.at(**values), values) == []
    assert not report.domain.admits({"H": 5, "W": 6})


#: Branches whose sides and channels equal the flow's, are 1, or are neither, as sizes have it.
BRANCHES = [
    "",
    "{avgpool: 4}",
    "{avgpool: {kernel: 3, stride: 3, pad: same}}",
    "{maxpool: 2}",
    "{conv: {filters: 1, kernel: 3}}",
    "{conv: {filters: 3, kernel: 3, stride: 2, pad: 1}}",
    "{conv: {filters: k, kernel: 1}}",
    "{crop: 2}",
    "{upsample: 2}",
    "{permute: [1, 0, 2]}",
    "global_avgpool",
]


def random_join(rng: random.Random, deep: int = 1) -> str:
    branches = []
    for _ in range(rng.choice([2, 2, 3])):
        parts = [rng.choice(BRANCHES)]
        if deep and rng.random() < 0.3:
            parts.append(f"{{{random_join(rng, deep - 1)}}}")
        branches.append(f"[{', '.join(filter(None, parts))}]")
    return f"{rng.choice(['multiply', 'multiply', 'add', 'concat'])}: [{', '.join(branches)}]"


@pytest.mark.parametrize("seed", range(4))
def test_random_joins_exist_at_no_other_point_than_the_domain_says(seed: int) -> None:
    rng = random.Random(seed)
    admitted = refused = 0
    for _ in range(60):
        shape = rng.choice(["HxWx3", "HxHx3", "4xWx3", "HxHx1"])
        before = rng.choice(["", "maxpool: 2, ", "conv: {filters: 3, kernel: 3, pad: 1}, "])
        text = f"input: {shape}\nlet: {{k: free}}\nlayers: [{before}{random_join(rng)}]\n"
        report = None
        try:
            graph = shapecalc.loads(text)
            report = compute_report(graph)
        except SpecErrors as error:
            if "no value of" not in str(error):
                continue  # another rule refuses it at all sizes
        for _ in range(8):
            values = {name: rng.choice([*range(1, 13), 28]) for name in graph.symbols}
            try:
                numeric = compute_report(rebuilt(graph, values))
            except SpecErrors:
                assert report is None or not report.domain.admits(values), (text, values)
                refused += 1
                continue
            assert report is not None, (text, values)
            assert report.domain.admits(values), (text, values)
            assert differences(report, numeric, values) == [], (text, values)
            admitted += 1
    assert admitted > 10 < refused


def test_bounds_of_fields_and_groups_are_in_the_domain() -> None:
    spec_text = (
        "input: 9x9x4\nlet: {k: free}\n"
        "layers: [conv: {filters: k - 3, kernel: 3, groups: 2}, groupnorm: 4]\n"
    )
    assert report_of(spec_text).domain.texts() == [
        "k mod 4 = 3, from 7: conv1, groupnorm1",
    ]


def test_no_size_fits() -> None:
    (problem, *_) = problems_of(
        "input: HxWx3\nlayers: [conv: {filters: 3, kernel: 3}, add: {from: [input, conv1]}]\n"
    )
    assert problem.code == "E206"
    assert "222x222x3" in problem.message
    assert "no value of H fits" in problem.hint


def test_kernels_and_pads_may_be_symbols() -> None:
    text = (
        "input: 9x9x3\nlet: {p: free, q: free}\nlayers: [conv: {filters: 2, kernel: q, pad: p}]\n"
    )
    report = report_of(text)
    p, q = symbol("p"), symbol("q")
    assert report["conv1"].output.sides == (10 + 2 * p - q,) * 2
    assert report.totals.weights == 6 * q * q
    for values in ({"p": 1, "q": 3}, {"p": 4, "q": 16}):
        assert differences(report, report.at(**values), values) == []
    assert not report.domain.admits({"p": 1, "q": 12})


def test_a_dense_layer_says_for_which_sizes_its_weights_were_made() -> None:
    text = write(symbolic("alexnet"), "text")
    assert "fc6 was made for 6x6x256: its weights fit H and W from 227 to 258" in text
    assert "was made for" not in write(symbolic("resnet50"), "text")
    assert "was made for" not in write(report_of(UNET), "text")


def test_the_peak_is_the_largest_of_its_candidates() -> None:
    report = shapecalc.summarize("alphago", free=["k"])
    assert str(report.totals.peak) == "max(361*(k + 48), 722k)"
    for k in (1, 47, 48, 49, 192):
        assert evaluate(report.totals.peak, {"k": k}) == max(361 * (k + 48), 722 * k)


def test_sorting_puts_formulas_last() -> None:
    lines = write(symbolic("alexnet"), "csv").splitlines()
    assert "256*((H - 35)//32)*((W - 35)//32)" in "\n".join(lines)


def test_sets_that_would_repeat_too_late_stay_conditions() -> None:
    norms = ", ".join(f"groupnorm: {prime}" for prime in (31, 37, 41, 43))
    text = f"input: 8x8x3\nlet: {{k: free}}\nlayers: [conv: {{filters: k, kernel: 1}}, {norms}]\n"
    domain = report_of(text).domain
    assert domain.allowed["k"].smallest() == 31 * 37 * 41
    assert [each.layer for each in domain.mixed] == ["groupnorm4"]
    assert domain.admits({"k": 31 * 37 * 41 * 43})
    assert not domain.admits({"k": 31 * 37 * 41})


def test_the_domain_is_where_the_network_exists_whatever_its_fields() -> None:
    text = (
        "input: Lx3\nlayers:\n  - concat: [[maxpool: 2, upsample: 2], []]\n"
        "  - maxpool: {kernel: 2, stride: 1}\n"
    )
    report = report_of(text)
    assert report.domain.texts()[0].startswith("L a multiple of 2: concat1")
    assert report.domain.admits({"L": 2})
    assert report["pool2"].field is None  # of two units each sees its own: no one formula
    assert differences(report, report.at(L=2), {"L": 2}) == []


def test_jumps_of_fractions_stand_beside_formulas() -> None:
    text = write(
        report_of("input: HxWx3\nlayers: [upsample: 2]\n"), "text", view=make_view(columns="jump")
    )
    assert "1/2" in text


def test_weights_fit_through_a_flatten_and_never_where_the_input_has_other_axes() -> None:
    text = "input: 28x28x1\nlayers: [conv: {filters: 8, kernel: 3}, maxpool: 2, flatten, dense: 10]"
    square = report_of(text, inputs={"input": "NxNx1"})
    assert [each.text() for each in fits(square)] == [
        "fc1 was made for 1352: its weights fit N from 28 to 29"
    ]
    assert fits(report_of(text, inputs={"input": "HxWxC"})) == []
    for shape in ("HxW", "HxWxDx1"):  # of another rank than the spec's: no input of this network
        assert [problem.code for problem in problems_of(text, inputs={"input": shape})] == ["E303"]


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_a_table_has_one_notation_in_volumes_and_numbers(format_: str) -> None:
    """Where h2 stands for a formula in the numbers, it does so in the volumes."""
    spec = shapecalc.loads(
        "input: HxWx3\n"
        "layers: [conv: {filters: 16, kernel: 3, stride: 2}, maxpool: {kernel: 3, stride: 2}]\n"
    )
    text = shapecalc.summarize(spec).render(format_)
    table = text[: text.index("parameters")]
    assert re.search("h2.{1,3}w2.{1,3}16", table)
    assert "floor" not in table
    assert "floor((H - 1)/2)" in text


def test_weights_fit_sizes_and_no_constants() -> None:
    """Where what arrives depends on a free constant as well, no size alone makes weights fit."""
    text = """
    let: {k: 3}
    input: 19x19x3
    layers:
      - conv: {name: a, filters: k, kernel: 1}
      - side: {name: s, window: [conv: {name: b, filters: 2, kernel: k}]}
      - dense: {name: d, units: 4}
    outputs: [d, s/window/b]
    """
    square = {"inputs": {"input": "HxWx3"}, "settings": {"k": "free"}}
    assert [each.text() for each in fits(report_of(text, **square))] == [
        "d was made for 19x19x3: its weights fit H and W = 19"
    ]
    behind = "let: {k: 3}\ninput: 19x19x3\nlayers: [conv: {filters: 2, kernel: k}, dense: 4]"
    assert fits(report_of(behind, **square)) == []
    text = write(report_of(behind, **square), "text")
    assert "its weights fit" not in text


def test_no_size_is_shown_at_one_that_the_other_sides_limits_allow() -> None:
    """A window 300 wide needs W >= 300; two branches differ by 2 in H whatever H is."""
    text = """
    input: HxWx3
    layers:
      - conv: {name: wide, filters: 2, kernel: 1x300}
      - add: [[conv: {filters: 2, kernel: 1}], [conv: {filters: 2, kernel: 3x1}]]
    """
    (problem,) = problems_of(text)
    assert problem.code == "E206"
    assert "222x1x2, but operand 1" in problem.message
    assert problem.hint == "no value of H fits; this is how H = 224 fails"


def test_what_holds_for_all_sizes_is_not_asked() -> None:
    """Twice what comes from each of two inputs is even."""
    text = """
    inputs: {a: 9x9xC, b: 9x9xG}
    layers: [concat: {from: [a, a, b, b]}, conv: {filters: 6, kernel: 1, groups: 2}]
    """
    assert "C >= 1; G >= 1\n" in write(report_of(text), "text")


def test_letters_are_chosen_with_the_volumes_in_view() -> None:
    """conv2 leaves floor((N - 5)/2): that is n2, so that upsample1 has 2*n2 and not 2*n2 - 4."""
    text = """
    input: NxNx4
    layers:
      - conv: {filters: 2, kernel: 3, stride: 2}
      - conv: {filters: 2, kernel: 3}
      - upsample: 2
      - dropout
    """
    table = write(report_of(text), "text")
    assert "2*n2 x 2*n2 x 2" in table
    assert "floor((N - 5)/2)" in table


def test_a_unit_that_sees_nothing_sees_nothing_at_any_size() -> None:
    """The transposed kernel of 1 leaves holes; all that the pool keeps are these."""
    holes = (
        "transposed: {filters: 1, kernel: 1, stride: 2}, crop: [[1, 0], [1, 0]],"
        " maxpool: {kernel: 1, stride: 2}, adaptive_avgpool: 2"
    )
    for shape in ("9x9x1", "HxHx1"):
        report = report_of(f"input: {shape}\nlayers: [{holes}]\n")
        assert [side.size for side in report.rows[-1].field or ()] == [0, 0]
