"""A sweep as Parquet has the columns and the values of CSV, in groups of rows of one size."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import shapecalc
from shapecalc.analysis.sweep import parquet, prepare
from shapecalc.analysis.sweep.parquet import batch_of, schema_of
from shapecalc.analysis.sweep.result import Stream
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.output.view import View
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

HUGE = "input: 4x4x1\nlet: {k: 1}\nlayers: [conv: {filters: k, kernel: 1}, dense: k, dense: k]\n"


def run(*words: str, code: int = 0) -> str:
    result = runner().invoke(main, ["sweep", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def as_texts(table: Any) -> list[list[str]]:
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return [["" if value is None else str(value) for value in row] for row in rows]


@pytest.mark.parametrize(
    "words",
    [
        ["alexnet", "--over", "N=60:70"],
        [
            "alexnet",
            "--over",
            "conv1.stride=1:3",
            "--over",
            "N=30:300:30",
            "-c",
            "conv1.output,pool1.rf",
        ],
        ["lenet5", "--over", "N=20:40", "--where", "macs >= 500K"],
        [
            "lenet5",
            "--over",
            "N=20:40",
            "--pareto",
            "macs",
            "--maximize",
            "N",
            "--top",
            "2",
            "--by",
            "N",
        ],
        ["vgg16", "--over", "N=32:1000", "--sample", "9", "--columns", "macs,peak_memory"],
    ],
    ids=" ".join,
)
def test_its_rows_are_those_of_csv(words: list[str], tmp_path: Path) -> None:
    target = tmp_path / "points.parquet"
    assert run(*words, "-o", str(target)) == ""
    header, *rows = csv.reader(StringIO(run(*words, "-f", "csv")))
    table = pq.read_table(target)
    assert table.column_names == header
    assert as_texts(table) == rows
    assert {str(field.type) for field in table.schema} == {"int64", "string"}


def test_numbers_beyond_64_bits_are_decimal_and_exact(tmp_path: Path) -> None:
    (tmp_path / "huge.yaml").write_text(HUGE)
    words = [str(tmp_path / "huge.yaml"), "--over", "k=1,1000000,1000000000", "-c", "params,macs"]
    run(*words, "-o", str(tmp_path / "huge.parquet"))
    _, *rows = csv.reader(StringIO(run(*words, "-f", "csv")))
    table = pq.read_table(tmp_path / "huge.parquet")
    assert as_texts(table) == rows
    assert max(int(row[1]) for row in rows) > 2**63
    assert [str(field.type) for field in table.schema] == [
        "int64",
        "decimal128(38, 0)",
        "decimal128(38, 0)",
        "string",
    ]


def test_more_digits_than_parquet_has_are_refused() -> None:
    assert parquet._type_for("macs", 10**38 - 1) == pa.decimal128(38)
    assert parquet._type_for("macs", 10**76 - 1) == pa.decimal256(76)
    with pytest.raises(SpecErrors) as caught:
        parquet._type_for("macs", 10**76)
    problem = caught.value.problems[0]
    assert (problem.code, problem.message) == (
        "E323",
        "macs may have 77 digits, and Parquet's numbers end at 76",
    )


def test_numbers_beyond_38_digits_stay_exact() -> None:
    type_ = parquet._type_for("macs", 10**50)
    assert parquet._array(np.array([10**50, None], dtype=object), type_, None).to_pylist() == [
        10**50,
        None,
    ]


def test_groups_have_one_size_by_whatever_pieces_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "GROUP", 50)
    plan = prepare("lenet5", {"H": range(20, 41), "W": range(20, 41)}, "macs", View())
    files = []
    for rows in (16, 49, 128, 1000):
        path = tmp_path / f"{rows}.parquet"
        with path.open("wb") as file:
            parquet.fill(Stream(plan, rows), file)
        files.append(path.read_bytes())
    assert files == files[:1] * 4
    meta = pq.read_metadata(tmp_path / "16.parquet")
    sizes = [meta.row_group(at).num_rows for at in range(meta.num_row_groups)]
    assert sizes == [50] * 8 + [41]


def test_the_head_says_what_json_says_for_all_rows(tmp_path: Path) -> None:
    words = ["alexnet", "--over", "N=67:70", "--batch", "2", "--profile", "full"]
    run(*words, "-o", str(tmp_path / "points.parquet"))
    document = json.loads(run(*words, "-f", "json"))
    head = json.loads(pq.read_schema(tmp_path / "points.parquet").metadata[b"shapecalc"])
    assert head == {name: document[name] for name in head}
    assert {"schema", "network", "batch", "meanings"} <= set(head)


def test_a_layer_that_some_networks_lack_is_null(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(
        "let: {n: 2}\ninput: 9x8x3\nlayers:\n  - repeat: {times: n, layers: [conv3-4]}\n  - dense: 5\n"
    )
    over = ["--over", "n=1,2", "--columns", "conv2.params,macs"]
    words = [str(tmp_path / "net.yaml"), *over]
    run(*words, "-o", str(tmp_path / "points.parquet"))
    _, *rows = csv.reader(StringIO(run(*words, "-f", "csv")))
    assert as_texts(pq.read_table(tmp_path / "points.parquet")) == rows
    assert [row[1] for row in rows] == ["", "148"]


def test_what_does_not_go_with_it_is_refused(tmp_path: Path) -> None:
    target = str(tmp_path / "points.parquet")
    assert "--width is that of a page" in run(
        "lenet5", "--over", "N=32", "-o", target, "--width", "50", code=2
    )
    assert "Parquet is written into a file" in run(
        "lenet5", "--over", "N=32", "-f", "parquet", code=2
    )
    assert "none of the 2 points exists" in run("lenet5", "--over", "N=1:2", "-o", target, code=2)
    assert list(tmp_path.iterdir()) == []


def test_the_format_can_be_named_for_a_file_of_another_suffix(tmp_path: Path) -> None:
    run("lenet5", "--over", "N=32:40", "-f", "parquet", "-o", str(tmp_path / "points"))
    assert pq.read_table(tmp_path / "points").num_rows == 9
    assert len(shapecalc.sweep("lenet5", "N=32:40")) == 9
    run("lenet5", "--over", "N=32:40", "-f", "csv", "-o", str(tmp_path / "points.parquet"))
    assert (tmp_path / "points.parquet").read_text().startswith("N,params,")


def test_a_batch_without_missing_rows_has_no_nulls() -> None:
    plan = prepare("lenet5", {"N": range(32, 40)}, "macs", View())
    (block,) = Stream(plan).blocks
    assert batch_of(block, schema_of(plan)).column(1).null_count == 0
