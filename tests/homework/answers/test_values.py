"""Answers that are values of a program: each form gives what the same table in a file gives."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import shapecalc
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.values import read_value

HOMEWORK = {
    "spec": "alexnet",
    "layers": ["conv1", "pool1", "conv2"],
    "columns": ["output", "params"],
}
#: conv1 right, pool1 wrong and blank, conv2 blank and a known mistake.
PASTED = "layer,output,params\nconv1,55x55x96,34944\npool1,31x31x96,\nconv2,,614400\n"


class Index(list):
    """What of a data frame's index is asked for."""

    def __init__(self, keys, names=(None,)) -> None:
        super().__init__(keys)
        self.names = names


class Frame:
    """What of pandas' data frame is asked for; tests/oracle/test_notebook.py has the real one."""

    def __init__(self, columns, rows, index=None) -> None:
        self.columns = columns
        self._rows = rows
        self.index = Index(range(len(rows))) if index is None else index
        self.shape = (len(rows), len(columns))

    def itertuples(self, *, index, name):
        assert (index, name) == (False, None)
        return iter(self._rows)


class Polars:
    """What of Polars' data frame is asked for."""

    columns = ["layer", "output", "params"]
    shape = (3, 3)

    def rows(self):
        return [
            ("conv1", [55, 55, 96], 34944),
            ("pool1", "31x31x96", None),
            ("conv2", None, 614400),
        ]


class Column:
    """What of pandas' column is asked for."""

    def to_frame(self):
        return Frame(["params"], [(34944.0,), (float("nan"),), (614400.0,)], Index(ROWS))


ROWS = ["conv1", "pool1", "conv2"]
OUTPUTS = [(55, 55, 96), "31x31x96", None]
PARAMS = [34944.0, float("nan"), 614400.0]
CELLS = list(zip(OUTPUTS, PARAMS, strict=True))

FORMS = {
    "csv": PASTED,
    "tabs": PASTED.replace(",", "\t"),
    "markdown": "|layer|output|params|\n|-|-|-|\n|conv1|55x55x96|34944|\n|pool1|31x31x96| |\n|conv2| |614400|\n",
    "yaml": "conv1: {output: 55x55x96, params: 34944}\npool1: {output: 31x31x96}\nconv2:\n  params: 614400\n",
    "yaml, open": "# mine\nconv1:\n  output: 55x55x96\n  params: 34944\npool1: {output: 31x31x96}\nconv2: {params: 614400}\n",
    "json": '{"conv1": {"output": [55, 55, 96],\n"params": 34944}, "pool1": {"output": "31x31x96"}, "conv2": {"params": 614400}}',
    "frame with a column": Frame(["layer", "output", "params"], [(n, *c) for n, c in zip(ROWS, CELLS, strict=True)]),
    "frame with an index": Frame(["output", "params"], CELLS, Index(ROWS)),
    "frame with a named index": Frame(["output", "params"], CELLS, Index(ROWS, ["Layer"])),
    "frame with an index of another name": Frame(["output", "params"], CELLS, Index(ROWS, ["id"])),
    "frame with both": Frame(["layer", "output", "params"], [(n, *c) for n, c in zip(ROWS, CELLS, strict=True)], Index([7, 8, 9])),
    "frame with levels": Frame([("output", ""), ("params", "")], CELLS, Index(ROWS)),
    "polars": Polars(),
    "map of layers": {"conv1": {"output": (55, 55, 96), "params": 34944}, "pool1": {"output": "31x31x96", "params": None}, "conv2": {"params": 614400}},
    "map of columns": {"layer": ROWS, "output": OUTPUTS, "params": PARAMS},
    "map of arrays": {"layer": np.array(ROWS), "output": OUTPUTS, "params": np.array(PARAMS)},
    "map of columns by index": {"layer": dict(enumerate(ROWS)), "output": dict(enumerate(OUTPUTS)), "params": dict(enumerate(PARAMS))},
    "map of cells": {("conv1", "output"): (55, 55, 96), ("conv1", "params"): 34944, ("pool1", "output"): "31x31x96", ("conv2", "params"): 614400},
    "list of maps": [{"layer": n, "output": o, "params": p} for n, (o, p) in zip(ROWS, CELLS, strict=True)],
    "list of rows": [["layer", "output", "params"], *([n, *c] for n, c in zip(ROWS, CELLS, strict=True))],
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_table_is_judged_alike(form: str) -> None:
    checked = shapecalc.check(FORMS[form], homework=HOMEWORK)
    verdicts = {judged.cell.at: judged.verdict for judged in checked.cells}
    assert verdicts.pop(("conv1", "output")).startswith("right")
    assert verdicts == {
        ("conv1", "params"): "right",
        ("pool1", "output"): "wrong",
        ("pool1", "params"): "blank",
        ("conv2", "output"): "blank",
        ("conv2", "params"): "misconception",
    }
    assert checked.marks == 2
    assert checked.notes == ()


def test_a_column_of_a_frame_brings_its_index() -> None:
    assert [cell.verdict for cell in shapecalc.check(Column(), against="alexnet").cells] == [
        "right", "blank", "misconception",
    ]  # fmt: skip


def test_a_single_row_is_a_map() -> None:
    checked = shapecalc.check({"layer": "conv1", "params": 34944}, against="alexnet")
    assert [cell.verdict for cell in checked.cells] == ["right"]


def test_an_index_of_two_levels_names_the_network_too() -> None:
    index = Index([("a", "conv1"), ("b", "conv1")], [None, None])
    homework = {"specs": {"a": "alexnet", "b": "lenet5"}, "layers": ["a/conv1", "b/conv1"], "columns": ["params"]}  # fmt: skip
    checked = shapecalc.check(Frame(["params"], [(34944,), (156,)], index), homework=homework)
    assert [cell.verdict for cell in checked.cells] == ["right", "right"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (34944, "34944"), (34944.0, "34944"), (np.float32(34944), "34944"), (np.int64(7), "7"),
        (np.float32(105.4), "105.4"), (1e22, "1e+22"), (-0.0, "0"), (Decimal("3E+5"), "3E+5"),
        (Fraction(3, 2), "3/2"), (Fraction(4), "4"), (True, "True"), (float("inf"), "inf"),
        (None, ""), (float("nan"), ""), (np.float64("nan"), ""), (np.datetime64("NaT", "s"), ""),
        ("nan", "nan"), ("None", "None"), ((55, 55, 96), "(55, 55, 96)"),
        (np.array([55, 55, 96]), "(55, 55, 96)"), ([55.0, 55.0, 96.0], "(55, 55, 96)"),
        ([10**5000], "(a number of too many digits)"),
    ],
)  # fmt: skip
def test_a_value_is_what_it_shows(value: object, text: str) -> None:
    (cell,) = read_value({"conv1": {"params": value}}).cells
    assert cell.raw == text


HOLDS_ITSELF: dict[str, object] = {}
HOLDS_ITSELF["conv1"] = HOLDS_ITSELF


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "E701: a value of the type int holds no answers"),
        (None, "E701: a value of the type NoneType holds no answers"),
        (b"layer,params\n", "E701: a value of the type bytes holds no answers"),
        ("layer\n", "E701: no row names the columns"),
        (" \n ", "E701: the file is empty"),
        ({}, "E701: the table names no layer"),
        ([], "E701: the table names no layer"),
        ({"conv1": 34944}, "E701: the table names no layer"),
        (["conv1", 34944], "E701: the table names no layer"),
        ([["conv1", 34944]], "E701: no row names the columns"),
        (Frame(["conv1", "conv2"], [(34944, 1)], Index(["params"])), "E701: no column of the data frame is a quantity"),
        (Frame(["output", "params"], CELLS), "E701: the data frame does not name its layers"),
        (Frame(["layer", "params"], [(1, 2)] * 10_001), "E702: the table has more than 20,000 cells"),
        ({"layer": ROWS, "params": [1, 2]}, "E701: 'params' has other rows than 'layer'"),
        ({"layer": ROWS, "params": 1}, "E701: 'params' has other rows than 'layer'"),
        ({"layer": {0: "conv1", 1: "conv2"}, "params": {1: 5, 2: 7}}, "E701: 'params' has other rows than 'layer'"),
        ({1: {"params": 2}, "1": {"params": 3}}, "E701: '1' stands twice in one map"),
        ({"conv1": {"params": "9" * 100_001}}, "E702: a cell holds more than 100,000 characters"),
        ({"conv1": {"output": [0] * 20_001}}, "E702: a list holds more than 20,000 values"),
        (HOLDS_ITSELF, "E702: lists and maps are nested too deeply"),
    ],
)  # fmt: skip
def test_what_holds_no_answers_is_refused(value: object, message: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        shapecalc.check(value, against="alexnet")
    assert str(caught.value).startswith(message)


def test_rows_and_cells_that_are_not_read_are_named() -> None:
    frame = Frame(["layer", "params", "why"], [("conv1", 34944, "so"), (None, 3, "")])
    checked = shapecalc.check(frame, against="alexnet")
    assert checked.notes == (
        "answers without a layer's name were not read: line 2",
        "columns that were not read: why",
    )
    notes = shapecalc.check([{"layer": "conv1", "params": 1}, "conv2"], against="alexnet").notes
    assert notes == ("no map of columns, and not read: entry 2",)


def test_a_homework_as_data_is_refused_where_it_is_wrong() -> None:
    with pytest.raises(SpecErrors, match="E111") as caught:
        shapecalc.check(PASTED, homework={**HOMEWORK, "layer": ["conv1"]})
    assert str(caught.value.problems[0].origin) == "layer"


def test_a_variant_of_a_homework_as_data() -> None:
    homework = {**HOMEWORK, "vary": {"input": "195:275:8"}, "windows": "any"}
    checked = shapecalc.check(PASTED, homework=homework, student="s1", seed="7")
    assert checked.homework.variation
    with pytest.raises(SpecErrors, match="E752"):
        shapecalc.check(PASTED, homework=homework)
