"""One table of measures: who shows numbers, takes them from it, and nothing is stated twice."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.analysis.sweep.columns import total_words
from shapecalc.analysis.tables.quantities import QUANTITIES
from shapecalc.counting import MEASURES, OF_NETWORK
from shapecalc.counting.profiles import PROFILES
from shapecalc.counting.quantities import QUANTITIES as COUNTED
from shapecalc.output.columns import BY_WORD, COLUMNS
from shapecalc.output.totals import measure_names, sums
from shapecalc.output.view import View

VIEW = View(batch=3, dtype="float16", count_inplace=True, profile=PROFILES["full"])


def test_every_column_of_numbers_or_volumes_is_a_measure() -> None:
    moved = {"moved", "weights_read", "inputs_read", "outputs_written"}
    bounds = {"intensity", "least_time", "bound"}  # of one table, on a device or not
    others = {column.key for column in COLUMNS} - MEASURES.keys() - moved - bounds
    assert others == {"name", "type", "does", "from", "params%", "macs%", "shared", "note"}
    for key, measure in MEASURES.items():
        if measure.value is None:
            assert key not in BY_WORD
        else:
            column = BY_WORD[key]
            assert (column.title, column.meaning) == (measure.title, measure.meaning)
            assert (column.value, column.total) == (measure.value, measure.total)


def test_the_totals_are_measures() -> None:
    of_columns = {measure.name for measure in MEASURES.values() if measure.total}
    assert set(measure_names(VIEW)) == of_columns
    assert set(OF_NETWORK) == {
        "peak_activations",
        "peak_memory",
        "parameter_memory",
        "flash",
        "kv_cache",
        "kv_cache_memory",
    }
    report = shapecalc.summarize("alexnet")
    for total in sums(report, VIEW, frozen=False):
        measure = MEASURES[total.key]
        told = total.bytes if measure.kind == "bytes" else total.number
        assert told == measure.of_all(report.totals, VIEW)


def test_a_sweep_knows_every_total() -> None:
    moved = {"moved", "weights_read", "inputs_read", "outputs_written"}
    assert set(total_words(VIEW).values()) == {*measure_names(VIEW), *moved, "output"}


@pytest.mark.parametrize(
    ("key", "value", "total"),
    [
        ("weights", 34848, 62367776),
        ("params", 34944, 62378344),
        ("units", 290400, None),
        ("memory", 3 * 2 * 290400, 3 * 2 * 1717035),
        ("rf", (11, 11), None),
        ("jump", (4, 4), None),
        ("parameter_memory", None, 2 * 62378344),
    ],
)
def test_values(key: str, value: object, total: int | None) -> None:
    report, measure = shapecalc.summarize("alexnet"), MEASURES[key]
    if value is not None:
        assert measure.of_row(report["conv1"], VIEW) == value
    else:
        with pytest.raises(AssertionError, match="only a network has"):
            measure.of_row(report["conv1"], VIEW)
    if total is not None:
        assert measure.of_all(report.totals, VIEW) == total
    else:
        with pytest.raises(AssertionError, match="no network has"):
            measure.of_all(report.totals, VIEW)


def test_printed_tables_count_by_measures() -> None:
    row = shapecalc.summarize("alexnet")["conv1"]
    for name in ("params", "weights", "biases"):
        assert QUANTITIES["parameters"].counts[name](row) == MEASURES[name].of_row(row, VIEW)
    assert QUANTITIES["connections"].meaning == MEASURES["connections"].meaning
    assert QUANTITIES["connections"].counts["connections"](row) == row.connections


def test_an_input_has_a_number_of_whatever_is_counted() -> None:
    row = shapecalc.summarize("alexnet")["input"]
    counted = {name: quantity.of(row) for name, quantity in COUNTED.items()}
    assert counted["macs"] == counted["weights"] == counted["inputs"] == 0
    assert counted["outputs"] == 227 * 227 * 3
    assert all(isinstance(number, int) for number in counted.values())
