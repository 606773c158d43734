"""The public names: all there, imported when used, short on a screen, and able to take a dict."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.text.shown import LONGEST
from tests.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPEC: dict[str, Any] = {
    "name": "small",
    "input": "32x32x3",
    "let": {"k": 6},
    "layers": [
        {"conv": {"filters": "k", "kernel": 5, "bias": False}},
        "relu",
        {"maxpool": {"kernel": [2, 2], "stride": 2}},
        {"dense": {"units": 10, "name": "out", "note": "the scores"}},
    ],
}
TEXT = """
name: small
input: 32x32x3
let: {k: 6}
layers:
  - conv: {filters: k, kernel: 5, bias: false}
  - relu
  - maxpool: {kernel: [2, 2], stride: 2}
  - dense: {units: 10, name: out, note: the scores}
"""


def test_every_public_name_is_there_and_nothing_else_is() -> None:
    for name in shapecalc.__all__:
        assert callable(getattr(shapecalc, name))
    assert set(shapecalc.__all__) == set(shapecalc._HOMES)
    assert sorted(shapecalc.__all__) == shapecalc.__all__
    for old in ("windows", "tables", "training"):
        with pytest.raises(AttributeError, match=f"no attribute '{old}'"):
            getattr(shapecalc, old)


RESULTS: dict[str, Callable[[], object]] = {
    "row": lambda: shapecalc.summarize("alexnet")["conv1"],
    "level": lambda: shapecalc.summarize("googlenet")["inception_3a"],
    "symbolic row": lambda: shapecalc.summarize("alexnet", input="HxWx3")["fc6"],
    "totals": lambda: shapecalc.summarize("alexnet", input="HxWx3").totals,
    "report": lambda: shapecalc.summarize("alexnet", input="HxWx3"),
    "domain": lambda: shapecalc.summarize("alexnet", input="HxWx3").domain,
    "graph": lambda: shapecalc.load("googlenet"),
    "sweep": lambda: shapecalc.sweep("alexnet", {"N": [227, 259]}),
    "run": lambda: shapecalc.run("lenet5"),
    "verdict": lambda: shapecalc.verify("lenet5"),
    "comparison": lambda: shapecalc.compare("vgg11", "vgg16"),
    "explanation": lambda: shapecalc.explain("alexnet", "conv1"),
    "solution": lambda: shapecalc.solve("alexnet", "pool3 = 6x6"),
    "windows": lambda: shapecalc.windows_between("227 -> 55"),
    "training": lambda: shapecalc.training_cost("alexnet"),
    "printed table": lambda: shapecalc.published_tables("lenet5")[0],
    "printed tables": lambda: shapecalc.published_tables("lenet5", "alexnet-paper"),
    "account": lambda: shapecalc.reconcile("alexnet", "torchinfo", "fvcore"),
    "search": lambda: shapecalc.find_count("alexnet", 62378344),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_short_in_a_session(name: str) -> None:
    text = repr(RESULTS[name]())
    assert text.startswith("<")
    assert text.endswith(">")
    assert len(text) <= LONGEST == 200


def test_reprs_say_what_it_is() -> None:
    report = shapecalc.summarize("alexnet")
    assert repr(report) == "<Report AlexNet: 62,378,344 params, 1,135,256,096 MACs>"
    assert repr(report["conv1"]) == (
        "<Row conv1: conv, 227x227x3 -> 55x55x96, 34,944 params, 105,415,200 MACs>"
    )
    assert repr(report["input"]) == "<Row input: input, 227x227x3, 0 params, 0 MACs>"
    assert repr(report.totals) == "<Totals of 24 rows: 62,378,344 params, 1,135,256,096 MACs>"
    assert repr(report.graph) == "<Graph AlexNet: 24 layers>"


def test_a_result_that_shows_itself_is_short_whatever_makes_it() -> None:
    from dataclasses import dataclass

    from shapecalc.text.shown import Shown

    @dataclass(frozen=True)
    class Long(Shown):
        numbers: tuple[int, ...]
        text: str

    assert repr(Long(tuple(range(1000)), "x" * 1000)).startswith("<Long numbers=(0, 1, ...), text=")
    assert len(repr(Long(tuple(range(1000)), "x" * 1000))) <= LONGEST


def test_verify_is_callable_whatever_was_imported_before() -> None:
    asked = "shapecalc.verify('lenet5', seed=3).disagreements"
    for first in ("", "import shapecalc.verify.judge; ", "from shapecalc.verify import laws; "):
        code = f"import shapecalc; {first}print({asked})"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert done.stdout == "[]\n"


def test_verify_and_run_take_what_summarize_takes() -> None:
    for network in ("lenet5", shapecalc.load("lenet5"), shapecalc.summarize("lenet5")):
        assert shapecalc.verify(network).disagreements == []
        assert shapecalc.run(network, seed=1).outputs.keys() == {"softmax1"}
    assert shapecalc.verify(SPEC, settings={"k": 4}).report["conv1"].output.channels == 4
    assert [y.shape for y in shapecalc.run(SPEC, batch=3).outputs.values()] == [(3, 10)]


def test_check_judges_a_file(tmp_path: Path) -> None:
    answers = tmp_path / "answers.csv"
    answers.write_text("layer,params\nconv1,34944\nfc6,37752833\n")
    checked = shapecalc.check(answers, against="alexnet")
    assert [cell.verdict for cell in checked.cells] == ["right", "wrong"]
    homework = tmp_path / "homework.yaml"
    homework.write_text("spec: alexnet\nlayers: [conv1, fc6]\ncolumns: [params]\n")
    checked = shapecalc.check(answers, homework=homework)
    assert [cell.verdict for cell in checked.cells] == ["right", "wrong"]
    for both in ({}, {"against": "alexnet", "homework": homework}):
        with pytest.raises(shapecalc.SpecErrors, match=r"E706: .* what the answers are about"):
            shapecalc.check(answers, **both)


def test_the_schema_is_that_of_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shapecalc", "schema"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert json.loads(done.stdout) == shapecalc.json_schema()


# -- a spec as data -----------------------------------------------------------------------------


def test_a_dict_is_what_its_text_is() -> None:
    data, text = shapecalc.summarize(SPEC), shapecalc.summarize(shapecalc.loads(TEXT))
    assert data.to_records() == text.to_records()
    assert data.totals == text.totals
    assert (data.name, data["out"].note) == ("small", "the scores")
    assert shapecalc.load(SPEC, settings={"k": 9}).nodes[1].layer.filters == 9
    assert shapecalc.summarize(SPEC, input="HxWx3").at(H=32, W=32).totals == data.totals
    assert shapecalc.compare(SPEC, "lenet5").reports[0].totals == data.totals
    assert shapecalc.explain(SPEC, "conv1", of="params").section("params").values == (450,)
    assert "Read from <data>." in data.render("text")


def test_a_dict_extends() -> None:
    wide = shapecalc.summarize({"extends": "alexnet", "change": {"conv1": {"filters": 48}}})
    assert wide["conv1"].output.channels == 48


@pytest.mark.parametrize(
    ("layers", "code", "place"),
    [
        (["relu", "relu", {"conv": {"filters": 6, "kernel": "x"}}], "E116", "layers[2].conv.kernel"),
        (["relu", {"conv": {"filters": 6, "kernle": 3}}], "E111", "layers[1].conv.kernle"),
        (["rleu"], "E112", "layers[0]"),
        ([{"conv": {"filters": 6, "kernel": 35}}], "E204", "layers[0].conv.kernel"),
        ([{"relu": {"from": "nowhere"}}], "E150", "layers[0].relu.from"),
        ([{"conv": {"filters": "2 * (k", "kernel": 3}}], "E115", "layers[0].conv.filters"),
        ([{"relu": {"name": "a"}}, {"relu": {"name": "a"}}], "E152", "layers[1].relu.name"),
        ([{"conv": {"filters": {1, 2}, "kernel": 3}}], "E110", "layers[0].conv.filters"),
        ([{"conv": {"filters": 10**5000, "kernel": 3}}], "E114", "layers[0].conv.filters"),
        ([{3: 4}], "E110", "layers[0]"),
        (None, "E110", "layers"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_data_has_its_path_for_a_place(
    layers: Any, code: str, place: str
) -> None:
    with pytest.raises(shapecalc.SpecErrors) as caught:
        shapecalc.summarize({"input": "32x32x3", "layers": layers})
    problem = caught.value.problems[0]
    assert (problem.code, str(problem.origin)) == (code, place)
    assert "line" not in problem.message


def test_data_that_holds_itself_is_too_deep() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(shapecalc.SpecErrors) as caught:
        shapecalc.load({"input": "32x32x3", "layers": endless})
    assert [problem.code for problem in caught.value.problems] == ["E103"]


def test_problems_of_data_are_drawn_without_a_line() -> None:
    from shapecalc.output.problems import problems_json, problems_text

    with pytest.raises(shapecalc.SpecErrors) as caught:
        shapecalc.load({"input": "32x32x3", "layers": ["rleu"]})
    text = problems_text(caught.value.problems)
    assert "layers[0]" in text
    (record,) = json.loads(problems_json(caught.value.problems))["problems"]
    assert (record["source"], record["line"], record["column"]) == ("layers[0]", None, None)
