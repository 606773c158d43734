"""A report as a sequence of rows by name, and rows as records."""

from __future__ import annotations

import csv
import gc
from fractions import Fraction
from io import StringIO
from itertools import compress

import pytest

import shapecalc
from shapecalc.counting import MEASURES
from shapecalc.output.columns import COLUMNS, default_columns
from shapecalc.output.view import View
from shapecalc.report import RECORD, Report
from shapecalc.report.fold import fold


@pytest.fixture(scope="module")
def googlenet() -> Report:
    return shapecalc.summarize("googlenet")


def test_it_is_a_sequence_of_rows(googlenet: Report) -> None:
    assert len(googlenet) == len(googlenet.rows) == len(list(googlenet))
    assert list(googlenet) == list(googlenet.rows)
    assert googlenet.layers == googlenet.rows[1:]
    assert [row.name for row in googlenet if row.macs][:2] == ["conv1", "conv2/reduce"]
    two = shapecalc.summarize(
        {"inputs": {"a": "4x4x1", "b": "4x4x2"}, "layers": [{"concat": {"from": ["a", "b"]}}]}
    )
    assert [row.name for row in two.layers] == ["concat1"]


def test_names_of_layers_and_levels(googlenet: Report) -> None:
    assert "conv1" in googlenet
    assert "inception_3a" in googlenet
    assert "inception_9z" not in googlenet
    assert 3 not in googlenet
    level = googlenet["inception_3a"]
    assert level == next(row for row in fold(googlenet, 1) if row.name == "inception_3a")
    # Szegedy et al. 2014, table 1: 159K parameters, 28x28x256
    assert (level.params, str(level.output)) == (163696, "Map(sides=(28, 28), channels=256)")
    assert level.params == sum(row.params for row in level.layers)
    assert all(row.name.startswith("inception_3a/") for row in level.layers)


@pytest.mark.parametrize("name", shapecalc.shipped())
def test_every_level_is_the_folded_row(name: str) -> None:
    report = shapecalc.summarize(name)
    depths = {path.count("/") + 1 for path in report.graph.groups}
    folded = {row.name: row for depth in depths for row in fold(report, depth)}
    for path in report.graph.groups:
        if path in folded:
            assert report[path] == folded[path]
        else:  # a branch that only passes its input on
            assert path not in report


def test_an_unknown_name_is_answered(googlenet: Report) -> None:
    with pytest.raises(
        KeyError, match=r"no layer 'inception_3z'; did you mean 'inception_3a' or 'inception_3b'\?"
    ):
        googlenet["inception_3z"]


# -- records ------------------------------------------------------------------------------------


def test_records_have_the_names_of_csv_and_the_values_of_json() -> None:
    report = shapecalc.summarize("alexnet")
    records = report.to_records()
    table = list(csv.DictReader(StringIO(report.render("csv"))))
    assert [list(record) for record in records] == [list(line) for line in table]
    assert [str(record["macs"]) for record in records] == [line["macs"] for line in table]
    assert records[1]["from"] == ["input"]
    assert records[1]["output"] == [55, 55, 96]
    folded = shapecalc.summarize("googlenet").to_records(depth=1, columns="name,params")
    assert {"name": "inception_3a", "params": 163696} in folded


@pytest.mark.parametrize("name", shapecalc.shipped())
def test_a_row_is_the_record_that_its_report_has(name: str) -> None:
    report = shapecalc.summarize(name)
    records = report.to_records()
    bounds = [record.pop("receptive_field_at_most", False) for record in records]
    for record in compress(records, bounds):  # a row by itself has the word only where it holds
        record["receptive_field_at_most"] = True
    assert [row.to_record() for row in report] == records


def test_symbolic_rows_are_records_too() -> None:
    report = shapecalc.summarize("alexnet", input="HxWx3")
    assert [row.to_record() for row in report] == report.to_records()


def test_a_jump_of_half_a_pixel_is_a_number() -> None:
    report = shapecalc.summarize({"input": "8x8x1", "layers": [{"upsample": 2}]})
    assert report["upsample1"].jump == (Fraction(1, 2), Fraction(1, 2))
    assert report["upsample1"].to_record()["jump"] == [0.5, 0.5]


def test_attributes_are_called_as_the_columns() -> None:
    """Every name of CSV and JSON is an attribute; `from` is a word of Python, so it is `sources`."""
    columns = [column.name for column in default_columns(View(), machine=True)]
    assert columns == list(RECORD)
    row = shapecalc.summarize("alexnet")["conv1"]
    other = {name: attribute for name, attribute in RECORD.items() if name != attribute}
    assert other == {"from": "sources"}
    for column in COLUMNS:
        if column.name in RECORD:
            assert column.of_row(row, View(), row) == getattr(row, RECORD[column.name])
    assert {measure.name for measure in MEASURES.values() if measure.value} - set(RECORD) == {
        "count",
        "frozen",  # these two are columns where something is frozen
        "trainable",
        "live",  # and these where they are asked for
        "live_memory",
        "kv_cache",
        "kv_cache_memory",
    }


def test_the_garbage_collector_runs_again_after_a_report() -> None:
    assert gc.isenabled()
    shapecalc.summarize("lenet5")
    assert gc.isenabled()
    with pytest.raises(shapecalc.SpecErrors):
        shapecalc.summarize({"input": "8x8x3", "layers": ["rleu"]})
    assert gc.isenabled()
