"""Records: what every CSV and every JSON document is written from."""

import json
from typing import Any

import pytest

import shapecalc
from shapecalc.analysis.solve.windows import windows_between
from shapecalc.analysis.tables import published_tables
from shapecalc.output.csv import LINES, Plain, to_csv, written
from shapecalc.output.json import to_json
from shapecalc.output.records import Records, Rows
from shapecalc.output.report_records import records

ROWS = ({"name": "a", "n": 1, "sides": [2, 3]}, {"name": "b\u0131", "n": None, "sides": []})


def text(records: Records) -> str:
    return "".join(to_json(records))


def test_a_row_is_a_line_between_the_head_and_what_is_made_last() -> None:
    done: list[str] = []

    def rows() -> Any:
        for row in ROWS:
            yield row
            done.append(row["name"])

    made = Records("s/1", lambda: {"network": "x"}, "rows", rows(), lambda: {"count": len(done)})
    assert text(made) == (
        '{\n  "schema": "s/1",\n  "network": "x",\n  "rows": [\n'
        '    {"name": "a", "n": 1, "sides": [2, 3]},\n'
        '    {"name": "b\u0131", "n": null, "sides": []}\n'
        '  ],\n  "count": 2\n}\n'
    )


def test_rows_hold_rows() -> None:
    made = Records("s/1", key="tables", rows=[{"name": "t", "cells": Rows([[1], [2]]), "n": 2}])
    assert text(made) == (
        '{\n  "schema": "s/1",\n  "tables": [\n    {\n      "name": "t",\n      "cells": [\n'
        '        [1],\n        [2]\n      ],\n      "n": 2\n    }\n  ]\n}\n'
    )


def test_a_dense_document_keeps_its_head_in_a_line() -> None:
    made = Records("s/1", lambda: {"n": 1}, "rows", ROWS, dense=True, ascii=True)
    assert text(made) == (
        '{"schema": "s/1", "n": 1, "rows": [\n'
        '  {"name": "a", "n": 1, "sides": [2, 3]},\n'
        '  {"name": "b\\u0131", "n": null, "sides": []}\n]}\n'
    )


def test_no_rows_are_a_list_too() -> None:
    assert json.loads(text(Records("s/1", key="rows"))) == {"schema": "s/1", "rows": []}
    hollow = Records("s/1", lambda: {"left": Rows([], "")}, key="rows", rows=ROWS)
    assert '"left": [\n  ],' in text(hollow)


def test_without_rows_it_is_a_tree_with_a_value_a_line() -> None:
    made = Records("s/1", lambda: {"sides": [1, 2]})
    assert text(made) == '{\n  "schema": "s/1",\n  "sides": [\n    1,\n    2\n  ]\n}\n'


def test_what_moves_a_cursor_is_escaped() -> None:
    assert "\x1b" not in text(Records("s/1", lambda: {"name": "\x1b[31m"}))
    assert "\\u001b" in text(Records("s/1", key="rows", rows=["\x1b[31m"]))


@pytest.mark.parametrize("start", [*"=+-@\t\r", *"＝＋－＠﹢﹣﹦﹫"])
def test_a_text_is_no_formula_unless_it_is_ours(start: str) -> None:
    made = Records("s/1", columns=("name", "n"), lines=[(f"{start}1", -1), (Plain(f"{start}1"), 2)])
    written = "".join(to_csv(made)).replace('"', "")  # some Pythons quote a line's end
    assert written == f"name,n\n'{start}1,-1\n{start}1,2\n"


def test_cells_are_plain() -> None:
    made = Records("s/1", columns=("a", "b", "c", "d"), lines=[(None, True, 0.5, 10**20)])
    assert "".join(to_csv(made)) == "a,b,c,d\n,true,0.5,100000000000000000000\n"


def test_lines_are_made_while_they_are_written() -> None:
    made = Records("s/1", columns=("n",), lines=([n] for n in range(3 * LINES)))
    first, *more = to_csv(made)
    assert first.count("\n") == LINES
    assert (first + "".join(more)).splitlines() == ["n", *map(str, range(3 * LINES))]


def test_lines_are_the_rows_where_nothing_else_is_said() -> None:
    made = Records("s/1", key="rows", rows=ROWS, columns=("n", "name"))
    assert "".join(to_csv(made)) == "n,name\n1,a\n,b\u0131\n"


def test_dicts_are_what_a_data_frame_takes() -> None:
    rows = records(shapecalc.summarize("alexnet")).dicts()
    assert len(rows) == len(shapecalc.summarize("alexnet").rows)
    assert rows[1]["params"] == 34944
    assert rows[1]["output"] == [55, 55, 96]
    assert rows[1]["inputs"] == [[227, 227, 3]]


def test_dicts_of_nested_rows_are_their_lines() -> None:
    from shapecalc.analysis.tables.table import records as of_tables
    from shapecalc.verify.judge import verify
    from shapecalc.verify.verdicts import verdict_records

    cells = of_tables(published_tables("lenet5", "zfnet")).dicts()
    assert {cell["table"] for cell in cells} == {"lenet5", "zfnet"}
    assert all(cell["status"] == "match" for cell in cells)
    layers = verdict_records(verify(shapecalc.summarize("lenet5"))).dicts()
    assert layers[1]["layer"] == "conv1"
    assert layers[1]["MACs"] is True


def test_dicts_of_a_sweep_and_of_answers_are_their_lines() -> None:
    from shapecalc.analysis.solve.document import solution_records, windows_records
    from shapecalc.analysis.sweep.table import records as of_sweep

    points = of_sweep(shapecalc.sweep("alexnet", {"N": [227, 60]}, columns="macs")).dicts()
    assert [point["N"] for point in points] == [227, 60]
    assert points[0]["macs"] == shapecalc.summarize("alexnet").totals.macs
    assert points[1]["macs"] is None
    (answer,) = solution_records(shapecalc.solve("alexnet", "pool3 = 6x6")).dicts()
    assert (answer["H_from"], answer["H_to"], answer["H_modulus"]) == (227, 258, 1)
    (window, *_) = windows_records(windows_between("227 -> 55")).dicts()
    assert (window["kernel"], window["stride_from"], window["pad"]) == (11, 4, 0)


@pytest.mark.parametrize("count", [0, 1, LINES - 1, LINES, LINES + 1])
def test_csv_has_every_row_however_many(count: int) -> None:
    lines = "".join(written([("n",), *((n,) for n in range(count))])).splitlines()
    assert lines == ["n", *map(str, range(count))]
