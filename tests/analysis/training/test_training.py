"""What a training step costs and keeps, against numbers computed by hand and printed elsewhere."""

from __future__ import annotations

import csv
import json
import os
from fractions import Fraction
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

import shapecalc
from shapecalc import SpecErrors, loads, summarize
from shapecalc.algebra.expr import evaluate
from shapecalc.algebra.notation import text_of
from shapecalc.analysis.training import OPTIMIZERS, kept, training_cost
from shapecalc.analysis.training.table import ratio, tabulate
from shapecalc.cli import main
from shapecalc.layers.recurrent import Lstm
from shapecalc.output.options import make_view
from shapecalc.output.view import View
from shapecalc.reference.layer import backward, forward, random_arrays
from shapecalc.reference.weighted import recorded
from shapecalc.spec.find import shipped
from shapecalc.text.safe import width_of
from tests.paths import NETWORKS
from tests.runner import runner

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"

#: Forward MACs of the network and of its first convolution, typed from reference/published.md, 3.
ALEXNETS = {"alexnet": 1135256096, "alexnet-2012": 724406816}
FIRST = 105415200


@pytest.mark.parametrize("name", ALEXNETS)
def test_the_first_convolution_needs_no_gradient_of_its_input(name: str) -> None:
    total = training_cost(summarize(name)).total
    assert total.forward == ALEXNETS[name]
    assert total.weight_gradient == ALEXNETS[name]
    assert total.input_gradient == ALEXNETS[name] - FIRST


def test_a_step_is_not_three_times_the_forward_pass() -> None:
    times = {name: ratio(training_cost(summarize(name)).total) for name in ALEXNETS}
    assert {name: f"{float(each or 0):.2f}" for name, each in times.items()} == {
        "alexnet": "2.91",
        "alexnet-2012": "2.85",
    }
    assert times["alexnet"] == 3 - Fraction(FIRST, ALEXNETS["alexnet"])


def test_what_pytorch_s_counter_printed_of_alexnet() -> None:
    # reference/peers.md, 2e: FlopCounterMode forward + backward 4,144.6M against 1,428.4M forward
    total = training_cost(summarize("alexnet-owt")).total
    assert (round(2 * total.step / 1e6, 1), round(2 * total.forward / 1e6, 1)) == (4144.6, 1428.4)


def test_a_layer_after_a_trained_one_needs_its_gradient() -> None:
    net = summarize(loads("input: 7x9x5\nlayers: [batchnorm, conv: {filters: 4, kernel: 3}]"))
    (_, bn, conv) = training_cost(net).costs
    assert (bn.forward, bn.params, bn.first) == (0, 10, False)
    assert conv[2:6] == (6300, 6300, 6300, False)  # 4*5*9 weights at 5*7 places
    plain = summarize(loads("input: 7x9x5\nlayers: [relu, conv: {filters: 4, kernel: 3}]"))
    assert training_cost(plain).costs[2][2:6] == (6300, 0, 6300, True)


def test_inside_a_separable_convolution_there_is_something_trained() -> None:
    text = "input: 7x9x5\nlayers: [separable: {filters: 4, kernel: 3, multiplier: 2}]"
    cost = training_cost(summarize(loads(text))).costs[1]
    # 90 depthwise and 40 pointwise weights at 5*7 places; only the 40 need their input's gradient
    assert cost[2:6] == (4550, 1400, 4550, True)


def test_the_state_of_a_recurrent_layer_needs_its_gradient_wherever_it_stands() -> None:
    """Broken by gradients that end at the weights: the steps before have made the state."""
    text = "input: 5x6\nlayers: [lstm: {units: 4, layers: 2, bidirectional: true}]"
    cost = training_cost(summarize(loads(text))).costs[1]
    # At every step 16 rows: of 6 inputs and 4 states, then of 8 inputs and 4 states, twice each.
    # The states before the first step are 0: nothing has made them, and none needs their gradient.
    firsts = 16 * 16
    assert cost[2:6] == (5 * 16 * 44, 5 * 16 * 32 - firsts, 5 * 16 * 44, True)
    layer, random = Lstm(units=4, layers=2, bidirectional=True), np.random.default_rng(0)
    x = random.normal(size=(1, 6, 5))
    arrays = random_arrays(layer, x, random=random)
    y = forward(layer, arrays, x)
    with recorded() as products:
        backward(layer, arrays, (x,), y, y)  # goes forward again, to have what it needs
    of_input = sum(p.macs for p in products if (p.rows, p.inner, p.columns) == (6, 16, 5))
    assert of_input == 5 * 16 * 12
    # The referee goes back to the first states as well.
    assert sum(p.macs for p in products) - of_input == cost.step + firsts


@pytest.mark.parametrize(
    ("fields", "activations"),
    [
        # 5 steps of 6 flow in; every layer hands on 5 steps of 2 x 4.
        ("{units: 4, layers: 3, bidirectional: true}", 30 + 3 * 40),
        ("{units: 4, layers: 3, bidirectional: true, returns: last}", 30 + 3 * 40),
        ("{units: 4}", 30 + 20),
        ("{units: 4, returns: last}", 30 + 20),
    ],
)
def test_what_a_recurrent_layer_hands_on_is_kept(fields: str, activations: int) -> None:
    """Also from one of its layers to the next, and where it returns the last step alone."""
    plan = training_cost(summarize(loads(f"input: 5x6\nlayers: [lstm: {fields}]")))
    memory = {part.key: part.number for part in kept(plan, View())}
    assert memory["activations"] == activations


def test_a_product_of_activations_needs_the_gradient_of_both_its_factors() -> None:
    """Of none that nothing trained lies before; broken by a gradient of weights it does not have."""
    net = summarize(loads("input: 5x6\nlayers: [attention: 2]"))
    costs = {cost.layer.rpartition("/")[2]: cost for cost in training_cost(net).costs}
    assert costs["scores"][2:6] == (150, 300, 0, False)  # 2 heads x 5 x 5 x 3
    assert costs["qkv"][2:6] == (540, 0, 540, True)
    text = """
input: 5x6
layers: [{conv1-6: {name: c}}, {matmul: {from: [c, input], transpose: second}}]
"""
    half = summarize(loads(text))
    assert training_cost(half).costs[-1][2:6] == (150, 150, 0, False)
    plain = summarize(loads("input: 5x6\nlayers: [matmul: {from: [., .], transpose: second}]"))
    assert training_cost(plain).costs[-1][2:6] == (150, 0, 0, False)


def test_both_branches_of_a_network_begin_without() -> None:
    text = "inputs: {a: 5x7x3, b: 5x7x2}\nlayers: [conv1-4: {from: a, name: x}, conv1-4: {from: b, name: y}, concat: {from: [x, y]}, dense: 6]"
    costs = {each.layer: each for each in training_cost(summarize(loads(text))).costs}
    assert [name for name, each in costs.items() if each.first] == ["x", "y"]


#: Per parameter, from the update's formula: operations, and numbers kept.
UPDATES = {"sgd": (2, 0), "momentum": (4, 1), "adam": (12, 2)}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_update_is_once_a_step_for_every_parameter(name: str) -> None:
    plan = training_cost(summarize("lenet5"), name)
    operations, numbers = UPDATES[name]
    assert sum(plan.update) == operations * 61706
    assert plan.optimizer.kept == numbers


def test_shared_parameters_are_updated_once() -> None:
    siamese = NETWORKS / "siamese.yaml"
    report = summarize(siamese)
    plan = training_cost(report, "sgd")
    assert sum(plan.update) == 2 * report.totals.params
    assert plan.total.weight_gradient == report.totals.macs  # but each use has its gradient


def test_memory_of_alexnet() -> None:
    # reference/published.md, 3: 62,378,344 parameters, 1,049,571 activations with the input
    plan = training_cost(summarize("alexnet"), "adam")
    found = {each.key: each for each in kept(plan, make_view(batch=128, dtype="float16"))}
    assert found["params"].bytes == found["gradients"].bytes == 2 * 62378344
    assert found["optimizer_state"].bytes == 4 * 62378344
    assert found["activations"].bytes == 2 * 128 * 1049571
    assert found["training"].number == 4 * 62378344 + 128 * 1049571
    assert found["inference"].number == 62378344 + 128 * 444987
    assert [each.key for each in kept(plan, View()) if each.estimate] == ["activations", "training"]


@pytest.mark.parametrize("name", shipped())
def test_columns_add_up_and_folding_changes_nothing(name: str) -> None:
    plan = training_cost(summarize(name))
    total = plan.total
    for depth in (0, 1, 2):
        levels = plan.levels(depth)
        for k in range(1, 5):
            assert sum(each[k] for each in levels) == total[k]
    table = tabulate(plan, View())
    for k in range(1, 6):
        shown = sum(int(line.cells[k].replace(",", "")) for line in table.lines)
        assert shown == int(table.footer[k].replace(",", ""))
    assert total.step == total.forward + total.backward <= 3 * total.forward


def test_machines_get_exact_numbers() -> None:
    plan = training_cost(summarize("resnet18"))
    view = View(batch=32)
    data = json.loads(plan.render("json", view=view))
    assert Fraction(data["step_over_forward_exact"]) == ratio(plan.total)
    assert data["totals"]["step_of_batch"] == 32 * plan.total.step
    rows = list(csv.DictReader(StringIO(plan.render("csv", view=view))))
    for name in ("params", "forward", "input_gradient", "weight_gradient", "step"):
        assert sum(int(row[name]) for row in rows) == data["totals"][name]
        assert [int(row[name]) for row in rows] == [row[name] for row in data["rows"]]


def test_symbols_cost_formulas_without_a_ratio() -> None:
    report = summarize("alphago", free=["k"])
    plan = training_cost(report)
    assert ratio(plan.total) is None
    assert evaluate(plan.total.step, {"k": 192}) == training_cost(report.at(k=192)).total.step
    text = plan.render(units="M")
    assert "Of formulas no one number is the ratio" in text
    assert json.loads(plan.render("json"))["step_over_forward"] is None


def test_the_table_of_formulas_names_what_recurs_and_says_sums_below() -> None:
    plan = training_cost("vgg11", input="HxWx3")
    table = tabulate(plan, width=110)
    assert table.dropped == ()
    lines = {line.cells[0]: line.cells for line in table.lines}
    assert lines["conv1_1"] == ("conv1_1", "1,792", "1728*H*W", "0", "1728*H*W", "3456*H*W")
    assert lines["conv2_1"][-1] == "221,184*h2*w2"
    assert dict(table.legend)["h2, w2"] == "floor(H/2), floor(W/2)"
    assert dict(table.legend)["domain"] == "H >= 32: pool5; W >= 32: pool5"
    assert table.footer == ("total", *["below"] * 5)
    facts = {fact.label: fact.number for fact in table.facts}
    # 3*(1728*H*W less the first one's third + 73,728*h2*w2 + ...), by hand
    assert facts["step, MACs"] == (
        "384*(9*H*W + 576*h2*w2 + 6912*h4*w4 + 27,648*h8*w8 + 36,864*h16*w16 + 16,384*h32*w32"
        " + 163,072)"
    )


def test_a_network_without_multiplications_has_no_ratio() -> None:
    plan = training_cost(summarize(loads("input: 7x9x5\nlayers: [relu, maxpool]")))
    assert ratio(plan.total) is None
    assert "Nothing in it multiplies and accumulates." in plan.render("text")


def test_an_unknown_optimizer_is_answered() -> None:
    with pytest.raises(SpecErrors) as caught:
        training_cost(summarize("lenet5"), "adamm")
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("E303", "did you mean 'adam'?")


FILES = {
    **{
        f"alexnet{suffix}": f"training alexnet -f {name}"
        for name, suffix in (
            ("text", ".txt"),
            ("markdown", ".md"),
            ("csv", ".csv"),
            ("json", ".json"),
            ("latex", ".tex"),
            ("html", ".html"),
        )
    },
    "googlenet-as-trained.txt": "training googlenet-as-trained --units M --batch 32",
    "resnet18.txt": "training resnet18 --optimizer adam --depth 2",
    "alphago.txt": "training alphago --free k",
    "fine-tuned.txt": "training - --batch 32 --units M",
}
#: A trunk as it is, the last stage without its normalisation, and a new head.
FINE_TUNED = """\
name: ResNet-18, fine-tuned
extends: resnet18
defaults: {batchnorm: {trainable: false}}
change:
  conv1: {trainable: false}
  conv2_x: {trainable: false}
  conv3_x: {trainable: false}
  conv4_x: {trainable: false}
  fc1: {units: 10}
"""


@pytest.mark.parametrize("file", FILES)
def test_output_is_as_the_golden_file_has_it(file: str) -> None:
    result = runner().invoke(main, FILES[file].split(), input=FINE_TUNED)
    assert result.exit_code == 0, result.output
    if REGENERATE:
        (GOLDEN / file).write_text(result.stdout, encoding="utf-8")
    assert result.stdout == (GOLDEN / file).read_text(encoding="utf-8")
    lines = result.stdout.splitlines()
    assert not [line for line in lines if line != line.rstrip()]
    assert max(map(width_of, lines)) > 0


def test_golden_files_all_have_a_test() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(FILES)


def test_the_library_takes_a_name_and_shows_what_it_finds() -> None:
    found = shapecalc.training_cost("alexnet", "adam")
    assert found.costs == shapecalc.training_cost(summarize("alexnet"), "adam").costs
    assert "A step takes 2.907 times the MACs of the forward pass" in str(found)
    assert found.render("text", batch=7) != str(found)
    assert "<table" in found._repr_html_()
    assert found._repr_markdown_() == found.render("markdown")
    with pytest.raises(SpecErrors, match="unknown optimizer"):
        shapecalc.training_cost("alexnet", "adamw")


#: A trunk, something trained in the middle of what is frozen, and a head; parameters and forward
#: MACs by hand: a 3*3*3*4 + 4 and 108*64, b and c 4*3*3*4 + 4 and 144*64, d 4*3*3*4 + 4 and 144*16,
#: fc 64*5 + 5 and 320.
PARTS = """
input: 8x8x3
layers:
  - conv: {name: a, filters: 4, kernel: 3, pad: 1, trainable: false}
  - relu
  - conv: {name: b, filters: 4, kernel: 3, pad: 1}
  - relu
  - conv: {name: c, filters: 4, kernel: 3, pad: 1, trainable: false}
  - relu
  - maxpool
  - conv: {name: d, filters: 4, kernel: 3, pad: 1}
  - dense: {name: fc, units: 5}
"""


def test_a_frozen_layer_hands_the_gradient_on_where_something_before_it_is_trained() -> None:
    plan = training_cost(summarize(loads(PARTS)), "adam")
    costs = {
        cost.layer: (cost.forward, cost.input_gradient, cost.weight_gradient)
        for cost in plan.costs
        if cost.forward
    }
    assert costs == {
        "a": (6912, 0, 0),  # nothing before it is trained: the backward pass ends above it
        "b": (9216, 0, 9216),  # nothing before it is trained
        "c": (9216, 9216, 0),  # frozen, but b needs the gradient
        "d": (2304, 2304, 2304),
        "fc": (320, 320, 320),
    }
    assert ratio(plan.total) == Fraction(27968 + 11840 + 11840, 27968)
    assert [cost.layer for cost in plan.costs if cost.first] == ["b"]


def test_only_what_is_trained_has_gradients_an_update_and_a_state() -> None:
    plan = training_cost(summarize(loads(PARTS)), "adam")
    trained = 148 + 148 + 325
    assert sum(plan.update) == 12 * trained
    memory = {part.key: part.number for part in kept(plan, View())}
    assert memory["params"] == 112 + 3 * 148 + 325
    assert memory["gradients"] == trained
    assert memory["optimizer_state"] == 2 * trained


def test_activations_are_kept_above_what_is_frozen() -> None:
    plan = training_cost(summarize(loads(PARTS)))
    memory = {part.key: part for part in kept(plan, View())}
    # a's output, overwritten by its relu, flows into b: 256; then b, c, the pool, d and fc
    assert memory["activations"].number == 256 + 256 + 256 + 64 + 64 + 5
    apart = {part.key: part for part in kept(plan, make_view(count_inplace=True))}
    # the relus have arrays of their own: what is before a's is not needed
    assert apart["activations"].number == 256 + 2 * 256 + 2 * 256 + 64 + 64 + 5
    assert memory["activations"].label == "activations, above what is frozen"
    whole = training_cost(summarize(loads(PARTS.replace("false", "true"))))
    assert kept(whole, View())[4].number == 8 * 8 * 3 + memory["activations"].number
    assert kept(whole, View())[4].label == "activations, all"


def test_training_a_head_takes_no_less_than_inference() -> None:
    head = training_cost(summarize(loads("extends: vgg16\ndefaults: {conv: {trainable: false}}")))
    memory = {part.key: part.number for part in kept(head, View())}
    sum_of_lines = sum(part.number for part in kept(head, View())[:5])
    state = memory["optimizer_state"]
    assert memory["training"] == max(sum_of_lines, memory["inference"] + state)
    tiny = "input: 64x64x3\nlayers: [conv3-64: {trainable: false}, relu, global_avgpool, dense: 2]"
    memory = {part.key: part.number for part in kept(training_cost(summarize(loads(tiny))), View())}
    assert memory["activations"] == 64 + 2
    # 1,792 frozen and 130 trained parameters, the momentum of these, and input and output of conv1
    assert memory["training"] == 1922 + 130 + 64 * 64 * 67


def test_a_network_that_is_frozen_whole_has_no_backward_pass() -> None:
    plan = training_cost(summarize(loads("input: 8x8x3\nlayers: [conv3-4: {trainable: false}]")))
    assert plan.total.backward == 0
    assert sum(plan.update) == 0
    assert "Nothing in it is trained: a step is the forward pass." in plan.render("text")


def test_shared_weights_are_frozen_with_their_owner() -> None:
    text = (
        "input: 8x8x3\nlayers: [conv3-3: {name: a, trainable: false},"
        " conv3-3: {name: b, share: a}, conv3-3: {name: c}, conv3-3: {name: d, share: a}]"
    )
    costs = {cost.layer: cost for cost in training_cost(summarize(loads(text))).costs}
    assert [costs[name].weight_gradient for name in "abcd"] == [0, 0, 5184, 0]
    assert [costs[name].input_gradient for name in "abcd"] == [0, 0, 0, 5184]


def test_a_frozen_separable_convolution_needs_nothing_inside() -> None:
    text = "input: 7x9x5\nlayers: [separable: {filters: 4, kernel: 3, trainable: false}]"
    (_, cost) = training_cost(summarize(loads(text))).costs
    assert cost.backward == 0


def test_the_table_says_what_is_frozen_and_why_a_gradient_is_missing() -> None:
    text = training_cost(summarize(loads(PARTS))).render("text", width=200)
    assert (
        "A step takes 1.847 times the MACs of the forward pass, not 3: 260 of 881 parameters are"
        " frozen, and nothing before b is trained, so no gradient of its input is needed."
    ) in " ".join(text.split())
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "a ² 112 0 6,912 0 0 6,912" in lines
    assert "b ¹ 148 148 9,216 0 9,216 18,432" in lines
    assert "c ³ 148 0 9,216 9,216 0 18,432" in lines
    assert "total 881 621 27,968 11,840 11,840 51,648" in lines
    assert (
        "¹ nothing before it is trained, so its input needs no gradient"
        " ² frozen, and nothing before it is trained: no gradient is needed there"
        " ³ frozen: its weights need no gradient; its input does, as something before it is trained"
    ) in " ".join(text.split())
    rows = list(csv.DictReader(StringIO(training_cost(summarize(loads(PARTS))).render("csv"))))
    assert [row["trainable"] for row in rows if row["name"] in "abcd"] == ["0", "148", "0", "148"]


def test_a_ratio_that_is_nearly_whole_does_not_read_so() -> None:
    head = "extends: vgg16\ndefaults: {conv: {trainable: false}}\nchange: {fc6: {trainable: false}, fc7: {trainable: false}}"
    plan = training_cost(summarize(loads(head)))
    times = ratio(plan.total)
    assert times is not None
    shown = plan.render("text").split("A step takes ")[1].split()[0]
    assert len(shown) > 5
    assert abs(float(shown) - float(times)) < 1e-4


def test_a_block_may_be_frozen_in_part() -> None:
    text = (
        "input: 8x8x3\nlayers: [conv3-3, group: {name: g, layers: [conv3-3: {trainable: false},"
        " conv3-3]}]"
    )
    shown = training_cost(summarize(loads(text))).render("text", width=200)
    assert "² some of it is frozen: those weights need no gradient" in shown


def test_a_constant_that_is_free_stays_a_letter(tmp_path: Path) -> None:
    """A 1x1 convolution of 3 channels to k on 9x9: 3k weights and k biases, 81*3k products."""
    path = tmp_path / "free.yaml"
    path.write_text(
        "let: {k: 5}\ninput: 9x9x3\nlayers: [conv: {name: c, filters: k, kernel: 1}]", "utf-8"
    )
    cost = training_cost(str(path), free=["k"]).total
    assert (text_of(cost.params), text_of(cost.forward)) == ("4k", "243k")
    assert training_cost(str(path)).total.params == 20
