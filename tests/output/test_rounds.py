"""Blocks of a repeat without a name that are alike share a line: which do, and what it says."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from shapecalc import summarize
from shapecalc.analysis.compare import Comparison
from shapecalc.analysis.compare.table import tabulate as comparison_table
from shapecalc.analysis.training import OPTIMIZERS, step
from shapecalc.analysis.training.table import tabulate as training_table
from shapecalc.cli import main
from shapecalc.output.formats import FORMATS
from shapecalc.output.options import make_view
from shapecalc.output.table import ROUNDS_FOLDED
from shapecalc.report.fold import fold, rounds_together
from tests.runner import runner
from tests.spec.support import report_of

if TYPE_CHECKING:
    from shapecalc.output.table import Table
    from shapecalc.report import Row

UNITS = """
input: 9x7x4
blocks:
  unit: {fields: [f], layers: [conv: {filters: f, kernel: 3, pad: 1}, relu: {note: kept}]}
layers:
"""
PRINTED = sorted(set(FORMATS) - {"csv", "json"})


def rounds(layers: str, head: str = UNITS) -> list[Row]:
    report = report_of(head + layers)
    return list(rounds_together(report, fold(report, 1)))


def shown(layers: str, head: str = UNITS) -> list[tuple[str, str]]:
    return [(row.name, row.type) for row in rounds(layers, head)][1:]


def test_a_line_says_how_many_and_adds_them_up() -> None:
    report = report_of(UNITS + "- repeat: {times: 33, layers: [unit: 4]}\n- conv1-2\n")
    _, row, last = rounds_together(report, fold(report, 1))
    assert (row.name, row.type, row.does, row.note) == ("unit1–33", "33 x unit", "f 4", "kept")
    # a round: 4 x 4 x 9 weights and 4 biases; 63 places of 4 filters over 36 inputs
    assert (row.weights, row.biases, row.macs) == (33 * 144, 33 * 4, 33 * 63 * 4 * 36)
    assert (row.activations, row.overwritten) == (33 * 252, 33 * 252)
    assert len(row.layers) == 66
    assert (row.inputs, row.sources) == (fold(report, 1)[1].inputs, ("input",))
    # it sees what its last round sees, from which the next layer reads
    assert row.receptive_field == (67, 67)
    assert last.sources == ("unit33/relu1",)


TOGETHER = {
    "two rounds are enough": (
        "- repeat: {times: 2, layers: [unit: 4]}", [("unit1–2", "2 x unit")],
    ),
    "rounds of rounds": (
        "- repeat: {times: 3, layers: [repeat: {times: 2, layers: [unit: 4]}]}",
        [("unit1–6", "6 x unit")],
    ),
    "on to where they differ": (
        "- repeat: {for: {f: [4, 4, 4, 5, 5]}, layers: [unit: f]}",
        [("unit1–3", "3 x unit"), ("unit4", "unit"), ("unit5", "unit")],
    ),
    "numbers that count on": (
        "- unit: 4\n- repeat: {times: 2, layers: [unit: 4]}\n- unit: 4",
        [("unit1", "unit"), ("unit2–3", "2 x unit"), ("unit4", "unit")],
    ),
    "with a condition": (
        "- repeat: {times: 4, index: i, layers: [unit: {f: 4, if: i != 2}]}",
        [("unit1–3", "3 x unit")],
    ),
}  # fmt: skip
# Five rounds of 4, 4, 4, 5, 5 filters: the fourth reads 4 channels, the fifth 5.


@pytest.mark.parametrize("case", TOGETHER)
def test_what_shares_a_line(case: str) -> None:
    layers, expected = TOGETHER[case]
    assert shown(layers + "\n") == expected


APART = {
    "one round": "- repeat: {times: 1, layers: [unit: 4]}",
    "blocks of statements of their own": "- unit: 4\n- unit: 4",
    "a repeat with a name": "- repeat: {times: 2, name: stage, layers: [unit: 4]}",
    "layers": "- repeat: {times: 2, layers: [conv3-4, relu]}",
    "a layer between them": "- repeat: {times: 2, layers: [unit: 4, tanh]}",
    "two statements in turn": "- repeat: {times: 2, layers: [unit: 4, unit: 4]}",
    "sides by side": "- repeat: {times: 2, layers: [unit: {f: 4, from: input}]}",
}


@pytest.mark.parametrize("case", APART)
def test_what_has_a_line_of_its_own(case: str) -> None:
    assert not [type_ for _, type_ in shown(APART[case] + "\n") if " x " in type_]


def test_rounds_with_other_layers_inside_are_not_alike_for_equal_sums() -> None:
    """Both kinds store and compute the same; what they do is not the same."""
    head = UNITS.replace("[f]", "[f, d]").replace(
        "kernel: 3, pad: 1", "kernel: 3, pad: d, dilation: d"
    )
    text = "- repeat: {for: {d: [1, 1, 2, 2]}, layers: [unit: {f: 4, d: d}]}\n"
    assert shown(text, head) == [("unit1–2", "2 x unit"), ("unit3–4", "2 x unit")]
    first, second = rounds(text, head)[1:]
    assert (first.params, first.macs, first.output) == (second.params, second.macs, second.output)


def test_a_layer_of_equal_cost_that_an_edit_changes_inside_a_round_is_another() -> None:
    edit = "change: {pair4/unit1/leaky_relu1: {slope: 0.2}}"
    report = report_of(f"extends: yolo-v1\n{edit}\n")
    names = [row.name for row in rounds_together(report, fold(report, 1))]
    assert [name for name in names if "pair" in name][2:6] == ["pair3", "pair4", "pair5–6", "pair7"]


def test_what_an_edit_changes_has_a_line_of_its_own() -> None:
    report = report_of("extends: yolo-v1\nchange: {pair4: {trainable: false}}\n")
    names = [row.name for row in rounds_together(report, fold(report, 1))]
    assert [name for name in names if "pair" in name][2:6] == ["pair3", "pair4", "pair5–6", "pair7"]


def test_rounds_of_a_symbol_share_a_line_too() -> None:
    report = report_of(
        UNITS.replace("9x7x4", "HxWx4") + "- repeat: {times: 3, layers: [unit: 4]}\n"
    )
    (_, row) = rounds_together(report, fold(report, 1))
    assert (row.name, row.type) == ("unit1–3", "3 x unit")
    assert row.macs == 3 * report["unit2"].macs


def test_a_block_without_fields_says_how_many_layers_a_round_holds() -> None:
    head = "input: 8x8x2\nblocks: {tower: {layers: [add: {branches: [[conv3-2], []]}]}}\nlayers:\n"
    (_, row) = rounds("- repeat: {times: 3, layers: [tower]}\n", head)
    assert row.does == "2 layers each"


NET = UNITS + "- repeat: {times: 33, layers: [unit: 4]}\n- conv1-2\n"


def run(*words: str) -> str:
    result = runner().invoke(main, ["summarize", "-", *words], input=NET)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("format_", PRINTED)
def test_every_page_has_one_line_and_says_how_to_see_all(format_: str) -> None:
    text = report_of(NET).render(format_)
    assert "33 x unit" in text
    assert "unit17" not in text
    assert "--depth 1 gives each its own" in " ".join(text.replace("{-}", "-").split())


@pytest.mark.parametrize("format_", PRINTED)
def test_a_depth_that_is_asked_for_gives_each_its_line(format_: str) -> None:
    text = report_of(NET).render(format_, depth=1)
    assert "33 x unit" not in text
    assert "unit17" in text
    assert "share a line" not in text


def test_programs_read_a_row_a_block() -> None:
    names = ["input", *(f"unit{number}" for number in range(1, 34)), "conv1"]
    lines = csv.DictReader(StringIO(run("-f", "csv", "--depth", "1")))
    assert [line["name"] for line in lines] == names
    rows = json.loads(run("-f", "json", "--depth", "1"))["rows"]
    assert [row["name"] for row in rows] == names
    assert len(json.loads(run("-f", "json"))["rows"]) == 68


def test_rows_are_chosen_before_they_share_a_line() -> None:
    text = run("-f", "text", "--rows", "unit3", "--rows", "unit4", "--rows", "unit9")
    assert "unit3–4" in text
    assert "\nunit9 " in text
    assert "32 of 35 rows are left out" in text
    whole = run("-f", "text", "--rows", "unit*")
    assert "unit1–33" in whole
    assert "2 of 35 rows are left out" in whole


def test_a_sort_orders_the_line_by_what_it_adds_up() -> None:
    lines = run("-f", "text", "--sort", "params", "-c", "name,params").splitlines()
    at = {line.split()[0]: number for number, line in enumerate(lines) if line}
    assert at["unit1–33"] < at["conv1"] < at["input"]


def test_a_table_of_a_paper_has_its_times_again() -> None:
    """YOLO's Figure 3 writes x4 and x2 beside its pairs of convolutions."""
    text = summarize("yolo-v1").render("text")
    assert "4 x pair" in text
    assert "2 x pair" in text


REPEATED = UNITS + "- repeat: {times: 9, layers: [unit: 4]}\n- conv1-2\n"


def firsts(table: Table) -> list[str]:
    """Return the first cell of every line."""
    return [line.cells[0] for line in table.lines]


def test_a_training_step_folds_rounds_that_cost_the_same() -> None:
    """Broken by a first round that lends its missing gradient to all, or by a lost one."""
    plan = step(report_of(REPEATED), OPTIMIZERS["sgd"])
    table = training_table(plan)
    assert firsts(table) == ["unit1", "unit2–9", "conv1"]
    _, unit, *_ = table.lines
    one = plan.levels(1)[2]
    assert unit.cells[-1] == f"{8 * one.step:,}"
    assert ROUNDS_FOLDED in table.remarks
    for depth, number in ((1, 10), (0, 10)):
        unfolded = training_table(plan, make_view(depth=depth))
        assert (len(unfolded.lines), ROUNDS_FOLDED in unfolded.remarks) == (number, False)


def test_a_training_step_of_chosen_rounds_folds_these() -> None:
    plan = step(report_of(REPEATED), OPTIMIZERS["sgd"])
    table = training_table(plan, make_view(rows=("unit[45]",)))
    assert firsts(table) == ["unit4–5"]
    assert "9 of 11 rows are left out" in " ".join(table.remarks)


def test_a_comparison_folds_rounds_that_became_the_same() -> None:
    """Broken by rounds that are added beside others, or changed otherwise, in one line."""
    longer = REPEATED.replace("times: 9", "times: 12")
    wider = longer.replace("kernel: 3, pad: 1", "kernel: 5, pad: 2")
    for other, said in ((longer, "same"), (wider, "conv kernel 3 -> 5, conv pad 1 -> 2")):
        comparison = Comparison((report_of(REPEATED), report_of(other)))
        table = comparison_table(comparison)
        assert firsts(table) == ["input", "unit1–9", "unit10–12", "conv1"]
        changes = [line.cells[1] for line in table.lines]
        assert changes == ["same", said, "added: 3 x unit, 2 layers", "same"]
        assert ROUNDS_FOLDED in table.remarks
        unfolded = comparison_table(comparison, make_view(depth=1), full=True)
        assert (len(unfolded.lines), ROUNDS_FOLDED in unfolded.remarks) == (14, False)
