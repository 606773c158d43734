"""Rows chosen by kind, name, type and block: which they are, and that it is said everywhere."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest

from shapecalc import SpecErrors, compare, loads, summarize, training_cost
from shapecalc.cli import main
from shapecalc.output.formats import FORMATS
from shapecalc.output.row_choice import KINDS
from tests.runner import runner

NET = """
input: 8x8x3
blocks:
  unit: {fields: [f], layers: [conv: {filters: f, kernel: 3, pad: 1, bias: false}, batchnorm, relu]}
layers:
  - conv3-8: {trainable: false}
  - relu
  - unit: 8
  - group: {name: tail, layers: [unit: {name: inner, f: 4}, maxpool]}
  - side: {aux: [conv1-2]}
  - flatten
  - dense: 5
"""
#: Every row by its path, to choose from.
ALL = [
    "input", "conv1", "relu1", "unit1/conv1", "unit1/bn1", "unit1/relu1", "tail/inner/conv1",
    "tail/inner/bn1", "tail/inner/relu1", "tail/pool1", "aux/conv1", "flatten1", "fc1",
]  # fmt: skip
WEIGHTED = ["conv1", "unit1/conv1", "tail/inner/conv1", "aux/conv1", "fc1"]
FOLDED = ["input", "conv1", "relu1", "unit1", "tail", "aux", "flatten1", "fc1"]

#: Options, the depth, and the rows that are shown.
CHOICES: dict[str, tuple[str, int, list[str]]] = {
    "nothing chosen": ("", 0, ALL),
    "weighted": ("--only weighted", 0, WEIGHTED),
    "weighted blocks": ("--only weighted", 1, ["conv1", "unit1", "tail", "aux", "fc1"]),
    "in any case": ("--only Weighted", 0, WEIGHTED),
    "in place hidden": (
        "--hide inplace",
        0,
        [name for name in ALL if name.rpartition("/")[2] not in {"relu1", "flatten1"}],
    ),
    "no block is in place": ("--hide inplace", 1, ["input", "conv1", "unit1", "tail", "aux", "fc1"]),
    "with parameters": (
        "--only params",
        0,
        ["conv1", "unit1/conv1", "unit1/bn1", "tail/inner/conv1", "tail/inner/bn1", "aux/conv1", "fc1"],
    ),
    "frozen": ("--only frozen", 0, ["conv1"]),
    "a type": ("--rows batchnorm", 0, ["unit1/bn1", "tail/inner/bn1"]),
    "a block's type": ("--rows unit", 1, ["unit1"]),
    "a name": ("--rows conv1", 0, ["conv1", "unit1/conv1", "tail/inner/conv1", "aux/conv1"]),
    "a path": ("--rows unit1/conv1", 0, ["unit1/conv1"]),
    "a pattern fits names and types, not blocks": (
        "--rows *n*1",
        0,
        ["conv1", "unit1/conv1", "unit1/bn1", "tail/inner/conv1", "tail/inner/bn1", "aux/conv1",
         "flatten1"],  # flatten1 by its n
    ),
    "a block with all in it": (
        "--rows tail",
        0,
        ["tail/inner/conv1", "tail/inner/bn1", "tail/inner/relu1", "tail/pool1"],
    ),
    "a block inside": (
        "--rows inner", 0, ["tail/inner/conv1", "tail/inner/bn1", "tail/inner/relu1"],
    ),
    "a pattern of paths": (
        "--rows t*/*/*1", 0, ["tail/inner/conv1", "tail/inner/bn1", "tail/inner/relu1"],
    ),
    "the network's own": ("--rows /conv1", 0, ["conv1"]),
    "a block of the network's own": ("--rows /aux", 0, ["aux/conv1"]),
    "a block with its slash": ("--rows tail/", 1, ["tail"]),
    "several": ("--rows conv* --rows fc1", 1, ["conv1", "fc1"]),
    "several with commas": ("--rows conv*,fc?", 1, ["conv1", "fc1"]),
    "any of several kinds": ("--only frozen --only inplace", 1, ["conv1", "relu1", "flatten1"]),
    "only a type": ("--only dense", 1, ["fc1"]),
    "hidden by name": ("--hide unit1 --hide tail", 1, [
        "input", "conv1", "relu1", "aux", "flatten1", "fc1",
    ]),
    "chosen and hidden": ("--rows unit1 --hide inplace", 0, ["unit1/conv1", "unit1/bn1"]),
    "all three": ("--rows *1 --only weighted --hide aux", 0, WEIGHTED[:3] + WEIGHTED[4:]),
    "with a class of letters": ("--rows [cf]*1", 1, ["conv1", "flatten1", "fc1"]),
    "sorted as asked": ("--only weighted --sort params", 0, [
        "tail/inner/conv1", "conv1", "unit1/conv1", "fc1", "aux/conv1",
    ]),
}  # fmt: skip


def run(command: str, *words: str, text: str = NET) -> str:
    result = runner().invoke(main, [command, "-", *words], input=text)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("case", CHOICES)
def test_the_rows_that_are_shown(case: str) -> None:
    options, depth, expected = CHOICES[case]
    words = [*options.split(), "--depth", str(depth or "all"), "-f", "csv", "-c", "name"]
    names = [row["name"] for row in csv.DictReader(StringIO(run("summarize", *words)))]
    assert sorted(names) == sorted(expected)
    if "--sort" not in words:
        assert names == expected


@pytest.mark.parametrize("format_", sorted(set(FORMATS) - {"csv", "json"}))
def test_every_page_says_what_is_left_out_and_of_what_the_totals_are(format_: str) -> None:
    report = summarize("alexnet")
    plain, text = (
        " ".join(report.render(format_, **words).split())
        for words in ({}, {"only": "weighted", "hide": ["fc6"]})
    )
    said = "17 of 24 rows are left out ("
    assert said in text
    assert said not in plain
    assert "whole network" in text
    assert "total of all" in text
    assert "62,378,344" in text  # the totals are those of the whole network
    assert "62,378,344" in plain


def test_programs_are_told_too() -> None:
    document = json.loads(run("summarize", "--only", "weighted", "-f", "json"))
    assert document["rows_chosen"] == {
        "rows": [], "only": ["weighted"], "hide": [], "shown": 5, "of": 13,
    }  # fmt: skip
    whole = json.loads(run("summarize", "-f", "json"))
    assert document["totals"] == whole["totals"]
    assert "rows_chosen" not in whole
    result = runner().invoke(main, ["summarize", "-", "--only", "weighted", "-f", "csv"], input=NET)
    assert result.stderr == (
        "remark: only some rows are written (--only weighted); the totals are those of all\n"
    )
    assert runner().invoke(main, ["summarize", "-", "-f", "csv"], input=NET).stderr == ""


def test_a_training_step_shows_the_same_rows_and_the_same_total() -> None:
    plan = training_cost(summarize(loads(NET)))
    whole, some = (plan.render("text", **words) for words in ({}, {"rows": "fc*"}))
    assert [line for line in some.splitlines() if line.startswith(("conv1", "unit1"))] == []
    assert "fc1" in some
    assert "7 of 8 rows are left out (--rows fc*)" in some
    (total,) = (line for line in whole.splitlines() if line.startswith("total "))
    (of_all,) = (line for line in some.splitlines() if line.startswith("total of all"))
    assert total.split()[1:] == of_all.split()[3:]
    data = json.loads(plan.render("json", rows="fc*"))
    assert [row["name"] for row in data["rows"]] == ["fc1"]
    assert data["rows_chosen"]["of"] == 13
    assert data["totals"] == json.loads(plan.render("json"))["totals"]


def test_a_comparison_shows_rows_that_either_network_has_chosen() -> None:
    found = compare(summarize("vgg11"), summarize("vgg13"))
    data = json.loads(found.render("json", rows="conv1_*"))
    assert [row["names"] for row in data["rows"]] == [["conv1_1", "conv1_1"], [None, "conv1_2"]]
    assert data["rows_chosen"]["shown"] == 2
    assert data["networks"] == json.loads(found.render("json"))["networks"]
    text = found.render("text", rows="conv1_*", width=200)
    assert "(--rows conv1_*); the totals are those of the whole network." in " ".join(text.split())
    assert "total of all" in text


@pytest.mark.parametrize("kind", KINDS)
def test_hiding_is_the_contrary_of_showing(kind: str) -> None:
    report = summarize(loads(NET))
    shown = {row["name"] for row in report.to_records(only=kind)}
    hidden = {row["name"] for row in report.to_records(hide=kind)}
    assert shown | hidden == set(ALL)
    assert not shown & hidden


@pytest.mark.parametrize(
    "words",
    [{"rows": "cnv*"}, {"only": "wieghted"}, {"hide": "relu9"}, {"rows": "weighted"},
     {"rows": ""}, {"only": "weighted,"}, {"hide": [" "]}, {"rows": "["}, {"rows": "conv["},
     {"only": "weighted", "hide": "weighted"}, {"rows": "input", "only": "weighted"}],
)  # fmt: skip
@pytest.mark.parametrize("format_", ["text", "csv", "json"])
def test_what_fits_nothing_is_refused(words: dict[str, str], format_: str) -> None:
    with pytest.raises(SpecErrors) as raised:
        summarize(loads(NET)).render(format_, **words)
    assert [problem.code for problem in raised.value.problems] == ["E303"]


def test_a_kind_that_no_row_is_of_hides_nothing() -> None:
    report = summarize(loads("input: 8x8x3\nlayers: [conv3-8]"))
    assert [row["name"] for row in report.to_records(hide="inplace")] == ["input", "conv1"]
