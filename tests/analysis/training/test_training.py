"""What a training step costs and keeps, against numbers computed by hand and printed elsewhere."""

from __future__ import annotations

import csv
import json
import os
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest

import shapecalc
from shapecalc import SpecErrors, loads, summarize
from shapecalc.algebra.expr import evaluate
from shapecalc.analysis.training import OPTIMIZERS, kept, training_cost
from shapecalc.analysis.training.table import ratio, tabulate
from shapecalc.cli import main
from shapecalc.output.options import make_view
from shapecalc.output.view import View
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
    assert conv[2:] == (6300, 6300, 6300, False)  # 4*5*9 weights at 5*7 places
    plain = summarize(loads("input: 7x9x5\nlayers: [relu, conv: {filters: 4, kernel: 3}]"))
    assert training_cost(plain).costs[2][2:] == (6300, 0, 6300, True)


def test_inside_a_separable_convolution_there_is_something_trained() -> None:
    text = "input: 7x9x5\nlayers: [separable: {filters: 4, kernel: 3, multiplier: 2}]"
    cost = training_cost(summarize(loads(text))).costs[1]
    # 90 depthwise and 40 pointwise weights at 5*7 places; only the 40 need their input's gradient
    assert cost[2:] == (4550, 1400, 4550, True)


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
}


@pytest.mark.parametrize("file", FILES)
def test_output_is_as_the_golden_file_has_it(file: str) -> None:
    result = runner().invoke(main, FILES[file].split())
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
    assert "A step is 2.907 times the forward pass" in str(found)
    assert found.render("text", batch=7) != str(found)
    assert "<table" in found._repr_html_()
    assert found._repr_markdown_() == found.render("markdown")
    with pytest.raises(SpecErrors, match="unknown optimizer"):
        shapecalc.training_cost("alexnet", "adamw")
