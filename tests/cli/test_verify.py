"""`shapecalc verify` as a user meets it, and that it says no when it should."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from shapecalc import loads, summarize
from shapecalc.cli import main
from shapecalc.layers.base import Work
from shapecalc.layers.conv import Conv
from shapecalc.layers.merge import Add
from shapecalc.layers.pool import MaxPool
from shapecalc.layers.shape import Map
from shapecalc.layers.transposed import Transposed
from shapecalc.reference import registry
from shapecalc.verify.activations import Activations, Activity
from shapecalc.verify.judge import small_copy, verify
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

SPEC = """
input: 13x11x2
layers:
  - conv: {filters: 6, kernel: 3, pad: 1, groups: 2}
  - relu
  - transposed: {filters: 4, kernel: 3, stride: 2}
  - maxpool
  - dense: 5
"""


def run(*words: str, text: str | None = None) -> Result:
    return runner().invoke(main, ["verify", *words], input=text, catch_exceptions=False)


def test_what_is_right_holds() -> None:
    result = run("-", "--gradients", text=SPEC)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert next(line.split() for line in lines if line.startswith("conv1")) == [
        "conv1", "conv", "13x11x6", "✓", "✓", "✓", "✓", "✓", "✓",
    ]  # fmt: skip
    assert "✗ " not in result.stdout.split("gradient  ", 1)[0]


def by_output(layer: Any, inputs: Any, output: Any) -> Work:
    kernel = layer.weights(*inputs)[0].size
    return Work(macs=kernel * output.sides[0] * output.sides[1], bias_adds=output.size)


def test_rows_are_chosen_and_the_whole_network_is_judged() -> None:
    result = run("-", "--only", "weighted", "--hide", "dense", text=SPEC)
    assert result.exit_code == 0
    grid = [line.split()[:2] for line in result.stdout.split("─\n")[1].splitlines()]
    assert grid[:2] == [["conv1", "conv"], ["transposed1", "transposed"]]
    assert len(grid) == 3  # and the rule below
    assert "4 of 6 rows are left out (--only weighted --hide dense)" in result.stdout
    everything = run("-", text=SPEC).stdout
    fact = next(line for line in everything.splitlines() if line.startswith("checks that hold"))
    assert fact in result.stdout
    data = json.loads(run("-", "--rows", "conv*", "-f", "json", text=SPEC).stdout)["networks"][0]
    assert [layer["name"] for layer in data["layers"]] == ["conv1"]
    assert data["rows_chosen"] == {
        "rows": ["conv*"], "only": [], "hide": [], "shown": 1, "of": 6,
    }  # fmt: skip
    table = run("-", "--rows", "relu", "-f", "csv", text=SPEC)
    assert [row["layer"] for row in csv.DictReader(io.StringIO(table.stdout))] == ["relu1"]
    assert "remark: only some rows are written (--rows relu)" in table.stderr


def test_a_word_for_no_row_is_told_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.verify.judge.run", lambda *_, **__: pytest.fail("it ran"))
    result = run("lenet5", "--rows", "cnv*")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no layer, block or type fits 'cnv*'" in result.stderr
    result = run("lenet5", "vgg11", "--rows", "conv*")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there are no layers to choose" in result.stderr


def test_a_layer_that_disagrees_is_shown_whatever_is_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Transposed, "work", by_output)
    result = run("-", "--rows", "conv*", text=SPEC)
    assert result.exit_code == 1
    grid = [line.split()[0] for line in result.stdout.split("─\n")[1].splitlines()]
    assert grid[:2] == ["conv1", "transposed1"]
    assert len(grid) == 3


def test_a_wrong_rule_is_told_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transposed, "work", by_output)
    result = run("-", text=SPEC)
    assert result.exit_code == 1
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("transposed1")]
    assert line.split() == ["transposed1", "¹", "transposed", "27x23x4", "✓", "✓", "✗", "✗", "✓"]
    assert "¹ transposed1: MACs 30,888, by the rule 134,136; multiplies " in " ".join(
        result.stdout.split()
    )


def test_a_wrong_shape_reaches_the_layers_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    right = MaxPool.output
    monkeypatch.setattr(
        MaxPool, "output", lambda layer, x: Map(tuple(n + 1 for n in right(layer, x).sides), 4)
    )
    told = verify(summarize(loads(SPEC))).disagreements
    assert told[0].startswith("pool1: output 13x11x4, by the rule 14x12x4")
    assert any(each.startswith("fc1: weight 5x572, by the rule 5x672") for each in told)


JOINED = """
input: 13x11x2
layers:
  - conv: {filters: 6, kernel: 3, pad: 1}
  - add: {name: sum, from: [input, .]}
  - relu
  - maxpool: {from: conv1}
  - dense: {name: kept, units: 5}
outputs: [relu1, kept]
"""


def test_what_cannot_be_run_is_a_disagreement_and_so_is_what_depends_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Add, "requires", lambda *_: ())
    result = run("-", text=JOINED)
    assert result.exit_code == 1
    marks = {line.split()[0]: line.split()[-5:] for line in result.stdout.splitlines()[3:12]}
    assert marks["sum"] == marks["relu1"] == ["✗", "–", "–", "–", "–"]
    assert marks["conv1"] == marks["pool1"] == ["✓"] * 5
    assert marks["kept"][:4] == ["✓"] * 4
    told = " ".join(result.stdout.split())
    assert "sum: cannot be run: 13x11x2 and 13x11x6 cannot be added" in told
    assert "relu1: not run, as sum cannot be" in told
    assert "alive at once –" in told
    (network,) = json.loads(run("-", "-f", "json", text=JOINED).stdout)["networks"]
    assert network["holds"] is False
    assert network["peak"]["bytes"] is None
    assert network["layers"][3]["laws"]["shape"] == "not run, as sum cannot be"
    assert run("-", "lenet5", text=JOINED).exit_code == 1


def test_a_field_that_depends_on_a_lost_layer_loses_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Add, "requires", lambda *_: ())
    text = JOINED.replace("  - relu\n", "  - conv: {name: relu1, filters: 2*channels, kernel: 1}\n")
    told = verify(summarize(loads(text))).disagreements
    assert [each.split(":")[0] for each in told] == ["sum", "relu1"]


def test_a_small_copy_that_cannot_be_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise IndexError

    assert registry.counted.needed(Conv)  # registered before another takes its place
    monkeypatch.setitem(registry.counted, Conv, broken)
    told = verify(summarize(loads(SPEC))).disagreements
    assert told == ["conv1: a small copy cannot be run: IndexError"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda y: y[..., ::-1], "conv1: the layer's two forwards differ by "),
        (lambda y: y[..., 1:], "conv1: output of the fast forward 1x"),
    ],
)
def test_forwards_that_differ_are_told(
    wrong: Any, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = registry.counted.needed(Conv)
    monkeypatch.setitem(registry.counted, Conv, lambda *given: wrong(right(*given)))
    (said,) = verify(summarize(loads(SPEC))).disagreements
    assert said.startswith(told)


def test_a_wrong_peak_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conv, "inplace", True)
    verdict = verify(summarize(loads(SPEC)))
    assert verdict.peak > verdict.stated_peak
    assert verdict.disagreements[-1].startswith("activations, peak: ")


def test_several_networks_are_a_line_each() -> None:
    result = run("lenet5", "lenet5-1998")
    assert result.exit_code == 0
    assert "LeNet-5 (1998)  14" in result.stdout
    assert "networks that agree  2 of 2" in result.stdout


def test_symbols_get_values_and_the_table_goes_to_a_file(tmp_path: Path) -> None:
    text = SPEC.replace("13x11x2", "HxWx2")
    file = tmp_path / "v.md"
    result = run("-", "--set", "H=13", "--set", "W=11", "-o", str(file), text=text)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "| conv1 | conv | 13x11x6 |" in " ".join(file.read_text("utf-8").split())
    result = run("-", "--input", "9x17x2", text=text)
    assert result.exit_code == 0
    assert "9x17x6" in result.stdout


def test_json_has_every_law_of_every_layer() -> None:
    (network,) = json.loads(run("lenet5", "-f", "json").stdout)["networks"]
    assert network["holds"] is True
    assert network["peak"]["bytes"] == network["peak"]["report"]
    assert network["layers"][1]["laws"] == {
        "shape": True, "arrays": True, "MACs": True, "operations": True, "reach": True,
        "gradient": None,
    }  # fmt: skip


def test_json_has_the_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transposed, "work", by_output)
    result = run("-", "-f", "json", text=SPEC)
    assert result.exit_code == 1
    (network,) = json.loads(result.stdout)["networks"]
    assert network["holds"] is False
    assert network["layers"][3]["laws"]["MACs"] == "MACs 30,888, by the rule 134,136"


def test_csv_has_a_line_a_layer() -> None:
    rows = list(csv.DictReader(io.StringIO(run("lenet5", "-f", "csv").stdout)))
    assert len(rows) == len(summarize("lenet5").rows)
    assert (rows[1]["layer"], rows[1]["MACs"], rows[1]["gradient"]) == ("conv1", "true", "")


@pytest.mark.parametrize("format_", ["terminal", "markdown", "latex", "html"])
def test_every_format_shows_the_layers(format_: str) -> None:
    assert "conv1" in run("lenet5", "-f", format_).stdout


@pytest.mark.parametrize("words", [[], ["lenet5", "--all"]])
def test_either_specs_or_all(words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert "name one or more specs, or give --all" in result.stderr


def test_force_runs_what_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.reference.memory.free_bytes", lambda: 1000)
    assert run("lenet5").exit_code == 2
    assert run("lenet5", "--force").exit_code == 0


@pytest.mark.parametrize(
    "layer",
    [
        "conv: {filters: 1, kernel: 1999}",
        "conv: {filters: 9, kernel: 3, dilation: 900}",
        "maxpool: {kernel: 1500, pad: 700}",
        "avgpool: {kernel: 2, stride: 1500}",
        "conv: {filters: 1, kernel: 3, connections: [[0, 1]]}",
        "pad: 700",
        "crop: 900",
        "crop: {to: 1501}",
        "upsample: 300",
        "adaptive_avgpool: 1100",
    ],
)
def test_giants_are_counted_on_small_copies(layer: str) -> None:
    row = summarize(loads(f"input: 2000x2001x2\nlayers: [{layer}]")).rows[-1]
    copy, shapes, facts = small_copy(row.layer, row.inputs)
    assert type(copy) is type(row.layer)
    assert facts.work.macs + facts.work.compares + facts.work.adds < 200_000
    assert sum(shape.size for shape in (*shapes, facts.output)) < 1_000_000


@pytest.mark.parametrize("name", ["alexnet", "googlenet", "resnet50", "alphago", "vgg16"])
def test_small_copies_are_small_and_still_move(name: str) -> None:
    for row in summarize(name).rows:
        if row.layer is None or not row.inputs:
            continue
        copy, shapes, facts = small_copy(row.layer, row.inputs)
        assert type(copy) is type(row.layer)
        assert facts.work.macs <= 50_000
        for few, many in zip(facts.output.sides, row.output.sides, strict=True):
            assert (few > 1) == (many > 1)
        assert len(shapes) == len(row.inputs)


FORMULA = """
name: "=1+1"
input: 8x8x4
layers: [conv: {filters: 2, kernel: 3}]
"""


def test_a_name_that_is_a_formula_is_none_in_a_spreadsheet() -> None:
    lines = list(csv.DictReader(io.StringIO(run("-", "-f", "csv", text=FORMULA).stdout)))
    assert [line["network"] for line in lines] == ["'=1+1"] * 2


def test_texts_of_a_run_are_no_formulas_in_a_spreadsheet() -> None:
    layers = (Activity("=1+1", 1.0, 0.5, -1.0, 1.0, 0.0),)
    text = Activations(summarize(loads(FORMULA)), layers).render("csv")
    assert text.splitlines()[1] == "'=1+1,1.0,0.5,-1.0,1.0,0.0"
